r"""Functions with branches: thresholds, and the value and the slope between them, written by hand.

    t_1 < t_2 < ...    a = v_k(z), da/dz = s_k(z)    where t_k < z < t_{k+1}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.searches.terms import Term, call, term, where

Form = Callable[[Term], Term]


@dataclass(frozen=True)
class Activation:
    """A function with branches. `forms` are ways to write it; `wrong` are what it is taken for."""

    title: str
    forms: tuple[Form, ...]
    thresholds: tuple[float, ...]
    values: tuple[Form, ...]
    slopes: tuple[Form, ...]
    wrong: tuple[Form, ...] = ()


def _just(value: float) -> Form:
    return lambda _: term(value)


def _same(z: Term) -> Term:
    return z


def _clipped(low: float, high: float, title: str) -> Activation:
    return Activation(
        title,
        (
            lambda z: call("min", call("max", z, low), high),
            lambda z: call("max", call("min", z, high), low),
            lambda z: where(z, "<", low, low, where(z, ">", high, high, z)),
        ),
        (low, high),
        (_just(low), _same, _just(high)),
        (_just(0), _just(1), _just(0)),
        (
            lambda z: call("max", z, low),
            lambda z: call("min", z, high),
            lambda z: call("min", call("max", z, low), 2 * high),
        ),
    )


def _leaky(slope: float) -> Activation:
    return Activation(
        "leaky relu",
        (lambda z: call("max", z, slope * z), lambda z: where(z, ">", 0, z, slope * z)),
        (0.0,),
        (lambda z: slope * z, _same),
        (_just(slope), _just(1)),
        (lambda z: call("max", z, 0), lambda z: call("min", z, slope * z)),
    )


def _huber(delta: float) -> Activation:
    half = f"{delta / 2:g}"
    return Activation(
        "huber",
        (lambda z: where(call("abs", z), "<=", delta, z**2 / 2, delta * (call("abs", z) - term(half))),),
        (-delta, delta),
        (lambda z: delta * (-z - term(half)), lambda z: z**2 / 2, lambda z: delta * (z - term(half))),
        (_just(-delta), _same, _just(delta)),
        (lambda z: z**2 / 2, lambda z: delta * (call("abs", z) - term(half))),
    )


def _tukey(c: float) -> Activation:
    top = term(f"{c * c:g}")
    return Activation(
        "tukey",
        (lambda z: where(call("abs", z), "<=", c, top / 6 * (1 - (1 - z**2 / top) ** 3), top / 6),),
        (-c, c),
        (lambda _: top / 6, lambda z: top / 6 * (1 - (1 - z**2 / top) ** 3), lambda _: top / 6),
        (_just(0), lambda z: z * (1 - z**2 / top) ** 2, _just(0)),
        (lambda z: top / 6 * (1 - (1 - z**2 / top) ** 3),),
    )


def _shrunk(by: float) -> Activation:
    return Activation(
        "soft threshold",
        (lambda z: call("sign", z) * call("max", call("abs", z) - by, 0),),
        (-by, by),
        (lambda z: z + by, _just(0), lambda z: z - by),
        (_just(1), _just(0), _just(1)),
        (lambda z: z - by, lambda z: call("max", z - by, 0)),
    )


ACTIVATIONS = (
    Activation(
        "relu",
        (
            lambda z: call("max", z, 0),
            lambda z: call("max", 0, z),
            lambda z: call("relu", z),
            lambda z: where(z, ">", 0, z, 0),
            lambda z: (z + call("abs", z)) / 2,
        ),
        (0.0,),
        (_just(0), _same),
        (_just(0), _just(1)),
        (_same, lambda z: call("abs", z), lambda z: call("min", z, 0), lambda z: (z - call("abs", z)) / 2),
    ),
    _leaky(0.1),
    _leaky(0.01),
    Activation(
        "abs",
        (lambda z: call("abs", z), lambda z: call("max", z, -z), lambda z: where(z, ">", 0, z, -z)),
        (0.0,),
        (lambda z: -z, _same),
        (_just(-1), _just(1)),
        (_same, lambda z: call("max", z, 0), lambda z: -call("abs", z)),
    ),
    Activation(
        "hinge",
        (lambda z: call("max", 0, 1 - z), lambda z: where(z, "<", 1, 1 - z, 0)),
        (1.0,),
        (lambda z: 1 - z, _just(0)),
        (_just(-1), _just(0)),
        (lambda z: 1 - z, lambda z: call("max", 0, 1 + z), lambda z: call("abs", 1 - z)),
    ),
    Activation(
        "squared hinge",
        (lambda z: call("max", 0, 1 - z) ** 2,),
        (1.0,),
        (lambda z: (1 - z) ** 2, _just(0)),
        (lambda z: -2 * (1 - z), _just(0)),
        (lambda z: (1 - z) ** 2,),
    ),
    Activation(
        "shifted relu",
        (lambda z: call("max", z + 3, 0), lambda z: call("relu", z + 3)),
        (-3.0,),
        (_just(0), lambda z: z + 3),
        (_just(0), _just(1)),
        (lambda z: z + 3,),
    ),
    _clipped(-1, 1, "clip"),
    _clipped(-2, 3, "clip"),
    _clipped(0, 6, "relu6"),
    Activation(
        "hard sigmoid",
        (
            lambda z: call("min", call("max", 0.2 * z + 0.5, 0), 1),
            lambda z: call("max", 0, call("min", 1, 0.2 * z + 0.5)),
        ),
        (-2.5, 2.5),
        (_just(0), lambda z: 0.2 * z + 0.5, _just(1)),
        (_just(0), _just(0.2), _just(0)),
        (lambda z: 0.2 * z + 0.5, lambda z: call("max", 0.2 * z + 0.5, 0), lambda z: call("min", 0.2 * z + 0.5, 1)),
    ),
    _huber(1),
    _huber(10),
    _tukey(2),
    _tukey(4),
    _shrunk(1),
    _shrunk(0.5),
    Activation(
        "capped square",
        (lambda z: call("min", z**2, 4),),
        (-2.0, 2.0),
        (_just(4), lambda z: z**2, _just(4)),
        (_just(0), lambda z: 2 * z, _just(0)),
        (lambda z: z**2,),
    ),
)
