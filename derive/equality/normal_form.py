"""The normal form of a node.

A node of rank r becomes a polynomial whose free indices 0..r-1 are its axes (`derive.equality.algebra`):
contractions become products with bound indices, registered functions are written in elementary atoms, composite
operations by their definitions, entries and arrays by fixed indices. Bindings stay opaque unless they are to be
expanded.

Equal normal forms are equal values, for all sizes and all generic functions, given the declared facts; the proofs that
use them are in `derive.equality.proof`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import product
from typing import cast

from derive.equality.algebra import Undefined
from derive.equality.atoms import Poly
from derive.equality.canonical import BOUND, Indices
from derive.equality.elementary import Elementary
from derive.equality.laws import Sample, law
from derive.equality.polynomials import ONE, frozen
from derive.equality.unfolding import BASIC, unfolded
from derive.ir import build
from derive.ir.graph import ComputationGraph, Declaration
from derive.ir.node import Node
from derive.ir.size import ONE as SIZE_ONE
from derive.ir.size import Size

TEMPORARY = BOUND // 2
WRITTEN_OUT = 16


class NormalForm:
    """Normal forms over one table of atoms; forms of two instances cannot be compared.

    `declarations` give facts and the meaning of named functions; `definitions` are the bindings to expand;
    `written_out` sums axes of small integer size entry by entry. Raises Exhausted, Undefined, UnsupportedError.
    """

    def __init__(
        self,
        declarations: Mapping[str, Declaration] | None = None,
        definitions: Mapping[str, Node] | None = None,
        *,
        algebra: Elementary | None = None,
        written_out: bool = False,
    ) -> None:
        self.declarations = declarations or {}
        self.definitions = definitions or {}
        self.algebra = algebra or Elementary()
        self.written_out = written_out
        self._known: dict[Node, Poly | None] = {}

    def of(self, root: Node) -> Poly:
        """The normal form of a node; iterative, so depth is no limit.

        Where one branch of a choice has no value for any input, the choice has one only where it takes the other.
        """
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self._known:
                stack.pop()
                continue
            definition = unfolded(node, self.declarations, self.definitions)
            branches = _branches(node) if definition is not None and node.op == "call" else ()
            valued = [branch for branch in branches if self._known.get(branch, ()) is not None]
            if len(valued) < len(branches):
                definition = (valued or branches)[0]
            below = node.args if definition is None else (definition,)
            missing = [arg for arg in (*branches, *below) if arg not in self._known]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            self._known[node] = self._known[definition] if definition is not None else self._of_known(node)
        form = self._known[root]
        if form is None:
            raise Undefined
        return form

    def _of_known(self, node: Node) -> Poly | None:
        """The normal form of a node over operands with known ones; None if it has no value for any input."""
        self.algebra.tick()
        args = [self._known[arg] for arg in node.args]
        try:
            return None if None in args else self._one(node, [arg for arg in args if arg is not None])
        except Undefined:
            return None

    def at(self, root: Node, indices: Indices) -> Poly:
        """The normal form of one entry (or diagonal): axis k read at `indices[k]`."""
        return self.algebra.rename(self.of(root), {k: i for k, i in enumerate(indices) if k != i})

    def _one(self, node: Node, args: list[Poly]) -> Poly:
        algebra = self.algebra
        match node.op:
            case "ref":
                return self._ref(node)
            case "number":
                return algebra.number(node.value)
            case "constant":
                return self._constant(node.name)
            case "size":
                return algebra.size(node.size)
            case "add":
                return algebra.add(*args)
            case "neg":
                return algebra.scale(args[0], -1)
            case "div":
                return algebra.multiply(args[0], algebra.power(args[1], -1))
            case "pow":
                return self._power(args[0], args[1])
            case "call":
                if node.name in BASIC and node.name not in self.declarations:
                    return algebra.function(node.name, args[0])
                return algebra.generic(node.name, node.orders, args)
            case "contract":
                return self._contract(node, args)
            case "entry" | "placed" | "array":
                return self._entries(node, args)
            case "functional":
                return self._functional(node, args)
        return self._whole(node, args)

    # ---------------------------------------------------------------------------------------- leaves

    def _axis(self, k: int, size: Size) -> int:
        """The index of axis k; an axis of the integer size 1 has one position."""
        return -1 if size is SIZE_ONE else k

    def _ref(self, node: Node) -> Poly:
        atom, new = self.algebra.table.atom("ref", (node.name, node.shape))
        if new:
            atom.shape, atom.declaration = node.shape, self.declarations.get(node.name)
            self.algebra.learn(atom)
        return self.algebra.factor(atom, tuple(self._axis(k, size) for k, size in enumerate(node.shape)))

    @law("form", "definition", "Euler's number", "e = exp 1,  log e = 1", Sample("x : scalar", "log(e**x) = x"))
    def _constant(self, name: str) -> Poly:
        return self.algebra.exp(ONE) if name == "e" else self.algebra.factor(self.algebra.atom("constant", name), ())

    def _power(self, base: Poly, exponent: Poly) -> Poly:
        if not exponent:
            return ONE
        if list(exponent) == list(ONE):
            value = exponent[((), ())]
            return self.algebra.power(base, value.numerator if value.denominator == 1 else value)
        return self.algebra.symbolic_power(base, exponent)

    # --------------------------------------------------------------------------------------- tensors

    @law(
        "form",
        "definition",
        "matrix algebra by indices",
        "(XY)ᵢₖ = Σⱼ Xᵢⱼ Yⱼₖ,  (Xᵀ)ᵢⱼ = Xⱼᵢ",
        Sample("X : (m, n); Y : (n, m)", "(X @ Y).T = Y.T @ X.T"),
        Sample("X : (m, n); x : (n,)", "X @ diag(x) = X*x"),
        Sample("X : (n, n); x : (n,)", "x @ X @ x = trace(X @ outer(x, x))"),
    )
    def _contract(self, node: Node, args: list[Poly]) -> Poly:
        algebra = self.algebra
        ins, out = node.labels
        sizes = build.label_sizes(node)
        place = {label: self._axis(out.index(label), sizes[label]) for label in out}
        summed = {label: size for label, size in sizes.items() if label not in place and size is not SIZE_ONE}
        choices: Iterable[dict[int, int]] = [{label: TEMPORARY + label for label in summed}]
        bound = {TEMPORARY + label: algebra.table.size(size) for label, size in summed.items()}
        if self.written_out and summed:
            choices, bound = self._written_out(summed)
        total: list[Poly] = [{}]
        for choice in choices:
            names = {**dict.fromkeys(sizes, -1), **place, **choice}
            parts = [
                algebra.rename(arg, _moved([names[i] for i in labels])) for labels, arg in zip(ins, args, strict=True)
            ]
            deltas = [
                algebra.collect([(Fraction(1), [(*algebra.delta(place[label], k), 1)], {})])
                for k, label in enumerate(out)
                if out.index(label) != k and sizes[label] is not SIZE_ONE
            ]
            total.append(algebra.sum_over(algebra.multiply(ONE, *parts, *deltas), bound))
        return algebra.add(*total)

    @law(
        "form",
        "sum",
        "sum of few entries",
        "Σᵢ xᵢ = x₁ + x₂, for i = 1, 2",
        Sample("x : (2,)", "sum(x) = x @ [1, 0] + x @ [0, 1]"),
        Sample("a, b, c : scalar", "sum([a, b, c]) = a + b + c"),
    )
    def _written_out(self, summed: Mapping[int, Size]) -> tuple[list[dict[int, int]], dict[int, int]]:
        small = {
            label: size.number for label, size in summed.items() if (size.number or WRITTEN_OUT + 1) <= WRITTEN_OUT
        }
        rest = {label: size for label, size in summed.items() if label not in small}
        kept = {label: TEMPORARY + label for label in rest}
        bound = {TEMPORARY + label: self.algebra.table.size(size) for label, size in rest.items()}
        ranges = [[-1 - k for k in range(cast(int, n))] for n in small.values()]
        return [{**kept, **dict(zip(small, choice, strict=True))} for choice in product(*ranges)], bound

    @law(
        "form",
        "definition",
        "array of entries",
        "(a, b)ᵢ = a δᵢ₁ + b δᵢ₂",
        Sample("a, b, c, d : scalar", "[a, b] @ [c, d] = a*c + b*d"),
        Sample("a, b, c : scalar", "c*[a, b] = [c*a, c*b]"),
    )
    def _entries(self, node: Node, args: list[Poly]) -> Poly:
        algebra = self.algebra
        if node.op == "array":
            places = product(*[range(cast(int, size.number)) for size in node.shape])
            terms = []
            for arg, place in zip(args, places, strict=True):
                deltas = [self._delta(k, -1 - p) for k, p in enumerate(place) if node.shape[k] is not SIZE_ONE]
                terms.append(algebra.multiply(arg, *deltas))
            return algebra.add({}, *terms)
        positions = cast("tuple[int | None, ...]", node.attribute)
        kept = [k for k, p in enumerate(positions) if p is None]
        if node.op == "entry":
            names = [-1 - p if p is not None else 0 for p in positions]
            for new, old in enumerate(kept):
                names[old] = self._axis(new, node.shape[new])
            return algebra.rename(args[0], _moved(names))
        moved = algebra.rename(args[0], _moved([self._axis(k, node.shape[k]) for k in kept]))
        deltas = [
            self._delta(k, -1 - p) for k, p in enumerate(positions) if p is not None and node.shape[k] is not SIZE_ONE
        ]
        return algebra.multiply(moved, *deltas)

    def _delta(self, i: int, j: int) -> Poly:
        return self.algebra.collect([(Fraction(1), [(*self.algebra.delta(i, j), 1)], {})])

    @law(
        "form",
        "call",
        "unknown functional",
        "u = v: C(u) = C(v);  ∂²C/∂x∂y = ∂²C/∂y∂x",
        Sample("X, Y : (n, n); C : functional", "C(X*(X + Y)) = C(X*X + Y*X)"),
    )
    def _functional(self, node: Node, args: list[Poly]) -> Poly:
        """Derivatives of an opaque function; their order does not matter, so the axes are sorted by argument."""
        wrt = node.orders
        starts, start = [], 0
        for k in wrt:
            starts.append(start)
            start += len(node.args[k].shape)
        order = sorted(range(len(wrt)), key=lambda n: wrt[n])
        axes = [axis for n in order for axis in range(starts[n], starts[n] + len(node.args[wrt[n]].shape))]
        head = ("functional", node.name, tuple(sorted(wrt)))
        return self._opaque(node, head, args, tuple(self._axis(axis, node.shape[axis]) for axis in axes))

    def _whole(self, node: Node, args: list[Poly]) -> Poly:
        indices = tuple(self._axis(k, size) for k, size in enumerate(node.shape))
        if node.op in ("inv", "det", "logdet") and len(node.args[0].shape) == 2 and node.shape[:1] != (SIZE_ONE,):
            return self._of_matrix(node, args[0], indices)
        return self._opaque(node, (node.op, node.attribute), args, indices)

    @law(
        "form",
        "inv, det, logdet",
        "transposed matrix",
        "(Xᵀ)⁻¹ = (X⁻¹)ᵀ,  det Xᵀ = det X",
        Sample("X : (n, n)", "inv(X.T) = inv(X).T"),
        Sample("X : (n, n)", "det(X.T) = det(X)"),
        Sample("X, Y : (n, n)", "logdet((X @ Y).T) = logdet(X @ Y)"),
    )
    def _of_matrix(self, node: Node, arg: Poly, indices: Indices) -> Poly:
        """Inverse and determinant: of a matrix and its transpose the lesser normal form is taken."""
        transposed = self.algebra.rename(arg, {0: 1, 1: 0})
        if frozen(transposed) < frozen(arg):
            arg, indices = transposed, indices[::-1]
        if node.op != "inv":
            return self._opaque(node, (node.op, node.attribute), [arg], indices)
        if not arg:
            raise Undefined
        return self.algebra.factor(self.algebra.atom("inverse", node.shape, [frozen(arg)]), indices)

    @law(
        "form",
        "call",
        "opaque operation",
        "X = Y gives det X = det Y",
        Sample("X, Y : (n, n)", "det(X @ (X + Y)) = det(X @ X + X @ Y)"),
        Sample("x, y : (n,)", "amax(x*(x + y)) = amax(x**2 + y*x)"),
    )
    def _opaque(self, node: Node, head: tuple[object, ...], args: list[Poly], indices: Indices) -> Poly:
        shapes = tuple(arg.shape for arg in node.args)
        atom, new = self.algebra.table.atom("whole", (*head, shapes), [frozen(arg) for arg in args])
        if new:
            self.algebra.learn(atom)
        return self.algebra.factor(atom, indices)


def _branches(node: Node) -> tuple[Node, ...]:
    """What a choice takes its value from."""
    return node.args[1:] if node.name == "where" and not any(node.orders) else ()


def _moved(names: list[int]) -> dict[int, int]:
    return {k: name for k, name in enumerate(names) if k != name}


def normal_form(
    node: Node, definitions: Mapping[str, Node] | None = None, graph: ComputationGraph | None = None
) -> Poly:
    """The normal form of one node. To compare two, use `proved` or one `NormalForm`."""
    return NormalForm(graph.declarations if graph is not None else None, definitions).of(node)
