r"""Models that the oracle of definitions computes by itself, with formulas about them as text and as functions.

Each world has a model text, NumPy code for the same model, and formulas  left = c . R(D)  in which D is a name that a
page defines. The code is complex where a derivative is taken: ∂L/∂q = Im L(q + ih)/h, exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    right: Callable[[Values, Any], Any]
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
    constants: Mapping[str, Callable[[Values], float]]
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


def _key(text: str) -> Callable[[Values], Any]:
    return lambda v: v[text]


PLAIN_CONSTANTS: dict[str, Callable[[Values], float]] = {
    "": lambda v: 1.0,
    "2 ": lambda v: 2.0,
    "-": lambda v: -1.0,
    r"\frac{1}{2} ": lambda v: 0.5,
}
SAMPLE_CONSTANTS: dict[str, Callable[[Values], float]] = {
    "": lambda v: 1.0,
    "-": lambda v: -1.0,
    r"\frac{1}{m} ": lambda v: 1 / v["m"],
    "m ": lambda v: v["m"],
}


def _d(by: str, of: str = "L") -> str:
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
            Base(_d("z"), _key("∂z")),
            Base(_d("a"), _key("∂a")),
            Base(_d("w"), _key("∂w")),
            Base("a - y", lambda v: v["a"] - v["y"], sum=True),
            Base("y - a", lambda v: v["y"] - v["a"], sum=True),
            Base(rf"(a - y) {slope}", lambda v: (v["a"] - v["y"]) * prime(v)),
            Base("x", _key("x")),
        ),
        (
            Use(_d("w") + " = <c><D> x", _key("∂w"), lambda v, d: d * v["x"]),
            Use(_d("b") + " = <c><D>", _key("∂b"), lambda v, d: d),
            Use(_d("z") + " = <c><D>", _key("∂z"), lambda v, d: d),
            Use(_d("x") + " = <c><D> w", _key("∂x"), lambda v, d: d * v["w"]),
            Use(_d("a") + " = <c><D>", _key("∂a"), lambda v, d: d),
            Use(_d("y") + " = <c><D>", _key("∂y"), lambda v, d: d),
            Use(_d("z") + rf" = <c><D> {slope}", _key("∂z"), lambda v, d: d * prime(v)),
            Use(_d("w") + rf" = <c><D> {slope} x", _key("∂w"), lambda v, d: d * prime(v) * v["x"]),
            Use(_d("w") + rf" = <c>(a - y) {slope} <D>", _key("∂w"), lambda v, d: (v["a"] - v["y"]) * prime(v) * d),
            Use(r"L = <c>\frac{1}{2} <D>^2", _key("L"), lambda v, d: d**2 / 2),
            Use("a = y + <c><D>", _key("a"), lambda v, d: d, plus="y"),
        ),
        {
            r"\delta": "∂z",
            "e": np.e,
            r"\pi": np.pi,
            **dict.fromkeys(["dz", r"\bar z", r"\dot z", "L_z", r"\delta_z", r"\bar{z}", r"\mathrm{d}z"], "∂z"),
            **dict.fromkeys(["dw", r"\bar w", r"\dot w"], "∂w"),
            **dict.fromkeys("EJRdTfgDIim"),
            **dict.fromkeys([r"\eta", r"\epsilon", r"\varepsilon", r"\hat y", r"\Delta", r"\lambda", r"\sigma", r"\mathbb 1"]),
        },
        PLAIN_CONSTANTS,
        frozenset(["dz", r"\bar z", r"\dot z", "L_z", r"\delta_z", r"\bar{z}", r"\mathrm{d}z", "dw", r"\bar w", r"\dot w"]),
    )


def regression(*, indexed: bool) -> World:
    """A mean over samples; formulas by entries or by arrays."""

    def leaves(rng: np.random.Generator) -> Values:
        m, n = int(rng.integers(2, 6)), int(rng.integers(2, 5))
        sizes: Values = {"m": m, "n": n}
        return sizes | {"X": rng.normal(size=(m, n)), "w": rng.normal(size=n), "b": rng.normal(), "y": rng.normal(size=m)}

    def forward(v: Values, put: Put) -> None:
        z = put("z", v["X"] @ v["w"] + v["b"])
        put("L", np.sum((z - v["y"]) ** 2) / (2 * v["m"]))

    i = "_i" if indexed else ""
    marks = ["dz" + i, r"\bar z" + i, r"\dot{z}" + i]
    sums = (
        Use(_d("w_j") + r" = <c>\sum_i <D> X_{ij}", _key("∂w"), lambda v, d: d @ v["X"]),
        Use(_d("b") + r" = <c>\sum_i <D>", _key("∂b"), lambda v, d: np.sum(d)),
        Use(r"L = <c>\frac{1}{2} \sum_i <D>^2", _key("L"), lambda v, d: np.sum(d**2) / 2),
        Use(r"L = <c>\frac{1}{2m} \sum_i <D>^2", _key("L"), lambda v, d: np.sum(d**2) / (2 * v["m"])),
        Use("z_i = y_i + <c><D>", _key("z"), lambda v, d: d, plus="y"),
    )
    arrays = (
        Use(_d("w") + r" = <c>X^\top <D>", _key("∂w"), lambda v, d: v["X"].T @ d),
        Use(r"L = <c>\frac{1}{2} \|<D>\|^2", _key("L"), lambda v, d: np.sum(d**2) / 2),
        Use("z = y + <c><D>", _key("z"), lambda v, d: d, plus="y"),
    )
    return World(
        "X : (m, n)\nw : (n,)\nb : scalar\ny : (m,)\nz = X @ w + b\nL = sum((z - y)**2)/(2*m)",
        "L",
        leaves,
        forward,
        ("w", "b", "y", "z"),
        (
            Base(_d("z" + i), _key("∂z")),
            Base(_d("y" + i), _key("∂y")),
            Base(f"z{i} - y{i}", lambda v: v["z"] - v["y"], sum=True),
            Base(f"y{i} - z{i}", lambda v: v["y"] - v["z"], sum=True),
        ),
        (
            Use(_d("z" + i) + " = <c><D>", _key("∂z"), lambda v, d: d),
            Use(_d("y" + i) + " = <c><D>", _key("∂y"), lambda v, d: d),
            *(sums if indexed else arrays),
        ),
        {
            r"\delta" + i: "∂z",
            **dict.fromkeys(marks, "∂z"),
            **({} if indexed else {"e": np.e, r"\pi": np.pi}),
            **dict.fromkeys([n + i for n in ("r", "d", "E", "R", r"\eta", r"\epsilon", "T", "J", "f")]),
            **(dict.fromkeys(["e_i", r"\pi_i"]) if indexed else {}),
        },
        SAMPLE_CONSTANTS,
        frozenset(marks),
    )


def layers() -> World:
    """Two layers, one sample a row, cross entropy; formulas by matrices."""

    def leaves(rng: np.random.Generator) -> Values:
        m, n, h, k = (int(size) for size in rng.integers(2, 5, size=4))
        shapes = {"X": (m, n), "W_1": (n, h), "b_1": (h,), "W_2": (h, k), "b_2": (k,)}
        found: Values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        return {**found, "Y": rng.uniform(0.1, 0.9, size=(m, k)), "m": m}

    def forward(v: Values, put: Put) -> None:
        z = put("Z_1", v["X"] @ v["W_1"] + v["b_1"])
        a = put("A_1", sigmoid(z))
        out = put("A_2", sigmoid(put("Z_2", a @ v["W_2"] + v["b_2"])))
        put("L", -np.sum(v["Y"] * np.log(out) + (1 - v["Y"]) * np.log(1 - out)) / v["m"])

    marks = ["dZ_2", r"\bar Z_2"]
    return World(
        "X : (m, n_0)\nW_1 : (n_0, n_1)\nb_1 : (n_1,)\nW_2 : (n_1, n_2)\nb_2 : (n_2,)\nY : (m, n_2), in (0, 1)\n"
        "Z_1 = X @ W_1 + b_1\nA_1 = sigmoid(Z_1)\nZ_2 = A_1 @ W_2 + b_2\nA_2 = sigmoid(Z_2)\n"
        "L = sum(-(Y*log(A_2) + (1 - Y)*log(1 - A_2))) / m",
        "L",
        leaves,
        forward,
        ("W_2", "b_2", "Z_2", "A_2", "A_1", "Z_1", "W_1"),
        (
            Base(_d("Z_2"), _key("∂Z_2")),
            Base(_d("A_2"), _key("∂A_2")),
            Base("A_2 - Y", lambda v: v["A_2"] - v["Y"], sum=True),
            Base("Y - A_2", lambda v: v["Y"] - v["A_2"], sum=True),
        ),
        (
            Use(_d("W_2") + r" = <c>A_1^\top <D>", _key("∂W_2"), lambda v, d: v["A_1"].T @ d),
            Use(_d("Z_2") + " = <c><D>", _key("∂Z_2"), lambda v, d: d),
            Use(_d("A_2") + " = <c><D>", _key("∂A_2"), lambda v, d: d),
            Use(_d("A_1") + r" = <c><D> W_2^\top", _key("∂A_1"), lambda v, d: d @ v["W_2"].T),
            Use(
                _d("Z_1") + r" = <c>(<D> W_2^\top) \odot A_1 \odot (1 - A_1)",
                _key("∂Z_1"),
                lambda v, d: (d @ v["W_2"].T) * v["A_1"] * (1 - v["A_1"]),
            ),
            Use(
                _d("Z_2") + r" = <c><D> \odot A_2 \odot (1 - A_2)",
                _key("∂Z_2"),
                lambda v, d: d * v["A_2"] * (1 - v["A_2"]),
            ),
        ),
        {
            **dict.fromkeys([r"\delta_2", r"\delta^{(2)}", r"\delta^{[2]}", r"\delta^2"], "∂Z_2"),
            **dict.fromkeys(marks, "∂Z_2"),
            **dict.fromkeys(["E", "D", "R", r"\Delta_2", "J", "T", "G_2"]),
        },
        SAMPLE_CONSTANTS,
        frozenset(marks),
    )


def family() -> World:
    """A network of four layers with a generic activation; formulas for a symbolic layer, taken at l = 2 and l = 3."""

    def leaves(rng: np.random.Generator) -> Values:
        sizes = [int(size) for size in rng.integers(2, 5, size=5)]
        found: Values = {"x": rng.normal(size=sizes[1]), "y": rng.normal(size=sizes[4]), "l": int(rng.integers(2, 4))}
        for k in (2, 3, 4):
            found[f"W{k}"], found[f"b{k}"] = rng.normal(size=(sizes[k], sizes[k - 1])), rng.normal(size=sizes[k])
        return found

    def forward(v: Values, put: Put) -> None:
        put("a1", v["x"])
        for k in (2, 3, 4):
            put(f"z{k}", v[f"W{k}"] @ v[f"a{k - 1}"] + v[f"b{k}"])
            put(f"a{k}", np.tanh(v[f"z{k}"]))
        put("J", np.sum((v["y"] - v["a4"]) ** 2) / 2)

    def at(name: str, offset: int = 0) -> Callable[[Values], Any]:
        return lambda v: v[f"{name}{v['l'] + offset}"]

    def prime(v: Values) -> Any:
        return 1 - np.tanh(v[f"z{v['l']}"]) ** 2

    return World(
        "x : (n[1],)\ny : (n[L],)\nW[l] : (n[l], n[l-1])\nb[l] : (n[l],)\nf : function\na[1] = x\nfor l in 2..L:\n"
        "    z[l] = W[l] @ a[l-1] + b[l]\n    a[l] = f(z[l])\nJ = 1/2*sum((y - a[L])**2)",
        "J",
        leaves,
        forward,
        ("a1", *(f"{name}{k}" for name in "Wbza" for k in (2, 3, 4))),
        (
            Base(_d("z^{(l)}", "J"), at("∂z")),
            Base(_d("a^{(l)}", "J"), at("∂a")),
            Base(_d("b^{(l)}", "J"), at("∂b")),
        ),
        (
            Use(_d("b^{(l)}", "J") + " = <c><D>", at("∂b"), lambda v, d: d),
            Use(_d("z^{(l)}", "J") + " = <c><D>", at("∂z"), lambda v, d: d),
            Use(_d("a^{(l)}", "J") + " = <c><D>", at("∂a"), lambda v, d: d),
            Use(
                _d("W^{(l)}", "J") + r" = <c><D> (a^{(l-1)})^\top",
                at("∂W"),
                lambda v, d: np.outer(d, v[f"a{v['l'] - 1}"]),
            ),
            Use(_d("a^{(l-1)}", "J") + r" = <c>(W^{(l)})^\top <D>", at("∂a", -1), lambda v, d: v[f"W{v['l']}"].T @ d),
            Use(_d("z^{(l)}", "J") + r" = <c><D> \odot f'(z^{(l)})", at("∂z"), lambda v, d: d * prime(v)),
        ),
        {
            r"\delta^{(l)}": "∂z{l}",
            **dict.fromkeys([r"e^{(l)}", r"\Delta^{(l)}", r"\epsilon^{(l)}", r"d^{(l)}", r"g^{(l)}", r"E^{(l)}"]),
        },
        PLAIN_CONSTANTS,
    )


def functions(activation: str) -> World:
    """One neuron; what is defined is a function of u, and D is that function as a callable with its derivative."""
    made = neuron(activation)
    function: Callable[[Any], Any] = sigmoid if activation == "sigmoid" else np.tanh
    bodies = (
        (r"\tanh u", np.tanh),
        (r"\frac{1}{1 + e^{-u}}", sigmoid),
        ("u^2", lambda u: u**2),
        (r"2 \tanh u", lambda u: 2 * np.tanh(u)),
        (r"e^u", np.exp),
    )

    def body(function: Callable[[Any], Any]) -> Callable[[Values], Any]:
        return lambda v: Function(function)

    return World(
        made.model,
        "L",
        made.leaves,
        made.forward,
        made.wanted,
        tuple(Base(text, body(function)) for text, function in bodies),
        (
            Use("a = <c><D>(z)", _key("a"), lambda v, f: f(v["z"])),
            Use(r"\frac{\partial a}{\partial z} = <c><D>'(z)", lambda v: Function(function).prime(v["z"]), lambda v, f: f.prime(v["z"])),
            Use(_d("z") + " = <c>(a - y) <D>'(z)", _key("∂z"), lambda v, f: (v["a"] - v["y"]) * f.prime(v["z"])),
            Use(_d("w") + " = <c>(a - y) <D>'(z) x", _key("∂w"), lambda v, f: (v["a"] - v["y"]) * f.prime(v["z"]) * v["x"]),
            Use(_d("a") + " = <c>(<D>(z) - y)", _key("∂a"), lambda v, f: f(v["z"]) - v["y"]),
            Use(r"L = <c>\frac{1}{2} (<D>(z) - y)^2", _key("L"), lambda v, f: (f(v["z"]) - v["y"]) ** 2 / 2),
            Use("<D>'(z) = <c>(1 - <D>(z)^2)", lambda v: v["D"].prime(v["z"]), lambda v, f: 1 - f(v["z"]) ** 2),
            Use("<D>'(z) = <c><D>(z) (1 - <D>(z))", lambda v: v["D"].prime(v["z"]), lambda v, f: f(v["z"]) * (1 - f(v["z"]))),
        ),
        {r"\sigma": "sigmoid", **dict.fromkeys(["f", r"\phi", "g", "h", "s", r"\psi", "R", "E"])},
        PLAIN_CONSTANTS,
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


def worlds() -> Sequence[World]:
    """All of them."""
    return (
        neuron("sigmoid"),
        neuron("tanh"),
        regression(indexed=True),
        regression(indexed=False),
        layers(),
        family(),
        functions("sigmoid"),
        functions("tanh"),
    )
