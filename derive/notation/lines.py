r"""Derivations in print: a line for each name.

    \frac{\partial L}{\partial w_1}
        = \frac{\partial L}{\partial a_2} \frac{\partial a_2}{\partial z_2} ...       the chain of names
        = \frac{\partial L}{\partial z_1} x                                           one step, with local derivatives
        = (a_2 - y) w_2 \sigma'(z_1) x                                                the closed form

A chain follows single paths from the loss for at most `LONGEST` factors; behind a sum over paths, or in a deeper model,
it starts at the nearest adjoint with a name. So the print is linear in the depth of the model. In the matrix view a
chain of partials is a composition of one step; with indices it carries the sums over what the two partials share.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import TYPE_CHECKING

from derive.calculus.derivation import Adjoints, Path, Step
from derive.calculus.higher import Pullback, Recipe
from derive.ir import build
from derive.ir.node import Node, refs, substitute, topological
from derive.ir.size import ONE
from derive.notation.abbreviations import Parts, short
from derive.notation.flattening import flatten
from derive.notation.formula import (
    EQUALS,
    PLUS,
    SUM,
    Concatenation,
    Fence,
    Formula,
    Juxtaposition,
    Quotient,
    Script,
    plain,
)
from derive.notation.matrix_algebra import NoMatrixForm
from derive.notation.names import Names
from derive.notation.pieces import Piece, big, total
from derive.notation.printer import Printer
from derive.notation.printing import At
from derive.notation.sides import Line, Sides, printed
from derive.notation.style import View

if TYPE_CHECKING:
    from derive.calculus.closed import ClosedForm
    from derive.calculus.shared_parameters import SharedStep

LONGEST = 6


# ----------------------------------------------------------------------------------------------- forward


def node_line(node: Node, names: Names, view: View) -> Line:
    """A formula by itself, with the parts it was cut into."""
    parts = Parts(names.graph)
    cut = parts.cut(node)
    return Sides(names, view, node.shape, tidy=False).line("", printed(cut), parts=parts)


def forward_line(name: str, names: Names, view: View) -> Line:
    """The definition of a binding."""
    graph = names.graph
    node = graph.bindings[name].node
    sides = Sides(names, view, node.shape, tidy=False)
    return sides.line(name, lambda printer, at: printer.piece(graph.ref(name), at).formula, closed=node)


def recipe_line(recipe: Recipe, closed: Node, names: Names, view: View) -> Line:
    r"""What a recipe gives: derivatives by name, contracted, and their short form.

    A pullback without matrix notation stands as the gradient of a number, `\frac{\partial}{\partial W}(...)`.
    """
    statement = recipe.statement(names.graph)

    def left(printer: Printer, at: At) -> Formula:
        try:
            return printer.piece(statement, at).formula
        except NoMatrixForm:
            if at is not None or not isinstance(recipe, Pullback):
                raise
        operator = Quotient(names.style.d, Concatenation((names.style.d, names.formula(recipe.q))))
        return Concatenation((operator, Fence(printer.piece(recipe.scalar(names.graph), ()).formula)))

    return Sides(names, view, closed.shape, tidy=True).line(recipe.by[0], left, closed=closed)


# ---------------------------------------------------------------------------------------------- backward


def step_line(derivation: Adjoints, name: str, closed: ClosedForm | None, names: Names, view: View) -> Line:
    """The derivative of the loss by `name`: chain, one step, closed form. `names` are those of the gradient graph."""
    step = derivation.steps[name]
    sides = Sides(names, view, step.total.shape, tidy=True)
    at_loss = all(path.consumer == derivation.loss for path in step.paths)
    near = step.total if closed is None or (at_loss and short(step.total)) else closed.step
    far = closed.node if closed is not None else None
    if names.style.adjoint == "delta":
        near = through(derivation, near, names)
        if far is not None and any(node.op == "functional" or _is_adjoint(node) for node in topological(far)):
            far = None  # the recursion says more than what is left of a closed form

    def left(printer: Printer, at: At) -> Formula:
        return printer.piece(build.ref(step.adjoint, step.total.shape), at).formula

    def chain(printer: Printer, at: At) -> Formula | None:
        variable = printer.piece(derivation.graph.ref(name), at).formula
        fraction = printer.names.derivative(printer.names.formula(derivation.loss), variable)
        composed = _chain(derivation, step, printer, at)
        if isinstance(left(printer, at), Quotient):
            return composed
        return fraction if composed is None else Concatenation((fraction, EQUALS, composed))

    return sides.line(name, left, chain, near, far, reason=closed.reason if closed is not None else "chain rule")


def shared_line(step: SharedStep, layers: tuple[str, str, str], names: Names, view: View) -> Line:
    r"""The derivative by a name that all layers share, `\sum_{t=1}^{T} ...` with the letter, the first and the last."""
    parts = Parts(names.graph)
    sides = Sides(names, view, step.shape, tidy=True)
    letter, low, high = map(plain, layers)
    sign = Script(SUM, Concatenation((letter, plain("="), low)), high)
    style = names.style.adjoint
    held = step.shared
    nodes = [through(t.within, t.node, names, held) if style == "delta" else t.node for t in step.terms]
    terms = [(parts.cut(node), term.every) for node, term in zip(nodes, step.terms, strict=True)]

    def left(printer: Printer, at: At) -> Formula:
        return printer.piece(build.ref(step.adjoint, step.shape), at).formula

    def term(printer: Printer, node: Node, every: bool, at: At) -> tuple[bool, Piece]:
        minus, piece = printer.loose(node, at)
        return minus, big(sign, piece) if every else piece

    def sums(printer: Printer, at: At) -> Formula:
        return total(printer.each(terms, lambda pair: term(printer, *pair, at))).formula

    return sides.line(step.name, left, sums, reason="chain rule, sum over all layers", parts=parts)


def _is_adjoint(node: Node) -> bool:
    return node.op == "ref" and node.name.startswith("∂")


def through(derivation: Adjoints, node: Node, names: Names, held: Collection[str] = ()) -> Node:
    """The expression with adjoints that lead to δ, in a few steps, written out, so that a recursion links δ to δ.

    What does not lead to a δ, such as the derivative of the loss by the output, stays a name; so does one by a `held`.
    """

    def adjoints(node: Node) -> list[Step]:
        pairs = [pair for pair in map(names.adjoint, refs(node)) if pair is not None and pair[0] == derivation.loss]
        return [derivation.steps[by] for _, by in pairs if by in derivation.steps]

    def leads(step: Step, left: int) -> bool:
        below = adjoints(step.total)
        return bool(below) and left > 0 and all(s.name in names.deltas or leads(s, left - 1) for s in below)

    for _ in range(LONGEST):
        steps = [step for step in adjoints(node) if step.name not in (*names.deltas, *held) and leads(step, LONGEST)]
        if not steps:
            break
        node = substitute(node, {build.ref(step.adjoint, step.total.shape): step.total for step in steps})
    return node


def _chain(derivation: Adjoints, step: Step, printer: Printer, at: At) -> Formula | None:
    if not step.paths or (len(step.paths) > 1 and any(p.consumer == derivation.loss for p in step.paths)):
        return None
    if len(step.paths) == 1:
        if not step.total.shape and not printer.matrices and not derivation.graph.shape(step.paths[0].consumer):
            return _long_chain(derivation, step, printer)
        return _composition(derivation, step, step.paths[0], printer, at)
    terms = printer.each(step.paths, lambda path: _composition(derivation, step, path, printer, at))
    row: list[Formula] = []
    for term in terms:
        if term is None:
            return None
        row += [PLUS, term] if row else [term]
    return Concatenation(tuple(row))


def _long_chain(derivation: Adjoints, step: Step, printer: Printer) -> Formula | None:
    """From the loss to the name along single paths; one step where that is too long."""
    loss, names = derivation.loss, [step.name]
    while names[-1] != loss and len(names) <= LONGEST + 1:
        paths = derivation.steps[names[-1]].paths
        if len(paths) != 1 or derivation.graph.shape(paths[0].consumer):
            break
        names.append(paths[0].consumer)
    if len(names) > LONGEST + 1:
        names = names[:2]
    if names[-1] == loss and len(names) == 2:
        return None
    if names[-1] != loss:
        names.append(loss)
    links = [printer.names.partial(above, below) for below, above in pairwise(names)]
    return Juxtaposition(tuple(links if printer.style.order == "inner" else reversed(links)))


def _composition(derivation: Adjoints, step: Step, path: Path, printer: Printer, at: At) -> Formula | None:
    """One path of one step, ∂L/∂c ∂c/∂z, with the sums over the entries of c where there are indices."""
    if path.consumer == derivation.loss:
        return None
    consumer = derivation.graph.ref(path.consumer)
    adjoint = build.ref(derivation.steps[path.consumer].adjoint, consumer.shape)
    summed: list[tuple[Formula, int]] = []
    inner: At = at
    if at is not None and not consumer.shape:
        inner = ()
    elif at is not None:
        flat = flatten(path.contribution)
        places = [labels for labels, node in flat.factors if node is adjoint]
        if len(places) != 1 or any(adjoint.name in refs(node) for _, node in flat.factors if node is not adjoint):
            return None
        index = dict(zip(flat.out, at, strict=True))
        for label in places[0]:
            if label not in index:
                index[label] = printer.over(flat.sizes[label])
                if flat.sizes[label] is not ONE:
                    summed.append((index[label], label))
        inner = tuple(index[label] for label in places[0])
    above = printer.piece(consumer, inner).formula
    below = printer.piece(derivation.graph.ref(step.name), at).formula
    direct = len(step.paths) > 1  # what the variable does along the other paths is counted there
    links = [printer.piece(adjoint, inner).formula, printer.names.derivative(above, below, direct=direct)]
    piece = Piece(Juxtaposition(tuple(reversed(links)) if printer.style.order == "inner" else tuple(links)))
    for index_formula, label in reversed(summed):
        piece = big(printer.sum_sign(index_formula, flat.sizes[label]), piece)
    return piece.formula
