"""Layers in styles of other people: right ones are accepted, wrong ones refuted, with cause and place."""

from __future__ import annotations

import numpy as np
import pytest

from derive import check_gradient, check_layer
from tests.gradients.foreign_layers import CASES, Case

MISTAKES = [(name, k) for name, case in CASES.items() for k in range(len(case.mistakes))]


def _cast(value, dtype):
    """Every array of floats in the arguments or the layer, in another precision."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype) if value.dtype.kind == "f" else value
    if isinstance(value, dict):
        return {key: _cast(item, dtype) for key, item in value.items()}
    if isinstance(value, list):
        return [_cast(item, dtype) for item in value]
    for key in [*getattr(type(value), "__slots__", ()), *getattr(value, "__dict__", {})]:
        if not callable(value) or hasattr(value, "forward"):
            setattr(value, key, _cast(getattr(value, key), dtype))
    return value


def judged(case: Case, source: str, scale: float = 1.0, dtype=np.float64, **options):
    """The report on one text."""
    namespace = {"np": np}
    exec(source, namespace)  # noqa: S102 (texts of this folder)
    subject, arguments = case.call(namespace, np.random.default_rng(0), scale)
    arguments = [_cast(a, dtype) for a in arguments]
    if case.gradient:
        return check_gradient(*subject, *arguments)
    return check_layer(subject if isinstance(subject, tuple) else _cast(subject, dtype), *arguments, **options)


def mistaken(case: Case, k: int) -> str:
    """The text with mistake number k."""
    old, new, _, _ = case.mistakes[k]
    at = case.source.rindex(old)
    return case.source[:at] + new + case.source[at + len(old) :]


@pytest.mark.parametrize("name", CASES)
def test_right_ones_are_accepted(name: str) -> None:
    case = CASES[name]
    for scale in case.scales:
        for dtype in (np.float64, np.float32) if case.float32 else (np.float64,):
            report = judged(case, case.source, scale, dtype)
            assert report.verdict == "true", str(report)


@pytest.mark.parametrize(("name", "k"), MISTAKES, ids=[f"{name}-{k}" for name, k in MISTAKES])
def test_wrong_ones_are_refuted(name: str, k: int) -> None:
    case = CASES[name]
    report = judged(case, mistaken(case, k))
    assert report.verdict == "false"
    _, _, causes, groups = case.mistakes[k]
    if causes is not None:
        assert set(report.defects) & set(causes.split()), report.diagnosis
    if groups is not None:
        assert {g.name for g in report.groups if g.verdict == "false"} & set(groups.split())


def test_there_are_many() -> None:
    assert len(CASES) >= 55
    assert len(MISTAKES) >= 150


def test_a_backward_pass_that_changes_its_argument_is_told_so() -> None:
    case = CASES["ReluCopy"]
    source = case.source.replace("dout.copy()", "dout")
    told = "backward changes the upstream gradient in place"
    lenient = judged(case, source)
    assert lenient.verdict == "true"
    assert told in lenient.notes
    report = judged(case, source, strict=True)
    assert report.diagnosis.startswith(f"the numbers are right, but {told}")


def test_a_guard_in_one_pass_is_a_remark() -> None:
    case = CASES["SoftmaxWithLoss"]
    source = case.source.replace("np.log(y)", "np.log(y + 1e-7)")
    lenient = judged(case, source)
    assert lenient.verdict == "true"
    assert any("the constant 1e-07 stands in one of the passes only" in note for note in lenient.notes)
    assert judged(case, source, strict=True).verdict == "false"
