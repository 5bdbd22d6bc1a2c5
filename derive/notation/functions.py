r"""Functions in print: `\sigma'(z)`, `e^{-z}`, `\log a`, `\frac{\partial C}{\partial y_1}`, softmax, entries."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import cast

from derive.ir.node import Node, as_number, refs, topological
from derive.notation.axis_functions import named_by_axis
from derive.notation.extrema import largest, where_largest
from derive.notation.formula import (
    COLON,
    INDICATOR,
    PARTIAL,
    Concatenation,
    Decoration,
    Fence,
    Formula,
    Glyph,
    Grid,
    Juxtaposition,
    Quotient,
    Radical,
    Script,
    plain,
    word,
)
from derive.notation.letters import unicode_of
from derive.notation.matrix_algebra import NoMatrixForm
from derive.notation.names import default_name
from derive.notation.pieces import Level, Piece, application, exact, listed, open_application, power, product
from derive.notation.printing import At, Printing
from derive.ops.primitive import scalar_of
from derive.ops.record import elementwise, tensor

_OPEN = frozenset({"log", "sin", "cos", "tan"})
_HIGHEST_PRIME = 3
_CURVED_D = Glyph(r"\partial", "∂")


# ---------------------------------------------------------------------------------- elementwise functions


def call(printer: Printing, node: Node, at: At) -> Piece:
    """An elementwise function, possibly differentiated."""
    record = elementwise(node.name)
    if record is not None and any(node.orders) and not record.prime:
        from derive.ops.sympy_bridge import expand  # SymPy is loaded for the derivative of a registered function only

        written = expand(node)
        if written is not node:
            return printer.piece(written, at)
    args = printer.beside(node.args[: _needed(node)], at, lambda arg: printer.operand(arg, at))
    if record is not None and not any(node.orders):
        special = _special(printer, node, args, at)
        if special is not None:
            return special
    function = _function(printer, node.name)
    if node.name in _OPEN and printer.names.function(node.name) is None:
        return open_application(function, args[0])
    order = sum(node.orders)
    if not order:
        return application(function, args)
    if node.orders[0] == order and (len(args) == 1 or (record is not None and record.prime)):
        return application(_primed(function, order), args)
    return _partial(printer, node, application(function, args).formula, [args[k] for k in _places(node)])


def _needed(node: Node) -> int:
    """How many operands are written: parameters that have their usual values are left out."""
    record, needed = elementwise(node.name), len(node.args)
    parameters = record.parameters if record is not None else ()
    while parameters and as_number(scalar_of(node.args[needed - 1])) == parameters[-1][1]:
        needed, parameters = needed - 1, parameters[:-1]
    return needed


def _special(printer: Printing, node: Node, args: list[Piece], at: At) -> Piece | None:
    """Signs of their own: powers of e, roots, bars, indicators."""
    if printer.names.function(node.name) is not None:
        return None
    match node.name:
        case "exp" if at is not None and not {"e", "E"} & set(printer.graph.names):
            return Piece(Script(plain("e"), None, args[0].formula), Level.SCRIPT)
        case "sqrt":
            return Piece(Radical(args[0].formula))
        case "abs" if at is not None:
            return Piece(Fence(args[0].formula, "|", "|"))
        case "step":
            positive = Concatenation((args[0].formula, Glyph(" > ", " > "), plain("0")))
            return Piece(Concatenation((INDICATOR, Fence(positive, "[", "]"))), Level.SCRIPT)
    return None


def _function(printer: Printing, name: str) -> Formula:
    declared = printer.names.function(name)
    if declared is not None:
        return declared.formula
    record = elementwise(name)
    if record is not None:
        return Glyph(record.latex, unicode_of(record.latex))
    return default_name(name).formula


def _primed(function: Formula, order: int) -> Formula:
    if order <= _HIGHEST_PRIME:
        return Script(function, primes=order)
    return Script(function, None, Fence(plain(str(order))))


def _places(node: Node) -> list[int]:
    """The operands that are differentiated by, one for each time."""
    return [k for k, order in enumerate(node.orders) for _ in range(order)] if node.op == "call" else list(node.orders)


def _partial(printer: Printing, node: Node, applied: Formula, operands: list[Piece]) -> Piece:
    """The derivative of `applied` by operands: by their names where these are independent, else by their places.

    `operands` are those of `_places`: an array may be differentiated by twice, by one entry and by another.
    """
    places = _places(node)
    if _independent(printer, node, set(places)):
        order = plain(str(len(places)))
        power_of_d = Concatenation((Script(_CURVED_D, None, order), Glyph(" ", ""))) if len(places) > 1 else PARTIAL
        # an expression in the place of a variable stands in brackets
        named = [node.args[k].op == "ref" for k in places]
        by = [one.formula if name else Fence(one.formula) for name, one in zip(named, operands, strict=True)]
        below: list[Formula] = [Concatenation((PARTIAL, one)) for one in by]
        return Piece(
            Quotient(Concatenation((power_of_d, applied)), Juxtaposition(tuple(below)) if len(below) > 1 else below[0])
        )
    marks = listed([plain(str(k + 1)) for k in places])
    return Piece(Fence(Concatenation((Script(_CURVED_D, marks), plain(" "), applied))))


def _independent(printer: Printing, node: Node, places: set[int]) -> bool:
    """Whether a derivative by these operands, named by what stands there, means these operands and nothing else."""
    for k in places:
        own = node.args[k]
        for j, other in enumerate(node.args):
            if j == k:
                continue
            below = set(topological(other))
            if own in below or (own.op == "ref" and any(own.name in _ancestors(printer, name) for name in refs(other))):
                return False
    return True


def _ancestors(printer: Printing, name: str) -> set[str]:
    return printer.graph.ancestors(name) if name in printer.graph else set()


# -------------------------------------------------------------------------------------------- functionals


def functional(printer: Printing, node: Node, at: At) -> Piece:
    """`C(y_1, y_2)`, or its derivative by whole arguments."""
    declared = printer.names.function(node.name)
    function = (declared or default_name(node.name)).formula
    wrt = node.orders
    args = [printer.piece(arg, None if arg.shape else ()) for arg in node.args]
    if not wrt:
        return application(function, args)
    value = Node("functional", node.args, (node.name, ()), ())
    bound = next((b.name for b in printer.graph.bindings.values() if b.node is value), None)
    applied = printer.names.formula(bound) if bound else application(function, args).formula
    if at is None:
        if len(wrt) > 1:
            raise NoMatrixForm
        return _partial(printer, node, applied, [args[k] for k in wrt])
    entries: list[Piece] = []
    start = 0
    for k in wrt:
        rank = len(node.args[k].shape)
        entries.append(printer.piece(node.args[k], at[start : start + rank]) if rank else args[k])
        start += rank
    return _partial(printer, node, applied, entries)


# ------------------------------------------------------------------------------------------------ entries


def array(printer: Printing, node: Node, at: At) -> Piece:
    """Explicit entries in brackets."""
    columns = cast(int, node.shape[-1].number) if len(node.shape) == 2 else 1
    if len(node.shape) > 2:
        raise NoMatrixForm
    cells = [printer.piece(arg, ()).formula for arg in node.args]
    rows = tuple(tuple(cells[k : k + columns]) for k in range(0, len(cells), columns))
    grid = Grid(rows)
    return Piece(Script(grid, printer.subscript(at)) if at else grid)


def entry(printer: Printing, node: Node, at: At) -> Piece:
    """An entry or slice; positions count from one in print."""
    positions = cast("tuple[int | None, ...]", node.attribute)
    rest = iter(at or ())
    free = [COLON if at is None else next(rest) for position in positions if position is None]
    free.reverse()
    index = tuple(free.pop() if position is None else plain(str(position + 1)) for position in positions)
    if at is not None:
        return printer.piece(node.args[0], index)
    inner = node.args[0]
    if inner.op == "ref":
        return Piece(printer.names.name(inner.name).indexed(printer.subscript(index, inner.name)), Level.SCRIPT)
    return Piece(Script(Fence(printer.piece(inner, None).formula), printer.subscript(index)), Level.SCRIPT)


def placed(printer: Printing, node: Node, at: At) -> Piece:
    """An array that is zero but for one entry, row or column."""
    positions = cast("tuple[int | None, ...]", node.attribute)
    if at is None:
        return _unit_vectors(printer, node, positions)
    kept = tuple(index for index, position in zip(at, positions, strict=True) if position is None)
    factors = [
        Piece(
            Concatenation((INDICATOR, Fence(Concatenation((index, plain(" = "), plain(str(position + 1)))), "[", "]"))),
            Level.SCRIPT,
        )
        for index, position in zip(at, positions, strict=True)
        if position is not None
    ]
    return product([*factors, printer.piece(node.args[0], kept)])


def _unit_vectors(printer: Printing, node: Node, positions: tuple[int | None, ...]) -> Piece:
    units = [
        None if position is None else Script(Decoration("mathbf", plain("e")), plain(str(position + 1)))
        for position in positions
    ]
    inner = printer.piece(node.args[0], None)
    turned = printer.style.turned
    match units:
        case [Script() as unit]:
            return product([inner, Piece(unit)])
        case [Script() as row, Script() as column]:
            return product([inner, Piece(row), power(Piece(column), turned)])
        case [Script() as row, None]:
            return product([Piece(row), power(inner, turned)])
        case [None, Script() as column]:
            return product([inner, power(Piece(column), turned)])
    raise NoMatrixForm


# --------------------------------------------------------------------------------------------- composites


def composite(printer: Printing, node: Node, at: At) -> Piece:
    """A registered operation on whole tensors."""
    match node.op:
        case "amax":
            return largest(printer, node, at)
        case "argmax_mask":
            return where_largest(printer, node, at)
        case "inv":
            inner = printer.piece(node.args[0], None)
            return _entry_of(printer, power(inner, Concatenation((Glyph("-", "−"), plain("1")))), at)
        case "logdet":
            if at is None and node.shape:
                raise NoMatrixForm  # bars around several numbers would be a length
            determinant = application(Glyph(r"\det", "det"), [printer.piece(node.args[0], None)])
            one = _entry_of(printer, determinant, at)
            return application(Glyph(r"\log", "log"), [Piece(Fence(one.formula, "|", "|"))])
    record = tensor(node.op)
    if record.definition is not None and (node.op == "logsumexp" or not named_by_axis(node, printer.graph)):
        return printer.piece(record.definition(node), at)
    return _entry_of(printer, _applied(printer, node, record.latex), at)


def _applied(printer: Printing, node: Node, latex: str) -> Piece:
    function: Formula = Glyph(latex, unicode_of(latex)) if latex else word(node.op.replace("_", " "))
    axes = cast("tuple[int, ...]", node.attribute) if isinstance(node.attribute, tuple) else None
    args = [printer.piece(arg, None) for arg in node.args]
    if isinstance(node.attribute, int) and node.attribute:
        return application(function, [*args, exact(Fraction(node.attribute))])
    rank = len(node.args[0].shape)
    if axes is None or rank == 1 or axes == (rank - 1,):
        return application(function, args)
    across = power(args[0], printer.style.turned)
    return power(application(function, [across]), printer.style.turned)


def _entry_of(printer: Printing, piece: Piece, at: At) -> Piece:
    if not at:
        return piece
    index = printer.subscript(at)
    formula = piece.formula
    if isinstance(formula, Concatenation) and isinstance(formula.items[-1], Fence):
        return Piece(Concatenation((*formula.items[:-1], Script(formula.items[-1], index))), Level.SCRIPT)
    return Piece(Script(Fence(formula), index), Level.SCRIPT)


PRINTERS: dict[str, Callable[..., Piece]] = {
    "array": array,
    "entry": entry,
    "placed": placed,
    "call": call,
    "functional": functional,
}
