"""Worlds of arrays: a regression over samples, two layers by matrices, and a family of layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.searches.worlds import (
    PLAIN_CONSTANTS,
    SAMPLE_CONSTANTS,
    Base,
    Put,
    Use,
    Values,
    World,
    key,
    partial,
    sigmoid,
)


def regression(*, indexed: bool) -> World:
    """A mean over samples; formulas by entries or by arrays."""

    def leaves(rng: np.random.Generator) -> Values:
        m, n = int(rng.integers(2, 6)), int(rng.integers(2, 5))
        sizes: Values = {"m": m, "n": n}
        return sizes | {
            "X": rng.normal(size=(m, n)),
            "w": rng.normal(size=n),
            "b": rng.normal(),
            "y": rng.normal(size=m),
        }

    def forward(v: Values, put: Put) -> None:
        z = put("z", v["X"] @ v["w"] + v["b"])
        put("L", np.sum((z - v["y"]) ** 2) / (2 * v["m"]))

    i = "_i" if indexed else ""
    marks = ["dz" + i, r"\bar z" + i, r"\dot{z}" + i]
    sums = (
        Use(partial("w_j") + r" = <c>\sum_i <D> X_{ij}", key("∂w"), lambda v: v["D"] @ v["X"]),
        Use(partial("b") + r" = <c>\sum_i <D>", key("∂b"), lambda v: np.sum(v["D"])),
        Use(r"L = <c>\frac{1}{2} \sum_i <D>^2", key("L"), lambda v: np.sum(v["D"] ** 2) / 2),
        Use(r"L = <c>\frac{1}{2m} \sum_i <D>^2", key("L"), lambda v: np.sum(v["D"] ** 2) / (2 * v["m"])),
        Use("z_i = y_i + <c><D>", key("z"), key("D"), plus="y"),
    )
    arrays = (
        Use(partial("w") + r" = <c>X^\top <D>", key("∂w"), lambda v: v["X"].T @ v["D"]),
        Use(r"L = <c>\frac{1}{2} \|<D>\|^2", key("L"), lambda v: np.sum(v["D"] ** 2) / 2),
        Use("z = y + <c><D>", key("z"), key("D"), plus="y"),
    )
    return World(
        "X : (m, n)\nw : (n,)\nb : scalar\ny : (m,)\nz = X @ w + b\nL = sum((z - y)**2)/(2*m)",
        "L",
        leaves,
        forward,
        ("w", "b", "y", "z"),
        (
            Base(partial("z" + i), key("∂z")),
            Base(partial("y" + i), key("∂y")),
            Base(f"z{i} - y{i}", lambda v: v["z"] - v["y"], sum=True),
            Base(f"y{i} - z{i}", lambda v: v["y"] - v["z"], sum=True),
        ),
        (
            Use(partial("z" + i) + " = <c><D>", key("∂z"), key("D")),
            Use(partial("y" + i) + " = <c><D>", key("∂y"), key("D")),
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
            Base(partial("Z_2"), key("∂Z_2")),
            Base(partial("A_2"), key("∂A_2")),
            Base("A_2 - Y", lambda v: v["A_2"] - v["Y"], sum=True),
            Base("Y - A_2", lambda v: v["Y"] - v["A_2"], sum=True),
        ),
        (
            Use(partial("W_2") + r" = <c>A_1^\top <D>", key("∂W_2"), lambda v: v["A_1"].T @ v["D"]),
            Use(partial("Z_2") + " = <c><D>", key("∂Z_2"), key("D")),
            Use(partial("A_2") + " = <c><D>", key("∂A_2"), key("D")),
            Use(partial("A_1") + r" = <c><D> W_2^\top", key("∂A_1"), lambda v: v["D"] @ v["W_2"].T),
            Use(
                partial("Z_1") + r" = <c>(<D> W_2^\top) \odot A_1 \odot (1 - A_1)",
                key("∂Z_1"),
                lambda v: (v["D"] @ v["W_2"].T) * v["A_1"] * (1 - v["A_1"]),
            ),
            Use(
                partial("Z_2") + r" = <c><D> \odot A_2 \odot (1 - A_2)",
                key("∂Z_2"),
                lambda v: v["D"] * v["A_2"] * (1 - v["A_2"]),
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


def entries() -> World:
    """One layer, one sample a row, cross entropy; formulas by entries."""

    def leaves(rng: np.random.Generator) -> Values:
        m, n, k = (int(size) for size in rng.integers(2, 5, size=3))
        found: Values = {"X": rng.normal(size=(m, n)), "W": rng.normal(size=(n, k)), "b": rng.normal(size=k)}
        return {**found, "Y": rng.uniform(0.1, 0.9, size=(m, k)), "m": m}

    def forward(v: Values, put: Put) -> None:
        a = put("A", sigmoid(put("Z", v["X"] @ v["W"] + v["b"])))
        put("L", -np.sum(v["Y"] * np.log(a) + (1 - v["Y"]) * np.log(1 - a)) / v["m"])

    return World(
        "X : (m, n)\nW : (n, k)\nb : (k,)\nY : (m, k), in (0, 1)\nZ = X @ W + b\nA = sigmoid(Z)\n"
        "L = sum(-(Y*log(A) + (1 - Y)*log(1 - A))) / m",
        "L",
        leaves,
        forward,
        ("W", "b", "X", "Z", "A"),
        (
            Base(partial("Z_{ij}"), key("∂Z")),
            Base(partial("A_{ij}"), key("∂A")),
            Base("A_{ij} - Y_{ij}", lambda v: v["A"] - v["Y"], sum=True),
            Base("Y_{ij} - A_{ij}", lambda v: v["Y"] - v["A"], sum=True),
        ),
        (
            Use(partial("W_{pj}") + r" = <c>\sum_i X_{ip} <D>", key("∂W"), lambda v: v["X"].T @ v["D"]),
            Use(partial("b_j") + r" = <c>\sum_i <D>", key("∂b"), lambda v: v["D"].sum(axis=0)),
            Use(partial("X_{ip}") + r" = <c>\sum_j <D> W_{pj}", key("∂X"), lambda v: v["D"] @ v["W"].T),
            Use(partial("Z_{ij}") + " = <c><D>", key("∂Z"), key("D")),
            Use(partial("A_{ij}") + " = <c><D>", key("∂A"), key("D")),
            Use(
                partial("Z_{ij}") + " = <c><D> A_{ij} (1 - A_{ij})",
                key("∂Z"),
                lambda v: v["D"] * v["A"] * (1 - v["A"]),
            ),
        ),
        {
            r"\delta_{ij}": "∂Z",
            **dict.fromkeys(["dZ_{ij}", r"\bar{Z}_{ij}"], "∂Z"),
            **dict.fromkeys(["e_{ij}", "E_{ij}", "D_{ij}", r"\epsilon_{ij}", r"\pi_{ij}", "T_{ij}"]),
        },
        SAMPLE_CONSTANTS,
        frozenset(["dZ_{ij}", r"\bar{Z}_{ij}"]),
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
            Base(partial("z^{(l)}", "J"), at("∂z")),
            Base(partial("a^{(l)}", "J"), at("∂a")),
            Base(partial("b^{(l)}", "J"), at("∂b")),
        ),
        (
            Use(partial("b^{(l)}", "J") + " = <c><D>", at("∂b"), key("D")),
            Use(partial("z^{(l)}", "J") + " = <c><D>", at("∂z"), key("D")),
            Use(partial("a^{(l)}", "J") + " = <c><D>", at("∂a"), key("D")),
            Use(
                partial("W^{(l)}", "J") + r" = <c><D> (a^{(l-1)})^\top",
                at("∂W"),
                lambda v: np.outer(v["D"], v[f"a{v['l'] - 1}"]),
            ),
            Use(
                partial("a^{(l-1)}", "J") + r" = <c>(W^{(l)})^\top <D>",
                at("∂a", -1),
                lambda v: v[f"W{v['l']}"].T @ v["D"],
            ),
            Use(partial("z^{(l)}", "J") + r" = <c><D> \odot f'(z^{(l)})", at("∂z"), lambda v: v["D"] * prime(v)),
        ),
        {
            r"\delta^{(l)}": "∂z{l}",
            **dict.fromkeys([r"e^{(l)}", r"\Delta^{(l)}", r"\epsilon^{(l)}", r"d^{(l)}", r"g^{(l)}", r"E^{(l)}"]),
        },
        PLAIN_CONSTANTS,
    )
