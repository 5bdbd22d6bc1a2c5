"""Derivatives by what all layers of a family share: which names these are, how they print, what is refused."""

from __future__ import annotations

import pytest

import derive
from derive.errors import UnsupportedError
from derive.gradients.model_check import check
from derive.model.text import loads
from derive.report.derivation import backward_sections, plain_text

SCALAR = "w, h[0] : scalar\nfor t in 1..T:\n    h[t] = w*h[t-1]\nJ = h[T]"
RNN = """
W : (n, n)
U : (n, k)
b : (n,)
x[t] : (k,)
y : (n,)
h[0] : (n,)
for t in 1..T:
    z[t] = W @ h[t-1] + U @ x[t] + b
    h[t] = tanh(z[t])
J = 1/2*sum((h[T] - y)**2)
"""
TIED = """
W : (n, n)
x, y : (n,)
V = W.T
h[0] = tanh(W @ x)
for t in 1..T:
    z[t] = V @ h[t-1]
    h[t] = tanh(z[t])
o = W @ h[T]
J = 1/2*sum((o - y)**2) + sum(W**2)
"""
READOUT = """
W, V : (n, n)
x[t], y, h[0] : (n,)
for t in 1..T:
    z[t] = W @ h[t-1] + x[t]
    h[t] = tanh(z[t])
    o[t] = V @ h[t]
    p[t] = W @ o[t]
J = 1/2*sum((p[T] - y)**2)
"""
AUTOENCODER = (
    "x : (n,)\nW[l] : (n, n)\na[1] = x\nfor l in 2..L:\n    a[l] = tanh(W[l] @ a[l-1])\nJ = sum((x - a[L])**2)"
)
TWICE = "w[t], x[t], h[0] : scalar\nfor t in 1..T:\n    h[t] = h[t-1]*w[t] + x[t]*x[t-1]\nJ = h[T]"
CELL = """
w[t], u[t], c[0], h[0] : scalar
for t in 1..T:
    c[t] = w[t]*c[t-1] + u[t]*h[t-1]
    h[t] = tanh(c[t])
J = h[T]
"""
EARLY = "w[t], h[0] : scalar\nfor t in 1..T:\n    h[t] = w[t]*h[t-1]\nJ = h[T] + h[0]**2"
LOGITS = "w[l], x : scalar\na[0] = x\nfor l in 1..L:\n    z[l] = w[l]*a[l-1]\n    a[l] = tanh(z[l])\nJ = z[L]**2"


@pytest.mark.parametrize(
    ("model", "shared", "uneven"),
    [
        (SCALAR, {"w"}, ()),
        (RNN, {"W", "U", "b"}, ()),
        (TIED, {"W", "V"}, ()),
        (READOUT, {"W", "V"}, ()),
        (AUTOENCODER, {"x"}, ()),
        (TWICE, {"x"}, ()),
        (EARLY, {"h"}, ("h",)),
        (LOGITS, set(), ()),
    ],
    ids=["scalar", "rnn", "tied", "readout", "autoencoder", "twice", "early", "logits"],
)
def test_what_no_window_shows_whole(model: str, shared: set[str], uneven: tuple[str, ...]) -> None:
    family = loads(model).family
    assert family is not None
    assert set(family.shared) == shared
    assert family.uneven == uneven


@pytest.mark.parametrize(
    ("model", "name", "latex"),
    [
        (SCALAR, "w", r"\frac{\partial J}{\partial w} = \sum_{t=1}^T \frac{\partial J}{\partial h^{(t)}} h^{(t-1)}"),
        (RNN, "W", r"\frac{\partial J}{\partial W} = \sum_{t=1}^T \delta^{(t)} (h^{(t-1)})^\top"),
        (RNN, "b", r"\frac{\partial J}{\partial b} = \sum_{t=1}^T \delta^{(t)}"),
        (TIED, "V", r"\frac{\partial J}{\partial V} = \sum_{t=1}^T \delta^{(t)} (h^{(t-1)})^\top"),
    ],
)
def test_a_sum_over_the_layers(model: str, name: str, latex: str) -> None:
    assert derive.loads(model).backprop()[name].latex() == latex


def test_what_only_the_loss_reads_counts_in_the_last_layer() -> None:
    derivation = derive.loads(READOUT).backprop()
    assert derivation["V"].unicode() == "∂J/∂V = ∂J/∂o⁽ᵀ⁾ · (h⁽ᵀ⁾)ᵀ"
    assert derivation["W"].unicode() == "∂J/∂W = ∑ₜ₌₁ᵀ δ⁽ᵗ⁾ (h⁽ᵗ⁻¹⁾)ᵀ + ∂J/∂p⁽ᵀ⁾ · (o⁽ᵀ⁾)ᵀ"


def test_entries_and_lines_around_the_layers() -> None:
    entry = derive.loads(RNN).backprop()["W"].latex(view="index")
    assert entry == r"\frac{\partial J}{\partial W_{ij}} = \sum_{t=1}^T \delta^{(t)}_i h^{(t-1)}_j"
    terms = derive.loads(TIED).backprop()["W"].unicode().partition(" = ")[2]
    assert terms == "(tanh'(W x) ∘ Vᵀ δ⁽¹⁾) xᵀ + (∂J/∂V)ᵀ + ∂J/∂o · (h⁽ᵀ⁾)ᵀ + 2 W"


@pytest.mark.parametrize("model", [SCALAR, RNN, TIED, READOUT, AUTOENCODER, TWICE, LOGITS])
def test_every_printed_line_is_read_as_true(model: str) -> None:
    graph = derive.loads(model)
    for section in backward_sections(graph.backprop().data):
        for line in section.lines:
            verdict = graph.claim(line.latex())
            assert verdict.verdict == "true", f"{line.latex()}: {verdict}"


def test_no_section_shows_a_part_as_the_whole() -> None:
    text = plain_text(backward_sections(derive.loads(RNN).backprop().data))
    assert text.count("∂J/∂W =") == 1
    assert "∂J/∂W = ∑" in text


def test_an_input_of_the_first_layer_is_not_without_effect() -> None:
    sections = backward_sections(derive.loads(TIED).backprop().data, wrt=["x"])
    assert "= 0" not in plain_text(sections)


def test_no_formula_where_none_holds_for_all_layers() -> None:
    with pytest.raises(UnsupportedError, match="no formula holds for all"):
        derive.loads(EARLY).backprop().latex()
    with pytest.raises(UnsupportedError, match="more layers"):
        derive.loads(CELL).backprop().latex(["c[T-1]"])
    with pytest.raises(UnsupportedError, match="more layers"):
        derive.loads(TWICE).backprop().latex(["x[T-1]"])


def test_what_is_no_formula_of_layers_is_refused() -> None:
    graph = derive.loads(SCALAR)
    derivation = graph.backprop()
    partial = derivation["w"]
    assert partial.shape == ()
    for refused in (
        partial.sympy,
        lambda: partial.closed,
        lambda: partial.node,
        lambda: partial.chain,
        derivation.source,
        derivation.lambdify,
        lambda: derivation.source("w"),
        lambda: derivation.hessian("w", "w"),
        lambda: derivation.gradient,
        lambda: graph.jacobian("h[T]", "w"),
        lambda: graph.backprop("h[T]").latex(["w"]),
    ):
        with pytest.raises(UnsupportedError, match="sum over all uses"):
            refused()
    assert graph.jacobian("h[T]", "w", direct=True).shape == ()
    assert r"\partial w}" not in graph.backprop("h[T]").latex()
    assert float(graph.instance(3).backprop().lambdify()(w=2.0, **{"h[0]": 1.0})[1]["w"]) == 12.0


def test_gradients_by_what_is_shared_are_checked_in_networks() -> None:
    report = check(loads(SCALAR), points=1)
    assert report.verdict == "true"
    windows = [part for part in report.parts if "layers" in part.model]
    networks = [part for part in report.parts if "T =" in part.model]
    assert windows
    assert networks
    assert all(gradient.wrt != "w" for part in windows for gradient in part.gradients)
    assert all(any(gradient.wrt == "w" for gradient in part.gradients) for part in networks)
    assert check(loads(EARLY), points=1).verdict == "true"
    cell = check(loads(CELL), points=1)
    assert cell.verdict == "true"
    assert all(g.wrt not in ("c[t-1]", "c[T-1]") for part in cell.parts for g in part.gradients)
