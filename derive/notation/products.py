r"""Contractions in print: products, sums over indices, and products of matrices.

    sum_k X[k,i] G[k,j]      \sum_{k} X_{ki} G_{kj}      X^\top G

In matrix notation scalars stand in front as coefficients. A scalar that is nothing but the sum of all entries of an
array prints with indices, as textbooks print a loss; `x^\top y` and `\mathrm{tr}(A B)` stay what the author made them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from derive.ir import build
from derive.ir.node import Node, as_number
from derive.ir.size import ONE
from derive.notation import extrema
from derive.notation.flattening import Factor, Flat, flatten, repeated, spreads_a_scalar
from derive.notation.formula import COLON, INDICATOR, ONES, Concatenation, Fence, Formula, Glyph, Script, plain, word
from derive.notation.matrix_algebra import (
    Circle,
    Diagonal,
    Identity,
    Leaf,
    MatrixProduct,
    NoMatrixForm,
    Ones,
    RowSum,
    Term,
    Trace,
    Turned,
    has_ones,
)
from derive.notation.pieces import Level, Piece, application, big, bracketed, circle, exact, negative, power, product
from derive.notation.printing import At, Printing, Signed
from derive.notation.solve import solve
from derive.ops.primitive import scalar_of

__all__ = ["contraction", "index_sum", "matrix_product", "repeated", "spreads_a_scalar"]


def contraction(printer: Printing, node: Node, at: At) -> Signed:
    """A contraction, whole or entry by entry; raises NoMatrixForm where the whole has no matrix notation."""
    if at is None:
        return matrix_product(printer, node)
    if node.shape or not printer.matrices:
        return index_sum(printer, flatten(node), at)
    if not any(arg.shape for arg in node.args):
        labels: tuple[int, ...] = ()
        return index_sum(printer, Flat(False, tuple((labels, arg) for arg in node.args), (), {}), ())
    (first, *others), _ = node.labels
    if others or len(set(first)) < len(first):
        try:
            return matrix_product(printer, node)
        except NoMatrixForm:
            pass
    return index_sum(printer, flatten(node), ())


# -------------------------------------------------------------------------------------------- by indices


def index_sum(printer: Printing, flat: Flat, at: tuple[Formula, ...]) -> Signed:
    """A product under as many sums as there are summed labels; what has none of their indices stands before them."""
    index: dict[int, Formula] = {}
    front: list[Piece] = []
    for label, given in zip(flat.out, at, strict=True):
        if label in index and flat.sizes[label] is not ONE:
            equal = Concatenation((index[label], plain(" = "), given))
            front.append(Piece(Concatenation((INDICATOR, Fence(equal, "[", "]"))), Level.SCRIPT))
        index.setdefault(label, given)
    index.update((label, printer.over(flat.sizes[label])) for label in flat.summed())
    summed = [label for label in flat.summed() if flat.sizes[label] is not ONE]
    minus = flat.minus
    under: list[Piece] = []
    for labels, node in _arranged(printer, flat.factors, scalars=not flat.sizes):
        place = tuple(index[label] for label in labels)
        if minus and extrema.is_smallest(node):
            minus, piece = False, extrema.smallest(printer, node, place)
        else:
            turned, piece = printer.signed(node, place)
            minus ^= turned
        (under if set(labels) & set(summed) else front).append(piece)
    if not under:
        return minus, product(front) if front else exact(build.number(1).value)
    body = product(under)
    for label in reversed(summed):
        body = big(printer.sum_sign(index[label], flat.sizes[label], body.formula), body)
    return minus, product([*front, body])


def _arranged(printer: Printing, factors: tuple[Factor, ...], *, scalars: bool) -> list[Factor]:
    """In what derive has computed: numbers multiplied; among scalars the adjoint where the chain has it."""
    if not printer.tidy:
        return list(factors)
    number = build.number(1).value
    others: list[Factor] = []
    for labels, node in merged_quotients(factors):
        if node.op == "number":
            number *= node.value
        else:
            others.append((labels, node))
    if scalars:
        last = printer.style.order == "inner"
        others.sort(key=lambda factor: _is_adjoint(printer, factor[1]) == last)
    if number.denominator == 1 and number != 1:
        for k, (labels, node) in enumerate(others):
            if node.op == "div" and as_number(scalar_of(node.args[0])) is not None:
                # 2 (1/m) is 2/m
                others[k] = (labels, _numerator(node, number))
                return others
    return others if number == 1 else [((), build.number(number)), *others]


def _numerator(node: Node, number: Fraction) -> Node:
    numerator = as_number(scalar_of(node.args[0]))
    assert numerator is not None
    return build.div(build.number(numerator * number), node.args[1])


def merged_quotients(factors: Iterable[Factor]) -> list[Factor]:
    """`x * (1/y)` as `x/y`, where x is the nearest plain factor with the axes of y; a coefficient `1/m` stays."""
    result = list(factors)
    for k, (labels, node) in enumerate(result):
        if not _is_inverse(node) or as_number(node.args[1]) is not None:
            continue
        if node.args[1].op == "size":
            continue
        near = [j for j, (other, x) in enumerate(result) if other == labels and j != k and _may_go_over(x)]
        if near:
            j = min(near, key=lambda j: abs(j - k))
            result[j] = (labels, build.div(result[j][1], node.args[1]))
            return merged_quotients([*result[:k], *result[k + 1 :]])
    return result


def _may_go_over(node: Node) -> bool:
    return node.op not in ("number", "size", "div", "functional") and not (
        node.op == "ref" and node.name.startswith("∂")
    )


def _is_adjoint(printer: Printing, node: Node) -> bool:
    return node.op == "ref" and printer.names.adjoint(node.name) is not None


# ------------------------------------------------------------------------------------------- as matrices


def matrix_product(printer: Printing, node: Node) -> Signed:
    """Scalars in front, then the matrix form; raises NoMatrixForm if there is none."""
    flat = flatten(node, divide=True)
    if printer.tidy:
        flat = replace(flat, factors=tuple(merged_quotients(flat.factors)))
    solved = solve(flat)
    minus = flat.minus
    front: list[Piece] = []
    plain_scalars = tuple(((), term.node) for term in solved.scalars if isinstance(term, Leaf))
    for _, scalar in _arranged(printer, plain_scalars, scalars=True):
        turned, piece = printer.signed(scalar, ())
        minus ^= turned
        front.append(piece)
    term = solved.term
    computed = [term_piece(printer, scalar) for scalar in solved.scalars if not isinstance(scalar, Leaf)]
    # beside arrays the product that makes a number is told from theirs: `(x^T y) z`
    front += [bracketed(piece) if term is not None and piece.level <= Level.PRODUCT else piece for piece in computed]
    if term is None and any(has_ones(scalar) for scalar in solved.scalars):
        raise NoMatrixForm  # a sum of entries reads better with indices
    if term is None:
        return minus, product(front) if front else exact(build.number(1).value)
    if isinstance(term, Leaf):
        turned, body = printer.signed(term.node, None)
        return minus ^ turned, product([*front, body])
    if isinstance(term, Circle):
        parts = _circle_parts(printer, term)
        return minus, circle([product([*front, parts[0]]), *parts[1:]], printer.style.circle)
    return minus, product([*front, term_piece(printer, term)])


def term_piece(printer: Printing, term: Term) -> Piece:
    """A term of matrix algebra in print."""
    match term:
        case Leaf():
            return printer.piece(term.node, None)
        case Turned():
            return _turned(printer, term.term)
        case MatrixProduct():
            return product([_link(term_piece(printer, factor)) for factor in term.factors])
        case Circle():
            return circle(_circle_parts(printer, term), printer.style.circle)
        case Diagonal(term=Leaf(node=node)) if not term.of_matrix and _is_inverse(node):
            diagonal = application(word("diag"), [printer.operand(node.args[1], None)])
            return power(diagonal, Concatenation((Glyph("-", "−"), plain("1"))))
        case Diagonal():
            return application(word("diag"), [term_piece(printer, term.term)])
        case Trace():
            return application(word("tr"), [term_piece(printer, term.term)])
        case Ones():
            return Piece(ONES)
        case Identity():
            return Piece(plain("I"))
        case RowSum():
            return _row_sum(printer, term)
    raise TypeError(f"not a term: {term!r}")


def _is_inverse(node: Node) -> bool:
    return node.op == "div" and as_number(scalar_of(node.args[0])) == 1


def _link(piece: Piece) -> Piece:
    return bracketed(piece) if piece.level < Level.PRODUCT else piece


def _turned(printer: Printing, term: Term) -> Piece:
    turned = printer.style.turned
    if isinstance(term, Leaf) and _is_symmetric(printer, term.node):
        return term_piece(printer, term)
    if isinstance(term, Leaf) and term.node.op == "ref" and not printer.names.front(term.node.name):
        return Piece(printer.names.name(term.node.name).raised(turned), Level.SCRIPT)
    if isinstance(term, Leaf) and term.node.op == "neg":
        return negative(_turned(printer, Leaf(term.node.args[0])))
    return power(term_piece(printer, term), turned)


def _is_symmetric(printer: Printing, node: Node) -> bool:
    """Whether a transpose changes nothing: by declaration, of inverses of these, of one entry, of a Hessian."""
    while node.op == "inv":
        node = node.args[0]
    if node.op == "ref" and printer.names.is_hessian(node.name):
        return True
    declared = printer.graph.declarations.get(node.name) if node.op == "ref" else None
    return (declared is not None and declared.is_symmetric) or all(size is ONE for size in node.shape)


def _row_sum(printer: Printing, term: RowSum) -> Piece:
    index = printer.index()
    row = printer.subscript((index, COLON))
    inner = term.term
    if isinstance(inner, Leaf) and inner.node.op == "ref":
        rows = printer.names.name(inner.node.name).indexed(row)
    else:
        rows = Script(Fence(term_piece(printer, inner).formula), row)
    return big(printer.sum_sign(index, term.size), Piece(rows, Level.SCRIPT))


def _circle_parts(printer: Printing, term: Circle) -> list[Piece]:
    factors = list(term.factors)
    if printer.tidy and len(factors) == 2 and _acts_on_column(factors[0]) and not isinstance(factors[1], MatrixProduct):
        # where columns are multiplied from the left, what multiplies entry by entry stands on the left too
        factors.reverse()
    return printer.spreading(False, lambda: [_link(term_piece(printer, factor)) for factor in factors])


def _acts_on_column(term: Term) -> bool:
    if not isinstance(term, MatrixProduct):
        return False
    last = term.factors[-1]
    return isinstance(term.factors[0], Turned) or (isinstance(last, Leaf) and len(last.node.shape) == 1)
