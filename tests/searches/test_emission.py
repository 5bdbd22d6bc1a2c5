"""A sample of the search through the emitted code of random models: no fault of any kind."""

from __future__ import annotations

from benchmarks.searches.emission import run


def test_emitted_code_of_random_models_is_right() -> None:
    counts, findings = run(draws=60, seed=3)
    assert counts["models"] == 60
    assert not findings, str(findings[0])
    assert counts["Hessian products"] > 5
