"""Every formula of the textbook pages has a reading against its model, and the links say what is expected of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from derive.meaning.claim import Check
from derive.meaning.context import Context
from derive.model.load import load
from tests.meaning.reading_helpers import claims, verdict

ENTRIES = [
    entry
    for entry in json.loads((Path(__file__).parents[1] / "textbook" / "expected.json").read_text("utf-8"))["entries"]
    if entry["block"] == "formula" and entry["kind"] not in ("numeric", "claim")
]


@cache
def known(model: str) -> Context:
    return Context(load(model))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["tag"])
def test_verdicts(entry: dict[str, Any]) -> None:
    page = known(entry["model"])
    if entry["tag"] == "L8":  # the page defines the total loss just before
        (defining,) = claims(r"L(\theta) = \sum_{n=1}^{N} C^n(\theta)", page)
        definition = defining.readings[0].defines
        assert definition is not None
        page = page.with_definitions([definition])
    found = claims(entry["latex"], page)
    assert all(claim.unread is None for claim in found), [claim.unread for claim in found]
    if entry["verdict"] == "ambiguous":
        assert any(reading.hides_term for claim in found for reading in claim.readings)
    else:
        assert verdict(entry["latex"], page) == entry["verdict"]


@pytest.mark.parametrize(
    ("latex", "model", "defect"),
    [
        (
            r"\frac{\partial J_3}{\partial w^{(3)}_{31}} = \delta^{(3)}_1 a^{(2)}_3",
            "mlp_332_dest_first",
            "undefined_symbol",
        ),
        (r"\delta^{(l)}_i = f'(z^{(l)}_i)\odot (W^{(l+1)})^T\delta^{(l+1)}", "mlp_L_dest_first", "shape_mismatch"),
        (r"\frac{\partial J}{w^{(L)}_{ij}} = \delta^{(L)}_j a^{(L-1)}_i", "mlp_L_source_first", "missing_partial"),
        (r"\frac{\partial J}{\partial w^{(L)}_{ij}} = \delta^{(L)}_i a^{(L-1)}_i", "mlp_L_source_first", "wrong_index"),
        (r"z^{(L)}_j = \sum_{i=1}^{n_L} w^{(L)}_{ij} a^{(L-1)}_i + b^{(L)}_j", "mlp_L_source_first", "sum_limit"),
        (r"W^{(l)} \in \mathbb{R}^{n_l \times n_l}", "mlp_L_source_first", "shape_mismatch"),
    ],
)
def test_a_type_error_with_known_names_is_no_unread(latex: str, model: str, defect: str) -> None:
    (claim,) = claims(latex, known(model))
    failed = [
        link
        for reading in claim.readings
        for case in reading.cases
        for link in case.links
        if isinstance(link, Check) and not link.holds
    ]
    assert failed
    assert {link.defect for link in failed} == {defect}


def test_letters_range_over_single_neurons() -> None:
    (claim,) = claims(r"\frac{dE}{dw_{ij}} = y_i\frac{dE}{dx_j}", known("google_1221"))
    scopes = [case.scope for case in claim.readings[0].cases]
    assert scopes[0] == "i = 1, j = 2"
    assert len(scopes) == 8
