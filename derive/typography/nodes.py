r"""The layout tree: what stands where in a formula, before anyone asks what it means.

    row     ::=  node*
    node    ::=  Symbol | Number | Operator | Relation | Punct | Space | Text | Ellipsis | Stray
              |  Row | Group(open, row, close) | Scripts(base, sub, sup, primes)
              |  Fraction(num, den) | Binomial(top, bottom) | Root(radicand, index)
              |  BigOperator(name, lower, upper) | Accent(kind, base) | Matrix(env, rows) | Cases(rows)

Invariants. Every node has a span `(start, end)`: character offsets into the source of its formula, end
exclusive, so `source[start:end]` is the author's own text of that node. What came out of a macro carries the
span of the macro's use, except its arguments, which keep their own places. Spans take no part in equality:
two nodes are equal when they are written alike, wherever they stand. Nothing here is evaluated or reordered;
juxtaposition is two neighbours in a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Offsets = tuple[int, int]


class Slip(NamedTuple):
    """A typographic slip: its kind ("notation" or "stray_token"), its place, and what is wrong with it."""

    kind: str
    span: Offsets
    text: str


@dataclass(frozen=True, slots=True)
class Markup:
    """A piece of a formula with its place in the source."""

    span: Offsets = field(compare=False)


# ----- leaves -----


@dataclass(frozen=True, slots=True)
class Symbol(Markup):
    r"""A name: `W`, `\sigma` (commands that print a letter keep their backslash), `diag`, `log`.

    `font` is "" as usual in mathematics, "op" for `\log` and `\operatorname`, "text" for `\text`, or
    "rm", "bf" (also `\bm`, `\boldsymbol`), "bb", "cal", "frak",
    "it", "sf", "tt", "scr". A command nobody knows is a symbol with
    `known=False`.
    """

    name: str
    font: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Number(Markup):
    r"""Digits as written, `1`, `0.98`, `.5`; `\mathbf 1` has font "bf"."""

    text: str
    font: str = ""


@dataclass(frozen=True, slots=True)
class Operator(Markup):
    r"""`+`, `-`, `*`, `/`, `!`, or a command: `\cdot`, `\odot`, `\circ`, `\times`, `\mid`, ..."""

    text: str


@dataclass(frozen=True, slots=True)
class Relation(Markup):
    r"""`=`, `<`, `>`, `:=`, or a command: `\to`, `\in`, `\approx`, `\Rightarrow`, ..."""

    text: str


@dataclass(frozen=True, slots=True)
class Punct(Markup):
    """`,`, `;`, `.` or `:`."""

    text: str


@dataclass(frozen=True, slots=True)
class Space(Markup):
    r"""A space that may part two statements: `\quad`, `\qquad`. Only in the outermost row and in cells."""

    text: str


@dataclass(frozen=True, slots=True)
class Text(Markup):
    r"""Words of prose inside a formula: `\text{ if }`."""

    words: str


@dataclass(frozen=True, slots=True)
class Ellipsis(Markup):
    r"""Dots of any kind; `text` is `\cdots` or `\ldots`, or `\vdots`, `\ddots` in a matrix."""

    text: str


@dataclass(frozen=True, slots=True)
class Stray(Markup):
    """Characters without a meaning in mathematics (`?+`); kept, because they may hide a term."""

    text: str


# ----- structure -----


@dataclass(frozen=True, slots=True)
class Row(Markup):
    r"""Nodes side by side: the argument of a command, a cell, or several nodes in invisible braces.

    The span of an argument is the inside of its braces. `braced` tells whether there are any: `\frac12`
    has two arguments without, and text put in place of such a one needs braces if it is longer than a token.
    """

    items: tuple[Markup, ...]
    braced: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Group(Markup):
    r"""Nodes between visible brackets: `(`, `[`, `\{`, `|`, `\|`, `\langle`, ... or "" for `\left.`.

    The two need not match: `(0, 1]` is a group as well.
    """

    open: str
    items: tuple[Markup, ...]
    close: str


@dataclass(frozen=True, slots=True)
class Scripts(Markup):
    r"""`base_{sub}^{sup}''` in whatever order it was written; a script on nothing (`{}^T`) has no base."""

    base: Markup | None
    sub: Row | None = None
    sup: Row | None = None
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Fraction(Markup):
    r"""`\frac{num}{den}`, `\tfrac`, `\dfrac`, `\cfrac`, `num \over den`. A slash is an `Operator`."""

    num: Row
    den: Row


@dataclass(frozen=True, slots=True)
class Binomial(Markup):
    r"""`\binom{top}{bottom}`."""

    top: Row
    bottom: Row


@dataclass(frozen=True, slots=True)
class Root(Markup):
    r"""`\sqrt[index]{radicand}`."""

    radicand: Row
    index: Row | None = None


@dataclass(frozen=True, slots=True)
class BigOperator(Markup):
    r"""`\sum`, `\prod`, `\int`, ... with its limits; its operand is whatever follows it in the row."""

    name: str
    lower: Row | None = None
    upper: Row | None = None


@dataclass(frozen=True, slots=True)
class Accent(Markup):
    r"""`\hat{y}`: kind "hat", "bar", "tilde", "vec", "dot", "ddot", "check", "breve", ..."""

    kind: str
    base: Markup


@dataclass(frozen=True, slots=True)
class Matrix(Markup):
    r"""Rows of cells: `matrix`, `bmatrix`, `array`, also `aligned`, `split`, `gathered`; `env` says which."""

    env: str
    rows: tuple[tuple[Row, ...], ...]


@dataclass(frozen=True, slots=True)
class Cases(Markup):
    r"""`\begin{cases}`, or an array behind a lone `\left\{`: usually a value and a condition in each row."""

    rows: tuple[tuple[Row, ...], ...]


_LEAVES = frozenset({Symbol, Number, Operator, Relation, Punct, Space, Text, Ellipsis, Stray})


def children(node: Markup) -> tuple[Markup, ...]:
    """The nodes directly inside `node`, in source order where the author's order is known."""
    if type(node) in _LEAVES:
        return ()
    match node:
        case Row(items=items) | Group(items=items):
            return items
        case Scripts(base=base, sub=sub, sup=sup):
            return tuple(part for part in (base, sub, sup) if part is not None)
        case Fraction(num=first, den=second) | Binomial(top=first, bottom=second):
            return first, second
        case Root(radicand=radicand, index=index):
            return (radicand,) if index is None else (index, radicand)
        case BigOperator(lower=lower, upper=upper):
            return tuple(part for part in (lower, upper) if part is not None)
        case Accent(base=base):
            return (base,)
        case Matrix(rows=rows) | Cases(rows=rows):
            return tuple(cell for cells in rows for cell in cells)
        case _:
            return ()


def walk(*roots: Markup) -> Iterator[Markup]:
    """Every node below `roots`, parents first, without recursion."""
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        if type(node) not in _LEAVES:
            stack.extend(reversed(children(node)))


def word_run(items: tuple[Markup, ...], at: int) -> str:
    """The word that starts at `items[at]`: plain letters that touch in the source, `exp` in `exp(-x)`.

    The last letter may carry scripts (`tr^2`). Empty if `items[at]` is no plain letter.
    """
    letters: list[Symbol] = []
    for node in items[at:]:
        letter = node.base if isinstance(node, Scripts) else node
        if not (isinstance(letter, Symbol) and len(letter.name) == 1 and letter.name.isascii() and not letter.font):
            break
        # Letters of a macro's body all have the place of its use.
        if letters and letter.span[0] != letters[-1].span[1] and letter.span != letters[-1].span:
            break
        letters.append(letter)
        if letter is not node:
            break
    return "".join(letter.name for letter in letters)
