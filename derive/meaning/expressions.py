r"""Sums, products and factors: the grammar of an expression over layout nodes.

    expression  ::=  sign? term (sign term)*
    term        ::=  segment (op segment)*       op: \cdot * \times \odot \circ \otimes \oslash /
    segment     ::=  factor factor*              side by side, which binds tighter than any op
    factor      ::=  \sum limits term | operator factor | f argument | atom

Side by side and under `\cdot` neighbours that chain as partials are composed first; what remains is multiplied as
matrices from left to right, scalars apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.meaning import values
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.dots import ellipsis_sum
from derive.meaning.extrema import below_extremum
from derive.meaning.factors import factor
from derive.meaning.functions import named_function
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.partials import is_derivative
from derive.meaning.products import combined, factor_text, product_of
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.reading_text import Binds, at_least
from derive.meaning.series import series
from derive.meaning.spreading import beside_columns
from derive.meaning.sum_limits import index_letters
from derive.meaning.variables import slash_derivatives
from derive.ops.record import canonical_name
from derive.typography.nodes import (
    BigOperator,
    Ellipsis,
    Fraction,
    Group,
    Markup,
    Number,
    Offsets,
    Operator,
    Row,
    Scripts,
    Stray,
    Symbol,
    children,
    walk,
    word_run,
)
from derive.typography.symbols import FUNCTIONS

PRODUCTS = frozenset({r"\cdot", "*", r"\times", r"\odot", r"\circ", r"\otimes", r"\oslash", "/", r"\div"})


def span_of(items: Sequence[Markup]) -> Offsets:
    """The source that some nodes cover."""
    return min(node.span[0] for node in items), max(node.span[1] for node in items)


def expression(items: Sequence[Markup], scope: Scope) -> Result:
    """What a row of nodes denotes. Raises NotUnderstood where reading stops."""
    items = [node for node in items if not isinstance(node, Stray)]
    if not items:
        raise NotUnderstood((0, 0), "an expression")
    terms, signs = split_terms(items)
    if any(len(term) == 1 and isinstance(term[0], Ellipsis) for term in terms):
        return ellipsis_sum(terms, signs, span_of(items), scope)
    terms, signs = _with_scopes(terms, signs, scope)
    results: list[Result] = []
    whole, scope.whole = scope.whole, False
    for term in terms:
        results.append(term_value(term, scope))
        # what has no value in one term has none in any reading of the terms behind it: those need no readings each
        scope.oracle.settled |= whole and isinstance(results[-1], Problem) and not results[-1].stands
    results = values.aligned(beside_columns(results, span_of(items), scope), span_of(items))
    total = values.add(results, signs, span_of(items))
    if isinstance(total, Problem):
        return total
    return replace(total, text=_sum_text(results, signs)) if len(results) > 1 else total


def split_terms(items: Sequence[Markup]) -> tuple[list[list[Markup]], list[int]]:
    terms: list[list[Markup]] = [[]]
    signs = [1]
    for node in items:
        if isinstance(node, Operator) and node.text in ("+", "-"):
            unary = not terms[-1] or (isinstance(terms[-1][-1], Operator) and terms[-1][-1].text in PRODUCTS)
            if unary:
                signs[-1] *= 1 if node.text == "+" else -1
            else:
                terms.append([])
                signs.append(1 if node.text == "+" else -1)
        else:
            terms[-1].append(node)
    if not terms[-1]:
        raise NotUnderstood(items[-1].span, "a term after the sign")
    return terms, signs


def _with_scopes(terms: list[list[Markup]], signs: list[int], scope: Scope) -> tuple[list[list[Markup]], list[int]]:
    """A sum whose index occurs in later terms may reach over them as well: both are readings."""
    bigs = [next((n for n in term if isinstance(n, BigOperator) and n.name == r"\sum"), None) for term in terms[:-1]]
    used, bound = _last_uses(terms) if any(bigs) else ({}, {})
    for at, (term, big) in enumerate(zip(terms, bigs, strict=False)):
        free = [letter for letter in index_letters(big) if bound.get(letter, at) <= at] if big is not None else []
        last = max((used.get(letter, at) for letter in free), default=at)
        if big is not None and last > at and scope.choose(("reach", big.span), (False, True)):
            start = term.index(big) + 1
            body: list[Markup] = list(term[start:])
            for sign, later in zip(signs[at + 1 : last + 1], terms[at + 1 : last + 1], strict=True):
                body += [Operator(later[0].span, "+" if sign > 0 else "-"), *later]
            row = Row(span_of(body), tuple(body))
            reaching = [*term[:start], row]
            return [*terms[:at], reaching, *terms[last + 1 :]], [*signs[: at + 1], *signs[last + 1 :]]
    return terms, signs


def _last_uses(terms: Sequence[Sequence[Markup]]) -> tuple[dict[str, int], dict[str, int]]:
    """The last term in which each name occurs, and the last in which a sum or an extremum binds each letter."""
    used: dict[str, int] = {}
    bound: dict[str, int] = {}
    for k, term in enumerate(terms):
        used.update((node.name, k) for node in _symbols(term))
        for node in walk(*term):
            if isinstance(node, BigOperator):
                bound.update(dict.fromkeys(index_letters(node), k))
        for at in range(len(term)):
            bound.update(dict.fromkeys(below_extremum(term[at:]), k))
    return used, bound


def _symbols(items: Sequence[Markup]) -> Iterator[Symbol]:
    """The names in a row, however deep; the letters of `sin x` are none."""
    rows = [tuple(items)]
    while rows:
        row, at = rows.pop(), 0
        while at < len(row):
            word = word_run(row, at)
            is_word = len(word) > 1 and (f"\\{word}" in FUNCTIONS or canonical_name(word) is not None)
            node = row[at + len(word) - 1] if is_word else row[at]
            rows.append(children(node)[1:] if is_word else children(node))
            if isinstance(node, Symbol) and not is_word:
                yield node
            at += len(word) if is_word else 1


def _sum_text(results: Sequence[Result], signs: Sequence[int]) -> str:
    pieces = []
    for k, (result, sign) in enumerate(zip(results, signs, strict=True)):
        text = at_least(result.text, Binds.QUOTIENT) if isinstance(result, Denotation) else "?"
        pieces.append(f"{' + ' if sign > 0 else ' - '}{text}" if k else f"{'' if sign > 0 else '-'}{text}")
    return f"({''.join(pieces)})"


# ----- terms -----


def term_value(items: Sequence[Markup], scope: Scope) -> Result:
    """What a term denotes."""
    items = slash_derivatives(items)
    at = next((k for k, node in enumerate(items) if isinstance(node, BigOperator)), None)
    if at is not None:
        first = at
        while first and isinstance(items[first - 1], Number | Fraction) and not _is_operator(items[first - 1]):
            first -= 1  # \frac{d}{dx} \frac12 \sum: numbers in front belong to what is differentiated
        first = first if first and _is_operator(items[first - 1]) else at
        if not first or not (_takes_sum(items[first - 1], scope) or _ends_in_extremum(items[:first])):
            return _before_series(items, at, scope)
        body = tuple(items[first:])
        items = [*items[:first], Group(span_of(body), "(", body, ")")]
    segments: list[list[Markup]] = [[]]
    ops: list[Operator] = []
    for node in items:
        if isinstance(node, Operator) and node.text in PRODUCTS:
            if not segments[-1]:
                raise NotUnderstood(node.span, f"a factor before {node.text}")
            ops.append(node)
            segments.append([])
        else:
            segments[-1].append(node)
    if not segments[-1]:
        raise NotUnderstood(items[-1].span, "a factor after the sign")
    return _folded(segments, ops, scope)


def _ends_in_extremum(items: Sequence[Markup]) -> bool:
    r"""Whether the last thing in a row is `\max_i` or, letter by letter, `max_i`."""
    return any(
        below_extremum(items[k:]) and (len(word_run(tuple(items[k : k + 3]), at=0)) or 1) == len(items) - k
        for k in range(max(0, len(items) - 3), len(items))
    )


def _takes_sum(node: Markup, scope: Scope) -> bool:
    r"""Whether what stands before a sum is a function of it or an operator on it: `\log \sum_j e^{s_j}`."""
    inner = node.base if isinstance(node, Scripts) else node
    if inner is not None and _is_operator(inner):
        return True
    if not isinstance(inner, Symbol):
        return False
    meant = resolve(node, scope)
    declared = isinstance(meant, Resolved) and meant.entry.kind == "function"
    return declared or inner.name == r"\nabla" or (meant is None and named_function(node, scope) is not None)


def _is_operator(node: Markup) -> bool:
    r"""`\frac{\partial}{\partial w}`."""
    return isinstance(node, Fraction) and is_derivative(node) and len(node.num.items) == 1


def _before_series(items: Sequence[Markup], at: int, scope: Scope) -> Result:
    body = series(items[at], items[at + 1 :], scope)
    before = list(items[:at])
    last = before[-1] if before else None
    op = last if isinstance(last, Operator) else None
    if op is not None:
        del before[-1]
    if not before:
        if op is not None:
            raise NotUnderstood(op.span, "a factor before the sign")
        return body
    return combined(term_value(before, scope), op, body, span_of(items), scope)


def _folded(segments: list[list[Markup]], ops: list[Operator], scope: Scope) -> Result:
    result = segment_value(segments[0], scope)
    for op, segment in zip(ops, segments[1:], strict=True):
        span = (segments[0][0].span[0], segment[-1].span[1])
        if op.text == "/" and len(segment) > 1 and scope.choose(("slash", op.span), (False, True)):
            # 1/2m: the slash may reach over the first factor alone
            head, rest = _first_factor(segment, scope)
            result = combined(result, op, head, span, scope)
            result = product_of([result, *rest], span, scope)
            continue
        result = combined(result, op, segment_value(segment, scope), span, scope)
    return result


def _first_factor(segment: list[Markup], scope: Scope) -> tuple[Result, list[Result]]:
    results = _factors(segment, scope)
    return results[0], results[1:]


def segment_value(items: Sequence[Markup], scope: Scope) -> Result:
    """Factors side by side."""
    return product_of(_factors(items, scope), span_of(items), scope)


def _is_numeral(node: Markup) -> bool:
    """Whether a node is digits; a bold or double-struck 1 is not."""
    return isinstance(node, Number) and not node.font


def _factors(items: Sequence[Markup], scope: Scope) -> list[Result]:
    results: list[Result] = []
    at = 0
    while at < len(items):
        start = at
        if at and _is_numeral(items[at]) and _is_numeral(items[at - 1]):
            raise NotUnderstood(
                items[at].span, "one number, or a sign between two: 1\\,000 is a thousand in many texts"
            )
        result, at = factor(items, at, scope)
        before = results[-1] if results else None
        if isinstance(before, Denotation) and isinstance(result, Denotation) and _weighs(before, items[start], result):
            scope.assumed[f"{before.text} times {result.text} entry by entry"] = None
            text = f"({factor_text(before)} ⊙ {factor_text(result)})"
            made = values.hadamard(before, result, items[start].span)
            result = made if isinstance(made, Problem) else replace(made, text=text)
            results.pop()
        results.append(result)
    return results


def _weighs(weight: Denotation, node: Markup, logarithm: Denotation) -> bool:
    r"""`y \log a` of arrays of one shape, as losses are printed: entry by entry, where no matrix product exists."""
    base = node.base if isinstance(node, Scripts) else node
    is_log = isinstance(base, Symbol) and base.name in ("log", "ln", "lg")
    same = bool(weight.shape) and weight.shape == logarithm.shape and weight.row == logarithm.row
    return is_log and same and isinstance(values.multiply(weight, logarithm, node.span), Problem)
