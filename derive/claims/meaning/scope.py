"""What is known while a formula is read: the graph, the letters that count, the choices made so far.

Reading is deterministic code that asks `choose` wherever a text can mean several things. `outcomes` runs it once for
every combination of answers that it asks for, so that each run is one consistent reading; choices that share a key are
made once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from derive.calculus.jacobian import expression_jacobian, jacobian
from derive.claims.meaning.claim import Definition, Problem, Result, Value
from derive.claims.meaning.connections import edges
from derive.claims.meaning.jacobians import entrywise, laid_out
from derive.claims.meaning.names import Lexicon, lexicon
from derive.claims.meaning.scripts import Lin, Token
from derive.claims.typography.nodes import Node as Layout
from derive.claims.typography.nodes import Offsets, Slip
from derive.ir import build
from derive.ir.graph import Binding, Declaration, Graph
from derive.ir.node import Node, refs, substitute
from derive.ir.size import Shape, Size

T = TypeVar("T")
MAX_RUNS = 256
PAGE = "page"
"""The key of the choice between a definition of the page (0) and what δ means by itself (1)."""
SQUARE = "square"
"""The key of the choice whether `x^2` of a vector is the square of its entries (0) or of its length (1)."""
PART = "%part"
"""The binding that a part of a definition becomes, so that it can be differentiated by."""
PENDING = "pending"
DELTA = r"\delta"
LAYOUTS = ("numerator", "denominator")


class NotUnderstood(Exception):
    """Reading stopped at `span`; `expected` says what could have stood there."""

    def __init__(self, span: Offsets, expected: str) -> None:
        super().__init__(expected)
        self.span = span
        self.expected = expected


# ----- choices -----

ChoiceKey = tuple[object, ...]


@dataclass
class Oracle:
    """Answers in the order they are asked for: first the given ones, then always the first option."""

    given: tuple[int, ...] = ()
    trail: list[tuple[int, int]] = field(default_factory=list)
    made: dict[ChoiceKey, int] = field(default_factory=dict)
    settled: bool = False
    """Whether the outcome no longer depends on a choice: what comes is read once more, for what cannot be read."""

    def choose(self, key: ChoiceKey, count: int) -> int:
        """Which of `count` options; the same key gets the same answer."""
        if count == 1 or self.settled:
            return self.made.get(key, 0)
        if key not in self.made:
            at = len(self.trail)
            self.made[key] = self.given[at] if at < len(self.given) else 0
            self.trail.append((self.made[key], count))
        return self.made[key]


def outcomes(run: Callable[[Oracle], T]) -> Iterator[tuple[dict[ChoiceKey, int], T | NotUnderstood]]:
    """What `run` yields for each combination of choices, with the choices.

    Raises NotUnderstood if there are more than MAX_RUNS: what was not looked at could be what is meant.
    """
    stack: list[tuple[int, ...]] = [()]
    runs = 0
    while stack:
        if runs == MAX_RUNS:
            raise NotUnderstood((0, 0), f"a formula that can be read in at most {MAX_RUNS} ways")
        runs += 1
        given = stack.pop()
        oracle = Oracle(given)
        result: T | NotUnderstood
        try:
            result = run(oracle)
        except NotUnderstood as stopped:
            result = stopped
        for at in range(len(given), len(oracle.trail)):
            before = tuple(answer for answer, _ in oracle.trail[:at])
            stack.extend((*before, other) for other in range(oracle.trail[at][1] - 1, 0, -1))
        yield oracle.made, result


# ----- the graph that is spoken of -----


@dataclass
class Frame:
    """A graph with its vocabulary and the derivatives taken so far.

    `layer` says what the layer letters of a family stand for in this window, `{"l": Lin("", 2)}` in the first one.
    """

    graph: Graph
    scope: str = ""
    layer: dict[str, Lin] = field(default_factory=dict)
    others: tuple[Frame, ...] = ()
    lexicon: Lexicon = field(init=False)
    _jacobians: dict[tuple[str, str, bool], Node] = field(default_factory=dict)
    _totals: dict[tuple[Node, str], Node] = field(default_factory=dict)
    _above: dict[str, set[str]] = field(default_factory=dict)
    _edges: dict[str, set[tuple[int, int]]] | None = None
    _extended: dict[tuple[tuple[str, Shape], ...], Graph] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lexicon = lexicon(self.graph)

    def ancestors(self, name: str) -> set[str]:
        """What a name depends on."""
        if name not in self._above:
            self._above[name] = self.graph.ancestors(name)
        return self._above[name]

    def jacobian(self, p: str, q: str, *, direct: bool = False) -> Node:
        """The total or direct derivative of one name by another."""
        key = (p, q, direct)
        if key not in self._jacobians:
            made = jacobian(self.graph, p, q, direct=direct)
            part = self.graph.bindings.get(PART)
            self._jacobians[key] = made if part is None else substitute(made, {self.graph.ref(PART): part.node})
        return self._jacobians[key]

    def is_input(self, name: str) -> bool:
        """Whether a name is no binding: in the sum over time the weights are held in all earlier steps."""
        return name in self.graph.inputs

    def has_second_path(self, p: str, q: str) -> bool:
        """Whether q stands in the definition of p and also reaches p another way."""
        binding = self.graph.bindings.get(p)
        below = refs(binding.node) if binding is not None else []
        return q in below and any(q in self.ancestors(other) for other in below if other != q)

    def total(self, node: Node, q: str) -> Node:
        """The total derivative of an expression by a name; shape of the expression, then of q."""
        key = (node, q)
        if key not in self._totals:
            if q in self.graph:
                extended = self.graph.with_binding(Binding("%", node))
                made = jacobian(extended, "%", q)
                self._totals[key] = substitute(made, {build.ref("%", node.shape): node})
            else:
                self._totals[key] = expression_jacobian(node, build.ref(q, ()))
        return self._totals[key]

    def with_inputs(self, shapes: Mapping[str, Shape]) -> Graph:
        """The graph with further inputs; the same object for the same ones, with all that is remembered of it."""
        declared = self.graph.declarations
        new = {name: Declaration(name, "input", shape) for name, shape in shapes.items() if name not in declared}
        if not new:
            return self.graph
        key = tuple((name, declaration.shape) for name, declaration in new.items())
        if key not in self._extended:
            self._extended[key] = replace(self.graph, declarations={**declared, **new})
        return self._extended[key]

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes of all axes of the model."""
        found = (size for name in self.graph.names for size in self.graph.shape(name))
        return tuple(dict.fromkeys(found))

    @property
    def edges(self) -> dict[str, set[tuple[int, int]]]:
        """The connections of explicit neurons, by the letter of their weights."""
        if self._edges is None:
            self._edges = dict(edges(self.graph, self.lexicon))
        return self._edges


@dataclass(frozen=True)
class Table:
    """For which numbers in the place of some letters a name exists."""

    letters: tuple[str, ...]
    rows: frozenset[tuple[int, ...]]


# ----- a member being read -----


@dataclass
class Scope:
    """The state of reading one member over one graph.

    `env` gives the number that a letter stands for in this case; a letter without one counts an axis, whose size goes
    to `sizes`. `bound` maps the index of a sum to a letter of its own. `pending` collects the tables of explicit names
    whose letters have no number yet. `whole`: what is read next is the whole member and no part of it.
    """

    frame: Frame
    oracle: Oracle
    read: Callable[[Sequence[Layout], Scope], Result]
    source: str = ""
    env: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    formal: dict[str, Value] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    variables: tuple[str, ...] = ()
    upright: bool = False
    layout: str | None = None
    hints: dict[str, Size] = field(default_factory=dict)
    member: int = 0
    partials: int = 0
    pending: list[Table] = field(default_factory=list)
    notes: dict[Slip, None] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    free: dict[str, Offsets] = field(default_factory=dict)
    closed: dict[str, Offsets] = field(default_factory=dict)
    flaws: list[Problem] = field(default_factory=list)
    unknowns: dict[str, tuple[Size, ...]] = field(default_factory=dict)
    fresh: int = 0
    letters: Counter[str] | None = None
    whole: bool = True

    def choose(self, key: ChoiceKey, options: Sequence[T]) -> T:
        """One of the options; a choice of the reading."""
        return options[self.oracle.choose(key, len(options))]

    def note(self, kind: str, span: Offsets, text: str) -> None:
        """A slip that the reading looks past."""
        self.notes[Slip(kind, span, text)] = None

    def positional(self, value: Result) -> Result:
        """A Jacobian of vectors as a matrix, in the declared layout or in either; others as they are.

        A Problem for a Jacobian of more axes. One that is diagonal is the same matrix in both layouts.
        """
        if not isinstance(value, Value) or not value.jacobian:
            return value
        if len(value.shape) != 2:
            return Problem("shape_mismatch", f"{value.text} has {len(value.shape)} axes and is no matrix", (0, 0))
        if entrywise(value) is not None:
            return laid_out(value, "numerator")
        layouts: tuple[str, ...] = (self.layout,) if self.layout else LAYOUTS
        return laid_out(value, self.choose(("layout",), layouts))

    def letter(self, name: str, size: Size, span: Offsets) -> str | int | Problem:
        """The axis label of an index letter that counts `size`: a letter, or the position it is fixed at."""
        if name in self.env:
            return self.position(self.env[name], size, span)
        if name in self.bound:
            name = self.bound[name]
        else:
            self.free[name] = span
        counted = self.sizes.setdefault(name, size)
        if counted is not size:
            shown = name.partition("·")[0]
            return Problem(
                "wrong_index", f"the index {shown} counts {counted} in one place and {size} in another", span
            )
        return name

    @staticmethod
    def position(number: int, size: Size, span: Offsets) -> int | Problem:
        """The position of a one-based index."""
        if number < 1 or (size.number is not None and number > size.number):
            return Problem("undefined_symbol", f"the index {number} is outside of 1..{size}", span)
        return number - 1

    def axis(
        self, token: Token, size: Size, span: Offsets, expected: str = "an index that is a letter or a number"
    ) -> str | int | Problem:
        """The axis label of an index that counts `size`. Raises NotUnderstood for what is no index."""
        if isinstance(token, int):
            return self.position(token, size, span)
        if isinstance(token, Lin) and not token.offset:
            return self.letter(token.letter, size, span)
        raise NotUnderstood(span, expected)

    def substituted(self, tokens: Sequence[Token]) -> list[Token]:
        """Tokens with the letters that have a number or a layer replaced."""
        return [self._substituted(token) if isinstance(token, Lin) else token for token in tokens]

    def _substituted(self, token: Lin) -> Token:
        if token.letter in self.env:
            return self.env[token.letter] + token.offset
        base = self.frame.layer.get(token.letter)
        if base is None:
            return token
        offset = base.offset + token.offset
        return Lin(base.letter, offset) if base.letter else offset

    def bind(self, name: str) -> str:
        """A letter of its own for the index of a sum."""
        self.fresh += 1
        return f"{name}·{self.fresh}"
