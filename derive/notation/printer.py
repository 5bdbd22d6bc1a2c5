r"""From a node to a formula.

`at` says how a tensor is meant: None for the whole array (matrix notation, one axis is a column), or one index for
each axis for an entry (`()` for a scalar). The scalar view is the index view of scalars; all views share this walk,
and only contractions look different (`derive.notation.products`).

Signs are pulled out of products and quotients, so that a sum can subtract. The walk is recursive: what is too deep or
too large has been cut before by `derive.notation.abbreviations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction as Exact
from itertools import count, pairwise
from typing import TypeVar

from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, as_number
from derive.ir.size import ONE, Size
from derive.notation import extrema, functions, products
from derive.notation.formula import SUM, Concatenation, Formula, Glyph, Quotient, Script, counts, plain
from derive.notation.matrix_algebra import NoMatrixForm
from derive.notation.names import Names
from derive.notation.pieces import Level, Piece, circle, exact, fraction, negative, power, product, total
from derive.notation.printing import At, Made, Signed
from derive.notation.style import View
from derive.ops.primitive import scalar_of
from derive.ops.record import as_shown

Item = TypeVar("Item")
FIRST = plain("1")
_WRITTEN_OUT = 3
_BY_ENTRY = frozenset({"call", "pow", "div"})


class Printer:
    """Prints the nodes of one formula; index letters come from one supply, so none has two meanings in it.

    `tidy` is set for what derive has computed itself: numbers are multiplied and `-(y - a)` is turned into `a - y`,
    which in an author's own formula would be meddling.
    """

    def __init__(self, names: Names, view: View, *, tidy: bool = False) -> None:
        self.names, self.graph, self.style = names, names.graph, names.style
        self.matrices, self.tidy = view == "matrix", tidy
        self._letters: list[str] = []
        self._supply = primed(names.index_letters)
        self._used = 0
        self._spreads = False

    # ------------------------------------------------------------------------------------------- indices

    def index(self) -> Formula:
        """An index letter that the formula does not have yet."""
        if self._used == len(self._letters):
            self._letters.append(next(self._supply))
        self._used += 1
        return plain(self._letters[self._used - 1])

    def each(self, terms: Iterable[Item], make: Callable[[Item], Made]) -> list[Made]:
        """Terms of a sum, each of which may use the indices that another term has bound."""
        start, furthest, made = self._used, self._used, []
        for term in terms:
            self._used = start
            made.append(make(term))
            furthest = max(furthest, self._used)
        self._used = furthest
        return made

    def beside(self, operands: tuple[Node, ...], at: At, make: Callable[[Node], Made]) -> list[Made]:
        """Operands of one shape, each of which may use the indices that another one has bound.

        Where several are arrays, a number in the place of one would be spread over the others, and have a meaning too.
        """
        arrays = [operand for operand in operands if not products.spreads_a_scalar(operand)] if at is None else []
        return self.spreading(self._spreads or len(arrays) > 1, lambda: self.each(operands, make))

    def spreading(self, fits: bool, make: Callable[[], Made]) -> Made:
        """What is made where a number in the place of an array has a meaning too, or where it has none."""
        outer, self._spreads = self._spreads, fits
        made = make()
        self._spreads = outer
        return made

    def indices(self, rank: int) -> tuple[Formula, ...]:
        """Several of them."""
        return tuple(self.index() for _ in range(rank))

    def subscript(self, at: tuple[Formula, ...], name: str = "") -> Formula:
        """Indices side by side, with commas if they would run together or read as another name."""
        letters = [index.latex if isinstance(index, Glyph) else "" for index in at]
        apart = all(len(a) == 1 and a != ":" for a in letters) and f"{name}_{''.join(letters)}" not in self.graph
        glued = any(_is_glued(a, b, self.graph) for a, b in pairwise(letters)) and not "".join(letters).isdigit()
        clear = apart and not glued
        row: list[Formula] = []
        for k, index in enumerate(at):
            row += [index] if clear or not k else [plain(","), index]
        return Concatenation(tuple(row))

    def over(self, size: Size) -> Formula:
        """What stands for the entries of an axis that is summed or compared: of an axis of one entry, that entry."""
        return FIRST if size is ONE else self.index()

    def sum_sign(self, index: Formula, size: Size, body: Formula | None = None) -> Formula:
        """A sum sign over one index, with its limits where the style or a `body` without the index asks for them."""
        if not self.style.limits and (body is None or counts(body, index)):
            return Script(SUM, index)
        return Script(SUM, Concatenation((index, plain("="), plain("1"))), self.size(size))

    def size(self, size: Size) -> Formula:
        """The size of an axis."""
        return self._size(size).formula

    def _size(self, size: Size) -> Piece:
        terms: list[Signed] = []
        for monomial, coefficient in size.terms:
            bases = [(Piece(self.names.size(name)), exponent) for name, exponent in monomial]
            factors = [base if k == 1 else power(base, plain(str(k))) for base, k in bases]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, exact(Exact(abs(coefficient))))
            terms.append((coefficient < 0, product(factors)))
        return total(terms) if len(terms) > 1 else terms[0][1]

    # ------------------------------------------------------------------------------------------ dispatch

    def piece(self, node: Node, at: At) -> Piece:
        """The formula of a node or of one entry of it."""
        minus, piece = self.signed(node, at)
        return negative(piece) if minus else piece

    def signed(self, node: Node, at: At) -> Signed:
        """A sign and the rest."""
        node = as_shown(node)
        if not node.shape:
            at = ()
        if at is None and node.op in _BY_ENTRY and all(map(products.spreads_a_scalar, node.args)):
            # nothing would show the shape: `1^2` is a number, `1^2 \mathbf{1}` a vector
            one = Node(node.op, tuple(map(_spread, node.args)), node.attribute, ())
            return self.signed(build.broadcast_to(one, node.shape), at)
        match node.op:
            case "neg":
                return self._negated(node.args[0], at)
            case "number":
                return node.value < 0, exact(abs(node.value))
            case "contract" if self.tidy and build.is_zero(node):
                return False, exact(Exact(0))  # an array of zeros is written as one
            case "contract":
                return products.contraction(self, node, at)
            case "div":
                return self._quotient(node, at)
            case _:
                return False, self._unsigned(node, at)

    def _negated(self, node: Node, at: At) -> Signed:
        if self.tidy and node.op == "add" and len(node.args) == 2:
            (minus, first), (subtracted, second) = self.each(node.args, lambda arg: self.loose(arg, at))
            if subtracted and not minus:
                return False, total([(False, second), (True, first)])
        if extrema.is_smallest(node):
            return False, extrema.smallest(self, node, at)
        smallest = next((arg for arg in node.args if extrema.is_smallest(arg)), None) if node.op == "contract" else None
        if smallest is not None:
            args = tuple(build.neg(arg) if arg is smallest else arg for arg in node.args)
            return self.signed(Node("contract", args, node.attribute, node.shape), at)
        minus, piece = self.signed(node, at)
        return not minus, piece

    def _unsigned(self, node: Node, at: At) -> Piece:
        match node.op:
            case "ref":
                return self._ref(node, at)
            case "constant":
                return Piece(Glyph(r"\pi", "π") if node.name == "pi" else plain("e"))
            case "size":
                return self._size(node.size)
            case "add":
                terms = self.beside(node.args, at, lambda arg: self._term(arg, node, at))
                return total(terms)
            case "pow":
                return self._power(node, at)
        return functions.PRINTERS.get(node.op, functions.composite)(self, node, at)

    def _ref(self, node: Node, at: At) -> Piece:
        name, adjoint = self.names.name(node.name), self.names.adjoint(node.name)
        front = self.names.front(node.name)
        if adjoint is not None and (front or (at and isinstance(name.base, Quotient))):
            if at is None and not self.names.is_hessian(node.name):
                raise NoMatrixForm
            return Piece(self._derivative(*adjoint, at, front), Level.SCRIPT)
        if not at:
            atom = name.sup is None and not name.primes and not name.whole
            return Piece(name.formula, Level.ATOM if atom else Level.SCRIPT)
        level = Level.ATOM if name.sup is None and not name.primes else Level.SCRIPT
        return Piece(name.indexed(self.subscript(at, node.name)), level)

    def _derivative(self, p: str, q: str, at: At, front: int) -> Formula:
        r"""The derivative of one name by another; the first `front` indices count entries of what is differentiated.

        As a matrix stands the Hessian by a vector alone: which axis of another Jacobian counts rows is a convention.
        """
        first = self.names.adjoint(p)
        if at is None and first is not None:
            transposed = self.names.name(q).raised(self.style.turned)
            return self.names.second_derivative(first[0], self.names.formula(q), transposed)
        at = at or ()
        above, below = self._entry(p, at[:front]), self._entry(q, at[front:])
        if first is not None and self.names.commute(first[1], q):
            return self.names.second_derivative(first[0], self._entry(first[1], at[:front]), below)
        return self.names.derivative(above, below)

    def _entry(self, name: str, at: tuple[Formula, ...]) -> Formula:
        """An entry of a name."""
        return self._ref(build.ref(name), at).formula

    def loose(self, node: Node, at: At) -> Signed:
        """An operand; a scalar that the author let broadcast stays one: `1` in `1 - Y`. Vectors do not: `1 b^T`."""
        minus, inner = False, node
        if at is None:
            while inner.op == "neg" or products.repeated(inner):
                minus ^= inner.op == "neg"
                inner = inner.args[0]
            if inner.shape or inner is node:
                minus, inner = False, node
        turned, piece = self.signed(inner, at)
        return minus ^ turned, piece

    def _term(self, term: Node, whole: Node, at: At) -> Signed:
        """A term of a sum: `loose`, but for the last one of a sum in which nothing else shows the shape."""
        shows = at is not None or term is not whole.args[-1] or not all(map(products.spreads_a_scalar, whole.args))
        return self.loose(term, at) if shows else self.signed(term, at)

    def operand(self, node: Node, at: At) -> Piece:
        """`loose`, with its sign."""
        minus, piece = self.loose(node, at)
        return negative(piece) if minus else piece

    # ---------------------------------------------------------------------------------------- arithmetic

    def _quotient(self, node: Node, at: At) -> Signed:
        num, den = node.args
        if at is None and products.repeated(den):
            return products.matrix_product(self, node)
        of_array = at is None and bool(node.shape)
        if of_array and products.spreads_a_scalar(num) and as_number(scalar_of(num)) is None:
            minus, above = self.signed(num, at)  # only a numeral over an array is one for every entry
        else:
            minus, above = self.loose(num, at)
        turned, below = self.spreading(of_array, lambda: self.loose(den, at))
        if at is not None and isinstance(above.formula, Quotient) and num.op == "ref":
            # the derivative stays a fraction of its own
            return minus ^ turned, product([above, fraction(exact(Exact(1)), below)])
        return minus ^ turned, fraction(above, below)

    def _power(self, node: Node, at: At) -> Piece:
        base, exponent = (self.operand(arg, at) for arg in node.args)
        shape = node.args[0].shape
        number = as_number(scalar_of(node.args[1]))
        square, inverse = len(shape) > 1 and shape[-2] is shape[-1], number is not None and number < 0
        of_matrices = square or inverse if len(shape) == 2 else square and number == -1
        if at is not None and square and number == -1:
            return fraction(exact(Exact(1)), base)  # `x_{ij}^{-1}` may be an entry of the inverse
        column = (len(shape) == 1 or ONE in shape) and self._spreads and number == 2
        if not column and (at is not None or not of_matrices):
            return power(base, exponent.formula)
        # a square matrix: the plain power is one of matrices; so is an inverse of any matrix, or of several;
        # the square of a vector where a number has a meaning too may be that of its length
        if node.args[0].op == "ref" and number is not None and number.denominator == 1 and 1 < number <= _WRITTEN_OUT:
            return circle([base] * int(number), self.style.circle)
        sign = self.style.circle
        circled = Concatenation((Glyph(sign.latex.strip() + " ", sign.text.strip()), exponent.formula))
        return power(base, circled)


def _is_glued(a: str, b: str, graph: ComputationGraph) -> bool:
    """Whether two indices side by side read as one number or as a name."""
    return (a + b).isdigit() or a + b in graph or f"{a}_{b}" in graph


def _spread(node: Node) -> Node:
    """The scalar that an array repeats, with its sign."""
    if not node.shape:
        return node
    inner = _spread(node.args[0])
    return build.neg(inner) if node.op == "neg" else inner


def primed(letters: tuple[str, ...]) -> Iterator[str]:
    """The letters, then the letters with primes, without end."""
    for primes in count():
        yield from (letter + "'" * primes for letter in letters)
