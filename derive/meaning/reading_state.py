"""What is known while a formula is read: the graph, the letters that count, the choices made so far.

Reading is deterministic code that asks `choose` wherever a text can mean several things. `outcomes` runs it once for
every combination of answers that it asks for, so that each run is one consistent reading; choices that share a key are
made once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from derive.equality.subgradients import TakenSlope
from derive.ir import build
from derive.ir.node import Node, substitute
from derive.ir.size import Size
from derive.meaning.claim import Definition, Denotation, Problem, Result
from derive.meaning.frames import Frame
from derive.meaning.jacobians import entrywise, laid_out
from derive.meaning.scripts import Lin, Token, worked_out
from derive.ops.conditions import open_nodes, switch_of
from derive.typography.nodes import Markup as Layout
from derive.typography.nodes import Offsets, Slip

T = TypeVar("T")
MAX_RUNS = 256
PAGE = "page"
"""The key of the choice between a definition of the page (0) and what δ means by itself (1)."""
SQUARE = "square"
"""The key of the choice whether `x^2` of a vector is the square of its entries (0) or of its length (1)."""
SPREAD = "spread"
"""The key of the choice whether a vector beside a matrix, with a sign for entries between them, is spread (1)."""
PENDING = "pending"
LABEL = "y"
"""The letter of the true class of a sample in `p_y`, `\\delta_{ky}` and `[k = y]`: such an index is no free one."""
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


@dataclass(frozen=True)
class IndexRange:
    """For which numbers in the place of some letters a name exists."""

    letters: tuple[str, ...]
    rows: frozenset[tuple[int, ...]]


# ----- a member being read -----


@dataclass
class Scope:
    """The state of reading one member over one graph.

    `env` gives the number that a letter stands for in this case; a letter without one counts an axis, whose size goes
    to `sizes`. `bound` maps the index of a sum to a letter of its own. `pending` collects the tables of explicit names
    whose letters have no number yet. `counting` are the indices of sums from one number to another.
    `lengths` are those of sums from 1, should nothing else tell what their indices count. `whole`: what is read next is
    the whole member and no part of it. `comparing`: it is one side of a condition. `picks`: whether the statement picks
    entries by their place; `steps`: the letters that count steps in it. `folded`: where a letter stands for a name in
    the other case. `slopes`: the derivatives that were taken, None for one that is only a name.
    """

    frame: Frame
    oracle: Oracle
    read: Callable[[Sequence[Layout], Scope], Result]
    source: str = ""
    env: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    formal: dict[str, Denotation] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    variables: tuple[str, ...] = ()
    upright: bool = False
    layout: str | None = None
    rows: bool = False
    hints: dict[str, Size] = field(default_factory=dict)
    lengths: dict[str, Size] = field(default_factory=dict)
    member: int = 0
    partials: int = 0
    marks: frozenset[str] = frozenset()
    pending: list[IndexRange] = field(default_factory=list)
    notes: dict[Slip, None] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    free: dict[str, Offsets] = field(default_factory=dict)
    closed: dict[str, Offsets] = field(default_factory=dict)
    counting: tuple[str, ...] = ()
    flaws: list[Problem] = field(default_factory=list)
    unknowns: dict[str, tuple[Size, ...]] = field(default_factory=dict)
    fresh: int = 0
    letters: Counter[str] | None = None
    picks: Callable[[], bool] = field(default=lambda: True, repr=False)
    steps: Callable[[], frozenset[str]] = field(default=frozenset, repr=False)
    folded: list[Offsets] = field(default_factory=list)
    slopes: list[TakenSlope | None] = field(default_factory=list)
    whole: bool = True
    comparing: bool = False

    def choose(self, key: ChoiceKey, options: Sequence[T]) -> T:
        """One of the options; a choice of the reading."""
        return options[self.oracle.choose(key, len(options))]

    def note(self, kind: str, span: Offsets, text: str) -> None:
        """A slip that the reading looks past."""
        self.notes[Slip(kind, span, text)] = None

    def prime(self, whole: Node, slope: Node, argument: Node) -> None:
        """A derivative by an argument was taken, entry by entry; without kinks it says the same everywhere."""
        if argument.op == "ref" and argument.name in self.frame.graph:
            self.slopes.append(TakenSlope(whole, slope, argument.name))
            return
        itself = substitute(whole, {argument: build.ref("%argument", argument.shape)})
        if any(switch_of(node) is not None for node in open_nodes([itself])):
            self.slopes.append(None)

    def oriented(self, value: Denotation) -> Denotation:
        """A derivative of a scalar by a vector as a row, where the page writes it so."""
        is_gradient = value.chain is not None and not value.chain.split and len(value.shape) == 1
        return replace(value, row=True) if self.rows and is_gradient else value

    def positional(self, value: Result) -> Result:
        """A Jacobian of vectors as a matrix, in the declared layout or in either; others as they are.

        A Problem for a Jacobian of more axes. One that is diagonal is the same matrix in both layouts.
        """
        if not isinstance(value, Denotation) or not value.jacobian:
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
            self.refuse_label(name, span)
            self.free[name] = span
        counted = self.sizes.setdefault(name, size)
        if counted is not size:
            shown = name.partition("·")[0]
            return Problem(
                "wrong_index", f"the index {shown} counts {counted} in one place and {size} in another", span
            )
        return name

    def refuse_label(self, name: str, span: Offsets) -> None:
        """Raises NotUnderstood for the letter of a label as a free index."""
        if name == LABEL and name not in self.bound and name not in self.env:
            raise NotUnderstood(span, f"an index that a sum binds: {name} is the label of a sample in most texts")

    @staticmethod
    def position(number: int, size: Size, span: Offsets) -> int | Problem:
        """The position of a one-based index. Raises NotUnderstood for 0, which counts from another start."""
        if number == 0:
            raise NotUnderstood(span, f"an index in 1..{size}")
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
        """Tokens with the letters that have a number or a layer replaced; sums of layers in numbers are worked out."""
        made = [self._substituted(token) if isinstance(token, Lin) else token for token in tokens]
        return made if self.frame.depth is None else worked_out(made)

    def superscript(self, tokens: Sequence[Token]) -> list[Token]:
        """The same for what stands above: a lone T is a transpose before it is the last of T steps."""
        return list(tokens) if list(tokens) == [Lin("T")] else self.substituted(tokens)

    def counts_layers(self, letter: str) -> bool:
        """Whether a letter without a number stands for layers that have numbers: that of the family, or of a sum."""
        return self.frame.depth is not None and (letter == self.frame.depth.index or letter in self.bound)

    def stands_for_layers(self, letter: str) -> bool:
        """Whether a letter is the number of a layer here, known or not yet."""
        return self.counts_layers(letter) or self.count(letter) is not None

    def count(self, letter: str) -> int | None:
        """The number of a layer that a letter stands for in a family written out."""
        if self.frame.depth is None:
            return None
        base = self.frame.layer.get(letter)
        return base.offset if base is not None else self.env.get(letter)

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
