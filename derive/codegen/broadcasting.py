"""Products and sums that NumPy broadcasts as they stand.

A * b                                    elementwise
(A * B).sum(axis=1, keepdims=True)       multiplied, then summed
A.sum(axis=1, keepdims=True)             summed in place
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from derive.codegen.einsum import ADD, Fragment, Labelled, aligned, contracted, scaled, stands, summed_over, times
from derive.codegen.operands import Operands
from derive.ir.build import broadcast_shape
from derive.ir.node import Node
from derive.ir.size import ONE, Shape, Size


class Products(Operands):
    """Writes such products and sums; None where a contraction is none."""

    def summed_product(self, node: Node, sizes: Mapping[int, Size]) -> Fragment | None:
        """The sum of an elementwise product whose operands stand so for broadcasting; None if it is something else.

        `(A * B).sum(axis=1, keepdims=True)`: one operand has every axis, and the result its axes, those that are
        summed with length 1 or, if all of these are, left out.
        """
        ins, out = node.labels
        arrays = [(labels, arg) for labels, arg in zip(ins, node.args, strict=True) if labels]
        whole = max((labels for labels, _ in arrays), key=len, default=())
        every = {x for labels, _ in arrays for x in labels if sizes[x] is not ONE}
        if len(arrays) < 2 or len(whole) < 2 or len(set(whole)) < len(whole) or not every <= set(whole):
            return None
        if not all(len(set(labels)) == len(labels) and stands(labels, whole, sizes) for labels, _ in arrays):
            return None
        axes = [k for k, x in enumerate(whole) if x not in out]
        kept = len(out) == len(whole) and all(
            a == b or (sizes[b] is ONE and b not in whole) for a, b in zip(whole, out, strict=True)
        )
        batch = {x for x in whole if x in out and sizes[x] is not ONE}
        shared = all(batch & set(labels) for labels, _ in arrays) or not batch
        if not axes or not shared or not (kept or tuple(x for x in whole if x in out) == out):
            return None
        code: Fragment | None = None
        for _, arg in arrays:
            code = self.loose(arg) if code is None else times(code, self.loose(arg))
        assert code is not None
        scalars = [Labelled(self.loose(arg), ()) for labels, arg in zip(ins, node.args, strict=True) if not labels]
        return scaled(scalars, Labelled(summed_over(code, axes, [sizes[x] for x in whole], keepdims=kept), out)).code

    def product(self, node: Node, sizes: Mapping[int, Size]) -> Fragment | None:
        """An elementwise product, with operands that stand so for broadcasting; None if it is something else."""
        ins, out = node.labels
        arrays = [(labels, arg) for labels, arg in zip(ins, node.args, strict=True) if labels]
        if not all({x for x in labels if sizes[x] is not ONE} <= set(out) for labels, _ in arrays):
            return None
        if len(arrays) == 2 and all(len(labels) == 1 for labels, _ in arrays) and ins.count(arrays[0][0]) == 1:
            return None
        scalars = [Labelled(self.loose(arg), ()) for labels, arg in zip(ins, node.args, strict=True) if not labels]
        plain = sum(not _is_indicator(arg) for _, arg in arrays)
        laid: list[Fragment] = []
        spans: list[Shape] = []
        for labels, arg in arrays:
            if len(set(labels)) < len(labels):
                return None
            if stands(labels, out, sizes):
                laid.append(self._factor(arg, plain))
                spans.append(self.span(arg))
            else:
                wanted = tuple(x for x in out if x in labels)
                laid.append(aligned(contracted([Labelled(self.exact(arg), labels)], wanted, sizes), out))
                spans.append(tuple(size if x in labels else ONE for x, size in zip(out, node.shape, strict=True)))
        if not laid:
            return scaled(scalars[:-1], scalars[-1]).code
        self.spans[node] = whole = broadcast_shape(spans)
        narrow = [k for k, span in enumerate(spans) if span != whole]
        if not (scalars or len(narrow) > 1) or not 0 < len(narrow) < len(spans):
            return scaled(scalars, Labelled(reduce(times, laid), out)).code
        # scalars go with what is narrower than the product, which is computed first
        first = scaled(scalars, Labelled(reduce(times, [laid[k] for k in narrow]), out)).code
        return reduce(times, [first, *(code for k, code in enumerate(laid) if k not in narrow)])

    def _factor(self, arg: Node, plain: int) -> Fragment:
        """A factor; an indicator may stay a truth value if something else in the product is a number."""
        if plain and _is_indicator(arg) and not self.code(arg).text.isidentifier():
            return Fragment(f"{self.loose(arg.args[0]).at(ADD)} > 0", 0)
        return self.loose(arg)

    def kept(self, node: Node, sizes: Mapping[int, Size]) -> Fragment | None:
        """A sum over axes that stay with length 1, or None."""
        (inner,), out = node.labels
        if len(inner) != len(out) or len(set(inner)) < len(inner):
            return None
        changed = [k for k, (a, b) in enumerate(zip(inner, out, strict=True)) if a != b]
        if any(sizes[out[k]] is not ONE or out[k] in inner for k in changed):
            return None
        return summed_over(self.exact(node.args[0]), changed, node.args[0].shape, keepdims=True)


def _is_indicator(node: Node) -> bool:
    return node.op == "call" and node.name == "step" and not any(node.orders)
