"""A rational function of letters as nodes again: the way back from `derive.calculus.region`.

A product is written as its factors in the order in which their letters appeared, a coefficient in front, one quotient
for what is divided by.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp

from derive.ir import build
from derive.ir.node import Labels, Node
from derive.ir.size import Size
from derive.ops.primitive import product

Atom: TypeAlias = tuple[Node, Labels]


@dataclass
class LettersWritten:
    """Expressions in letters back to nodes; axes are those of the region, sorted."""

    atoms: dict[Any, Atom]
    shape: tuple[Size, ...]
    split: bool = False

    def factors(self, expression: Any) -> list[Atom]:
        coefficient, rest = expression.as_coeff_Mul()
        over: list[Any] = []
        under: list[Any] = []
        for factor in sorted(sp.Mul.make_args(rest), key=self._appearance):
            base, exponent = factor.as_base_exp()
            if exponent.is_Integer and exponent < 0:
                under.append(base**-exponent)
            elif factor != 1:
                over.append(factor)
        scalar_over = [self.node(f)[0] for f in over if not self._labels(f)]
        scalar_under = [self.node(f)[0] for f in under if not self._labels(f)]
        tensors = [self.node(f) for f in over if self._labels(f)]
        bottom = [self.node(f) for f in under if self._labels(f)]
        if bottom and self.split:
            tensors = self._split(tensors, bottom)
        elif bottom:
            tensors = [self._quotient(tensors, bottom)]
        result = self._coefficient(coefficient, scalar_over, scalar_under)
        return [*result, *tensors] or [(build.number(1), ())]

    def _coefficient(self, number: Any, over: list[Node], under: list[Node]) -> list[Atom]:
        """Number and scalars: one fraction if something is divided by, else the factors one by one."""
        sign, value = (-1, -number) if number < 0 else (1, number)
        tops = ([build.number(int(value.p))] if value.p != 1 else []) + over
        bottoms = ([build.number(int(value.q))] if value.q != 1 else []) + under
        if bottoms:
            top = build.mul(*tops) if tops else build.number(1)
            tops = [build.div(top, build.mul(*bottoms))]
        return [(top, ()) for top in ([build.number(-1), *tops] if sign < 0 else tops)]

    def _split(self, over: list[Atom], under: list[Atom]) -> list[Atom]:
        every = {label for _, labels in (*over, *under) for label in labels}
        whole_width = [item for item in under if set(item[1]) == every]
        narrow: dict[Labels, list[Atom]] = {}
        for item in under:
            if item not in whole_width:
                narrow.setdefault(item[1], []).append(item)
        tops = [self._quotient(over, whole_width)] if whole_width else over
        return [*tops, *(self._quotient([], items) for items in narrow.values())]

    def _quotient(self, over: list[Atom], under: list[Atom]) -> Atom:
        labels = tuple(sorted({label for _, ls in (*over, *under) for label in ls}))
        top = self._product(over, labels) if over else build.fill(build.number(1), self._sizes(labels))
        return build.div(top, self._product(under, labels)), labels

    def _product(self, items: list[Atom], labels: Labels) -> Node:
        return product([(ls, node) for node, ls in items], labels, build.ref("%", self._sizes(labels)))

    def _sizes(self, labels: Labels) -> tuple[Size, ...]:
        return tuple(self.shape[label] for label in labels)

    def _labels(self, expression: Any) -> Labels:
        return tuple(sorted({label for letter in expression.free_symbols for label in self.atoms[letter][1]}))

    def node(self, expression: Any) -> Atom:
        """An expression as one node over the axes it varies along."""
        if expression in self.atoms:
            node, labels = self.atoms[expression]
            order = tuple(sorted(labels))
            return build.contract([labels], order, [node], self._sizes(order)), order
        if expression.is_Rational:
            return build.number(Fraction(int(expression.p), int(expression.q))), ()
        labels = self._labels(expression)
        if isinstance(expression, sp.Add):
            terms = sorted(expression.args, key=lambda t: (bool(t.could_extract_minus_sign()), *self._appearance(t)))
            return build.add(*[self._term(term, labels) for term in terms]), labels
        if isinstance(expression, sp.Pow) and expression.exp > 0:
            base, _ = self.node(expression.base)
            return build.power(base, int(expression.exp)), labels
        return self._product(self.factors(expression), labels), labels

    def _term(self, term: Any, labels: Labels) -> Node:
        coefficient, rest = term.as_coeff_Mul()
        if coefficient.is_negative:
            node, own = self.node(-coefficient * rest)
            return build.neg(self._product([(node, own)], labels))
        node, own = self.node(term)
        return self._product([(node, own)], labels)

    def _appearance(self, expression: Any) -> tuple[int, bool, str]:
        places = [int(letter.name[1:]) for letter in expression.free_symbols]
        return (min(places, default=-1), isinstance(expression.as_base_exp()[0], sp.Add), str(expression))
