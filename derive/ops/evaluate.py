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
from derive.ops.vanishing import Vanishing, chosen_product, product_of, summed

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
        "expm1": np.expm1,
        "log1p": np.log1p,
        "abs": np.abs,
        "sign": np.sign,
        "step": lambda u: np.where(np.isnan(u), np.nan, np.asarray(u) > 0),
        "maximum": np.maximum,
        "minimum": np.minimum,
        "power": lambda u, v: np.power(np.where(np.real(v) < 0, _nonzero(u), u), v),
        "div": lambda u, v: u / _nonzero(v),
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
                "div": lambda u, v: u / v,
                "cbrt": lambda u: mp.sign(u) * mp.cbrt(abs(u)),
                "sinc": mp.sincpi,
            }.get(name) or getattr(mp, name)
            self._one_each[name] = np.frompyfunc(self._or_nan(one), len(args), 1)
        return np.asarray(self._one_each[name](*args), dtype=object)

    def _or_nan(self, one: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is nan where it, or an operand, has no real value."""
        nan, real = self.context.nan, self.context.mpf

        def value(*args: Any) -> Any:
            if any(arg != arg for arg in args):
                return nan
            try:
                found = one(*args)
            except ArithmeticError:
                return nan
            return found if isinstance(found, real | Fraction | int) else nan

        return value

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
        arrays = [np.asarray(operand, dtype=object) for operand in operands]
        return np.asarray(summed(product_of(arrays, ins, labels), labels, out), dtype=object)


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


def _is_finite(value: Array) -> bool:
    return bool(np.isfinite(value).all()) if value.dtype != object else all(map(mpmath.isfinite, value.flat))


def _embed(result: Array, every: Labels, out: Labels, sizes: Mapping[int, int], zero: Array) -> Array:
    """`result`, labelled `every`, on the diagonal that the repeated labels of `out` describe."""
    full = np.zeros([sizes[label] for label in out], dtype=result.dtype) + zero
    grid = np.indices(result.shape)
    index = {label: grid[k] for k, label in enumerate(every)}
    full[tuple(index[label] for label in out)] = result
    return full
