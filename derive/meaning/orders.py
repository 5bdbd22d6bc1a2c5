r"""Orders of computation and the direction of weights.

An order `x \to z_1 \to a_1` holds if nothing that stands earlier needs what stands later; the order of gradients is the
reverse one. A convention `w_{ij} : i \to j` holds if the axis of i counts what the weight is applied to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.meaning.axes import axes_of
from derive.meaning.claim import Case, Check, Link, Problem, Reading
from derive.meaning.frames import Frame
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.reading_state import NotUnderstood, Oracle, Scope
from derive.meaning.scripts import Lin, Token, tokens_of
from derive.meaning.statement import Job
from derive.typography.nodes import Ellipsis, Group, Markup, Row, Scripts, Symbol


@dataclass(frozen=True)
class OrderedName:
    """A name in an order: in which window it stands, and whether its gradient is meant. No name: dots."""

    name: str
    window: int = 0
    adjoint: bool = False


def order(job: Job) -> list[Reading]:
    """The reading of `x \\to ... \\to y`."""
    items = [_item(row, job) for row in job.rows]
    if len({item.adjoint for item in items if isinstance(item, OrderedName) and item.name}) > 1:
        raise NotUnderstood(job.statement.span, "values or gradients alone")
    links: list[Link] = []
    for k, relation in enumerate(job.statement.relations):
        if relation.text == "=":
            links.append(_same(job, k))
        else:
            links.append(_after(items, k + 1, job))
    text = job.layout.source[slice(*job.statement.span)]
    case = Case(job.context.graph, "", (), tuple(links))
    return [Reading("order", text, ((case,),))]


def _item(row: Row, job: Job) -> OrderedName | Problem:
    nodes = row.items
    if len(nodes) == 1 and isinstance(nodes[0], Ellipsis):
        return OrderedName("")
    adjoint = len(nodes) == 2 and isinstance(nodes[0], Symbol) and nodes[0].name in ("d", r"\partial")
    head = nodes[-1] if nodes and (len(nodes) == 1 or adjoint) else None
    base = head.base if isinstance(head, Scripts) else head
    problem: Problem | None = None
    for window, frame in enumerate(job.context.frames):
        scope = job.scope(frame, Oracle(), 0, {})
        meant = resolve(head, scope) if head is not None else None
        if isinstance(meant, Resolved) and meant.entry.kind == "value" and not meant.indices and not meant.sup:
            name = meant.entry.name  # every window has a loss, the true one is that of the last
            last = len(job.context.frames) - 1
            return OrderedName(name, last if name == job.context.main.graph.loss else window, adjoint)
        if isinstance(meant, Problem):
            problem = problem or meant
    if problem is not None and not (isinstance(base, Symbol) and base.name == r"\delta"):
        return problem
    raise NotUnderstood(row.span, "the name of a value")


def _after(items: Sequence[OrderedName | Problem], at: int, job: Job) -> Check:
    """Whether the item at `at` may be computed after all before it."""
    item = items[at]
    if isinstance(item, Problem):
        return Check(False, item.message, item.defect)
    for other in items[:at]:
        if isinstance(other, Problem):
            return Check(False, other.message, other.defect)
        if not item.name or not other.name:
            continue
        first, second = (item, other) if item.adjoint else (other, item)
        backwards = first.window > second.window
        if first.window == second.window:
            frame = job.context.frames[first.window]
            backwards = second.name in frame.ancestors(first.name)
        if backwards:
            d = "d" if item.adjoint else ""
            return Check(False, f"{d}{other.name} needs {d}{item.name}", "wrong_operand")
    return Check(True, "the order of computation")


def _same(job: Job, at: int) -> Check:
    """An `=` inside an order: two names of one value."""
    for frame in job.context.frames:
        names = []
        for row in job.rows[at : at + 2]:
            meant = resolve(row.items[0], job.scope(frame, Oracle(), at, {})) if len(row.items) == 1 else None
            if isinstance(meant, Resolved) and meant.entry.kind == "value" and not meant.indices and not meant.sup:
                names.append(_origin(meant.entry.name, frame))
        if len(names) == 2:
            same = names[0] == names[1]
            return Check(same, "two names of one value" if same else f"{names[0]} is not {names[1]}", _FAULT[same])
    return Check(False, "no window shows both names", "undefined_symbol")


_FAULT = {True: None, False: "wrong_operand"}


def _origin(name: str, frame: Frame) -> str:
    """The name that a name is only another word for."""
    bindings = frame.graph.bindings
    while name in bindings and bindings[name].node.op == "ref":
        name = bindings[name].node.name
    return name


# ----- conventions -----


def convention(job: Job) -> list[Reading]:
    """The reading of `w^{(l)}_{ij} : (l-1, i) \\to (l, j)`."""
    if [relation.text for relation in job.statement.relations] != [":", r"\to"] or len(job.rows[0].items) != 1:
        raise NotUnderstood(job.statement.span, "a weight and where it leads from and to")
    weight = job.rows[0].items[0]
    source, target = (_end(row) for row in job.rows[1:])
    cases = []
    for frame in job.context.frames:
        scope = job.scope(frame, Oracle(), 0, {})
        check = _direction(weight, source, target, scope)
        cases.append(Case(frame.graph, frame.scope, (), (Check(True, "names the weight"), check)))
    text = job.layout.source[slice(*job.statement.span)]
    return [Reading("convention", text, (tuple(cases),))]


def _end(row: Row) -> tuple[Lin | None, Lin]:
    """The layer and the index letter of one end of a weight."""
    items = row.items
    if len(items) == 1 and isinstance(items[0], Group):
        items = items[0].items
    tokens = [token for token in tokens_of(items) if token is not None]
    if not 1 <= len(tokens) <= 2 or not all(isinstance(token, Lin) for token in tokens):
        raise NotUnderstood(row.span, "a layer and an index letter")
    last = tokens[-1]
    first = tokens[0] if len(tokens) == 2 else None
    assert isinstance(last, Lin)
    return (first if isinstance(first, Lin) else None), last


def _direction(weight: Markup, source: tuple[Lin | None, Lin], target: tuple[Lin | None, Lin], scope: Scope) -> Check:
    found = resolve(weight, scope)
    graph = scope.frame.graph
    if isinstance(found, Problem) and scope.pending:
        return _explicit(weight, source[1], target[1], scope)
    if isinstance(found, Problem):
        return Check(False, found.message, found.defect)
    if found is None or found.entry.kind != "value":
        raise NotUnderstood(weight.span, "a weight")
    shape = graph.shape(found.entry.name)
    axes = axes_of(found, len(shape), shape, scope, weight.span)
    if isinstance(axes, Problem):
        return Check(False, axes.message, axes.defect)
    if len(shape) != 2 or source[1].letter not in axes or target[1].letter not in axes:
        raise NotUnderstood(weight.span, "a weight with both indices")
    users = [name for name in graph.consumers()[found.entry.name] if len(graph.shape(name)) == 1]
    if len(users) != 1 or shape[0] is shape[1]:
        raise NotUnderstood(weight.span, "a weight matrix between two layers of different sizes")
    made = graph.shape(users[0])[0]
    counts = {str(letter): size for letter, size in zip(axes, shape, strict=True)}
    layers = source[0] is None or target[0] is None or _is_layer(users[0], target[0], source[0], scope)
    holds = counts[target[1].letter] is made and layers
    defect = None if holds else ("index_shift" if not layers else "index_order")
    return Check(
        holds, f"the index {target[1].letter} counts {users[0]}" if holds else f"it leads to {users[0]}", defect
    )


def _is_layer(user: str, target: Lin, source: Lin, scope: Scope) -> bool:
    (token,) = scope.substituted([target])
    return user.endswith(f"[{token}]") and source.letter == target.letter and source.offset == target.offset - 1


def _explicit(weight: Markup, source: Lin, target: Lin, scope: Scope) -> Check:
    """Single weights `w_12`: the declared connections lead from the first to the second index, or the other way."""
    base = weight.base if isinstance(weight, Scripts) else weight
    pairs = scope.frame.edges.get(base.name, set()) if isinstance(base, Symbol) else set()
    tokens: list[Token] = tokens_of(weight.sub.items) if isinstance(weight, Scripts) and weight.sub else []
    if not pairs or tokens not in ([source, target], [target, source]):
        raise NotUnderstood(weight.span, "declared weights with both indices")
    rows = {
        row for table in scope.pending for row in table.rows if set(table.letters) == {source.letter, target.letter}
    }
    letters = sorted((source.letter, target.letter))
    ends = {(row[letters.index(source.letter)], row[letters.index(target.letter)]) for row in rows}
    holds = ends <= pairs
    return Check(
        holds, "the declared direction" if holds else "it leads the other way", None if holds else "index_order"
    )
