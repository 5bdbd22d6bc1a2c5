"""Hand-written gradients against a model."""

from __future__ import annotations

import numpy as np
import pytest

from derive.check.against import check_against
from derive.errors import DeriveError, ModelError, ShapeError, UnsupportedError
from derive.model import loads

MODEL = "X : (m, n)\nw : (n,)\nlambda : scalar, positive\ny : (m,)\nL = mean((X @ w - y)**2) + lambda*sum(w**2)\n"


def right(X, w, lambda_, y):
    return {"w": 2 * X.T @ (X @ w - y) / len(y) + 2 * lambda_ * w}


def test_names_lead_to_the_inputs_in_any_order() -> None:
    def shuffled(y, lambda_, w, X):
        return {"w": right(X, w, lambda_, y)["w"], "lambda": np.sum(w**2)}

    report = check_against(loads(MODEL), shuffled)
    assert report.verdict == "true"
    assert {group.name for group in report.groups} == {"w", "lambda_"}


def test_other_names_are_taken_in_order() -> None:
    assert check_against(loads(MODEL), lambda a, b, c, d: right(a, b, c, d)).verdict == "true"
    assert check_against(loads(MODEL), lambda *args: (None, right(*args)["w"], None, None)).verdict == "true"


def test_a_value_may_come_along() -> None:
    assert check_against(loads(MODEL), lambda X, w, lambda_, y: (1.0, right(X, w, lambda_, y))).verdict == "true"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda X, w, lambda_, y: {"w": 2 * X.T @ (X @ w - y) + 2 * lambda_ * w},
        lambda X, w, lambda_, y: {"w": 2 * X.T @ (X @ w - y) / len(y) + lambda_ * w},
        lambda X, w, lambda_, y: {"w": -right(X, w, lambda_, y)["w"]},
        lambda X, w, lambda_, y: {"w": right(X, w, lambda_, y)["w"][:, None]},
        lambda X, w, lambda_, y: 1 / 0,
    ],
)
def test_what_is_wrong_is_refuted(wrong) -> None:
    assert check_against(loads(MODEL), wrong).verdict == "false"


def test_what_cannot_be_judged() -> None:
    with pytest.raises(ModelError, match="takes"):
        check_against(loads(MODEL), lambda a, b: None)
    with pytest.raises(DeriveError, match="no function"):
        check_against(loads(MODEL), 3)
    with pytest.raises(ShapeError):
        check_against(loads("x : (n,)\ny = 2*x\n"), lambda x: x)
    with pytest.raises((UnsupportedError, DeriveError)):
        check_against(loads("f : function\nx : scalar\ny = f(x)\n"), lambda x: x)
