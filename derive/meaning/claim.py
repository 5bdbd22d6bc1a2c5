"""What the reader hands to the judge: statements as sets of readings over graphs.

A display states one claim or several (`Claim`), each with all its readings that type-check. A `Reading` is one
consistent choice for the whole statement. What has to hold for it is a list of `Case`s, which must all hold: one for a
plain formula, one for every window of a family of layers, one for every choice of neurons that a letter may stand for.
In each case every relation is a link: either two nodes of one shape that must be equal (`Equal`), or something the
reader has decided itself from shapes and order (`Check`).

    Claim 1--n Reading 1--n way 1--n Case 1--n link

A reading has more than one *way* only where a product of partials may mean direct factors as well as total ones; it
holds if one of its ways does. A `Problem` is a member whose names are all known but which has no value: the verdict
is `false`, not `unread`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from derive.equality.subgradients import TakenSlope
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ir.size import Shape
from derive.meaning.specified import Body
from derive.typography.nodes import Offsets, Row, Slip
from derive.typography.statements import Statement

Kind = Literal["equation", "definition", "expression", "update", "order", "shape", "convention", "range"]


@dataclass(frozen=True)
class Differentiation:
    """The derivative of `top` by `bottom`; the first `split` positional axes of the value belong to `top`."""

    top: str
    bottom: str
    split: int


@dataclass(frozen=True)
class Denotation:
    """What an expression denotes: `node` has an axis for every free index letter, in alphabetical order, then its own.

    `row`: a value of rank one that was transposed. `column`: one that matrix algebra made a column, as `X w` is; a name
    is neither. `chain`: the value is a partial or a composition of partials.
    """

    node: Node
    letters: tuple[str, ...] = ()
    row: bool = False
    column: bool = field(default=False, compare=False)
    chain: Differentiation | None = field(default=None, compare=False)
    text: str = field(default="", compare=False)

    @property
    def shape(self) -> Shape:
        """The positional shape, without the axes of the letters."""
        return self.node.shape[len(self.letters) :]

    @property
    def jacobian(self) -> bool:
        """Whether it is a bare Jacobian: both the numerator and the denominator have axes of their own."""
        return self.chain is not None and 0 < self.chain.split < len(self.shape)


@dataclass(frozen=True)
class Problem:
    """Why something whose names are all known has no value. `defect` is a key of the list of defects.

    `formal` is what it would be with the fault left in as an unknown: a sum to a wrong limit still equals itself.
    `stands`: a fault of the meaning, not of the shapes, so that a reading with it is not dropped for another one.
    """

    defect: str
    message: str
    span: Offsets
    formal: Denotation | None = field(default=None, compare=False)
    stands: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class ShapeOf:
    r"""A member that is only a shape: `\mathbb{R}^{a \times b}`, `shape(X)`, an unknown name with its shape."""

    shape: Shape
    text: str = field(default="", compare=False)


Result = Denotation | Problem
Member = Denotation | Problem | ShapeOf


@dataclass(frozen=True)
class Equal:
    """Two nodes of one shape that must be equal. `places`: decimals of the numerals of one side, entry by entry.

    `derivative`: a derivative stands on one side, so that nothing is said of points where there is none; `by`: the
    names that derivatives are taken by, as far as they are written; `taken`: all derivatives, if they are known.
    `mismatch`: what is wrong with the shapes if they are not equal, of a Jacobian that is not diagonal by form beside
    an array.
    `under`: what is 1 where a condition beside the formula holds, and 0 elsewhere, as both sides then are. `slopes`:
    which of the sides is nothing but a derivative; `plain`: which of them has none in it.
    """

    left: Node
    right: Node
    places: tuple[int, ...] | None = None
    derivative: bool = False
    by: tuple[str, ...] = ()
    taken: tuple[TakenSlope, ...] = ()
    mismatch: str = ""
    under: tuple[Node, ...] = ()
    slopes: tuple[bool, bool] = (False, False)
    plain: tuple[bool, bool] = (False, False)


@dataclass(frozen=True)
class Check:
    """Something that the reader has decided: whether it holds, why, and the defect if it does not."""

    holds: bool
    reason: str
    defect: str | None = None


Link = Equal | Check


@dataclass(frozen=True)
class Case:
    """One instance of a reading: what the members are and what the links ask for, over one graph.

    `scope` says for what it stands, "" if for everything: "l = L", "interior l", "i = 1, j = 2".
    """

    graph: ComputationGraph = field(compare=False, repr=False)
    scope: str
    members: tuple[Member, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Update:
    """`parameter <- parameter sign rate * gradient`; the links of its cases say what must hold."""

    parameter: str
    sign: int
    rate: str


@dataclass(frozen=True)
class Definition:
    """A name that the page defines: its spelling, its index letters, and what stands on the right.

    `formal` holds the arguments of a function. The right side is kept as written and read wherever it is used; of a
    function of the model `body` is what it denotes. `layer` is the letter of the layer in its superscript.
    `over` is the definition as written if the name means something by itself, which it no longer does. Of what is not
    `understood` only the name is known. `doubtful`: `\\bar x`, which may be a derivative as well. `again`: another one
    of a name that the page has defined before, so that either may be meant.
    """

    key: tuple[str, str, str, int]
    letters: tuple[str, ...]
    formal: tuple[str, ...]
    row: Row
    text: str
    body: Body | None = field(default=None, compare=False)
    layer: str = ""
    over: str = ""
    understood: bool = True
    doubtful: bool = False
    again: bool = False


@dataclass(frozen=True)
class Reading:
    """One consistent reading of a statement.

    `text` is its unambiguous form, `assumed` what it takes for granted (δ_1 = ∂L/∂z_1), `notes` the slips it
    looks past.
    `defining` holds the links that define instead of claim, `defines` the name that a definition gives.
    `hides_term`: a token without meaning stands where a term may have been. `layout`: how a bare Jacobian was laid out,
    where that matters; there is then a reading for each layout unless one is declared, whether its shapes fit or not.
    """

    kind: Kind
    text: str
    ways: tuple[tuple[Case, ...], ...]
    assumed: tuple[str, ...] = ()
    notes: tuple[Slip, ...] = ()
    defining: frozenset[int] = frozenset()
    defines: Definition | None = None
    update: Update | None = None
    hides_term: bool = False
    layout: str = ""

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases of the first way."""
        return self.ways[0]


@dataclass(frozen=True)
class Unread:
    """Where reading stopped, and what was expected there."""

    span: Offsets
    expected: str


@dataclass(frozen=True)
class Claim:
    """A statement and its readings; `unread` is set exactly if there is none.

    A statement about a family of layers is also one about `networks` of a few depths, read when they are asked for.
    `defines` is the name that it gives a meaning, or that it would if it could be read. `remark`: what a definition is
    not, though its name says so. `keeps` and `marks`: the letter whose own meaning it states, or the mark that it uses
    for a derivative, rightly.
    """

    statement: Statement
    readings: tuple[Reading, ...]
    unread: Unread | None = None
    networks: Callable[[], tuple[Claim, ...]] | None = field(default=None, compare=False, repr=False)
    defines: Definition | None = None
    remark: str = ""
    keeps: str = ""
    marks: str = ""

    @property
    def kind(self) -> Kind:
        """What sort of statement it is, by its first reading."""
        return self.readings[0].kind if self.readings else "expression"
