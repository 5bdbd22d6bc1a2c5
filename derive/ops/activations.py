r"""Activations of PyTorch by their definitions in other operations, from which all else follows.

    elu(u) = u if u > 0, else alpha (e^u - 1)      mish(u) = u tanh(log(1 + e^u))
    relu6(u) = min(max(u, 0), 6)                   tanhshrink(u) = u - tanh u
    hardswish(u) = u relu6(u + 3) / 6              softshrink(u) = max(u - lambda, 0) - max(-u - lambda, 0)

Parameters have PyTorch's names and usual values.
"""

from __future__ import annotations

from typing import Any

from derive.ir import build
from derive.ir.node import Node
from derive.ops.definitions import POSITIVE, SAMPLES, exact, function, of, sympy
from derive.ops.record import register_builder


def _with(*values: float) -> tuple[tuple[float, ...], ...]:
    """The usual samples with values of the parameters."""
    return tuple((*sample, *values) for sample in SAMPLES)


def _between(u: Any, low: Any, high: Any) -> Any:
    return of("minimum", of("maximum", u, low), high)


def _scale() -> Any:
    return exact("1.0507009873554804934193349852946")


def _alpha() -> Any:
    return exact("1.6732632423543772848170429916717")


# ------------------------------------------------------------------------------------------------ smooth

function(
    "mish",
    expression=lambda u: u * of("tanh", of("softplus", u)),
    prime=True,
    samples=SAMPLES,
)
function(
    "gelu_tanh",
    expression=lambda u: u * (1 + of("tanh", sympy().sqrt(2 / sympy().pi) * (u + exact("0.044715") * u**3))) / 2,
    prime=True,
    aliases=("gelu_new",),
    samples=SAMPLES,
    source="PyTorch's gelu with approximate='tanh'",
)
function(
    "quick_gelu",
    expression=lambda u: u * of("sigmoid", exact("1.702") * u),
    prime=True,
    samples=SAMPLES,
)
function(
    "logsigmoid",
    expression=lambda u: -of("softplus", -u),
    prime=True,
    range=(-float("inf"), 0.0),
    aliases=("log_sigmoid", "log_expit"),
    samples=SAMPLES,
)
function(
    "tanhshrink",
    expression=lambda u: u - of("tanh", u),
    prime=True,
    samples=SAMPLES,
)
function(
    "softsign",
    expression=lambda u: u / (1 + of("abs", u)),
    of_output=lambda _y, u: 1 / (1 + of("abs", u)) ** 2,
    numpy="{0} / (1 + np.abs({0}))",
    prime=True,
    range=(-1.0, 1.0),
    samples=SAMPLES,
    source="its slope has a kink at 0 and is 1 there",
)

# --------------------------------------------------------------------------------------------- in pieces

function(
    "elu",
    expression=lambda u, alpha: of("where", of("step", u), u, alpha * (sympy().exp(u) - 1)),
    arity=2,
    parameters={"alpha": 1},
    samples=_with(0.7),
)
function(
    "celu",
    expression=lambda u, alpha: of("where", of("step", u), u, alpha * (sympy().exp(u / alpha) - 1)),
    arity=2,
    parameters={"alpha": 1},
    domain=POSITIVE,
    samples=_with(0.7),
)
function(
    "selu",
    expression=lambda u: _scale() * of("elu", u, _alpha()),
    prime=True,
    samples=SAMPLES,
    source="G. Klambauer et al., Self-normalizing neural networks, 2017",
)
function(
    "relu6",
    expression=lambda u: of("minimum", of("relu", u), 6),
    prime=True,
    range=(0.0, 6.0),
    samples=(*SAMPLES, (7.1,)),
)
function(
    "hardsigmoid",
    expression=lambda u: of("relu6", u + 3) / 6,
    prime=True,
    range=(0.0, 1.0),
    aliases=("hard_sigmoid",),
    samples=(*SAMPLES, (-3.4,), (3.1,)),
)
function(
    "hardswish",
    expression=lambda u: u * of("relu6", u + 3) / 6,
    prime=True,
    aliases=("hard_swish", "hard_silu"),
    samples=(*SAMPLES, (-3.4,), (3.1,)),
)
function(
    "hardtanh",
    expression=_between,
    arity=3,
    parameters={"min_val": -1, "max_val": 1},
    aliases=("hard_tanh",),
    samples=_with(-1.5, 0.5),
)
function(
    "clip",
    expression=_between,
    arity=3,
    aliases=("clamp",),
    samples=_with(-1.5, 0.5),
)
function(
    "softshrink",
    expression=lambda u, width: of("relu", u - width) - of("relu", -u - width),
    arity=2,
    parameters={"lambd": "1/2"},
    aliases=("soft_threshold",),
    samples=_with(0.7),
)
function(
    "hardshrink",
    expression=lambda u, width: u * (of("step", u - width) + of("step", -u - width)),
    arity=2,
    parameters={"lambd": "1/2"},
    samples=_with(0.7),
)
function(
    "threshold",
    expression=lambda u, at, value: of("where", of("step", u - at), u, value),
    arity=3,
    samples=_with(0.1, -2.0),
    source="u above the threshold, else the value",
)
function(
    "prelu",
    expression=lambda u, weight: of("relu", u) + weight * of("minimum", u, 0),
    arity=2,
    samples=_with(0.2),
)


# -------------------------------------------------------------------------------- with other parameters


@register_builder("softplus")
def _softplus(x: Node, beta: Node | None = None) -> Node:
    if beta is None:
        return build.call("softplus", x)
    return build.div(build.call("softplus", build.mul(beta, x)), beta)


@register_builder("glu")
def _glu(x: Node, gate: Node) -> Node:
    """The two halves of PyTorch's operand as operands of their own."""
    return build.mul(x, build.call("sigmoid", gate))
