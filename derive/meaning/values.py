"""The arithmetic of indexed values: what formulas do with arrays that also carry free index letters.

A `Denotation` is a node whose first axes belong to index letters and whose last axes are its own. The letters of
operands are united, a letter that one operand lacks is broadcast; the own axes follow the rules of matrix notation:

    A B   rank 2, rank 2   a matrix          x^T y   row, column   a scalar         + -    equal shapes, or spread
    A x   rank 2, column   a column          x y^T   column, row   a matrix                (`spreading`)
    x A   rank 1, rank 2   rank one again    x y     column twice  no value         A ⊙ B  equal shapes

A `Problem` among the operands is the result: what is built on something without a value has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import ONE, Shape, Size, show_shape
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.reading_text import Binds, at_least
from derive.meaning.single_entries import only_entry
from derive.meaning.spreading import Unaligned, spread
from derive.typography.nodes import Offsets


def problem_in(*values: Result) -> Problem | None:
    """The first operand without a value."""
    return next((value for value in values if isinstance(value, Problem)), None)


def sizes_of(values: Sequence[Denotation]) -> dict[str, Size]:
    """The size of every letter of the operands, in alphabetical order."""
    found: dict[str, Size] = {}
    for value in values:
        found.update(zip(value.letters, value.node.shape, strict=False))
    return dict(sorted(found.items()))


def conflict(values: Sequence[Denotation], span: Offsets) -> Problem | None:
    """A letter that counts two different sizes."""
    found: dict[str, Size] = {}
    for value in values:
        for letter, size in zip(value.letters, value.node.shape, strict=False):
            if found.setdefault(letter, size) is not size:
                return Problem("wrong_index", f"the index {letter} counts {found[letter]} and {size}", span)
    return None


def lifted(value: Denotation, sizes: dict[str, Size], shape: Shape) -> Node:
    """The node with an axis for each letter of `sizes`, then `shape`: missing axes are broadcast."""
    target = (*sizes.values(), *shape)
    letters = list(sizes)
    if list(value.letters) == letters and value.shape == shape:
        return value.node
    behind = len(target) - len(value.shape)
    labels = [letters.index(letter) for letter in value.letters]
    for k, size in enumerate(value.shape):
        labels.append(behind + k if size is target[behind + k] else len(target) + k)
    return build.contract([tuple(labels)], tuple(range(len(target))), [value.node], target)


# ----- axes -----


def indexed(node: Node, axes: Sequence[str | int | None]) -> Denotation:
    """`node` with a letter, a position (from 0) or None (its own) on each axis; a letter twice is a diagonal."""
    positions = tuple(axis if isinstance(axis, int) else None for axis in axes)
    if any(position is not None for position in positions):
        node = build.entry(node, positions)
    rest = [axis for axis in axes if not isinstance(axis, int)]
    letters = tuple(sorted({axis for axis in rest if axis is not None}))
    labels: list[int] = []
    own: list[int] = []
    for axis in rest:
        labels.append(letters.index(axis) if axis is not None else len(letters) + len(own))
        if axis is None:
            own.append(labels[-1])
    out = (*range(len(letters)), *own)
    size = dict(zip(labels, node.shape, strict=True))
    return Denotation(build.contract([tuple(labels)], out, [node], tuple(size[k] for k in out)), letters)


def relabelled(value: Denotation, names: dict[str, str | int]) -> Denotation:
    """The value with letters renamed, or fixed at a position (from 0)."""
    axes: list[str | int | None] = [names.get(letter, letter) for letter in value.letters]
    made = indexed(value.node, [*axes, *(None for _ in value.shape)])
    return replace(value, node=made.node, letters=made.letters)


def summed(value: Denotation, letter: str) -> Denotation:
    """The sum over a letter of the value."""
    at = value.letters.index(letter)
    labels = tuple(range(len(value.node.shape)))
    out = labels[:at] + labels[at + 1 :]
    node = build.contract([labels], out, [value.node], tuple(value.node.shape[k] for k in out))
    return Denotation(node, value.letters[:at] + value.letters[at + 1 :], value.row)


def transposed(value: Result, span: Offsets) -> Result:
    """The transpose: of rank two the axes exchanged, of rank one a row (or a column again)."""
    if isinstance(value, Problem):
        return value
    rank = len(value.shape)
    if rank > 2:
        return Problem("shape_mismatch", f"a value of {rank} axes has no transpose", span)
    text = f"{at_least(value.text, Binds.ATOM)}ᵀ"
    if rank == 1:
        return replace(value, row=not value.row, column=value.row, chain=None, text=text)
    n = len(value.letters)
    order = (*range(n), *reversed(range(n, n + rank)))
    return replace(value, node=build.transpose(value.node, order), chain=None, text=text)


# ----- sums and elementwise operations -----


def aligned(values: Sequence[Result], span: Offsets, what: str = "add") -> list[Result]:
    """The operands with vectors and single rows or columns spread to the shape of the others; Problems if they cannot.

    Spread before it is combined, a value says in its text how it was spread.
    """
    known = [value for value in values if isinstance(value, Denotation)]
    if len(known) < len(values):
        return list(values)
    try:
        return [*spread(known, span, what)]
    except Unaligned as fault:
        return [Problem("shape_mismatch", str(fault), span)] * len(values)


def together(
    values: Sequence[Result], span: Offsets, what: str, combine: Callable[[list[Node]], Node], *, strict: bool = False
) -> Result:
    """`combine` of the operands, brought to one shape; `strict` allows no operand of fewer axes."""
    broken = problem_in(*values)
    if broken is not None:
        return broken
    known = [value for value in values if isinstance(value, Denotation)]
    bad = conflict(known, span)
    if bad is not None:
        return bad
    if strict and len({len(value.shape) for value in known}) > 1:
        shapes = " and ".join(show_shape(value.shape) for value in known)
        return Problem("shape_mismatch", f"cannot {what} {shapes}", span)
    spread = aligned(known, span, what)
    broken = problem_in(*spread)
    if broken is not None:
        return broken
    known = [value for value in spread if isinstance(value, Denotation)]
    rows = {value.row for value in known if value.shape}
    sizes = sizes_of(known)
    shape = max((value.shape for value in known), key=len)
    if len(shape) and not sizes and len({value.shape for value in known}) == 1:
        node = combine([value.node for value in known])
    else:
        node = combine([lifted(value, sizes, shape) for value in known])
    column = len(shape) == 1 and any(value.column for value in known)
    return Denotation(node, tuple(sizes), row=len(shape) == 1 and rows == {True}, column=column)


def add(values: Sequence[Result], signs: Sequence[int], span: Offsets) -> Result:
    """The sum of the terms with their signs."""

    def combine(nodes: list[Node]) -> Node:
        terms = [node if sign > 0 else build.neg(node) for node, sign in zip(nodes, signs, strict=True)]
        return build.add(*terms)

    if len(values) == 1:
        return values[0] if signs[0] > 0 else negated(values[0])
    return together(values, span, "add", combine)


def negated(value: Result) -> Result:
    """The value with the other sign."""
    if isinstance(value, Problem):
        return value
    chain = value.chain if value.jacobian else None
    return replace(value, node=build.neg(value.node), chain=chain, text=f"-{at_least(value.text, Binds.QUOTIENT)}")


def divide(a: Result, b: Result, span: Offsets) -> Result:
    """The quotient, elementwise: a tensor by a scalar, a scalar by a scalar, or equal shapes."""
    b = b if isinstance(b, Problem) else only_entry(b)
    if isinstance(a, Denotation) and isinstance(b, Denotation) and b.shape and not a.shape and a.node.op != "number":
        return Problem("shape_mismatch", f"cannot divide a scalar by shape {show_shape(b.shape)}", span)
    return together([a, b], span, "divide", lambda nodes: build.div(*nodes))


def power(base: Result, exponent: Result, span: Offsets) -> Result:
    """A power, elementwise; the exponent is a scalar."""
    return together([base, exponent], span, "raise to a power", lambda nodes: build.power(*nodes))


# ----- products -----


def contraction(values: Sequence[Denotation], own: Sequence[Sequence[int]], out: Sequence[int]) -> Denotation:
    """The contraction over labels of the own axes; letters stay."""
    sizes = sizes_of(values)
    names = {letter: k for k, letter in enumerate(sizes)}
    n = len(names)
    size = dict(enumerate(sizes.values()))
    ins = []
    for value, labels in zip(values, own, strict=True):
        ins.append((*(names[letter] for letter in value.letters), *(n + k for k in labels)))
        size.update(zip(ins[-1], value.node.shape, strict=True))
    target = (*range(n), *(n + k for k in out))
    node = build.contract(ins, target, [value.node for value in values], tuple(size[k] for k in target))
    return Denotation(node, tuple(sizes))


def hadamard(a: Result, b: Result, span: Offsets) -> Result:
    """The product entry by entry; both operands need the same number of axes."""
    return together([a, b], span, "multiply entry by entry", lambda nodes: build.mul(*nodes), strict=True)


def multiply(a: Result, b: Result, span: Offsets) -> Result:
    """The product of two factors side by side: scaling, or the matrix product."""
    broken = problem_in(a, b)
    if broken is not None:
        return broken
    assert isinstance(a, Denotation)
    assert isinstance(b, Denotation)
    bad = conflict([a, b], span)
    if bad is not None:
        return bad
    if not a.shape or not b.shape:
        shape = a.shape or b.shape
        labels = tuple(range(len(shape)))
        made = contraction([a, b], [labels if a.shape else (), labels if b.shape else ()], labels)
        carrier = a if a.shape else b
        chain = carrier.chain if carrier.jacobian else None
        return replace(made, row=carrier.row, column=carrier.column, chain=chain)
    if a.jacobian or b.jacobian:
        return Problem("shape_mismatch", "a Jacobian that chains with no neighbour stands in a product", span)
    product = _matrix_product(a, b, span)
    one, other = only_entry(a), only_entry(b)
    return multiply(one, other, span) if isinstance(product, Problem) and (one, other) != (a, b) else product


def _matrix_product(a: Denotation, b: Denotation, span: Offsets) -> Result:
    ranks = len(a.shape), len(b.shape)
    fault = Problem("shape_mismatch", f"cannot multiply {_shown(a)} by {_shown(b)}", span)
    if max(ranks) > 2:
        return fault
    if ranks == (2, 1) and b.row:
        return _outer_column(a, b) or fault
    if ranks == (1, 1):
        if a.row and not b.row:
            return contraction([a, b], [(0,), (0,)], ()) if a.shape == b.shape else fault
        return contraction([a, b], [(0,), (1,)], (0, 1)) if b.row and not a.row else fault
    if a.shape[-1] is not b.shape[0]:
        return _outer_column(a, b) or fault
    if ranks == (2, 2):
        return contraction([a, b], [(0, 1), (1, 2)], (0, 2))
    if ranks == (2, 1):
        return replace(contraction([a, b], [(0, 1), (1,)], (0,)), column=True)
    return replace(contraction([a, b], [(0,), (0, 1)], (1,)), row=a.row)


def _outer_column(a: Denotation, b: Denotation) -> Denotation | None:
    """A column of rank one beside a matrix of one row, or a matrix of one column beside a row."""
    if len(a.shape) == 1 and not a.row and len(b.shape) == 2 and b.shape[0] is ONE:
        return contraction([a, b], [(0,), (2, 1)], (0, 1))
    if len(b.shape) == 1 and b.row and len(a.shape) == 2 and a.shape[1] is ONE:
        return contraction([a, b], [(0, 2), (1,)], (0, 1))
    return None


def _shown(value: Denotation) -> str:
    if len(value.shape) == 1:
        return f"a {'row' if value.row else 'column'} of {value.shape[0]}"
    return f"shape {show_shape(value.shape)}"
