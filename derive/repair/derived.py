r"""What the derivation prints for the left side of a statement: where a lost term or factor can be read off.

    \frac{dE}{dW_{pq}} = ...      left side: loss E, variable W, letters p q
                                  lines of W: chain = one step = closed form, with p q for the letters i j of the print

A left side is known by its value, so it does not matter how its author writes it. The lines come in the author's signs
(transpose, product, derivative), with the author's spellings of names and the author's index letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from derive.calculus.closed import closed_forms
from derive.calculus.derivation import Adjoints
from derive.calculus.reverse import backprop
from derive.equality.recent import PerGraph
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.ir.node import topological
from derive.meaning.claim import Case, Claim, Denotation
from derive.meaning.frames import Frame
from derive.meaning.vocabulary import key_of
from derive.notation import Line, Style, View, default_style, print_derivation, print_forward, print_node
from derive.notation.latex import latex
from derive.notation.names import Names
from derive.notation.printer import Printer
from derive.repair.edit import Printed
from derive.repair.tree import indexed, names, sums
from derive.typography.layout import parse, replaced
from derive.typography.nodes import Row, Symbol, walk

VIEWS: tuple[View, ...] = ("index", "matrix")
WRITTEN_OUT = 0.4
"""What is no line of the derivation but written out for the occasion has factors that nobody writes."""
MOST_NODES = 200
"""Larger values are not written out."""
MOST_BINDINGS = 80
"""Models with more bindings are not printed for a repair."""
_ENTRY = re.compile(r"(.*)\[([^\[\]]*)\]")


@dataclass
class _Prints:
    """The lines of one graph, printed when they are first asked for."""

    graph: ComputationGraph
    _derivations: dict[str, Adjoints] = field(default_factory=dict)
    _lines: dict[tuple[str, str | None, View | None, Style], tuple[Line, ...]] = field(default_factory=dict)

    def lines(self, name: str, loss: str | None, view: View | None, style: Style) -> tuple[Line, ...]:
        """The definition of a name, or the derivative of `loss` by it; none where there is no such print."""
        key = (name, loss, view, style)
        if key not in self._lines:
            try:
                self._lines[key] = tuple(self._printed(name, loss, view, style))
            except DeriveError:
                self._lines[key] = ()
        return self._lines[key]

    def _printed(self, name: str, loss: str | None, view: View | None, style: Style) -> list[Line]:
        if loss is None:
            return [line for line in print_forward(self.graph, view, style) if line.name == name]
        if loss not in self._derivations:
            self._derivations[loss] = backprop(self.graph, loss)
        derivation = self._derivations[loss]
        return print_derivation(derivation, closed_forms(derivation), view, style, [name])


_prints = PerGraph(_Prints)


def derived_lines(
    claim: Claim, source: str, frames: tuple[Frame, ...], spellings: Mapping[str, str]
) -> tuple[Printed, ...]:
    """The right sides that are printed for the left side of a claim, in its author's notation.

    `spellings` are those of the model, by name.
    """
    for reading in claim.readings[:1]:
        case = _shown(reading.cases)
        left = case.members[0] if case is not None and case.members else None
        if case is not None and isinstance(left, Denotation) and len(case.graph.bindings) <= MOST_BINDINGS:
            frame = next((frame for frame in frames if frame.graph is case.graph), None)
            spelled = _spelled(claim, source, frame, spellings) if frame is not None else {}
            style, summed = _style(source, case.graph, claim), _summed(claim.statement.members[1:])
            texts = dict(_texts(left, case.graph, style, spelled, summed))
            return tuple(side for text, unlikely in texts.items() if (side := _parsed(text, unlikely)) is not None)
    return ()


def _shown(cases: tuple[Case, ...]) -> Case | None:
    """The case whose graph has the letters of the statement: the window inside a family, or the only one."""
    if len(cases) == 1:
        return cases[0]
    return next((case for case in cases if case.graph.family is None and "<" in case.scope), None)


def _parsed(text: str, unlikely: float) -> Printed | None:
    try:
        return Printed(text, parse(text).items, unlikely)
    except DeriveError:
        return None


def _texts(
    left: Denotation, graph: ComputationGraph, style: Style, spelled: Mapping[str, str], summed: Sequence[str]
) -> Iterator[tuple[str, float]]:
    whole = left.chain.bottom if left.chain is not None else left.text
    name, letters = _entry(whole, graph)
    loss = left.chain.top if left.chain is not None else None
    scalar = loss is None or (loss in graph.bindings and not graph.shape(loss))
    if name not in graph or not scalar or bool(letters) != bool(left.letters):
        yield from ((text, WRITTEN_OUT) for text in _of_value(left, graph, style, spelled))
        return
    for view in VIEWS if letters else reversed(VIEWS):
        for line in _prints.of(graph).lines(name, loss, view, style):
            shown = parse(latex(line.left))
            renamed = dict(zip(_letters(Row((0, 0), shown.items)), letters, strict=False))
            for side in map(latex, line.members[1:]):
                own = [letter for letter in _summed([Row((0, 0), parse(side).items)]) if letter not in renamed]
                theirs = [letter for letter in summed if letter not in renamed.values()]
                yield _translated(side, spelled, {**renamed, **dict(zip(own, theirs, strict=False))}), 0.0


def _of_value(left: Denotation, graph: ComputationGraph, style: Style, spelled: Mapping[str, str]) -> Iterator[str]:
    """What has no line of its own, such as the derivative of an expression, as it is written out."""
    if (left.letters and left.shape) or sum(1 for _ in topological(left.node)) > MOST_NODES:
        return
    view: View = "index" if left.letters else "matrix"
    try:
        text = print_node(left.node, graph, view, style)
    except DeriveError:
        return
    own = [latex(index) for index in Printer(Names(graph, style), view).indices(len(left.letters))]
    if r"\quad" not in text:
        yield _translated(text, spelled, dict(zip(own, left.letters, strict=True)))


def _entry(text: str, graph: ComputationGraph) -> tuple[str, tuple[str, ...]]:
    """`W_1[p, q]` as a name and its letters; the brackets of a layer belong to the name."""
    found = _ENTRY.fullmatch(text)
    if text in graph or found is None:
        return text, ()
    return found[1], tuple(part.strip() for part in found[2].split(","))


def _letters(row: Row) -> list[str]:
    """The index letters of the last name with a subscript of letters."""
    for node in reversed(indexed(row)):
        tokens = node.sub.items if node.sub is not None else ()
        if tokens and all(isinstance(token, Symbol) and len(token.name) == 1 for token in tokens):
            return [token.name for token in tokens if isinstance(token, Symbol)]
    return []


def _summed(members: Iterable[Row]) -> list[str]:
    """The letters that are summed over, in order."""
    found = (node.lower.items[0] for member in members for node in sums(member) if node.lower and node.lower.items)
    return list(dict.fromkeys(first.name for first in found if isinstance(first, Symbol)))


def _translated(text: str, spelled: Mapping[str, str], letters: Mapping[str, str]) -> str:
    """A printed side with the author's spellings, and with letters exchanged so that none is used twice."""
    turned = dict(letters)
    for mine in [theirs for theirs in letters.values() if theirs not in letters]:
        taken = set(turned.values())
        turned[mine] = next((letter for letter in letters if letter not in taken), mine)
    row = Row((0, len(text)), parse(text).items)
    changes = {
        node.span: spelled[text[node.span[0] : node.span[1]]]
        for node in names(row)
        if text[node.span[0] : node.span[1]] in spelled
    }
    scripts = [node.sub for node in indexed(row)]
    scripts += [node.lower for node in sums(row)]
    for script in scripts:
        for part in walk(script) if script is not None else ():
            if isinstance(part, Symbol) and turned.get(part.name, part.name) != part.name:
                changes.setdefault(part.span, turned[part.name])
    spans = sorted(changes)
    kept = [span for k, span in enumerate(spans) if k == 0 or spans[k - 1][1] <= span[0]]
    return replaced(text, [(span, changes[span]) for span in kept])


def _spelled(claim: Claim, source: str, frame: Frame, spellings: Mapping[str, str]) -> dict[str, str]:
    """How the author writes names that the model spells in another way."""
    found: dict[str, str] = {}
    for member in claim.statement.members:
        for node in names(member):
            text = source[node.span[0] : node.span[1]]
            key = key_of((node,))
            for entry in frame.lexicon.known(key) if key is not None else ():
                own = spellings.get(entry.name, text)
                if own != text:
                    found.setdefault(own, text)
    return found


def _style(source: str, graph: ComputationGraph, claim: Claim) -> Style:
    bare = source.replace("{", "")
    limited = [node.lower for member in claim.statement.members for node in sums(member) if node.lower is not None]
    adjoint = default_style(graph).adjoint
    return Style(
        adjoint="delta" if r"\delta" in source else "partial" if r"\partial" in source else adjoint,
        transpose="T" if "^T" in bare and r"\top" not in source else "top",
        hadamard="odot" if r"\odot" in source else "circ",
        derivative="d" if r"\partial" not in source and r"\frac{d" in source else "partial",
        limits=not limited or any("=" in source[side.span[0] : side.span[1]] for side in limited),
    )
