"""The five pages of the sources: every verdict, link, defect, correction and conflict that was worked out by hand.

Each formula is judged with the model of its entry, which a comment before it names. One formula (G8, an implication
between inequalities) may stay unread, and a formula that only introduces a name is a `definition`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from derive.judging.verdict import Report, Verdict
from derive.listings import blocks
from derive.model.load import load
from derive.repair import search
from derive.verification.verify import Options, verify, verify_formula

HERE = Path(__file__).parent
EXPECTED: dict[str, Any] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
ENTRIES: list[dict[str, Any]] = EXPECTED["entries"]
FORMULAS = [entry for entry in ENTRIES if entry["block"] == "formula"]
FILES = sorted({entry["file"] for entry in ENTRIES})
MAY_BE_UNREAD = {"G8"}
# The index order of weights in a correction follows the order that the page declares, not that of the entry's model.
DECLARED_ORDER = {"mlp_L_dest_first": "mlp_L_source_first"}


def ident(entry: dict[str, Any]) -> str:
    return str(entry["tag"])


@cache
def report(file: str, repairs: bool = True) -> Report:
    """The page with a comment before each formula and block that names its model."""
    entries = {entry["tag"]: entry for entry in ENTRIES if entry["file"] == file}

    def named(match: re.Match[str]) -> str:
        tag = re.search(r"\\tag\{([^}]*)\}|<!-- tag: (\S+) -->", match.group())
        entry = entries.get((tag[1] or tag[2]) if tag else "")
        return f"<!-- derive: model={entry['model']} -->\n{match.group()}" if entry else match.group()

    text = (HERE / "pages" / file).read_text(encoding="utf-8")
    page = re.sub(r"\$\$.*?\$\$|<!-- tag: \S+ -->", named, text, flags=re.DOTALL)
    return verify(page, page=file, options=Options(run_code=True, repairs=repairs))


def verdict_on(entry: dict[str, Any]) -> Verdict:
    return report(entry["file"])[entry["tag"]]


@pytest.mark.parametrize("entry", ENTRIES, ids=ident)
def test_the_verdict(entry: dict[str, Any]) -> None:
    verdict = verdict_on(entry)
    allowed = {entry["verdict"]}
    if entry["tag"] in MAY_BE_UNREAD:
        allowed.add("unread")
    if entry["kind"] == "definition" and entry["verdict"] == "true":
        allowed.add("definition")
    assert verdict.verdict in allowed, verdict.diagnosis


@pytest.mark.parametrize("file", FILES)
def test_without_repairs_all_is_judged_alike_and_no_search_starts(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    full = report(file)
    started: list[object] = []
    monkeypatch.setattr(search, "_repaired", lambda *given: started.append(given))
    monkeypatch.setattr(blocks, "_next_repair", lambda *given: started.append(given))
    judged = report(file, repairs=False)
    assert not started
    for with_repairs, bare in zip(full, judged, strict=True):
        for what in ("tag", "verdict", "evidence", "reading", "links", "counterexample"):
            assert getattr(bare, what) == getattr(with_repairs, what), (bare.tag, what)
        assert (bare.correct_latex, bare.correct_code, bare.by_convention) == (None, None, {})


@pytest.mark.parametrize("entry", [entry for entry in FORMULAS if entry.get("links")], ids=ident)
def test_every_link(entry: dict[str, Any]) -> None:
    assert list(verdict_on(entry).links) == entry["links"]


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry["verdict"] == "false"], ids=ident)
def test_the_defects(entry: dict[str, Any]) -> None:
    assert set(verdict_on(entry).defects) == set(entry["defects"])


@pytest.mark.parametrize("entry", [entry for entry in FORMULAS if entry["verdict"] == "false"], ids=ident)
def test_the_repair_is_true_in_turn(entry: dict[str, Any]) -> None:
    repaired = verdict_on(entry).correct_latex
    assert repaired is not None
    assert verify_formula(repaired, load(entry["model"])).results[0].verdict == "true"


@pytest.mark.parametrize("entry", [entry for entry in FORMULAS if entry["verdict"] == "false"], ids=ident)
def test_a_counterexample_shows_it(entry: dict[str, Any]) -> None:
    found = verdict_on(entry).counterexample
    assert found is None or found.left != found.right


@pytest.mark.parametrize("entry", [entry for entry in FORMULAS if entry["defects"]], ids=ident)
def test_the_correction_of_the_corpus_is_true(entry: dict[str, Any]) -> None:
    models = {entry["model"], DECLARED_ORDER.get(entry["model"], entry["model"])}
    verdicts = [verify_formula(entry["correct_latex"], load(model)).results[0].verdict for model in models]
    assert "true" in verdicts


BY_MODEL = [(entry, model) for entry in FORMULAS for model in entry.get("by_model", {})]


@pytest.mark.parametrize(("entry", "model"), BY_MODEL, ids=lambda part: part if isinstance(part, str) else ident(part))
def test_the_verdict_in_another_model(entry: dict[str, Any], model: str) -> None:
    options = Options(repairs=False)
    verdict = verify_formula(entry["latex"], load(model), options=options).results[0]
    assert verdict.verdict == entry["by_model"][model]["verdict"], verdict.diagnosis


def test_code_that_is_repaired_is_the_code_of_the_corpus() -> None:
    for entry in ENTRIES:
        if entry["block"] == "code":
            found = verdict_on(entry).correct_code or entry["code"]
            assert _bare(found) == _bare(entry["correct_code"])


def _bare(code: str) -> str:
    lines = [re.sub(r"\s+", "", line.split("#")[0]) for line in code.splitlines()]
    return "\n".join(line for line in lines if line)


def test_the_mean_in_one_formula_only() -> None:
    (conflict,) = report("two_layer_cross_entropy.md").conflicts
    wanted = next(c for c in EXPECTED["conflicts"] if c["file"] == "two_layer_cross_entropy.md")
    assert {name: set(tags) for name, tags in conflict["settings"].items()} == {
        name: set(tags) for name, tags in wanted["settings"].items()
    }


def test_the_order_of_weight_indices() -> None:
    (conflict,) = report("mlp_index_notation.md").conflicts
    wanted = next(c for c in EXPECTED["conflicts"] if c["file"] == "mlp_index_notation.md")
    settings = conflict["settings"]
    assert settings["dest_first"]
    assert set(settings["dest_first"]) == set(wanted["settings"]["dest_first"])
    # w_11 and w_22 are the same in either order, and M22 has no weight; M2 and M30 fit neither order
    undecided = {"M15", "M19", "M21", "M22", "M23", "M27"}
    assert set(wanted["settings"]["source_first"]) - undecided <= set(settings["source_first"])
    assert not {"M2", "M30", *undecided} & set(settings["source_first"])


def test_the_rank_of_a_sample() -> None:
    (conflict,) = report("sigmoid_affine_softmax.md").conflicts
    assert conflict["convention"] == "rank of X"
    flat, matrix = conflict["settings"].values()
    # S14 holds with either rank
    assert {"C2", "S11"} <= set(flat)
    assert "S15" in matrix
    assert "S14" not in flat


def test_pages_without_a_conflict() -> None:
    assert not report("google_backprop.md").conflicts
    assert not report("lee_chain_rule.md").conflicts


def test_every_entry_is_found() -> None:
    for file in FILES:
        tags = {result.tag for result in report(file).results}
        assert {entry["tag"] for entry in ENTRIES if entry["file"] == file} <= tags
