r"""Products: what stands side by side, and what the signs between factors mean.

Partials that chain are composed first; what remains is multiplied as matrices from left to right, scalars apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.meaning import values
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.composition import chains, compose
from derive.meaning.jacobians import entrywise
from derive.meaning.reading_state import SPREAD, NotUnderstood, Scope
from derive.meaning.reading_text import Binds, at_least
from derive.meaning.spreading import as_columns
from derive.typography.nodes import (
    Markup,
    Offsets,
    Operator,
)

AS_ROW = " before a matrix is a row"
"""The end of the remark on a vector that is multiplied from the right without a transpose."""


def product_of(results: Sequence[Result], span: Offsets, scope: Scope) -> Result:
    """The product of neighbours: scalars apart, chains composed, the rest as matrices."""
    broken = values.problem_in(*results)
    if broken is not None:
        return broken
    known = [result for result in results if isinstance(result, Denotation)]
    if len(known) == 1:
        return known[0]
    scalars = [value for value in known if not value.shape]
    composed = _composed([value for value in known if value.shape], span)
    if isinstance(composed, Problem):
        return composed
    first: Result | None = None
    if len(composed) > 1:
        laid = [scope.positional(value) for value in composed]
        broken = values.problem_in(*laid)
        if broken is not None:
            return replace(broken, span=span)
        composed = [value for value in laid if isinstance(value, Denotation)]
    for value in (*scalars, *composed):
        if isinstance(first, Denotation) and _takes_row(first, value):
            scope.assumed[f"{first.text or 'a product'}{AS_ROW}"] = None
        first = value if first is None else values.multiply(first, value, span)
    assert first is not None
    text = " ".join(factor_text(value) for value in (*scalars, *composed))
    return first if isinstance(first, Problem) else replace(first, text=text)


def _takes_row(a: Denotation, b: Denotation) -> bool:
    """Whether a column stands where a product with a matrix needs a row, and no outer product is meant."""
    return len(a.shape) == 1 and len(b.shape) == 2 and not a.row and a.shape[0] is b.shape[0]


def factor_text(value: Denotation) -> str:
    return at_least(value.text, Binds.PRODUCT)


def _composed(arrays: list[Denotation], span: Offsets) -> list[Denotation] | Problem:
    """Adjacent partials that chain become one."""
    done = list(arrays)
    at = 0
    while at + 1 < len(done):
        a, b = done[at], done[at + 1]
        if not chains(a, b):
            at += 1
            continue
        made = compose(a, b, span)
        if isinstance(made, Problem):
            return made
        done[at : at + 2] = [replace(made, text=f"{at_least(a.text, Binds.PRODUCT)}∘{at_least(b.text, Binds.PRODUCT)}")]
        at = max(at - 1, 0)
    return done


def combined(a: Result, op: Operator | None, b: Result, span: Offsets, scope: Scope) -> Result:
    broken = values.problem_in(a, b)
    if broken is not None:
        return broken
    assert isinstance(a, Denotation)
    assert isinstance(b, Denotation)
    sign = op.text if op is not None else ""
    made: Result
    if sign in ("/", r"\oslash", r"\div"):
        above, below = values.aligned([a, b], span, "divide")
        made = values.divide(above, below, span)
        text = f"{_in_brackets(above)} / {_in_brackets(below)}"
    elif sign in (r"\odot", r"\circ"):
        made, text = _entry_by_entry(a, b, span, scope)
    elif sign == r"\otimes":
        made, text = _outer(a, b, span, scope)
    elif sign == "":
        return product_of([a, b], span, scope)
    else:
        return _dotted(a, sign, b, span, scope)
    return made if isinstance(made, Problem) else replace(made, text=text)


def _entry_by_entry(a: Denotation, b: Denotation, span: Offsets, scope: Scope) -> tuple[Result, str]:
    """The product entry by entry, and its text.

    A scalar is spread over an array and a vector over a matrix where no other reading makes sense; an entry never is.
    """
    operands: list[Result] = []
    for value in (a, b):
        array = entrywise(value) if value.jacobian else value
        if array is None:
            return Problem("shape_mismatch", f"{value.text} is a Jacobian that is not diagonal", span), ""
        operands.append(array)
    if not any(value.jacobian for value in (a, b)):
        operands = [*as_columns(a, b)]
    entry = any(value.letters and not value.shape for value in (a, b))
    if len(a.shape) != len(b.shape) and not entry and scope.choose((SPREAD, span), (False, True)):
        if not a.shape or not b.shape:
            return values.multiply(operands[0], operands[1], span), f"{factor_text(a)} {factor_text(b)}"
        operands = values.aligned(operands, span, "multiply entry by entry")
    text = " ⊙ ".join(factor_text(value) for value in operands if isinstance(value, Denotation))
    return values.hadamard(operands[0], operands[1], span), f"({text})"


def _outer(a: Denotation, b: Denotation, span: Offsets, scope: Scope) -> tuple[Result, str]:
    r"""`\otimes` of two vectors: their outer product or, as some write it, entry by entry; not of matrices."""
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise NotUnderstood(span, r"two vectors beside \otimes: Kronecker products are not read")
    options = [(values.contraction([a, b], [(0,), (1,)], (0, 1)), f"({factor_text(a)} ⊗ {factor_text(b)})")]
    if a.shape == b.shape:
        entries, text = _entry_by_entry(a, b, span, scope)
        if isinstance(entries, Denotation):
            options.append((entries, text))
    return scope.choose(("outer", span), options)


def _dotted(a: Denotation, sign: str, b: Denotation, span: Offsets, scope: Scope) -> Result:
    r"""`\cdot`, `*` and `\times`: scaling, composition, the matrix product, the inner product, or entry by entry."""
    if not a.shape or not b.shape or chains(a, b):
        return product_of([a, b], span, scope)
    if sign == r"\times" and len(a.shape) == len(b.shape) == 1 and a.shape[0].number == b.shape[0].number == 3:
        raise NotUnderstood(span, r"\odot or \cdot: cross products are not read")
    options: list[tuple[Result, str]] = [(product_of([a, b], span, scope), f"{factor_text(a)} {factor_text(b)}")]
    if a.shape == b.shape and len(a.shape) == 1 and sign == r"\cdot" and a.row == b.row:
        options.append((values.contraction([a, b], [(0,), (0,)], ()), f"⟨{a.text}, {b.text}⟩"))
    if a.shape == b.shape and a.row == b.row:
        options.append(_entry_by_entry(a, b, span, scope))
    fitting = [option for option in options if isinstance(option[0], Denotation)] or options[:1]
    made, text = scope.choose(("product", sign, len(fitting)), fitting)
    return made if isinstance(made, Problem) else replace(made, text=text)


def quotient(above: Result, below: Result, node: Markup) -> Result:
    """What stands above a line by what stands below it."""
    above, below = values.aligned([above, below], node.span, "divide")
    made = values.divide(above, below, node.span)
    if isinstance(made, Problem):
        return made
    return replace(made, text=f"({_in_brackets(above)} / {_in_brackets(below)})")


def _in_brackets(part: Result) -> str:
    """What stands above or below a line, in brackets if it is a product."""
    return at_least(part.text, Binds.SCRIPT) if isinstance(part, Denotation) else "?"
