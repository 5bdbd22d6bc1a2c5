"""One node as one NumPy expression, from the expressions of its operands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import cast

from derive.codegen.broadcasting import Products
from derive.codegen.einsum import (
    ADD,
    ATOM,
    MUL,
    POWER,
    UNARY,
    Fragment,
    Labelled,
    aligned,
    contracted,
    mean_of,
    turned,
)
from derive.codegen.entries import is_tail, whole_power
from derive.codegen.flat_products import Operand, is_view
from derive.codegen.literal import is_constant_root, number, template
from derive.codegen.operands import ELEMENTWISE, Lookup
from derive.errors import UnsupportedError
from derive.ir.build import label_sizes
from derive.ir.node import Labels, Node, as_number
from derive.ir.size import Shape, size_of
from derive.ops.record import elementwise, tensor

Implement = Callable[[Node], str]


class Writer(Products):
    """Writes nodes as source; `implement` gives the parameter that stands for a generic function."""

    def __init__(self, code: Lookup, implement: Implement, sizes: Mapping[str, str], dtype: str) -> None:
        super().__init__(code, sizes, dtype)
        self.implement = implement

    def write(self, node: Node) -> Fragment:
        """The source of a node that is not a view, from that of its operands."""
        self.note(node)
        rule = _RULES.get(node.op)
        if rule is None:
            return Fragment(tensor(node.op).numpy(node, [self.exact(arg).text for arg in node.args]))
        code = rule(self, node)
        if node.op in ELEMENTWISE and not node.shape and self.is_constant(node) and _is_numpy(code):
            # a Python number leaves float32 what it is; an array of numbers may have the type of complex inputs
            return Fragment(f"float({f'np.real({code.text})' if self.dtype in code.text else code.text})")
        return code

    # ---------------------------------------------------------------------------------------------- rules

    def _number(self, node: Node) -> Fragment:
        code, value = number(node.value), node.value
        return replace(code, size=size_of(int(value))) if value.denominator == 1 and value > 1 else code

    def _constant(self, node: Node) -> Fragment:
        return Fragment("math.pi" if node.name == "pi" else "math.e")

    def _size(self, node: Node) -> Fragment:
        text = self.size(node.size)
        level = ATOM if text.isidentifier() else ADD if " + " in text or "-" in text else MUL
        return Fragment(text, level, size=node.size)

    def _add(self, node: Node) -> Fragment:
        text = ""
        for arg in node.args:
            inner = arg.args[0] if arg.op == "neg" else arg
            negative = arg.op == "neg"
            value = as_number(inner.args[0] if is_view(inner) else inner)
            if value is not None and value < 0:
                code, negative = number(-value), not negative
            else:
                code = self.loose(inner)
            if not text:
                text = f"-{code.at(UNARY)}" if negative else code.at(ADD)
            else:
                text += f" - {code.at(MUL)}" if negative else f" + {code.at(MUL)}"
        return Fragment(text, ADD)

    def _neg(self, node: Node) -> Fragment:
        return Fragment(f"-{self.loose(node.args[0]).at(UNARY)}", UNARY)

    def _div(self, node: Node) -> Fragment:
        over, under = (self.loose(arg) for arg in node.args)
        mean = mean_of(over, under)
        if mean is not None:
            return mean
        reciprocal = under if over.text == "1" else None
        return Fragment(f"{over.at(MUL)} / {under.at(UNARY)}", MUL, under=reciprocal)

    def _pow(self, node: Node) -> Fragment:
        base, exponent = (self.loose(arg) for arg in node.args)
        value = as_number(node.args[1].args[0] if is_view(node.args[1]) else node.args[1])
        if value == Fraction(1, 2):
            return Fragment(f"np.sqrt({base.text})")
        if value is not None and value.denominator == 1 and value < 0:
            # a negative whole power of whole numbers is refused by Python for arrays of them
            under = base if value == -1 else Fragment(f"{base.at(ATOM)}**{-value}", POWER)
            return Fragment(f"1 / {under.at(UNARY)}", MUL, under=under)
        return Fragment(f"{base.at(ATOM)}**{exponent.at(POWER)}", POWER)

    def _call(self, node: Node) -> Fragment:
        record = elementwise(node.name)
        operands = [self.loose(arg) for arg in node.args]
        if record is not None and record.numpy_of and any(node.orders):
            return template(record.numpy_of.replace("{order}", str(node.orders[0])), operands)
        if record is not None and any(node.orders):
            raise UnsupportedError(
                f"there is no code for the derivative of {node.name} by an order of it",
                hint="give the order as a number, or declare it constant",
            )
        if record is None:
            full = [self.exact(arg) for arg in node.args]
            self.spans[node] = node.shape
            return Fragment(f"{self.implement(node)}({', '.join(code.text for code in full)})")
        if is_constant_root(node):
            return Fragment(f"math.sqrt({operands[0].text})")
        if is_tail(node):
            return Fragment(f"np.log1p(np.exp({operands[0].text}))")
        code = template(record.numpy, operands)
        if node.name == "where" and not any(self.span(arg) or not self.is_constant(arg) for arg in node.args[1:]):
            return Fragment(f"{code.text}.astype({self.dtype})")  # NumPy makes float64 of two numbers
        return code

    def _functional(self, node: Node) -> Fragment:
        return Fragment(f"{self.implement(node)}({', '.join(self.exact(arg).text for arg in node.args)})")

    def _shared(self, node: Node) -> Fragment:
        (first, second), axes = cast(tuple[tuple[str, str], tuple[int, ...] | None], node.attribute)
        (z,) = node.args
        axis = "" if axes is None else ", axis=None" if len(axes) == len(z.shape) else f", axis={_axis(axes)}"
        return Fragment(f"{first}_and_{second}({self.exact(z).text}{axis})")

    def _array(self, node: Node) -> Fragment:
        items = [self.code(arg).text for arg in node.args]
        for size in reversed(node.shape[1:]):
            n = cast(int, size.number)
            items = [f"[{', '.join(items[k : k + n])}]" for k in range(0, len(items), n)]
        return Fragment(f"np.array([{', '.join(items)}], {self.dtype})")

    def _entry(self, node: Node) -> Fragment:
        array = self.exact(node.args[0])
        return Fragment(f"{array.at(ATOM)}[{_positions(node)}]")

    def _placed(self, node: Node) -> Fragment:
        return Fragment(
            f"placed({self.exact(node.args[0]).text}, ({_positions(node, 'slice(None)')},), "
            f"{self.shape_tuple(node.shape)})"
        )

    def shape_tuple(self, shape: Shape) -> str:
        """A shape that is a tuple even of one axis."""
        parts = [self.size(size) for size in shape]
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"

    def _contract(self, node: Node) -> Fragment:
        ins, out = node.labels
        sizes = label_sizes(node)
        if len(set(out)) < len(out):
            return self._embedding(node)
        elementwise_product = self.product(node, sizes)
        if elementwise_product is not None:
            return elementwise_product
        if len(node.args) == 1 and set(ins[0]) - set(out):
            kept = self.kept(node, sizes)
            if kept is not None:
                return kept
        summed = self.summed_product(node, sizes)
        if summed is not None:
            return summed
        factors = [
            Labelled(self.exact(arg) if labels else self.loose(arg), labels)
            for labels, arg in self._squares_open(list(zip(ins, node.args, strict=True)), out)
        ]
        borne = tuple(x for x in out if any(x in labels for labels in ins))
        return aligned(contracted(factors, borne, sizes), out)

    def _squares_open(self, factors: list[Operand], out: Labels) -> list[Operand]:
        """The factors, the square of a vector that has a name twice the vector where it is summed: `v @ v`."""
        opened: list[Operand] = []
        for labels, arg in factors:
            alone = len(labels) == 1 and labels[0] not in out and sum(labels[0] in own for own, _ in factors) == 1
            square = alone and arg.op == "pow" and whole_power(arg) == 2 and not self.code(arg).text.isidentifier()
            held = square and not is_view(arg.args[0])  # a view has no line of its own, and so no name
            named = held and self.span(arg.args[0]) == arg.shape and self.code(arg.args[0]).text.isidentifier()
            opened += [(labels, arg.args[0])] * 2 if named else [(labels, arg)]
        return opened

    def _embedding(self, node: Node) -> Fragment:
        """Labels twice in the result: `np.eye`, `np.diag`, or a product with identity matrices."""
        ins, out = node.labels
        sizes = label_sizes(node)
        fresh, extra, distinct = max(sizes) + 1, [], []
        for label in out:
            if label in distinct:
                extra.append(
                    Labelled(Fragment(f"np.eye({self.size(sizes[label])}, dtype={self.dtype})"), (label, fresh))
                )
                sizes[fresh] = sizes[label]
                distinct.append(fresh)
                fresh += 1
            else:
                distinct.append(label)
        factors = [
            Labelled(self.exact(arg) if labels else self.loose(arg), labels)
            for labels, arg in zip(ins, node.args, strict=True)
        ]
        if len(out) == 2 and all(not labels for labels in ins):
            if [as_number(arg) for arg in node.args] == [1]:
                return extra[0].code
        elif len(out) == 2 and any(out[0] in labels for labels in ins):
            vector = contracted(factors, (out[0],), sizes)
            return Fragment(f"np.diag({vector.code.text})")
        return turned(contracted([*factors, *extra], tuple(distinct), sizes), tuple(distinct))


def _is_numpy(code: Fragment) -> bool:
    """Whether a scalar comes out of NumPy or of a helper, and not of Python's arithmetic."""
    return re.search(r"(?<![\w.])(?!math\.)\w[\w.]*\(", code.text) is not None


def _axis(axes: tuple[int, ...]) -> str:
    return str(axes[0] if len(axes) == 1 else axes)


def _positions(node: Node, keep: str = ":") -> str:
    positions = cast(Sequence[int | None], node.attribute)
    return ", ".join(keep if position is None else str(position) for position in positions)


_RULES: dict[str, Callable[[Writer, Node], Fragment]] = {
    "number": Writer._number,
    "constant": Writer._constant,
    "size": Writer._size,
    "add": Writer._add,
    "neg": Writer._neg,
    "div": Writer._div,
    "pow": Writer._pow,
    "call": Writer._call,
    "functional": Writer._functional,
    "array": Writer._array,
    "shared": Writer._shared,
    "entry": Writer._entry,
    "placed": Writer._placed,
    "contract": Writer._contract,
}
