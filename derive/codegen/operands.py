"""Operands as source: as they stand for broadcasting, or as arrays of full shape.

Operands that are mere views (turned, repeated, squeezed) are looked through: NumPy broadcasts a repeated operand of an
elementwise operation by itself, so repeats are written out only where an array of full shape is needed. What comes out
of an elementwise operation on repeated operands is smaller than its node, too; its span is kept:

    node      -(1 c), shape (m, n), c of shape (n,)
    source    -c
    span      (n,)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from derive.codegen.einsum import ATOM, Fragment, Labelled, aligned, contracted, stands
from derive.codegen.flat_products import is_view
from derive.codegen.literal import decimal
from derive.ir.build import broadcast_shape, label_sizes
from derive.ir.node import Node, as_number
from derive.ir.size import ONE, Shape, Size

ELEMENTWISE = ("add", "neg", "div", "pow", "call")
Lookup = Callable[[Node], Fragment]


class Operands:
    """`code` gives the source of a node that is no view, `sizes` that of a named size, `dtype` that of the type of
    arrays made of numbers."""

    def __init__(self, code: Lookup, sizes: Mapping[str, str], dtype: str) -> None:
        self.code, self.sizes, self.dtype = code, sizes, dtype
        self.spans: dict[Node, Shape] = {}  # the shape of the source, where it may be another than the node's
        self._constants: set[Node] = set()

    def note(self, node: Node) -> None:
        """Keep what a node that is about to be written comes out as, from its operands."""
        if node.op in ELEMENTWISE:
            self.spans[node] = broadcast_shape([self.span(arg) for arg in node.args])
        if node.op not in ("ref", "functional") and all(map(self.is_constant, node.args)):
            self._constants.add(node)

    def span(self, node: Node) -> Shape:
        """The shape of what `loose` writes: that of the node, or one that NumPy broadcasts to it."""
        if not is_view(node):
            return self.spans.get(node, node.shape)
        (inner,), out = node.labels
        if stands(inner, out, label_sizes(node)):
            return self.span(node.args[0])
        sizes = [size if label in inner else ONE for label, size in zip(out, node.shape, strict=True)]
        lead = next((k for k, label in enumerate(out) if label in inner), len(out))
        return tuple(sizes[lead:])

    def is_constant(self, node: Node) -> bool:
        """Whether a value is made of numbers and sizes alone."""
        return self.is_constant(node.args[0]) if is_view(node) else node in self._constants

    def loose(self, node: Node) -> Fragment:
        """A node as an operand of an elementwise operation: what NumPy broadcasts to its shape."""
        if not is_view(node):
            return self.code(node)
        (inner,), out = node.labels
        sizes = label_sizes(node)
        if stands(inner, out, sizes):
            return self.loose(node.args[0])
        array = Labelled(self.exact(node.args[0]), inner)
        return aligned(contracted([array], tuple(label for label in out if label in inner), sizes), out)

    def exact(self, node: Node) -> Fragment:
        """A node as an array of its full shape."""
        code, span = self.loose(node), self.span(node)
        lead = len(node.shape) - len(span)
        if span == node.shape:
            return code
        if span and span == node.shape[lead:] and all(size is ONE for size in node.shape[:lead]):
            return Fragment(f"{code.at(ATOM)}[{', '.join(['None'] * lead)}]")
        shape = self.shape(node.shape)
        if not span:
            return self._filled(node, code, shape)
        return Fragment(f"np.broadcast_to({code.text}, {shape})")

    def _filled(self, node: Node, code: Fragment, shape: str) -> Fragment:
        """An array of a scalar."""
        value = number_of(node)
        if value in (0, 1):
            return Fragment(f"np.{'ones' if value else 'zeros'}({shape}, {self.dtype})")
        if value is not None:
            return Fragment(f"np.full({shape}, {decimal(value)}, {self.dtype})")
        if self.is_constant(node):
            return Fragment(f"np.full({shape}, {code.text}, {self.dtype})")
        return Fragment(f"np.full({shape}, {code.text})")

    def shape(self, shape: Shape) -> str:
        """A shape as a tuple (a lone axis as it is)."""
        parts = [self.size(size) for size in shape]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def size(self, size: Size) -> str:
        """A size as an integer expression."""
        text = ""
        for monomial, coefficient in size.terms:
            names = " * ".join(self.sizes[n] if p == 1 else f"{self.sizes[n]}**{p}" for n, p in monomial)
            amount = abs(coefficient)
            body = str(amount) if not names else names if amount == 1 else f"{amount} * {names}"
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {body}" if text else f"-{body}" if coefficient < 0 else body
        return text or "0"


def number_of(node: Node) -> Fraction | None:
    """The number that a node repeats, if it does."""
    if node.op == "neg":
        value = number_of(node.args[0])
        return None if value is None else -value
    return number_of(node.args[0]) if is_view(node) else as_number(node)
