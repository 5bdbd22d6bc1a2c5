"""Evaluation of nodes at a point, in float64 or in many digits.

One interpreter serves tests, probes and counterexamples: `Evaluator.value(node)` computes a node from the values of its
refs and remembers every node it has seen, so that candidates which share subexpressions cost only what is new in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, cast

import mpmath
import numpy as np

from derive.errors import UnsupportedError
from derive.ir.build import label_sizes
from derive.ir.graph import Graph
from derive.ir.node import Labels, Node, topological
from derive.ops import floats
from derive.ops.primitive import scalar_of
from derive.ops.record import Array, Backend, elementwise, tensor
from derive.ops.sympy_bridge import expand

Implementation = Callable[..., Array]  # (orders or wrt, *operands) -> array
MOST_OPERANDS = 30
"""Of one call of `np.einsum`, which takes 31 arrays before NumPy 2 and 63 since."""


def _nonzero(value: Array) -> Array:
    """The value where it is not 0: what has no value at 0 must not become finite again, as 1/(1/0) would."""
    return np.where(value == 0, np.nan, value)


class Floats:
    """Arithmetic in float64 (or complex128)."""

    _functions: Mapping[str, Any] = {
        "exp": np.exp,
        "log": lambda u: np.log(_nonzero(u)),
        "sqrt": np.sqrt,
        "tanh": np.tanh,
        "sin": np.sin,
        "cos": np.cos,
        **floats.FUNCTIONS,
        "abs": np.abs,
        "sign": np.sign,
        "step": lambda u: (np.asarray(u) > 0).astype(float),
        "maximum": np.maximum,
        "minimum": np.minimum,
        "power": lambda u, v: np.power(np.where(np.real(v) < 0, _nonzero(u), u), v),
    }

    def function(self, name: str, *args: Any) -> Array:
        return self._functions[name](*args)

    def number(self, value: Any) -> Array:
        return np.asarray(float(value))

    def constant(self, name: str) -> Array:
        return np.asarray(np.pi if name == "pi" else np.e)

    def array(self, value: Any) -> Array:
        value = np.asarray(value)
        return value if np.iscomplexobj(value) else value.astype(float)

    def einsum(self, operands: Sequence[Array], ins: Sequence[Labels], out: Labels) -> Array:
        if len(operands) > MOST_OPERANDS:
            # the first factors become one, those without axes before others, so that it stays small
            order = sorted(range(len(ins)), key=lambda k: len(ins[k]))
            first, rest = order[:MOST_OPERANDS], order[MOST_OPERANDS:]
            needed = {*out, *(label for k in rest for label in ins[k])}
            kept = tuple(dict.fromkeys(label for k in first for label in ins[k] if label in needed))
            one = self.einsum([operands[k] for k in first], [ins[k] for k in first], kept)
            return self.einsum([one, *(operands[k] for k in rest)], [kept, *(ins[k] for k in rest)], out)
        arguments: list[Any] = []
        for operand, labels in zip(operands, ins, strict=True):
            arguments += [operand, list(labels)]
        return np.einsum(*arguments, list(out))


class Digits:
    """Arithmetic with `digits` decimal digits, on object arrays of mpmath numbers."""

    def __init__(self, digits: int = 50) -> None:
        self.context = mpmath.MPContext()
        self.context.dps = digits
        self._one_each: dict[str, Any] = {}

    def function(self, name: str, *args: Any) -> Array:
        if name not in self._one_each:
            mp = self.context
            one: Callable[..., Any] = {
                "abs": abs,
                "sign": mp.sign,
                "step": lambda u: mp.mpf(1 if u > 0 else 0),
                "maximum": max,
                "minimum": min,
                "log": lambda u: mp.log(u) if u else mp.nan,
                "cbrt": lambda u: mp.sign(u) * mp.cbrt(abs(u)),
                "sinc": mp.sincpi,
            }.get(name) or getattr(mp, name)
            self._one_each[name] = np.frompyfunc(one, len(args), 1)
        return np.asarray(self._one_each[name](*args), dtype=object)

    def number(self, value: Any) -> Array:
        value = Fraction(value)
        return np.asarray(self.context.mpf(value.numerator) / value.denominator, dtype=object)

    def constant(self, name: str) -> Array:
        return np.asarray(+(self.context.pi if name == "pi" else self.context.e), dtype=object)

    def array(self, value: Any) -> Array:
        raw = np.asarray(value, dtype=object)
        convert = np.frompyfunc(lambda v: self.number(v).item() if not isinstance(v, self.context.mpf) else v, 1, 1)
        return np.asarray(convert(raw), dtype=object)

    def einsum(self, operands: Sequence[Array], ins: Sequence[Labels], out: Labels) -> Array:
        """By broadcasting products and sums: NumPy's einsum does not promise object arrays."""
        labels = sorted({label for group in ins for label in group})
        total: Array = None
        for operand, group in zip(operands, ins, strict=True):
            part = _spread(np.asarray(operand, dtype=object), group, labels)
            total = part if total is None else total * part
        summed = tuple(k for k, label in enumerate(labels) if label not in out)
        total = np.asarray(total.sum(axis=summed) if summed else total, dtype=object)
        kept = [label for label in labels if label in out]
        return np.transpose(total, [kept.index(label) for label in out])


def _spread(operand: Array, group: Labels, labels: Sequence[int]) -> Array:
    """An operand with one axis for each of `labels`, of length 1 where it has none; repeated labels are diagonals."""
    unique = list(dict.fromkeys(group))
    for label in unique:
        while (places := [k for k, other in enumerate(group) if other == label])[1:]:
            operand = np.diagonal(operand, axis1=places[0], axis2=places[1])
            group = (*(g for k, g in enumerate(group) if k not in places[:2]), label)
    order = sorted(range(len(group)), key=lambda k: labels.index(group[k]))
    operand = np.transpose(operand, order)
    shape = iter(operand.shape)
    return operand.reshape([next(shape) if label in group else 1 for label in labels])


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

    def run(self, graph: Graph) -> Evaluator:
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

    def _div(self, _node: Node, args: list[Array]) -> Array:
        return self._divide(args[0], args[1])

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
        sizes = {label: size.value(self.sizes) for label, size in label_sizes(node).items()}
        every = tuple(dict.fromkeys(out))
        shape = [sizes[label] if label in borne else 1 for label in every]
        result = np.broadcast_to(result.reshape(shape), [sizes[label] for label in every])
        return result if len(every) == len(out) else _embed(result, every, out, sizes, self.backend.number(0))

    def _divide(self, a: Array, b: Array) -> Array:
        try:
            return np.asarray(a / b if isinstance(self.backend, Digits) else a / _nonzero(b))
        except ZeroDivisionError:
            nan = self.backend.array(float("nan")) if isinstance(self.backend, Floats) else mpmath.nan
            return np.full(np.broadcast_shapes(a.shape, b.shape), nan, dtype=object)

    def _power(self, node: Node, args: list[Array]) -> Array:
        exponent = scalar_of(node.args[1])
        if exponent.op == "number" and exponent.value.denominator == 1:
            n = int(exponent.value)
            # a small integer power keeps negative bases real and many digits exact
            return np.asarray(args[0] ** n if n >= 0 else self._divide(self.backend.number(1), args[0] ** -n))
        return np.asarray(self.backend.function("power", args[0], args[1]))

    def _call(self, node: Node, args: list[Array]) -> Array:
        record = elementwise(node.name)
        if record is None:
            return np.asarray(self._implementation(node.name)(node.orders, *args))
        if any(node.orders):
            own = record.numeric_of
            return self.value(expand(node)) if own is None else np.asarray(own(self.backend, *node.orders, *args))
        return np.asarray(record.numeric(self.backend, *args))

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


def _embed(result: Array, every: Labels, out: Labels, sizes: Mapping[int, int], zero: Array) -> Array:
    """`result`, labelled `every`, on the diagonal that the repeated labels of `out` describe."""
    full = np.zeros([sizes[label] for label in out], dtype=result.dtype) + zero
    grid = np.indices(result.shape)
    index = {label: grid[k] for k, label in enumerate(every)}
    full[tuple(index[label] for label in out)] = result
    return full
