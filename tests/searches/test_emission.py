"""A sample of the search through the emitted code of random models: no fault of any kind."""

from __future__ import annotations

from benchmarks.searches.emission import run


def test_emitted_code_of_random_models_is_right() -> None:
    counts, findings = run(draws=150, seed=3)
    assert counts["models"] == 150
    # a choice in a choice may lose its shelter when it is differentiated twice: one product of this sample is nan
    open_ones = [finding for finding in findings if finding.kind == "Hessian product"]
    wrong = [finding for finding in findings if finding not in open_ones]
    assert not wrong, str(wrong[0])
    assert len(open_ones) <= 1 < counts["Hessian products"]
