r"""Functions with branches: thresholds, and the value and the slope between them, written by hand.

t_1 < t_2 < ...    a = v_k(z), da/dz = s_k(z)    where t_k < z < t_{k+1}
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.searches.terms import Term, call, name, term, where

z, ZERO, ONE = name("z"), term(0), term(1)


@dataclass(frozen=True)
class Activation:
    """A function with branches. Terms in z: `forms` are ways to write it, `wrong` what it is taken for."""

    title: str
    forms: tuple[Term, ...]
    thresholds: tuple[float, ...]
    values: tuple[Term, ...]
    slopes: tuple[Term, ...]
    wrong: tuple[Term, ...] = ()


def _clipped(low: float, high: float, title: str) -> Activation:
    return Activation(
        title,
        (
            call("min", call("max", z, low), high),
            call("max", call("min", z, high), low),
            where(z, "<", low, low, where(z, ">", high, high, z)),
        ),
        (low, high),
        (term(low), z, term(high)),
        (ZERO, ONE, ZERO),
        (
            call("max", z, low),
            call("min", z, high),
            call("min", call("max", z, low), 2 * high),
        ),
    )


def _leaky(slope: float) -> Activation:
    return Activation(
        "leaky relu",
        (call("max", z, slope * z), where(z, ">", 0, z, slope * z)),
        (0.0,),
        (slope * z, z),
        (term(slope), ONE),
        (call("max", z, 0), call("min", z, slope * z)),
    )


def _huber(delta: float) -> Activation:
    half = f"{delta / 2:g}"
    return Activation(
        "huber",
        (where(call("abs", z), "<=", delta, z**2 / 2, delta * (call("abs", z) - term(half))),),
        (-delta, delta),
        (delta * (-z - term(half)), z**2 / 2, delta * (z - term(half))),
        (term(-delta), z, term(delta)),
        (z**2 / 2, delta * (call("abs", z) - term(half))),
    )


def _tukey(c: float) -> Activation:
    top = term(f"{c * c:g}")
    return Activation(
        "tukey",
        (where(call("abs", z), "<=", c, top / 6 * (1 - (1 - z**2 / top) ** 3), top / 6),),
        (-c, c),
        (top / 6, top / 6 * (1 - (1 - z**2 / top) ** 3), top / 6),
        (ZERO, z * (1 - z**2 / top) ** 2, ZERO),
        (top / 6 * (1 - (1 - z**2 / top) ** 3),),
    )


def _shrunk(by: float) -> Activation:
    return Activation(
        "soft threshold",
        (call("sign", z) * call("max", call("abs", z) - by, 0),),
        (-by, by),
        (z + by, ZERO, z - by),
        (ONE, ZERO, ONE),
        (z - by, call("max", z - by, 0)),
    )


ACTIVATIONS = (
    Activation(
        "relu",
        (
            call("max", z, 0),
            call("max", 0, z),
            call("relu", z),
            where(z, ">", 0, z, 0),
            (z + call("abs", z)) / 2,
        ),
        (0.0,),
        (ZERO, z),
        (ZERO, ONE),
        (z, call("abs", z), call("min", z, 0), (z - call("abs", z)) / 2),
    ),
    _leaky(0.1),
    _leaky(0.01),
    Activation(
        "abs",
        (call("abs", z), call("max", z, -z), where(z, ">", 0, z, -z)),
        (0.0,),
        (-z, z),
        (term(-1), ONE),
        (z, call("max", z, 0), -call("abs", z)),
    ),
    Activation(
        "hinge",
        (call("max", 0, 1 - z), where(z, "<", 1, 1 - z, 0)),
        (1.0,),
        (1 - z, ZERO),
        (term(-1), ZERO),
        (1 - z, call("max", 0, 1 + z), call("abs", 1 - z)),
    ),
    Activation(
        "squared hinge",
        (call("max", 0, 1 - z) ** 2,),
        (1.0,),
        ((1 - z) ** 2, ZERO),
        (-2 * (1 - z), ZERO),
        ((1 - z) ** 2,),
    ),
    Activation(
        "shifted relu",
        (call("max", z + 3, 0), call("relu", z + 3)),
        (-3.0,),
        (ZERO, z + 3),
        (ZERO, ONE),
        (z + 3,),
    ),
    _clipped(-1, 1, "clip"),
    _clipped(-2, 3, "clip"),
    _clipped(0, 6, "relu6"),
    Activation(
        "hard sigmoid",
        (
            call("min", call("max", 0.2 * z + 0.5, 0), 1),
            call("max", 0, call("min", 1, 0.2 * z + 0.5)),
        ),
        (-2.5, 2.5),
        (ZERO, 0.2 * z + 0.5, ONE),
        (ZERO, term(0.2), ZERO),
        (0.2 * z + 0.5, call("max", 0.2 * z + 0.5, 0), call("min", 0.2 * z + 0.5, 1)),
    ),
    _huber(1),
    _huber(10),
    _tukey(2),
    _tukey(4),
    _shrunk(1),
    _shrunk(0.5),
    Activation(
        "capped square",
        (call("min", z**2, 4),),
        (-2.0, 2.0),
        (term(4), z**2, term(4)),
        (ZERO, 2 * z, ZERO),
        (z**2,),
    ),
)
