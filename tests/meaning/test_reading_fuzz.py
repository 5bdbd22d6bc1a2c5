"""Mutated formulas: never a traceback, and always a reading or a place where reading stopped."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from derive.errors import ClaimError
from derive.meaning.context import Context
from derive.meaning.reading import read
from derive.model.load import load
from derive.typography.layout import parse

ENTRIES = [
    entry
    for entry in json.loads((Path(__file__).parents[1] / "textbook" / "expected.json").read_text("utf-8"))["entries"]
    if entry["block"] == "formula"
]
SIGNS = "{ } ( ) ^ _ + - = ' T i j 1 2 W x f , | [ ] e / * : >"
COMMANDS = (
    r"\frac \partial \sum \cdot \odot \delta \sigma \to \in \mathbb{R} \nabla \| \log \cdots \sqrt \leftarrow \hat"
    r" \mathrm{tr} \mathbf{1} \otimes \neq n_l (l+1)"
)
TOKENS = [*SIGNS.split(), *COMMANDS.split()]
MODELS = ("google_1221", "mlp_L_source_first", "mlp_332_source_first", "two_layer_vector", "affine_batch")


def _mutated(rng: random.Random) -> str:
    text = rng.choice(ENTRIES)["latex"]
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        if rng.random() < 0.4:
            text = text[:at] + text[at + rng.randint(1, 4) :]
        else:
            text = text[:at] + rng.choice(TOKENS) + text[at:]
    return text


@pytest.mark.parametrize("model", MODELS)
def test_mutations(model: str) -> None:
    rng = random.Random(model)
    context = Context(load(model))
    for _ in range(150):
        text = _mutated(rng)
        try:
            layout = parse(text)
        except ClaimError:
            continue
        for claim in read(layout, context):
            assert (claim.unread is None) == bool(claim.readings), text
            if claim.unread is not None:
                start, end = claim.unread.span
                assert 0 <= start <= end <= len(text), text


@pytest.mark.parametrize(
    "text", ["x" * 2000, "(" * 90 + "x" + ")" * 90, "+".join(["x_i"] * 2000), "x = " * 300, r"\sum" * 50]
)
def test_long_formulas(text: str) -> None:
    context = Context(load("two_layer_vector"))
    for claim in read(parse(text), context):
        assert claim.readings or claim.unread


@pytest.mark.parametrize("text", ["%", "% z = x", "  ", "{}"])
def test_a_display_without_a_statement_has_no_claims(text: str) -> None:
    assert not [claim for claim in read(parse(text), Context(load("two_layer_vector"))) if claim.readings]
