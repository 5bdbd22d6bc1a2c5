"""The pytest fixture `gradient_check`: `assert_gradient` without an import.

    def test_dense(gradient_check):
        gradient_check(Dense(4, 3), x)

derive itself is imported when the fixture is used, so that the plugin costs nothing where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from derive.gradients.gradient_report import GradientReport


@pytest.fixture
def gradient_check() -> Callable[..., GradientReport]:
    """Fail the test, with the diagnosis as its message, unless the gradient is right."""
    from derive.testing import assert_gradient

    def check(subject: Any, *args: Any, **options: Any) -> GradientReport:
        __tracebackhide__ = True
        return assert_gradient(subject, *args, **options)

    return check
