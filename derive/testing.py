"""Assertions for other people's tests: a wrong gradient fails with its diagnosis.

from derive.testing import assert_gradient

def test_backward():
    assert_gradient(f, grad, x, w)          # a function and its gradient
    assert_gradient(Dense(4, 3), x)         # a layer
"""

from __future__ import annotations

import types
from typing import Any

from derive.gradients.finding_passes import has_backward, stateless
from derive.gradients.gradient import check_gradient
from derive.gradients.gradient_report import GradientReport
from derive.gradients.layer import check_layer


def assert_gradient(subject: Any, *args: Any, lenient: bool = False, **options: Any) -> GradientReport:
    """Raise an AssertionError whose message is the report, unless the gradient is right.

    `subject` is a function followed by its gradient function and the arguments (as `check_gradient` takes them), or a
    layer followed by its inputs (as `check_layer` takes them). An undecided gradient fails as well, unless `lenient`.
    The report is returned, so that a test can look closer.
    """
    __tracebackhide__ = True
    function = isinstance(subject, types.FunctionType)
    layer = (stateless(subject) and not function) or has_backward(subject)
    report = check_layer(subject, *args, **options) if layer else check_gradient(subject, *args, **options)
    if report.verdict == "false" or (report.verdict == "undecided" and not lenient):
        raise AssertionError(str(report))
    return report
