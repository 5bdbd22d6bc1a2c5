"""Elementwise regions as rational functions.

A region is a maximal part of an expression that works entry by entry: sums, products, quotients, whole powers and
broadcasts. Everything else in it (a name, a function value, a matrix product, a reduction) is an *atom*, taken together
with the axes of the region that it varies along. Over its atoms the region is a rational function, and that is what
is cancelled: y/a * a (1 - a) = y (1 - a) wherever a is not 0.

`shortest` picks, among as multiplied, cancelled and factored, the form with the fewest operations. Atoms are
formal letters in order of appearance, so that equal patterns (each layer of a network) are worked out once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sympy as sp

from derive.calculus.letters import Atom, LettersWritten
from derive.calculus.same import Keys
from derive.ir.node import Labels, Node, as_number
from derive.ir.size import Size
from derive.ops.primitive import product, scalar_of

MAX_ATOMS = 8
MAX_DEPTH = 30
MAX_TERMS = 64  # of what is multiplied out to be cancelled
MAX_OPERATIONS = 50  # of one expression in letters: SymPy writes shared parts out

Simplify = Callable[[Node], Node]


@dataclass
class Generators:
    """Atoms of a region in order of appearance, each with its letter; `sizes` are the region's axes."""

    shape: tuple[Size, ...]
    simplify: Simplify
    keys: Keys = field(default_factory=Keys)
    letters: dict[Atom, Any] = field(default_factory=dict)
    _seen: dict[int, Any] = field(default_factory=dict)
    _known: dict[Atom, Any] = field(default_factory=dict)
    _squares: dict[Any, Any] = field(default_factory=dict)

    def expression(self, node: Node, labels: Labels, depth: int = 0) -> Any:
        """The rational function that `node` is, with its axes at `labels` of the region."""
        place = (node, labels)
        if place not in self._known:
            written = self._written(node, labels, depth)
            if depth and operations(written) > MAX_OPERATIONS:
                written = self._letter(self.simplify(node), labels)
            self._known[place] = written
        return self._known[place]

    def _written(self, node: Node, labels: Labels, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return self._letter(node, labels)
        match node.op:
            case "number":
                return sp.Rational(node.value.numerator, node.value.denominator)
            case "add":
                return sp.Add(*[self.expression(arg, labels, depth + 1) for arg in node.args])
            case "neg":
                return -self.expression(node.args[0], labels, depth + 1)
            case "div":
                top, bottom = (self.expression(arg, labels, depth + 1) for arg in node.args)
                return top / bottom if bottom != 0 else self._letter(node, labels)
            case "pow" if (n := whole(node.args[1])) is not None:
                base = self.expression(node.args[0], labels, depth + 1)
                return base**n if base != 0 else self._letter(node, labels)
            case "contract" if is_elementwise(node):
                return sp.Mul(*self._factors(node, labels, depth))
            case "call" if node.name == "sqrt" and not any(node.orders):
                root = self._letter(node, labels)
                self._squares[root] = self.expression(node.args[0], labels, depth + 1)
                return root
            case _:
                return self._atom(node, labels, depth)

    def shortest(self, expression: Any) -> Any:
        """The form with the fewest operations; squares of roots are what is under the root."""
        return shortest(_without_squares(expression, self._squares))

    def _factors(self, node: Node, labels: Labels, depth: int) -> list[Any]:
        ins, out = node.labels
        place = dict(zip(out, labels, strict=True))
        return [
            self.expression(arg, tuple(place[label] for label in arg_labels), depth + 1)
            for arg_labels, arg in zip(ins, node.args, strict=True)
        ]

    def _atom(self, node: Node, labels: Labels, depth: int) -> Any:
        node = self.simplify(node)
        if node.op != "contract":
            inner = node.op in ("number", "neg", "add", "div")
            return self.expression(node, labels, depth + 1) if inner else self._letter(node, labels)
        if is_elementwise(node):
            return sp.Mul(*self._factors(node, labels, depth))
        # a reduction: its scalar factors belong to the region
        ins, out = node.labels
        scalars = [arg for arg_labels, arg in zip(ins, node.args, strict=True) if not arg_labels]
        if not scalars:
            return self._letter(node, labels)
        rest = [(ls, arg) for ls, arg in zip(ins, node.args, strict=True) if ls]
        outside = [self.expression(arg, (), depth + 1) for arg in scalars]
        return sp.Mul(*outside, self._letter(product(rest, out, node), labels))

    def _letter(self, node: Node, labels: Labels) -> Any:
        key = self.keys.key(node, labels)
        if key not in self._seen:
            self._seen[key] = self.letters[(node, labels)] = _formal(len(self.letters))
        return self._seen[key]

    # ---------------------------------------------------------------------------- back to nodes

    def factors(self, expression: Any, *, split: bool = False) -> list[Atom]:
        """An expression as factors of a product: a scalar coefficient first, then the others as they appeared.

        `split`: what it is divided by along fewer axes is a factor of its own.
        """
        return LettersWritten({letter: atom for atom, letter in self.letters.items()}, self.shape, split).factors(
            expression
        )


def _without_squares(expression: Any, squares: Mapping[Any, Any]) -> Any:
    """s^n of a root s by what is under it, down to s or 1/s."""
    for root, inside in squares.items():
        powers = [p for p in expression.atoms(sp.Pow) if p.base == root and p.exp.is_Integer and abs(p.exp) > 1]
        put_in = {p: inside ** int(int(p.exp) / 2) * root ** (abs(int(p.exp)) % 2 * sp.sign(p.exp)) for p in powers}
        expression = expression.xreplace(put_in)
    return expression


@cache
def _formal(k: int) -> Any:
    return sp.Symbol(f"r{k}")


def whole(exponent: Node) -> int | None:
    """The whole number an exponent is, or None."""
    n = as_number(scalar_of(exponent))
    return int(n) if n is not None and n.denominator == 1 and abs(n) <= 6 else None


def is_elementwise(node: Node) -> bool:
    """Whether a contraction only multiplies entries and repeats them: no sum, no diagonal."""
    ins, out = node.labels
    return len(set(out)) == len(out) and all(
        set(labels) <= set(out) and len(set(labels)) == len(labels) for labels in ins
    )


@cache
def shortest(expression: Any) -> Any:
    """The form with the fewest operations among as multiplied, cancelled, factored."""
    if not expression.free_symbols or len(expression.free_symbols) > MAX_ATOMS or terms(expression) > MAX_TERMS:
        return expression
    forms = [expression]
    try:
        cancelled = sp.cancel(expression)
        forms += [sp.factor(cancelled), cancelled]
    except (sp.PolynomialError, NotImplementedError):
        return expression
    written = expression.atoms(sp.Add)
    return min((positive_difference(_as_written(form, written)) for form in forms), key=operations)


def _as_written(form: Any, written: set[Any]) -> Any:
    """Factors such as (a - 1) turned to (1 - a) where that is how the sum was written."""
    sign, changed = 1, False
    factors = []
    for factor in sp.Mul.make_args(form):
        base, exponent = factor.as_base_exp()
        if isinstance(base, sp.Add) and base not in written and exponent.is_Integer:
            turned = sp.Add(*[-term for term in base.args])
            if turned in written:
                sign = -sign if int(exponent) % 2 else sign
                factor, changed = turned**exponent, True
        factors.append(factor)
    # rebuilt only if something turned: SymPy would multiply 2 (a - b) out
    return sp.Mul(sign, *factors) if changed else form


@cache
def terms(expression: Any) -> int:
    """How many terms the expression has once it is multiplied out, like ones counted each."""
    if isinstance(expression, sp.Add):
        return sum(terms(term) for term in expression.args)
    if isinstance(expression, sp.Mul):
        return math.prod(terms(factor) for factor in expression.args)
    if isinstance(expression, sp.Pow) and expression.exp.is_Integer:
        return int(terms(expression.base) ** abs(expression.exp))
    return 1


@cache
def operations(expression: Any) -> int:
    """The number of operations, as a measure of length."""
    return int(sp.count_ops(expression))


def positive_difference(expression: Any) -> Any:
    """`-(y - a) w` as `(a - y) w`: a sign in front is taken into a difference."""
    coefficient, rest = expression.as_coeff_Mul()
    if not (coefficient.is_negative and isinstance(rest, sp.Mul | sp.Add)):
        return expression
    for factor in sp.Mul.make_args(rest):
        if isinstance(factor, sp.Add) and any(term.could_extract_minus_sign() for term in factor.args):
            others = [f for f in sp.Mul.make_args(rest) if f is not factor]
            return sp.Mul(-coefficient, sp.Add(*[-term for term in factor.args]), *others)
    return expression
