"""Evaluation of nodes at a point, in float64 or in many digits.

One interpreter serves tests, probes and counterexamples: `Evaluator.value(node)` computes a node from the values of its
refs and remembers every node it has seen, so that candidates which share subexpressions cost only what is new in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import mpmath
import numpy as np

from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.graph import ComputationGraph
from derive.ir.node import Labels, Node, topological
from derive.ops.composed import meaning
from derive.ops.digits import Digits, beyond_floats
from derive.ops.floats import Floats
from derive.ops.primitive import scalar_of
from derive.ops.record import Array, Backend, elementwise, tensor
from derive.ops.sympy_bridge import expand
from derive.ops.vanishing import Vanishing, chosen_product

Implementation = Callable[..., Array]  # (orders or wrt, *operands) -> array


class Evaluator:
    """Values of nodes at one point.

    `values` maps the names of refs to arrays, `sizes` the named sizes to integers, `functions` the generic functions
    and functionals to implementations. Bindings of a graph are evaluated forward by `run`.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        sizes: Mapping[str, int],
        *,
        functions: Mapping[str, Implementation] | None = None,
        backend: Floats | Digits | None = None,
    ) -> None:
        self.backend = backend or Floats()
        self.sizes = dict(sizes)
        self.functions = dict(functions or {})
        self.values: dict[str, Array] = {name: self.backend.array(value) for name, value in values.items()}
        self._known: dict[Node, Array] = {}
        self._vanishing = Vanishing(self._known)

    def run(self, graph: ComputationGraph) -> Evaluator:
        """Evaluate the bindings of `graph` that have no value yet, in order; returns self."""
        for name, binding in graph.bindings.items():
            if name not in self.values:
                self.values[name] = self.value(binding.node)
        return self

    def value(self, root: Node) -> Array:
        """The array that `root` is at this point. Raises KeyError for a ref without a value."""
        if root not in self._known:
            with np.errstate(all="ignore"):
                for node in topological(root):
                    if node not in self._known:
                        self._known[node] = self._evaluate(node)
        return self._known[root]

    def shape(self, node: Node) -> tuple[int, ...]:
        """The shape of a node in integers."""
        return tuple(size.value(self.sizes) for size in node.shape)

    def _evaluate(self, node: Node) -> Array:
        args = [self._known[arg] for arg in node.args]
        rule = _RULES.get(node.op)
        value = rule(self, node, args) if rule else tensor(node.op).numeric(node, args, cast(Backend, self.backend))
        # arithmetic on object arrays of rank 0 gives bare numbers
        return np.asarray(value)

    def _ref(self, node: Node, _args: list[Array]) -> Array:
        return self.values[node.name]

    def _number(self, node: Node, _args: list[Array]) -> Array:
        return self.backend.number(node.value)

    def _constant(self, node: Node, _args: list[Array]) -> Array:
        return self.backend.constant(node.name)

    def _size(self, node: Node, _args: list[Array]) -> Array:
        return self.backend.number(node.size.value(self.sizes))

    def _add(self, _node: Node, args: list[Array]) -> Array:
        return sum(args[1:], args[0])

    def _neg(self, _node: Node, args: list[Array]) -> Array:
        return -args[0]

    def _div(self, node: Node, args: list[Array]) -> Array:
        zero, value = self._vanishing.of(node.args[0]), self.backend.function("div", args[0], args[1])
        return value if zero is None else np.where(zero, self.backend.number(0), value)

    def _functional(self, node: Node, args: list[Array]) -> Array:
        return np.broadcast_to(self._implementation(node.name)(node.orders, *args), self.shape(node))

    def _array(self, node: Node, args: list[Array]) -> Array:
        return np.array([arg.item() for arg in args], dtype=args[0].dtype).reshape(self.shape(node))

    def _entry(self, node: Node, args: list[Array]) -> Array:
        return np.asarray(args[0][self._positions(node)])

    def _placed(self, node: Node, args: list[Array]) -> Array:
        result = np.zeros(self.shape(node), dtype=args[0].dtype) + self.backend.number(0)
        result[self._positions(node)] = np.asarray(args[0])[()]  # a scalar as itself, not as an array inside an array
        return result

    @staticmethod
    def _positions(node: Node) -> tuple[Any, ...]:
        positions = cast(tuple[int | None, ...], node.attribute)
        return tuple(slice(None) if position is None else position for position in positions)

    def _contract(self, node: Node, args: list[Array]) -> Array:
        ins, out = node.labels
        borne = {label for labels in ins for label in labels}
        once = tuple(dict.fromkeys(label for label in out if label in borne))
        result = np.asarray(self.backend.einsum(args, ins, once))
        zeros = [self._vanishing.of(arg) for arg in node.args]
        if any(zero is not None for zero in zeros) and not _is_finite(result):
            result = np.asarray(chosen_product(args, zeros, ins, once, self.backend.number(0)))
        sizes = {label: size.value(self.sizes) for label, size in label_sizes(node).items()}
        every = tuple(dict.fromkeys(out))
        shape = [sizes[label] if label in borne else 1 for label in every]
        result = np.broadcast_to(result.reshape(shape), [sizes[label] for label in every])
        return result if len(every) == len(out) else _embed(result, every, out, sizes, self.backend.number(0))

    def _power(self, node: Node, args: list[Array]) -> Array:
        exponent = scalar_of(node.args[1])
        if exponent.op == "number" and exponent.value.denominator == 1:
            n = int(exponent.value)
            # a small integer power keeps negative bases real and many digits exact
            return np.asarray(
                args[0] ** n if n >= 0 else self.backend.function("div", self.backend.number(1), args[0] ** -n)
            )
        return np.asarray(self.backend.function("power", args[0], args[1]))

    def _call(self, node: Node, args: list[Array]) -> Array:
        record = elementwise(node.name)
        if record is None:
            return np.asarray(self._implementation(node.name)(node.orders, *args))
        if any(node.orders):
            if record.numeric_of is not None:
                return np.asarray(record.numeric_of(self.backend, *node.orders, *args))
            written = expand(node)
            if written is node:  # what has no formula is not computed: it has no value
                return np.full(self.shape(node), np.nan, dtype=args[0].dtype)
            return self.value(written)
        if record.numeric is not None:
            return np.asarray(record.numeric(self.backend, *args))
        if record.is_definition or isinstance(self.backend, Digits):
            return self.value(meaning(node))
        return self._precise(node, args)

    def _precise(self, node: Node, args: list[Array]) -> Array:
        """A call whose expression cancels or overflows in floats, by its expression in many digits."""
        letters = [build.ref(f"u{k}", node.shape) for k in range(len(args))]
        values = {letter.name: value for letter, value in zip(letters, args, strict=True)}
        precise = Evaluator(values, self.sizes, backend=beyond_floats())
        return np.asarray(precise.value(meaning(build.call(node.name, *letters))), dtype=float)

    def _implementation(self, name: str) -> Implementation:
        if name not in self.functions:
            raise UnsupportedError(
                f"the function {name} has no implementation", hint=f"pass functions={{{name!r}: ...}}"
            )
        return self.functions[name]


_RULES: Mapping[str, Callable[[Evaluator, Node, list[Array]], Array]] = {
    "ref": Evaluator._ref,
    "number": Evaluator._number,
    "constant": Evaluator._constant,
    "size": Evaluator._size,
    "contract": Evaluator._contract,
    "add": Evaluator._add,
    "neg": Evaluator._neg,
    "div": Evaluator._div,
    "pow": Evaluator._power,
    "call": Evaluator._call,
    "functional": Evaluator._functional,
    "array": Evaluator._array,
    "entry": Evaluator._entry,
    "placed": Evaluator._placed,
}


def _is_finite(value: Array) -> bool:
    return bool(np.isfinite(value).all()) if value.dtype != object else all(map(mpmath.isfinite, value.flat))


def _embed(result: Array, every: Labels, out: Labels, sizes: Mapping[int, int], zero: Array) -> Array:
    """`result`, labelled `every`, on the diagonal that the repeated labels of `out` describe."""
    full = np.zeros([sizes[label] for label in out], dtype=result.dtype) + zero
    grid = np.indices(result.shape)
    index = {label: grid[k] for k, label in enumerate(every)}
    full[tuple(index[label] for label in out)] = result
    return full
