"""Random models: model text, and the same computation for an independent automatic differentiation (`autograd`).

A model has a few inputs of ranks 0 to 3 over a small pool of sizes (named ones, whole numbers, 1), and lines that are
random expressions of what is above them: every operation a model may call, NumPy's broadcasting, axes and keepdims.
A line is drawn again where its value is large, not finite, or near a kink or pole: what is compared afterwards is well
defined and well conditioned.
"""

from __future__ import annotations

import math
import random
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive

Values = Mapping[str, Any]
Run = Callable[[Values], Any]
Shape = tuple["str | int", ...]

SIZES = {"m": 4, "n": 3, "k": 2, "p": 5}
LARGEST = 25.0
NEAREST = 2e-3  # to a kink, a pole or the end of a domain


@dataclass(frozen=True)
class Term:
    """An expression: its text, its shape in the names of the sizes, and what it computes."""

    text: str
    shape: Shape
    run: Run
    atomic: bool = False

    @property
    def operand(self) -> str:
        """The text as an operand of anything."""
        return self.text if self.atomic else f"({self.text})"


class Margins:
    """How near the values of a run came to where something is not differentiable."""

    least = math.inf

    def watch(self, values: Any) -> None:
        """Values that must stay away from zero; traced ones are those of a run that was watched before."""
        if isinstance(values, np.ndarray | np.generic | float) and np.size(values):
            self.least = min(self.least, float(np.min(np.abs(values))))


margins = Margins()


# ------------------------------------------------------------------------------------------ the oracle


@primitive
def _erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=[float])(x)


defvjp(_erf, lambda _, x: lambda g: g * 2 / math.sqrt(math.pi) * anp.exp(-(x**2)))


def _kinked(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        margins.watch(x)
        return function(x)

    return run


def _positive_only(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        margins.watch(x)
        with np.errstate(all="ignore"):
            return function(x)

    return run


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + anp.exp(-x))


def _step(x: Any) -> Any:
    return anp.where(x > 0, 1.0, 0.0) + 0 * x


def _softplus(x: Any) -> Any:
    return anp.log(1 + anp.exp(x))


def _gelu(x: Any) -> Any:
    return x * (1 + _erf(x / math.sqrt(2))) / 2


def _centred(x: Any, axis: Any) -> Any:
    return x - anp.mean(x, axis=axis, keepdims=True)


def _watched_extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    """A maximum or minimum along axes, watched for ties."""

    def run(x: Any, axis: Any, keepdims: bool) -> Any:
        if isinstance(x, np.ndarray):
            axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis))
            rest = [a for a in range(x.ndim) if a not in axes]
            rows = x.transpose(*rest, *axes).reshape(int(np.prod([x.shape[a] for a in rest])), -1)
            ordered = np.sort(rows, axis=1)
            if ordered.shape[1] > 1:
                margins.watch(np.diff(ordered, axis=1))
        return function(x, axis=axis, keepdims=keepdims)

    return run


def _variance(x: Any, axis: Any, keepdims: bool) -> Any:
    return anp.mean(_centred(x, axis) ** 2, axis=axis, keepdims=keepdims)


def _root_of_squares(x: Any, axis: Any, keepdims: bool) -> Any:
    total = anp.sum(x**2, axis=axis, keepdims=keepdims)
    margins.watch(total)
    return anp.sqrt(total)


def _log_sum_exp(x: Any, axis: Any, keepdims: bool) -> Any:
    return anp.log(anp.sum(anp.exp(x), axis=axis, keepdims=keepdims))


def _log_softmax(x: Any, axis: Any) -> Any:
    return x - _log_sum_exp(x, axis, True)


def _log_abs_det(x: Any) -> Any:
    return anp.linalg.slogdet(x)[1]


def _inverse(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        margins.watch(np.float64(1 / np.linalg.cond(x)))
    return anp.linalg.inv(x)


UNARY: Sequence[tuple[str, Callable[[Any], Any]]] = (
    *(("exp", anp.exp), ("sin", anp.sin), ("cos", anp.cos), ("erf", _erf), ("sigmoid", _sigmoid), ("tanh", anp.tanh)),
    *(("abs", _kinked(anp.abs)), ("absolute", _kinked(anp.abs)), ("fabs", _kinked(anp.abs))),
    *(("sign", _kinked(anp.sign)), ("step", _kinked(_step)), ("relu", _kinked(lambda x: anp.where(x > 0, x, 0.0 * x)))),
    *(("softplus", _softplus), ("silu", lambda x: x * _sigmoid(x)), ("swish", lambda x: x * _sigmoid(x))),
    *(("gelu", _gelu), ("square", lambda x: x**2), ("expm1", lambda x: anp.exp(x) - 1), ("expit", _sigmoid)),
    *(("logistic", _sigmoid), ("sigma", _sigmoid)),
    ("leaky_relu", _kinked(lambda x: anp.where(x > 0, x, 0.01 * x))),
)
OF_POSITIVE: Sequence[tuple[str, Callable[[Any], Any]]] = (
    *(("log", _positive_only(anp.log)), ("ln", _positive_only(anp.log)), ("sqrt", _positive_only(anp.sqrt))),
    ("log1p", _positive_only(lambda x: anp.log(1 + x))),
)
REDUCTIONS: Sequence[tuple[str, Callable[[Any, Any, bool], Any]]] = (
    *(("sum", lambda x, a, k: anp.sum(x, axis=a, keepdims=k)),) * 4,
    *(("mean", lambda x, a, k: anp.mean(x, axis=a, keepdims=k)),) * 3,
    *(("max", _watched_extreme(anp.max)), ("min", _watched_extreme(anp.min))),
    *(("amax", _watched_extreme(anp.max)), ("amin", _watched_extreme(anp.min))),
    *(("var", _variance), ("norm", _root_of_squares), ("logsumexp", _log_sum_exp)),
    ("squared_norm", lambda x, a, k: anp.sum(x**2, axis=a, keepdims=k)),
)
ALONG: Sequence[tuple[str, Callable[[Any, Any], Any]]] = (
    ("softmax", lambda x, a: anp.exp(_log_softmax(x, a))),
    ("log_softmax", _log_softmax),
)


# ------------------------------------------------------------------------------------------- the models


@dataclass
class Model:
    """A model: inputs by name, lines in order, and values of the inputs at which everything is well defined."""

    inputs: dict[str, Shape] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, Term]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The model as model text."""
        declared = [f"{n} : {shown(s)}{self.facts.get(n, '')}" for n, s in self.inputs.items()]
        mentioned = re.findall(r"\w+", " ".join(term.text for _, term in self.lines))
        on_axes = {size for shape in self.inputs.values() for size in shape}
        declared += [f"{size} : size" for size in SIZES if size in mentioned and size not in on_axes]
        return "\n".join([*declared, *(f"{name} = {term.text}" for name, term in self.lines)]) + "\n"

    @property
    def differentiable(self) -> list[str]:
        """The inputs a gradient is taken by."""
        return [name for name in self.inputs if "constant" not in self.facts.get(name, "")]

    @property
    def bindings(self) -> list[str]:
        """The names of the lines but the last, which is the loss."""
        return [name for name, _ in self.lines[:-1]]

    def run(self, inputs: Values, added: Values | None = None) -> dict[str, Any]:
        """Every value; `added` is added to bindings, so that a slope by it is the total derivative by the binding."""
        values = dict(inputs)
        for name, term in self.lines:
            value = term.run(values)
            values[name] = value + added[name] if added and name in added else value
        return values

    def gradients(self) -> tuple[float, dict[str, Any]]:
        """The loss, and its gradient by every input and binding."""
        loss = self.lines[-1][0]
        plain = self.run(self.values)
        zeros = {name: np.zeros(np.shape(plain[name])) for name in self.bindings}
        inputs = {name: np.asarray(value, dtype=float) for name, value in self.values.items()}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = autograd.grad(lambda leaves: self.run(leaves[0], leaves[1])[loss])((inputs, zeros))
        gradients = {**found[0], **found[1]}
        assert all(np.shape(slope) == np.shape(plain[name]) for name, slope in gradients.items()), self.text
        return float(plain[loss]), gradients


def shown(shape: Shape) -> str:
    """A shape as model text."""
    if not shape:
        return "scalar"
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def lengths(shape: Shape) -> tuple[int, ...]:
    """A shape in numbers."""
    return tuple(SIZES.get(size, size) if isinstance(size, str) else size for size in shape)


def joint(*shapes: Shape) -> Shape | None:
    """The shape that arrays broadcast to; None if they do not."""
    rank = max(map(len, shapes))
    found: list[str | int] = []
    for axis in range(rank):
        sizes = {shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0} - {1}
        if len(sizes) > 1:
            return None
        found.append(sizes.pop() if sizes else 1)
    return tuple(found)


class Maker:
    """Draws one model."""

    def __init__(self, rng: random.Random, *, lines: tuple[int, int] = (5, 25), largest_rank: int = 3) -> None:
        self.rng = rng
        self.model = Model()
        self.draw = np.random.default_rng(rng.randrange(2**32))
        self.pool: list[Term] = []
        self.sizes: list[str | int] = rng.sample(["m", "n", "k", "p", 2, 3], 2) + [1]
        self.largest_rank = largest_rank
        self.count = rng.randint(*lines)

    def make(self) -> Model:
        """The model."""
        rng = self.rng
        for k in range(rng.randint(2, max(2, min(6, self.count - 2)))):
            self._declare(f"x{k}" if rng.random() < 0.5 else "ABCDEFG"[k])
        while len(self.model.inputs) + len(self.model.lines) < self.count - 1:
            # every value is used again sometimes, the last ones more often
            term = self._redrawn(lambda: self.term(rng.choice([1, 1, 2, 3])))
            self._bind(f"v{len(self.model.lines)}", term)
        self._bind("L", self._redrawn(self._loss))
        return self.model

    # --------------------------------------------------------------------------------------- leaves

    def _declare(self, name: str) -> None:
        rng, model = self.rng, self.model
        rank = rng.choices(range(self.largest_rank + 1), [2, 3, 4, 1.5][: self.largest_rank + 1])[0]
        shape = tuple(rng.choices(self.sizes, [4, 4, 1])[0] for _ in range(rank))
        fact = rng.choices(["", ", positive", ", constant"], [8, 1.5, 0.7])[0]
        if fact == ", constant" and not model.differentiable:
            fact = ""
        value = self.draw.normal(size=lengths(shape))
        model.inputs[name], model.facts[name] = shape, fact
        model.values[name] = np.abs(value) + 0.3 if "positive" in fact else value
        self.pool.append(Term(name, shape, lambda values: values[name], atomic=True))

    def _bind(self, name: str, term: Term) -> None:
        self.model.lines.append((name, term))
        self.pool.append(Term(name, term.shape, lambda values: values[name], atomic=True))

    def _redrawn(self, make: Callable[[], Term]) -> Term:
        """A term whose value here is moderate and away from kinks."""
        before = self.model.run(self.model.values)
        while True:
            term = make()
            margins.least = math.inf
            with np.errstate(all="ignore"):
                try:
                    value = np.asarray(term.run(before))
                except np.linalg.LinAlgError:
                    continue
            if value.shape != lengths(term.shape):
                raise AssertionError(f"the oracle gives {value.shape} for {term.text} of shape {term.shape}")
            if np.all(np.isfinite(value)) and np.max(np.abs(value)) < LARGEST and margins.least > NEAREST:
                return term

    def leaf(self) -> Term:
        """A value from above, a number, or a small constant array."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.86:
            return rng.choice(self.pool if rng.random() < 0.5 else self.pool[-6:])
        if kind < 0.94:
            text = rng.choice(["2", "3", "0.5", "1", "-1", "1/3", "1.5", "0", "pi"])
            value = {"pi": math.pi, "1/3": 1 / 3}.get(text)
            number = float(text) if value is None else value
            return Term(text, (), lambda _: number, atomic=text.isidentifier() or text.replace(".", "").isdigit())
        size = rng.choice(self.sizes)
        (length,) = lengths((size,))
        if kind < 0.96:
            return Term(f"ones({size})", (size,), lambda _: np.ones(length), atomic=True)
        if kind < 0.98:
            return Term(f"eye({size})", (size, size), lambda _: np.eye(length), atomic=True)
        entries = [round(rng.uniform(-2, 2), 1) for _ in range(3)]
        return Term(f"[{', '.join(map(str, entries))}]", (3,), lambda _: np.array(entries), atomic=True)

    # ---------------------------------------------------------------------------------------- terms

    def term(self, depth: int) -> Term:
        """A random expression."""
        if depth <= 0:
            return self.leaf()
        kinds: list[tuple[Callable[[int], Term | None], float]] = [
            *((self._unary, 5), (self._of_positive, 2), (self._arithmetic, 8), (self._product, 3)),
            *((self._reduced, 5), (self._along, 1.5), (self._turned, 1), (self._square_matrix, 1.5)),
            *((self._chosen, 1.5), (self._power, 2), (self._loss_function, 0.5), (self._masked, 0.7)),
        ]
        while True:
            make = self.rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
            found = make(depth - 1)
            if found is not None and len(found.shape) <= 3:
                return found

    def _call(self, text: str, shape: Shape, run: Run) -> Term:
        return Term(text, shape, run, atomic=True)

    def _unary(self, depth: int) -> Term:
        a = self.term(depth)
        if self.rng.random() < 0.12:
            return Term(f"-{a.operand}", a.shape, lambda v: -a.run(v))
        if self.rng.random() < 0.06:
            slope = self.rng.choice(["0.1", "0.25"])
            run = _kinked(lambda x: anp.where(x > 0, x, float(slope) * x))
            return self._call(f"leaky_relu({a.text}, {slope})", a.shape, lambda v: run(a.run(v)))
        name, function = self.rng.choice(UNARY)
        return self._call(f"{name}({a.text})", a.shape, lambda v: function(a.run(v)))

    def positive(self, depth: int) -> Term:
        """An expression that is positive by its form."""
        rng, a = self.rng, self.term(depth)
        match rng.randrange(5):
            case 0:
                return Term(f"1 + {a.operand}**2", a.shape, lambda v: 1 + a.run(v) ** 2)
            case 1:
                return self._call(f"exp({a.text})", a.shape, lambda v: anp.exp(a.run(v)))
            case 2:
                return self._call(f"sigmoid({a.text})", a.shape, lambda v: _sigmoid(a.run(v)))
            case 3:
                return Term(f"softplus({a.text}) + 0.1", a.shape, lambda v: _softplus(a.run(v)) + 0.1)
        summed = self._sum_of_squares(a)
        return summed if summed is not None else self.positive(depth)

    def _sum_of_squares(self, a: Term) -> Term | None:
        if not a.shape:
            return None
        axis, keep, shape = self._axes(a.shape)
        run = anp.sum
        return self._call(
            f"sum({a.operand}**2{self._options(axis, keep)})",
            shape,
            lambda v: run(a.run(v) ** 2, axis=axis, keepdims=keep),
        )

    def _of_positive(self, depth: int) -> Term:
        a = self.positive(depth)
        name, function = self.rng.choice(OF_POSITIVE)
        return self._call(f"{name}({a.text})", a.shape, lambda v: function(a.run(v)))

    def _arithmetic(self, depth: int) -> Term | None:
        op = self.rng.choice(["+", "+", "-", "-", "*", "*", "*", "/"])
        a = self.term(depth)
        b = self.positive(depth) if op == "/" and self.rng.random() < 0.7 else self.term(depth)
        shape = joint(a.shape, b.shape)
        if shape is None:
            return None
        if self.rng.random() < 0.08 and isinstance(self.sizes[0], str) and not b.shape:
            size = self.sizes[0]
            return Term(f"{a.operand} / {size}", a.shape, lambda v: a.run(v) / SIZES[size])

        def run(v: Values) -> Any:
            left, right = a.run(v), b.run(v)
            if op == "/":
                margins.watch(right)
                return left / right
            return left + right if op == "+" else left - right if op == "-" else left * right

        left = a.text if op in "+-" and not a.text.startswith("-") else a.operand
        return Term(f"{left} {op} {b.operand}", shape, run)

    def _product(self, depth: int) -> Term | None:
        a, b = self.term(depth), self.term(depth)
        if not a.shape or not b.shape:
            return None
        if len(a.shape) == len(b.shape) == 1 and self.rng.random() < 0.5:
            return self._call(f"outer({a.text}, {b.text})", a.shape + b.shape, lambda v: anp.outer(a.run(v), b.run(v)))
        if a.shape == b.shape and self.rng.random() < 0.3:
            name = self.rng.choice(["inner", "vdot"])
            return self._call(f"{name}({a.text}, {b.text})", (), lambda v: anp.sum(a.run(v) * b.run(v)))
        if len(a.shape) > 2 or len(b.shape) > 2:
            return None
        turned = len(b.shape) == 2 and self.rng.random() < 0.4
        wanted = b.shape[::-1] if turned else b.shape
        if a.shape[-1] != wanted[0]:
            return None
        right = f"{b.operand}.T" if turned else b.operand

        def run(v: Values) -> Any:
            return anp.dot(a.run(v), anp.transpose(b.run(v)) if turned else b.run(v))

        shape = a.shape[:-1] + wanted[1:]
        if self.rng.random() < 0.15:
            return self._call(f"{self.rng.choice(['dot', 'matmul'])}({a.text}, {right})", shape, run)
        return Term(f"{a.operand} @ {right}", shape, run)

    def _axes(self, shape: Shape) -> tuple[Any, bool, Shape]:
        """Axes to reduce over, whether they are kept with length 1, and the shape after it."""
        rng, rank = self.rng, len(shape)
        axis: Any = None
        if rank and rng.random() < 0.7:
            axis = rng.randrange(rank) - (rank if rng.random() < 0.3 else 0)
            if rank > 1 and rng.random() < 0.25:
                axis = tuple(sorted(rng.sample(range(rank), 2)))
        gone = set(range(rank)) if axis is None else {a % rank for a in (axis if isinstance(axis, tuple) else (axis,))}
        keep = rng.random() < 0.4
        after = [1 if k in gone else size for k, size in enumerate(shape) if keep or k not in gone]
        return axis, keep, tuple(after)

    @staticmethod
    def _options(axis: Any, keep: bool) -> str:
        return (f", axis={axis}" if axis is not None else "") + (", keepdims=True" if keep else "")

    def _reduced(self, depth: int) -> Term:
        a = self.term(depth)
        name, function = self.rng.choice(REDUCTIONS)
        axis, keep, shape = self._axes(a.shape)
        text = f"{name}({a.text}{self._options(axis, keep)})"
        return self._call(text, shape, lambda v: function(a.run(v), axis, keep))

    def _along(self, depth: int) -> Term | None:
        a = self.term(depth)
        if not a.shape:
            return None
        name, function = self.rng.choice(ALONG)
        axis = self.rng.choice([None, *range(len(a.shape))])
        chosen = -1 if axis is None else axis
        text = f"{name}({a.text}{'' if axis is None else f', axis={axis}'})"
        return self._call(text, a.shape, lambda v: function(a.run(v), chosen))

    def _turned(self, depth: int) -> Term | None:
        a = self.term(depth)
        if len(a.shape) == 3 and self.rng.random() < 0.5:
            axes = tuple(self.rng.sample(range(3), 3))
            shape = tuple(a.shape[k] for k in axes)
            return self._call(f"transpose({a.text}, {axes})", shape, lambda v: anp.transpose(a.run(v), axes))
        if len(a.shape) < 2:
            return None
        return self._call(f"{a.operand}.T", a.shape[::-1], lambda v: anp.transpose(a.run(v)))

    def _square_matrix(self, depth: int) -> Term | None:
        a = self.term(depth)
        if len(a.shape) == 1:
            return self._call(f"diag({a.text})", a.shape * 2, lambda v: anp.diag(a.run(v)))
        if len(a.shape) != 2:
            return None
        if a.shape[0] != a.shape[1]:
            b, size = a, a.shape[0]
            a = Term(f"{b.operand} @ {b.operand}.T", (size, size), lambda v: anp.dot(b.run(v), anp.transpose(b.run(v))))
        name = self.rng.choice(["trace", "diag", "inv", "det", "logdet"])
        if name == "trace":
            return self._call(f"trace({a.text})", (), lambda v: anp.trace(a.run(v)))
        if name == "diag":
            return self._call(f"diag({a.text})", a.shape[:1], lambda v: anp.diag(a.run(v)))
        size, (length, _) = a.shape[0], lengths(a.shape)
        moved = Term(f"{a.operand} + 2*eye({size})", a.shape, lambda v: a.run(v) + 2 * np.eye(length))
        function = {"inv": _inverse, "det": anp.linalg.det, "logdet": _log_abs_det}[name]

        def run(v: Values) -> Any:
            value = moved.run(v)
            if isinstance(value, np.ndarray):
                margins.watch(np.float64(10 / np.linalg.cond(value)))
            return function(value)

        return self._call(f"{name}({moved.text})", a.shape if name == "inv" else (), run)

    def _chosen(self, depth: int) -> Term | None:
        a, b = self.term(depth), self.term(depth)
        shape = joint(a.shape, b.shape)
        if shape is None:
            return None
        kind = self.rng.choice(["maximum", "minimum", "where"])
        if kind != "where":
            function = anp.maximum if kind == "maximum" else anp.minimum

            def extreme(v: Values) -> Any:
                left, right = a.run(v), b.run(v)
                margins.watch(left - right)
                return function(left, right)

            return self._call(f"{kind}({a.text}, {b.text})", shape, extreme)
        c, d = self.term(depth), self.leaf()
        shape_of_all = joint(shape, c.shape, d.shape)
        if shape_of_all is None:
            return None
        sign = self.rng.choice([">", "<", ">=", "<="])

        def choice(v: Values) -> Any:
            left, right = c.run(v), d.run(v)
            margins.watch(left - right)
            holds = left > right if sign[0] == ">" else left < right
            whole = np.zeros(lengths(shape_of_all))  # autograd's where does not undo broadcasting
            return anp.where(holds, a.run(v) + whole, b.run(v) + whole)

        return self._call(f"where({c.text} {sign} {d.text}, {a.text}, {b.text})", shape_of_all, choice)

    def _masked(self, depth: int) -> Term | None:
        """A function kept to its domain by a condition."""
        a = self.term(depth)
        name, function = self.rng.choice([("sqrt", anp.sqrt), ("log", anp.log)])
        other = self.rng.choice(["0", "1", "-0.5"])

        def run(v: Values) -> Any:
            value = a.run(v)
            margins.watch(value)
            inside = anp.where(value > 0, value, 1.0)
            return anp.where(value > 0, function(inside), float(other))

        return self._call(f"where({a.text} > 0, {name}({a.text}), {other})", a.shape, run)

    def _power(self, depth: int) -> Term | None:
        kind = self.rng.choice(["2", "2", "2", "3", "0.5", "-1", "-2", "1.5", "term"])
        if kind == "term":
            a, b = self.positive(depth), self.leaf()
            shape = joint(a.shape, b.shape)
            if shape is None:
                return None
            return Term(f"{a.operand}**{b.operand}", shape, lambda v: a.run(v) ** b.run(v))
        number = float(kind)
        whole = number == int(number)
        a = self.term(depth) if whole and number > 0 else self.positive(depth)
        exponent = int(number) if whole else number
        if self.rng.random() < 0.15:
            name = self.rng.choice(["power", "pow"])
            return self._call(f"{name}({a.text}, {kind})", a.shape, lambda v: a.run(v) ** float(exponent))

        def run(v: Values) -> Any:
            base = a.run(v)
            if not whole or number < 0:
                margins.watch(base)
            return base ** float(exponent)

        return Term(f"{a.operand}**{kind if number > 0 else f'({kind})'}", a.shape, run)

    def _loss_function(self, depth: int) -> Term | None:
        a, b = self.term(depth), self.term(depth)
        if a.shape != b.shape:
            return None
        name = self.rng.choice(["mse", "mse_loss", "squared_error", "bce", "binary_cross_entropy", "cross_entropy"])
        if name in ("bce", "binary_cross_entropy"):
            return self._call(
                f"{name}(sigmoid({a.text}), {b.text})", (), lambda v: _cross(_sigmoid(a.run(v)), b.run(v))
            )
        if name == "cross_entropy":
            if not a.shape:
                return None
            return self._call(
                f"cross_entropy({a.text}, {b.text})",
                (),
                lambda v: -anp.mean(anp.sum(b.run(v) * _log_softmax(a.run(v), -1), axis=-1)),
            )
        return self._call(f"{name}({a.text}, {b.text})", (), lambda v: anp.mean((a.run(v) - b.run(v)) ** 2))

    def _loss(self) -> Term:
        """A scalar made of one to three of the last values."""
        parts = [
            self._scalar(term) for term in self.rng.sample(self.pool[-5:], min(len(self.pool), self.rng.randint(1, 3)))
        ]
        signs = [self.rng.choice("+-") for _ in parts]
        text = " ".join(f"{sign} {part.operand}" for sign, part in zip(signs, parts, strict=True))

        def run(v: Values) -> Any:
            return sum((1 if s == "+" else -1) * part.run(v) for s, part in zip(signs, parts, strict=True))

        return Term(text.removeprefix("+ "), (), run)

    def _scalar(self, a: Term) -> Term:
        if not a.shape:
            kind = self.rng.randrange(3)
            if kind == 0:
                return Term(f"{a.operand}**2", (), lambda v: a.run(v) ** 2)
            return a if kind == 1 else self._call(f"sin({a.text})", (), lambda v: anp.sin(a.run(v)))
        match self.rng.randrange(6):
            case 0 | 1:
                return self._call(f"sum({a.text})", (), lambda v: anp.sum(a.run(v)))
            case 2:
                return self._call(f"mean({a.operand}**2)", (), lambda v: anp.mean(a.run(v) ** 2))
            case 3:
                return self._call(f"norm({a.text})", (), lambda v: _root_of_squares(a.run(v), None, False))
            case 4:
                return Term(f"0.5*sum({a.operand}**2)", (), lambda v: 0.5 * anp.sum(a.run(v) ** 2))
        return self._call(f"logsumexp({a.text})", (), lambda v: _log_sum_exp(a.run(v), None, False))


def _cross(p: Any, y: Any) -> Any:
    return -anp.mean(y * anp.log(p) + (1 - y) * anp.log(1 - p))


def random_model(seed: int, *, lines: tuple[int, int] = (5, 25), largest_rank: int = 3) -> Model:
    """The model of a seed."""
    return Maker(random.Random(seed), lines=lines, largest_rank=largest_rank).make()
