"""A factor that is 0 because a condition is hides what stands beside it; any other 0 does not."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import derive
from derive.calculus.reverse import backprop
from derive.gradients.model_check import check
from derive.ir import build as b
from derive.model.text import loads
from derive.ops.digits import Digits
from derive.ops.evaluate import Evaluator
from derive.ops.floats import Floats


def numbers(text: str, x: object, *, digits: bool, slope: bool = False) -> list[float]:
    graph = loads(f"x : {'(n,)' if np.ndim(x) else 'scalar'}\nL = {text}")
    shown = backprop(graph) if slope else None
    here = Evaluator({"x": x}, {"n": np.size(x)}, backend=Digits(30) if digits else Floats())
    here.run(graph if shown is None else shown.gradient)
    value = here.values["L"] if shown is None else here.value(shown.steps["x"].total)
    return [float(entry) for entry in np.ravel(value)]


@pytest.mark.parametrize("digits", [False, True])
@pytest.mark.parametrize(
    ("text", "x", "slopes"),
    [
        ("sqrt(maximum(x, 0))", -1.0, [0.0]),
        ("sum(sqrt(maximum(x, 0)))", [-1.0, 4.0], [0.0, 0.25]),
        ("sum(where(x > 0, sqrt(x), 0))", [-1.0, 4.0], [0.0, 0.25]),
        ("sum(where(x > 0, log(x), x))", [-1.0, 4.0], [1.0, 0.25]),
        ("sum(where(x > 0, 1/x, 0))", [0.0, 4.0], [0.0, -0.0625]),
        ("norm(maximum(x, 0))", [-1.0, -2.0], [0.0, 0.0]),
        ("sqrt(minimum(maximum(x, 0), 1)) + x", -3.0, [1.0]),
        ("sqrt(max(maximum(x, 0)))", [-1.0, -2.0], [0.0, 0.0]),
    ],
)
def test_slopes_of_branches_that_are_not_taken(text: str, x: object, slopes: list[float], digits: bool) -> None:
    assert numbers(text, x, digits=digits, slope=True) == pytest.approx(slopes)


@pytest.mark.parametrize("digits", [False, True])
def test_a_branch_that_is_not_taken_has_no_say_in_the_value(digits: bool) -> None:
    assert numbers("sum(where(x > 0, log(x), -2))", [-1.0, 1.0], digits=digits) == [-2.0]


@pytest.mark.parametrize("digits", [False, True])
@pytest.mark.parametrize("text", ["x/x", "x*x**(-1)", "0*log(x)", "x*log(x)", "(x - x)/x"])
def test_a_zero_that_is_a_value_hides_nothing(text: str, digits: bool) -> None:
    assert not np.isfinite(numbers(text, 0.0, digits=digits)).any()


def test_what_has_no_value_is_on_no_side_and_not_the_largest() -> None:
    none = b.call("log", b.ref("x", ()))
    for backend in (Floats(), Digits(30)):
        here = Evaluator({"x": -1.0}, {}, backend=backend)
        for node in (b.call("step", none), b.call("maximum", none, b.number(0)), b.call("relu", none)):
            assert not mpmath.isfinite(here.value(node).item())
        for x in ([-1.0, 2.0], [2.0, -1.0]):
            graph = loads("x : (2,)\nL = max(log(x))")
            assert not mpmath.isfinite(Evaluator({"x": x}, {}, backend=backend).run(graph).values["L"].item())


@pytest.mark.parametrize(
    "model",
    [
        "x : scalar\nL = sqrt(maximum(x, 0))",
        "x : (n,)\nL = sum(sqrt(maximum(x - 1, 0)))",
        "X : (m, n)\nw : (n,)\nL = sum(where(X @ w > 0, log(X @ w), 0))",
        "x : (n,)\nL = norm(maximum(x, 0))",
    ],
)
def test_the_check_of_a_model_knows_the_slope_where_it_is_constant(model: str) -> None:
    report = check(loads(model))
    assert report.verdict == "true", str(report)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (
            r"\frac{\partial L}{\partial x} = \begin{cases} \frac{1}{2\sqrt{x}} & x > 0 \\ 3 & x \le 0 \end{cases}",
            "false",
        ),
        (
            r"\frac{\partial L}{\partial x} = \begin{cases} \frac{1}{2\sqrt{x}} & x > 0 \\ 0 & x \le 0 \end{cases}",
            "true",
        ),
        (r"\frac{\partial L}{\partial x} = \frac{\mathbb 1[x > 0]}{2 \sqrt{|x|}} + 7 \cdot \mathbb 1[x < 0]", "false"),
        (r"\frac{\partial L}{\partial x} = \frac{\mathbb 1[x > 0]}{2 \sqrt{x}}", "true"),
        (r"\frac{\partial L}{\partial x} = \frac{\mathbb 1[x > 0]}{\sqrt{x}}", "false"),
    ],
)
def test_claims_on_the_side_of_a_root_that_is_constant(claim: str, verdict: str) -> None:
    assert derive.loads("x : scalar\nL = sqrt(maximum(x, 0))").claim(claim).verdict == verdict
