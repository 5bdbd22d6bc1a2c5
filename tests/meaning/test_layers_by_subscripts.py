r"""Layers of a family that a page writes as subscripts, `o_t`: unread and told why, or read where so spelled."""

from __future__ import annotations

import re

import pytest

from derive.ir.graph import ComputationGraph
from derive.judging.verdict import Verdict
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

LINES = """
h_0 : (p,)
x[t] : (n,)
V : (k, p)
W : (p, p)
U : (p, n)
h[0] = h_0
for t in 1..T:
    h[t] = tanh(W @ h[t-1] + U @ x[t])
    o[t] = V @ h[t]
    e[t] = sum(o[t]**2)/2
J = sum(e[t] for t in 1..T)
"""
SUBSCRIPTS = re.sub(r"(?m)^( +([hoe])\[t\] = .*)", r'\1 as "\2_t"', LINES)
SLOPE = r"\frac{\partial J}{\partial V} = \sum_{t=1}^T o_t h_t^\top"


def _judged(formula: str, model: ComputationGraph) -> Verdict:
    return verify_formula(formula, model, options=Options(repairs=False)).results[0]


def test_an_unknown_subscript_tells_how_layers_are_spelled() -> None:
    result = _judged(SLOPE, loads(LINES))
    assert result.verdict == "unread"
    assert 'the model spells its layers o^{(t)}, or o_t with `as "o_t"` behind the line of o[t]' in result.diagnosis


def test_so_spelled_they_are_read() -> None:
    assert _judged(SLOPE, loads(SUBSCRIPTS)).verdict == "true"
    assert _judged(SLOPE.replace("o_t h_t", "h_t o_t"), loads(SUBSCRIPTS)).verdict != "true"


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (r"\frac{\partial e^{(t)}}{\partial h_t} = V^\top o^{(t)}", "unread"),
        (r"\frac{\partial J}{\partial h_t} = W^\top ((1 - (h^{(t+1)})^2) \odot \frac{dJ}{dh^{(t+1)}})", "unread"),
        (r"\frac{\partial J}{\partial h_{t-1}} = W^\top ((1 - (h^{(t)})^2) \odot \frac{dJ}{dh^{(t)}})", "unread"),
        (r"\frac{\partial J}{\partial h_k} = W^\top ((1 - (h^{(k+1)})^2) \odot \frac{dJ}{dh^{(k+1)}})", "unread"),
        (r"\frac{\partial J}{\partial h_0} = W^\top ((1 - (h^{(1)})^2) \odot \frac{dJ}{dh^{(1)}})", "true"),
        (r"h_t = h^{(t)}", "definition"),
        (r"h_k = h_0", "definition"),
    ],
)
def test_beside_layers_an_input_h_0_is_not_all_that_h_t_is(formula: str, verdict: str) -> None:
    """Before the first step alone the slope has no part of that step's own loss."""
    assert _judged(formula, loads(LINES)).verdict == verdict
