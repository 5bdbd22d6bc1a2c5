"""The check of a model accepts what is right and refutes what is not, whichever of the three ways is wrong."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from derive.calculus import closed as closed_module
from derive.calculus.closed import ClosedForm
from derive.errors import DeriveError, ShapeError
from derive.gradients import model_check
from derive.gradients.model_check import check
from derive.ir import build
from derive.model import load, loads

NEURON = "x, w, b, y : scalar\nz = w*x + b\na = tanh(z)\nL = (a - y)**2"


def test_a_right_model_is_true_at_every_point() -> None:
    report = check(loads(NEURON), points=4)
    assert report.verdict == "true"
    assert report.points == 4
    assert {g.wrt for g in report.gradients} == {"a", "z", "x", "w", "b", "y"}
    for gradient in report.gradients:
        assert gradient.verdict == "true"
        assert gradient.differences is not None
        assert gradient.differences < 1e-6
        assert gradient.closed is not None
        assert gradient.code is not None
        assert max(gradient.closed, gradient.code) < 1e-12


@pytest.mark.parametrize("name", ["two_layer_batch_cols", "softmax_ce", "lee_neuron", "lee_chain_2", "affine_row"])
def test_gallery_models_of_every_kind(name: str) -> None:
    assert check(load(name)).verdict == "true"


def test_sizes_differ_from_each_other() -> None:
    report = check(load("two_layer_batch_rows"))
    assert all(len(set(draw.values())) == len(draw) == 4 for draw in report.sizes)


def test_a_family_is_checked_in_windows_and_in_two_depths() -> None:
    report = check(load("mlp_L_dest_first"), points=1)
    assert report.verdict == "true"
    assert len(report.parts) == 5
    assert any(gradient.wrt == "W[l]" for gradient in report.parts[1].gradients)


def test_a_wrong_derivative_is_refuted_by_slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    right = model_check.backprop

    def wrong(graph, loss=None):
        derivation = right(graph, loss)
        step = derivation.steps["w"]
        doubled = step._replace(total=build.mul(build.number(2), step.total))
        binding = replace(derivation.gradient.bindings[step.adjoint], node=doubled.total)
        gradient = replace(derivation.gradient, bindings={**derivation.gradient.bindings, step.adjoint: binding})
        return replace(derivation, steps={**derivation.steps, "w": doubled}, gradient=gradient)

    monkeypatch.setattr(model_check, "backprop", wrong)
    report = check(loads(NEURON))
    verdicts = {g.wrt: g.verdict for g in report.gradients}
    assert report.verdict == "false"
    assert verdicts["w"] == "false"
    assert verdicts["b"] == "true"
    assert "∂L/∂w" in str(report)


def test_a_wrong_closed_form_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(derivation):
        forms: dict[str, ClosedForm] = dict(closed_module.closed_forms(derivation))
        forms["b"] = replace(forms["b"], node=build.neg(forms["b"].node))
        return forms

    monkeypatch.setattr(model_check, "closed_forms", wrong)
    report = check(loads(NEURON))
    assert report.verdict == "false"
    assert "closed form differs" in next(g.diagnosis for g in report.gradients if g.wrt == "b")


def test_wrong_code_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    right = model_check.lambdify

    def wrong(*args):
        function = right(*args)

        def emitted(**values):
            value, gradients = function(**values)
            return value, {**gradients, "x": gradients["x"] + 1e-6, "y": np.zeros(3)}

        return emitted

    monkeypatch.setattr(model_check, "lambdify", wrong)
    report = check(loads(NEURON))
    causes = {g.wrt: g.diagnosis for g in report.gradients}
    assert report.verdict == "false"
    assert "emitted code differs" in causes["x"]
    assert "shape (3,)" in causes["y"]


def test_code_by_the_inputs_alone_is_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    right = model_check.lambdify

    def wrong(derivation, wrt, functions):
        function = right(derivation, wrt, functions)
        by_inputs = all(name in derivation.graph.inputs for name in wrt)

        def emitted(**values):
            value, gradients = function(**values)
            return value, {name: slope + (1e-6 if by_inputs else 0) for name, slope in gradients.items()}

        return emitted

    monkeypatch.setattr(model_check, "lambdify", wrong)
    assert check(loads(NEURON)).verdict == "false"


def raising(error: Exception):
    def raises(*args, **values):
        raise error

    return raises


@pytest.mark.parametrize(
    ("lambdify", "reason"),
    [
        (raising(ShapeError("cannot broadcast")), "no code is emitted: cannot broadcast"),
        (raising(ValueError("argument 2 is shorter")), "no code is emitted: ValueError: argument 2 is shorter"),
        (lambda *args: raising(IndexError("out of range")), "the emitted code raises IndexError: out of range"),
    ],
)
def test_without_code_that_ran_nothing_is_true(monkeypatch: pytest.MonkeyPatch, lambdify, reason: str) -> None:
    monkeypatch.setattr(model_check, "lambdify", lambdify)
    report = check(loads(NEURON))
    assert report.verdict == "undecided"
    assert {(g.verdict, g.diagnosis) for g in report.gradients} == {("undecided", reason)}


def test_facts_are_obeyed() -> None:
    report = check(loads("x : (n,), positive\np : (n,), in (0, 1)\nL = sum(log(x)*log(1 - p))"))
    assert report.verdict == "true"


def test_a_kink_is_no_reason_to_refute() -> None:
    assert check(loads("x : (5,)\nL = sum(relu(x) + abs(x))")).verdict == "true"


@pytest.mark.parametrize(
    "line", ["maximum(0, x + 3)", "minimum(relu(x), 60)", "where(abs(x) < 10, x**2/2, 10*(abs(x) - 5))"]
)
def test_every_branch_is_looked_at(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = loads(f"x : scalar\nL = {line}")
    assert check(graph).verdict == "true"
    right = model_check.lambdify

    def of_one_branch(*args):
        function = right(*args)
        _, slope = function(x=1.0)

        def emitted(x):
            value, gradients = function(x=x)
            small = abs(x) < 2
            return (value, gradients) if small else (value, {"x": slope["x"] + 1.0})

        return emitted

    monkeypatch.setattr(model_check, "lambdify", of_one_branch)
    assert check(graph).verdict == "false"


def test_a_condition_met_from_one_side_only_leaves_it_open() -> None:
    report = check(loads("x, y : scalar\nL = relu(x**2 + 2*x*y + y**2 + 1)"))
    assert report.verdict == "undecided"
    assert any("never" in note for note in report.notes)
    assert all(gradient.verdict == "undecided" for gradient in report.gradients)


def test_inputs_held_constant_have_no_gradient() -> None:
    report = check(loads("x : (n,)\nT : (n,), one_hot\nL = -sum(T*log_softmax(x))"))
    assert {g.wrt for g in report.gradients} == {"x"}


def test_outputs_are_combined_where_no_loss_is_scalar() -> None:
    report = check(loads("W : (k, n)\nx : (n,)\ny = tanh(W @ x)"))
    assert report.verdict == "true"
    assert any("no scalar" in note for note in report.notes)


def test_a_model_defined_nowhere_is_undecided() -> None:
    report = check(loads("x : scalar\nL = log(-1 - x**2)"))
    assert report.verdict == "undecided"
    assert any("no point" in note for note in report.notes)


def test_bad_requests() -> None:
    graph = loads("x : (n,)\ny = 2*x\nL = sum(y)")
    with pytest.raises(ShapeError, match="the loss y has shape"):
        check(graph, loss="y")
    with pytest.raises(DeriveError, match="not a binding"):
        check(graph, loss="nothing")
    with pytest.raises(DeriveError, match="too few"):
        check(graph, points=0)


def test_the_report_is_plain_data() -> None:
    report = check(loads(NEURON), points=1)
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()
    plain = json.loads(report.to_json())
    assert plain["schema"] == 1
    assert plain["verdict"] == "true"
    assert str(report).startswith("check of model: true")


@pytest.mark.parametrize(
    "text",
    [
        "X : (n, k)\nL = logdet(X.T @ X)",
        "X : (k, n)\nL = sum(inv(X @ X.T))",
        # the gradient by w is 0 where w solves the normal equations: nothing but rounding in float64
        "X : (n, k)\ny : (n,)\nw = inv(X.T @ X) @ X.T @ y\nL = sum((X @ w - y)**2)",
    ],
)
def test_sizes_at_which_a_matrix_is_singular_say_nothing(text: str) -> None:
    report = check(loads(text))
    assert report.verdict == "true", str(report)
    assert all(sizes["n"] > sizes["k"] for sizes in report.sizes)
