r"""Models that the oracle of definitions computes by itself, with formulas about them as text and as functions.

Each world has a model text, NumPy code for the same model, and formulas  left = c . R(D)  in which D is a name that a
page defines. The code is complex where a derivative is taken: ∂L/∂q = Im L(q + ih)/h, exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Values = dict[str, Any]
Put = Callable[[str, Any], Any]
TINY = 1e-30


@dataclass(frozen=True)
class Base:
    """What a name may be defined as: its text, and its value."""

    text: str
    value: Callable[[Values], Any]
    sum: bool = False


@dataclass(frozen=True)
class Use:
    """A formula with a name D in it, written <D>: left = plus + c . right(D), with a constant written <c>."""

    text: str
    left: Callable[[Values], Any]
    right: Callable[[Values], Any]
    plus: str = ""


@dataclass(frozen=True)
class World:
    """A model: as text, as leaves at random and code; and what pages say about it."""

    model: str
    loss: str
    leaves: Callable[[np.random.Generator], Values]
    forward: Callable[[Values, Put], None]
    wanted: tuple[str, ...]
    """The names by which the loss is differentiated: `∂z` stands for that derivative among the values."""
    bases: tuple[Base, ...]
    uses: tuple[Use, ...]
    names: Mapping[str, str | float | None]
    """How a defined name is spelled, and its built-in meaning: a number, the key of a value, or none."""
    constants: Mapping[str, tuple[float, int]]
    """Constants before a term: a factor, and the power of m beside it."""
    marks: frozenset[str] = frozenset()
    """Spellings that are themselves marks of a derivative by a declared name: `=` after one may be a claim."""

    def values(self, rng: np.random.Generator) -> Values:
        """All values of the model at a random point, and the derivatives of its loss."""
        leaves = self.leaves(rng)
        base = self.run(leaves, {})
        for wanted in self.wanted:
            at = np.asarray(base[wanted], dtype=complex)
            slope = np.zeros(at.shape)
            for place in np.ndindex(at.shape):
                moved = at.copy()
                moved[place] += 1j * TINY
                slope[place] = np.imag(self.run({**leaves, wanted: moved}, {wanted: moved})[self.loss]) / TINY
            base["∂" + wanted] = slope
        return base

    def run(self, leaves: Values, held: Values) -> Values:
        """The values of the model, with some of them held."""
        values = dict(leaves)

        def put(name: str, value: Any) -> Any:
            values[name] = held.get(name, value)
            return values[name]

        self.forward(values, put)
        return values


def sigmoid(u: Any) -> Any:
    """The logistic function, of complex numbers too."""
    return 1 / (1 + np.exp(-u))


def key(text: str) -> Callable[[Values], Any]:
    """The value of that name."""
    return lambda v: v[text]


PLAIN_CONSTANTS = {"": (1.0, 0), "2 ": (2.0, 0), "-": (-1.0, 0), r"\frac{1}{2} ": (0.5, 0)}
SAMPLE_CONSTANTS = {"": (1.0, 0), "-": (-1.0, 0), r"\frac{1}{m} ": (1.0, -1), "m ": (1.0, 1)}


def constant(given: tuple[float, int], v: Values) -> Any:
    """The value of a constant; models without samples have no m."""
    return given[0] * float(v.get("m", 1)) ** given[1]


def partial(by: str, of: str = "L") -> str:
    """A partial derivative, written."""
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def neuron(activation: str) -> World:
    """One neuron of scalars with a squared error."""
    function: Callable[[Any], Any] = sigmoid if activation == "sigmoid" else np.tanh
    slope = r"a (1 - a)" if activation == "sigmoid" else r"(1 - a^2)"

    def forward(v: Values, put: Put) -> None:
        z = put("z", v["w"] * v["x"] + v["b"])
        a = put("a", function(z))
        put("L", (a - v["y"]) ** 2 / 2)

    def prime(v: Values) -> Any:
        return v["a"] * (1 - v["a"]) if activation == "sigmoid" else 1 - v["a"] ** 2

    return World(
        f"x, w, b, y : scalar\nz = w*x + b\na = {activation}(z)\nL = (a - y)**2/2",
        "L",
        lambda rng: {name: rng.normal() for name in "xwby"},
        forward,
        ("x", "w", "b", "y", "z", "a"),
        (
            Base(partial("z"), key("∂z")),
            Base(partial("a"), key("∂a")),
            Base(partial("w"), key("∂w")),
            Base("a - y", lambda v: v["a"] - v["y"], sum=True),
            Base("y - a", lambda v: v["y"] - v["a"], sum=True),
            Base(rf"(a - y) {slope}", lambda v: (v["a"] - v["y"]) * prime(v)),
            Base("x", key("x")),
        ),
        (
            Use(partial("w") + " = <c><D> x", key("∂w"), lambda v: v["D"] * v["x"]),
            Use(partial("b") + " = <c><D>", key("∂b"), key("D")),
            Use(partial("z") + " = <c><D>", key("∂z"), key("D")),
            Use(partial("x") + " = <c><D> w", key("∂x"), lambda v: v["D"] * v["w"]),
            Use(partial("a") + " = <c><D>", key("∂a"), key("D")),
            Use(partial("y") + " = <c><D>", key("∂y"), key("D")),
            Use(partial("z") + rf" = <c><D> {slope}", key("∂z"), lambda v: v["D"] * prime(v)),
            Use(partial("w") + rf" = <c><D> {slope} x", key("∂w"), lambda v: v["D"] * prime(v) * v["x"]),
            Use(
                partial("w") + rf" = <c>(a - y) {slope} <D>", key("∂w"), lambda v: (v["a"] - v["y"]) * prime(v) * v["D"]
            ),
            Use(r"L = <c>\frac{1}{2} <D>^2", key("L"), lambda v: v["D"] ** 2 / 2),
            Use("a = y + <c><D>", key("a"), key("D"), plus="y"),
        ),
        {
            r"\delta": "∂z",
            "e": np.e,
            r"\pi": np.pi,
            **dict.fromkeys(["dz", r"\bar z", r"\dot z", "L_z", r"\delta_z", r"\bar{z}", r"\mathrm{d}z"], "∂z"),
            **dict.fromkeys(["dw", r"\bar w", r"\dot w"], "∂w"),
            **dict.fromkeys("EJRdTfgDIim"),
            **dict.fromkeys(
                [r"\eta", r"\epsilon", r"\varepsilon", r"\hat y", r"\Delta", r"\lambda", r"\sigma", r"\mathbb 1"]
            ),
        },
        PLAIN_CONSTANTS,
        frozenset(
            ["dz", r"\bar z", r"\dot z", "L_z", r"\delta_z", r"\bar{z}", r"\mathrm{d}z", "dw", r"\bar w", r"\dot w"]
        ),
    )


@dataclass(frozen=True)
class Function:
    """A function of one number, and its derivative by a complex step."""

    of: Callable[[Any], Any]

    def __call__(self, u: Any) -> Any:
        return self.of(u)

    def prime(self, u: Any) -> Any:
        """The derivative."""
        return np.imag(self.of(u + 1j * TINY)) / TINY


def _always(function: Function) -> Callable[[Values], Any]:
    return lambda _: function


def functions(activation: str) -> World:
    """One neuron; what is defined is a function of u, and D is that function as a callable with its derivative."""
    base = neuron(activation)
    function: Callable[[Any], Any] = sigmoid if activation == "sigmoid" else np.tanh
    bodies = (
        (r"\tanh u", np.tanh),
        (r"\frac{1}{1 + e^{-u}}", sigmoid),
        ("u^2", lambda u: u**2),
        (r"2 \tanh u", lambda u: 2 * np.tanh(u)),
        (r"e^u", np.exp),
    )

    return World(
        base.model,
        "L",
        base.leaves,
        base.forward,
        base.wanted,
        tuple(Base(text, _always(Function(made))) for text, made in bodies),
        (
            Use("a = <c><D>(z)", key("a"), lambda v: v["D"](v["z"])),
            Use(
                r"\frac{\partial a}{\partial z} = <c><D>'(z)",
                lambda v: Function(function).prime(v["z"]),
                lambda v: v["D"].prime(v["z"]),
            ),
            Use(partial("z") + " = <c>(a - y) <D>'(z)", key("∂z"), lambda v: (v["a"] - v["y"]) * v["D"].prime(v["z"])),
            Use(
                partial("w") + " = <c>(a - y) <D>'(z) x",
                key("∂w"),
                lambda v: (v["a"] - v["y"]) * v["D"].prime(v["z"]) * v["x"],
            ),
            Use(partial("a") + " = <c>(<D>(z) - y)", key("∂a"), lambda v: v["D"](v["z"]) - v["y"]),
            Use(r"L = <c>\frac{1}{2} (<D>(z) - y)^2", key("L"), lambda v: (v["D"](v["z"]) - v["y"]) ** 2 / 2),
            Use("<D>'(z) = <c>(1 - <D>(z)^2)", lambda v: v["D"].prime(v["z"]), lambda v: 1 - v["D"](v["z"]) ** 2),
            Use(
                "<D>'(z) = <c><D>(z) (1 - <D>(z))",
                lambda v: v["D"].prime(v["z"]),
                lambda v: v["D"](v["z"]) * (1 - v["D"](v["z"])),
            ),
        ),
        {r"\sigma": "sigmoid", **dict.fromkeys(["f", r"\phi", "g", "h", "s", r"\psi", "R", "E"])},
        PLAIN_CONSTANTS,
    )
