r"""The algebra of a layout: terms, factors and names, each with its place in the source.

    row      ::=  term (± term)*           factor  ::=  name | number | fraction | group | f(...) | \sum ... | ...
    term     ::=  factor (· factor)*

Only what a repair needs to know is told apart: a function keeps its argument, a sum and an operator `d/dx` keep what
follows, scripts and partials are not entered. A wrong guess costs a candidate, never a verdict: every candidate is read
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from derive.typography.nodes import (
    Accent,
    BigOperator,
    Cases,
    Fraction,
    Group,
    Markup,
    Matrix,
    Number,
    Offsets,
    Operator,
    Punct,
    Relation,
    Root,
    Row,
    Scripts,
    Symbol,
    children,
    word_run,
)

PRODUCT_SIGNS = frozenset({r"\cdot", "*", r"\odot", r"\circ", r"\times"})
WORDS = frozenset(("exp", "log", "ln", "tanh", "sin", "cos", "sqrt", "max", "min", "tr", "diag", "sigmoid", "softmax"))


@dataclass(frozen=True)
class Segment:
    """Neighbouring nodes with their common place; `sign` is the operator before them, if there is one."""

    nodes: tuple[Markup, ...]
    sign: Operator | None = None

    @property
    def span(self) -> Offsets:
        """From the first node to the last."""
        return span_of(self.nodes)


def span_of(nodes: Iterable[Markup]) -> Offsets:
    """The place of neighbouring nodes."""
    listed = list(nodes)
    return min(node.span[0] for node in listed), max(node.span[1] for node in listed)


def is_partial(node: Markup) -> bool:
    r"""Whether a fraction is a derivative: `\partial` or an upright looking d on both sides."""
    if not isinstance(node, Fraction):
        return False
    signs = [
        row.items[0].name if row.items and isinstance(row.items[0], Symbol) else "" for row in (node.num, node.den)
    ]
    return signs[0] == signs[1] and signs[0] in ("d", r"\partial")


def base_symbol(node: Markup | None) -> Symbol | None:
    """The letter that a name is made of."""
    while isinstance(node, Scripts | Accent | Row):
        if isinstance(node, Row):
            node = node.items[0] if len(node.items) == 1 else None
        else:
            node = node.base
    return node if isinstance(node, Symbol) else None


def rows(member: Row) -> Iterator[tuple[Markup, ...]]:
    """The rows of a member that are expressions of their own: itself, brackets, fractions, roots, cells."""
    stack: list[Markup] = [member]
    while stack:
        node = stack.pop()
        if isinstance(node, Row | Group):
            yield node.items
        if isinstance(node, Scripts):
            stack.extend(part for part in (_exponent(node), node.base) if part is not None)
        elif not is_partial(node) and not isinstance(node, BigOperator):
            stack.extend(reversed(children(node)))


def _exponent(node: Scripts) -> Row | None:
    """The exponent of `e` or of a bracket, which is an expression; the script of a name is none."""
    base = base_symbol(node)
    return node.sup if base is None or base.name == "e" else None


def indexed(member: Row) -> list[Scripts]:
    """Everything with a subscript, names and brackets: `w_{ij}`, `(W_1)_{ij}`, in exponents and partials too."""
    found: list[Scripts] = []
    stack: list[Markup] = [member]
    while stack:
        node = stack.pop()
        if isinstance(node, Scripts) and node.sub is not None:
            found.append(node)
        if isinstance(node, Scripts):
            stack.extend(part for part in (_exponent(node), node.base) if part is not None)
        elif not isinstance(node, BigOperator):
            stack.extend(reversed(children(node)))
    return found


def terms(items: tuple[Markup, ...]) -> list[Segment]:
    """The terms of a row with their signs; a sign after an operator or a sum belongs to the factor."""
    found: list[Segment] = []
    sign: Operator | None = None
    current: list[Markup] = []
    for node in items:
        if isinstance(node, Operator) and node.text in "+-" and (current or sign is None):
            if current:
                found.append(Segment(tuple(current), sign))
            sign, current = node, []
        elif not isinstance(node, Relation | Punct):
            current.append(node)
    if current:
        found.append(Segment(tuple(current), sign))
    return found


def products(items: tuple[Markup, ...], functions: frozenset[str]) -> Iterator[list[Segment]]:
    """The products of a row: those of its terms, and inside of every sum what the sum runs over."""
    for term in terms(items):
        nodes = term.nodes
        while nodes:
            yield factors(nodes, functions)
            at = next((k for k, node in enumerate(nodes) if isinstance(node, BigOperator)), None)
            nodes = nodes[at + 1 :] if at is not None else ()


def factors(nodes: tuple[Markup, ...], functions: frozenset[str]) -> list[Segment]:
    """The factors of a term, with the product sign before each."""
    found: list[Segment] = []
    sign: Operator | None = None
    at = 0
    while at < len(nodes):
        node = nodes[at]
        if isinstance(node, Operator) and node.text in PRODUCT_SIGNS:
            sign = node
            at += 1
            continue
        end = at + _length(nodes, at, functions)
        found.append(Segment(nodes[at:end], sign))
        sign, at = None, end
    return found


def _length(nodes: tuple[Markup, ...], at: int, functions: frozenset[str]) -> int:
    node = nodes[at]
    if isinstance(node, BigOperator) or _is_operator(node):
        return len(nodes) - at
    word = word_run(nodes, at)
    if len(word) > 1 and word in WORDS:
        return min(len(word) + 1, len(nodes) - at)
    base = base_symbol(node)
    if base is not None and at + 1 < len(nodes):
        if base.font in ("op", "text", "rm"):
            return 2
        if base.name in functions and isinstance(_bare(nodes[at + 1]), Group | Row):
            return 2
    return 1


def _bare(node: Markup) -> Markup | None:
    return node.base if isinstance(node, Scripts) else node


def _is_operator(node: Markup) -> bool:
    r"""`\frac{d}{dx}` without a numerator takes what follows; so does `\nabla_W`."""
    if isinstance(node, Fraction) and is_partial(node):
        return len(node.num.items) == 1
    base = base_symbol(node)
    return base is not None and base.name == r"\nabla"


def names(member: Row) -> list[Markup]:
    """Every name of a member, outside of scripts: symbols with their scripts, in partials too."""
    found: list[Markup] = []
    stack: list[Markup] = [member]
    while stack:
        node = stack.pop()
        if isinstance(node, Scripts | Symbol | Accent) and base_symbol(node) is not None:
            base = base_symbol(node)
            if (
                base is not None
                and base.name not in (r"\partial", r"\nabla", "d")
                and base.font != "op"
                and base.name not in WORDS
            ):
                found.append(node)
        if isinstance(node, Scripts):
            exponent = _exponent(node)
            if exponent is not None:
                stack.append(exponent)
            if node.base is not None and base_symbol(node) is None:
                stack.append(node.base)
        elif isinstance(node, BigOperator):
            stack.extend(part for part in (node.upper,) if part is not None)
        elif not isinstance(node, Symbol | Accent):
            stack.extend(reversed(children(node)))
    return found


def partials(member: Row) -> list[Fraction]:
    """The fractions that are derivatives, wherever they stand."""
    return [node for node in _everything(member) if isinstance(node, Fraction) and is_partial(node)]


def ratios(member: Row) -> list[Fraction]:
    """The fractions that are no derivatives though they may have been meant as such."""
    found = []
    for node in _everything(member):
        if isinstance(node, Fraction) and not is_partial(node):
            inner = [*node.num.items, *node.den.items]
            called = [
                k for k, part in enumerate(inner) if isinstance(part, Group) and not (k and _is_name(inner[k - 1]))
            ]
            if node.den.items and not called and not any(isinstance(part, Number | Operator) for part in inner):
                found.append(node)
    return found


def _is_name(node: Markup) -> bool:
    return base_symbol(node) is not None


def _everything(member: Row) -> Iterator[Markup]:
    stack: list[Markup] = [member]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def matrices(member: Row) -> Iterator[Matrix | Cases]:
    """Explicit matrices and branches."""
    return (node for node in _everything(member) if isinstance(node, Matrix | Cases))


def groups(member: Row) -> list[Group]:
    """Brackets of every kind."""
    return [node for node in _everything(member) if isinstance(node, Group)]


def roots(member: Row) -> list[Root]:
    """Roots."""
    return [node for node in _everything(member) if isinstance(node, Root)]


def sums(member: Row) -> list[BigOperator]:
    """The sums, wherever they stand."""
    return [node for node in _everything(member) if isinstance(node, BigOperator) and node.name == r"\sum"]
