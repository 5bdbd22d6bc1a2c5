"""What SymPy expressions refer to: symbols and tensors that are free, index letters, sizes, and the axes of tensors.

`Sum`, `Product`, `Lambda` and `Subs` bind symbols; SymPy's `free_symbols` counts an entry `x[i]` and the letters of
indices among the symbols, which are no values of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.matrices.expressions import Identity, MatrixSymbol, OneMatrix, ZeroMatrix
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.errors import ModelError
from derive.ir.node import Node
from derive.ir.size import Shape, Size
from derive.model.symbolic_input import Definitions, Range

Bound = Mapping[Any, Range | None]  # the symbols that are bound at a place, with their limits


class Conversion(Protocol):
    """What the rules know of the conversion that they are a part of, `derive.model.symbolic.Converter`."""

    axes: Axes
    defined: frozenset[Any]
    indices: dict[Any, tuple[int, Size]]
    values: dict[Any, Node]

    def convert(self, root: Any, local: Mapping[Any, Node] | None = None) -> Node:
        """The node of an expression; `local` gives the values of bound variables."""

    def with_letters(self, ranges: Mapping[Any, tuple[int, Size]]) -> Conversion:
        """The same conversion inside of sums over these letters, too."""

    def shape(self, symbol: Any) -> Shape:
        """The shape of a symbol, a tensor or a matrix expression."""

    def size(self, dimension: Any) -> Size:
        """A dimension as a size."""

    def declare_function(self, name: str, arity: int, kind: Literal["function", "functional"]) -> None:
        """Declare a generic function."""


@dataclass(frozen=True)
class Uses:
    """The values that an expression refers to, in the order of their names, and the letters that are free in it."""

    values: tuple[Any, ...]
    letters: frozenset[Any]


def tensor(base: Any) -> Any:
    """An IndexedBase by its label alone: entries of it may be written with a shape or without."""
    return sp.IndexedBase(base.label)


def uses(expression: Any) -> Uses:
    """The free symbols and tensors of an expression, so that graphs do not depend on hashes; and its free letters."""
    values: set[Any] = set()
    letters: set[Any] = set()
    for place, bound in _places(expression, {}):
        if isinstance(place, sp.Indexed):
            values.add(tensor(place.base))
        if isinstance(place, sp.Indexed | MatrixElement | sp.KroneckerDelta):
            letters |= {s for index in indices_of(place) for s in index.free_symbols if s not in bound}
        elif isinstance(place, sp.IndexedBase):
            values.add(tensor(place))
        elif isinstance(place, sp.Symbol | MatrixSymbol) and place not in bound:
            values.add(place)
    ordered = sorted(values - letters, key=lambda symbol: (str(symbol), type(symbol).__name__))
    return Uses(tuple(ordered), frozenset(letters))


def indices_of(place: Any) -> tuple[Any, ...]:
    """The indices of an entry, or of a Kronecker delta."""
    if isinstance(place, sp.Indexed):
        return tuple(place.indices)
    return (place.i, place.j) if isinstance(place, MatrixElement) else tuple(place.args)


def _places(expression: Any, ranges: Bound) -> Iterator[tuple[Any, Bound]]:
    """Every part of an expression once for each set of bound symbols, with these. Iterative, so depth is no limit."""
    stack: list[tuple[Any, Bound]] = [(expression, ranges)]
    seen: set[tuple[Any, frozenset[Any]]] = set()
    while stack:
        place, bound = stack.pop()
        key = (place, frozenset(bound.items()))
        if key in seen:
            continue
        seen.add(key)
        yield place, bound
        stack += [(part, inner) for part, inner in _parts(place, bound)]


def _parts(place: Any, bound: Bound) -> list[tuple[Any, Bound]]:
    if isinstance(place, sp.MatrixBase):
        return [(item, bound) for item in place.flat()]
    if isinstance(place, sp.Indexed | sp.KroneckerDelta | sp.Symbol | MatrixSymbol | sp.IndexedBase):
        return []
    if isinstance(place, MatrixElement):
        return [(place.parent, bound)]
    if isinstance(place, ExprWithLimits):
        limits = {limit[0]: tuple(limit[1:]) if len(limit) == 3 else None for limit in place.limits}
        return [(place.function, {**bound, **limits})]
    if isinstance(place, sp.Derivative):
        return [(place.expr, bound)]
    if isinstance(place, sp.Subs):
        return [(place.expr, {**bound, **dict.fromkeys(place.variables)}), *((point, bound) for point in place.point)]
    if isinstance(place, sp.Lambda):
        return [(place.expr, {**bound, **dict.fromkeys(place.variables)})]
    if isinstance(place, ElementwiseApplyFunction):
        return [(place.function, bound), (place.expr, bound)]
    return [(arg, bound) for arg in getattr(place, "args", ())]


# ---------------------------------------------------------------------------------------------- sizes, axes


@dataclass
class Axes:
    """What is known of the axes of tensors: their sizes in SymPy (None where nothing tells), and where they start."""

    shapes: dict[Any, list[Any]] = field(default_factory=dict)
    first: dict[Any, int] = field(default_factory=dict)

    def note(self, place: Any, ranges: Bound) -> None:
        """Take over what an entry tells: the shape of its base, the ranges of its letters."""
        base = place.base.label
        known = self.shapes.setdefault(base, [None] * len(place.indices))
        if len(known) != len(place.indices):
            raise ModelError(f"{place.base} has {len(known)} indices at one place and {len(place.indices)} at another")
        for k, index in enumerate(place.indices):
            given = place.base.shape[k] if place.base.shape is not None and k < len(place.base.shape) else None
            limits = ranges.get(index)
            if given is not None:
                self._size(place, k, given)
            if limits is None or limits[0] not in (0, 1):
                continue
            low, high = limits
            whole = sp.expand(high - low + 1)
            if given is None and place.base.shape is None and not whole.free_symbols & set(ranges):
                self._size(place, k, whole)
            if self.shapes[base][k] == whole and self.first.setdefault(base, int(low)) != low:
                raise ModelError(
                    f"the entries of {place.base} are counted from 0 and from 1",
                    hint="let all sums start at one number",
                )

    def _size(self, place: Any, axis: int, size: Any) -> None:
        known = self.shapes[place.base.label]
        if known[axis] is not None and sp.expand(known[axis] - size) != 0:
            raise ModelError(
                f"axis {axis} of {place.base} has the sizes {known[axis]} and {size}",
                hint=f"give it a shape: IndexedBase({str(place.base)!r}, shape=(...))",
            )
        known[axis] = size

    def shape(self, base: Any, converter: Conversion) -> tuple[Any, ...]:
        """The sizes of a tensor in SymPy or, of one that is defined before, as numbers where they are."""
        value = converter.values.get(tensor(base))
        if value is not None:
            return tuple(size.number if size.number is not None else size for size in value.shape)
        return tuple(self.shapes[base.label])

    def needed(self, base: Any) -> tuple[Any, ...]:
        """The sizes of an input. ModelError if one is not known."""
        shape = self.shapes.get(base.label)
        if shape is None or None in shape:
            raise ModelError(
                f"the size of an axis of {base} is not known",
                hint=f"give it a shape: IndexedBase({str(base)!r}, shape=(...)), or sum over it from 0 to n - 1",
            )
        return tuple(shape)


def axes_of(definitions: Definitions) -> Axes:
    """The axes of the tensors of a model. What one definition tells of its letters may tell the sizes in another."""
    axes = Axes()
    for key, letters in definitions.letters.items():
        axes.note(key[letters], definitions.ranges)
    before = None
    while before != (told := repr((axes.shapes, axes.first))):
        before = told
        for key, expression in definitions.expressions.items():
            places = [(p, b) for p, b in _places(expression, {}) if isinstance(p, sp.Indexed | sp.KroneckerDelta)]
            free = _ranges(axes, key, definitions, places)
            for place, bound in places:
                if isinstance(place, sp.Indexed):
                    axes.note(place, {**free, **bound})
            if key in definitions.letters:
                axes.note(key[definitions.letters[key]], free)
    return axes


def _ranges(
    axes: Axes, key: Any, definitions: Definitions, places: Iterable[tuple[Any, Bound]]
) -> dict[Any, Range | None]:
    """The ranges of the free letters of a definition: of an Idx, or of what they index or are equal to, where known."""
    ranges: dict[Any, Range | None] = dict(definitions.ranges)
    letters = definitions.letters.get(key, ())
    ordered: list[tuple[Any, Bound]] = sorted(places, key=lambda place: str(place[0]))
    for place, bound in ((key[letters], {}), *ordered) if letters else ():
        if isinstance(place, sp.KroneckerDelta):
            for one, other in (place.args, place.args[::-1]):
                if one in letters and bound.get(other) is not None:
                    ranges.setdefault(one, bound[other])
            continue
        base = place.base.label
        for index, size in zip(place.indices, axes.shapes.get(base, ()), strict=False):
            if index in letters and size is not None:
                first = axes.first.get(base, 0)
                ranges.setdefault(index, (sp.Integer(first), sp.expand(size - 1 + first)))
    return ranges


def size_symbols(definitions: Definitions) -> frozenset[Any]:
    """The symbols that are dimensions of matrices and tensors."""
    found: set[Any] = set()
    for expression in (*definitions.expressions, *definitions.expressions.values()):
        for symbol in expression.atoms(MatrixSymbol, Identity, ZeroMatrix, OneMatrix, sp.IndexedBase):
            found |= _symbols(symbol.shape or ())
        for bound in expression.atoms(ExprWithLimits):
            letters = {limit[0] for limit in bound.limits}
            found |= {s for limit in bound.limits for s in _symbols(limit[1:]) if s not in letters}
    return frozenset(found.union(*[_symbols(limits) for limits in definitions.ranges.values()]))


def _symbols(sizes: Iterable[Any]) -> set[Any]:
    return {s for size in sizes for s in sp.S(size).free_symbols}
