r"""Sums of squares less the square of a sum, which cancel where the mean is large.

mean(x y) - mean(x) mean(y)       mean((x - mean(x)) (y - mean(y))), y may be x
sum(x y) - sum(x) sum(y) / n      sum((x - mean(x)) (y - mean(y)))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from derive.codegen.flat_products import is_scaled, is_view
from derive.codegen.textbook_forms import Looking
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import ONE, Size


@dataclass(frozen=True)
class _Share:
    """A number times a size over a size."""

    number: Fraction = Fraction(1)
    over: Size = ONE
    under: Size = ONE

    def __mul__(self, other: _Share) -> _Share:
        return _Share(self.number * other.number, self.over * other.over, self.under * other.under)

    def same(self, other: _Share) -> bool:
        """Whether two shares are equal."""
        return self.number == other.number and self.over * other.under is other.over * self.under

    def of(self, node: Node) -> Node:
        """The share of a node."""
        top = node if self.number == 1 else build.mul(build.number(self.number), node)
        top = top if self.over is ONE else build.mul(build.size_value(self.over), top)
        return top if self.under is ONE else build.div(top, build.fill(build.size_value(self.under), node.shape))


def variance_form(looking: Looking, node: Node) -> Node | None:
    """The sum of products less the product of sums over n, or shares of both, over the same axes."""
    parts = looking.less(node) if node.op == "add" else None
    first = _sum(looking, parts[0]) if parts is not None else None
    inside = _factors(looking, first[1]) if first is not None else None
    if parts is None or first is None or inside is None:
        return None
    share, product, axes = first
    less, core = _scaled(looking, parts[1])
    sums = [_sum(looking, factor) for factor in _factors(looking, core) or ()]
    if len(sums) != 2 or sums[0] is None or sums[1] is None:
        return None
    (one, x, along), (other, y, beside) = sums[0], sums[1]
    if along != axes or beside != axes or {looking.at(f) for f in inside} != {looking.at(x), looking.at(y)}:
        return None
    if not (less * one * other).same(share * _one_over(product, axes)):
        return None
    centred = _centred(x, axes)
    centred = build.power(centred, 2) if looking.at(x) is looking.at(y) else build.mul(centred, _centred(y, axes))
    keepdims = len(node.shape) == len(x.shape)
    if share.same(_one_over(product, axes)):
        found = build.mean_over(centred, axes, keepdims=keepdims)
    else:
        found = share.of(build.sum_over(centred, axes, keepdims=keepdims))
    return found if found.shape == node.shape else None


def _centred(x: Node, axes: Sequence[int]) -> Node:
    """x less its mean along some axes."""
    rank = len(x.shape)
    kept = tuple(k for k in range(rank) if k not in axes)
    return build.sub(x, build.contract([kept], tuple(range(rank)), [build.mean_over(x, axes)], x.shape))


def _one_over(x: Node, axes: Sequence[int]) -> _Share:
    """1/n, for the n entries along some axes."""
    total = ONE
    for k in axes:
        total = total * x.shape[k]
    return _Share(under=total) if total.number is None else _Share(Fraction(1, total.number))


def _factors(looking: Looking, node: Node) -> tuple[Node, Node] | None:
    """Both factors of a square or of a product entry by entry."""
    base = looking.square(node)
    if base is not None:
        return base, base
    seen = looking.at(node)
    if seen.op != "contract" or len(seen.args) != 2 or any(own != seen.labels[1] for own in seen.labels[0]):
        return None
    return seen.args[0], seen.args[1]


def _sum(looking: Looking, node: Node) -> tuple[_Share, Node, tuple[int, ...]] | None:
    """A share, x and the axes, if a node is a share of the sum of x over axes."""
    share, seen = _scaled(looking, node)
    if seen.op != "contract" or len(set(seen.labels[1])) < len(seen.labels[1]):
        return None
    ins, out = seen.labels
    (labels, *others) = ins
    axes = tuple(k for k, label in enumerate(labels) if label not in out)
    if not axes or len(set(labels)) < len(labels) or any(own != labels for own in others):
        return None
    return share, seen.args[0] if not others else build.mul(*seen.args), axes


def _scaled(looking: Looking, node: Node) -> tuple[_Share, Node]:
    """A node as a share of another one."""
    share, seen = _Share(), looking.at(node)
    while True:
        if seen.op == "div" and (under := _count(looking, seen.args[1])) is not None:
            share, seen = share * under, looking.at(seen.args[0])
        elif is_scaled(seen):
            factor = looking.at(seen.args[0])
            if factor.op == "size":
                share, seen = share * _Share(over=factor.size), looking.at(seen.args[1])
                continue
            under = _count(looking, factor.args[1]) if factor.op == "div" else _Share()
            number = looking.number(factor.args[0] if factor.op == "div" else factor)
            if number is None or under is None:
                return share, seen
            share, seen = share * under * _Share(number), looking.at(seen.args[1])
        else:
            return share, seen


def _count(looking: Looking, node: Node) -> _Share | None:
    """One over a number or a size."""
    number = looking.number(node)
    if number is not None:
        return _Share(1 / number) if number else None
    seen = looking.at(node)
    while is_view(seen) and not seen.labels[0][0]:
        seen = looking.at(seen.args[0])
    return _Share(under=seen.size) if seen.op == "size" else None
