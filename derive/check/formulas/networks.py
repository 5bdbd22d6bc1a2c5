r"""Statements about a family of layers, held against networks of two depths.

A window shows one or two layers, and knows of the others only what they hand on. What it proves holds for every depth
as long as nothing passes the window by: a parameter that every step uses does (its derivative is a sum over all steps),
and so does an input that the loss reads again. What it refutes may be right all the same, where the recursion and the
loss make of it something special. In a network every layer is there: it is the model itself.

    windows     networks    verdict
    true        true        true, as the windows have it: for every depth
    other       true        true, at these depths
    any         false       false, with the numbers of a run
    any         open        as the windows have it if nothing passes them by, else undecided
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.check.formulas.judgement import Finding, Judged, Judgement
from derive.check.verdict import Counterexample, Evidence, weakest
from derive.claims.meaning.claim import Claim
from derive.ir.graph import Family

BEST: Evidence = "proved-at-sizes"


def are_needed(windows: Judgement, family: Family) -> bool:
    """Whether the windows leave a statement open."""
    return windows.verdict != "definition" and (windows.verdict != "true" or bool(family.shared))


def confirmed(windows: Judgement, networks: Sequence[Judgement], family: Family) -> Judgement:
    """The verdict on a statement about a family."""
    words = {one.verdict for one in networks}
    for word in ("false", "ambiguous"):
        if word in words:
            run = next(one for one in networks if one.verdict == word)
            return _with_run(windows, run) if windows.verdict == word == "false" else _at_depths([run])
    if words <= {"true", "definition"}:
        return windows if windows.verdict == "true" else _at_depths(networks)
    if words == {"unread"} and windows.verdict == "unread":
        return networks[0]  # it knows the number of layers too, so it came farther
    if family.shared and windows.verdict in ("true", "false"):
        return _undecided(windows, family)
    return windows


def _undecided(windows: Judgement, family: Family) -> Judgement:
    reason = f"{family.shared[0]} is used in several layers or around them, and one layer does not decide for all"
    found = (Finding("undecided", reason=reason),)
    return replace(
        windows,
        verdict="undecided",
        judged=tuple(replace(one, word="undecided", findings=found * len(one.findings)) for one in windows.judged),
    )


def _with_run(windows: Judgement, run: Judgement) -> Judgement:
    """What is wrong as the windows tell it, with the numbers of a run."""
    shows = next((f.counterexample for one in run.judged for f in one.findings if f.counterexample), None)
    return replace(windows, judged=tuple(_showing(one, shows) for one in windows.judged))


def _showing(judged: Judged, shows: Counterexample | None) -> Judged:
    found = (replace(one, counterexample=shows if one.counterexample else None) for one in judged.findings)
    return replace(judged, findings=tuple(found))


def _at_depths(networks: Sequence[Judgement]) -> Judgement:
    """What the networks say, with their depths."""
    shown = networks[0]
    depths = ", ".join(dict.fromkeys(depth for one in networks for depth in _depths(one.claim)))

    def told(one: Judged) -> Judged:
        reading = replace(one.reading, text=f"{one.reading.text}  [{depths}]")
        return replace(one, reading=reading, findings=tuple(map(_seen, one.findings)))

    return replace(shown, judged=tuple(told(one) for one in shown.judged))


def _seen(finding: Finding) -> Finding:
    """What is true at some depths is not proved for all of them."""
    return replace(finding, evidence=weakest([finding.evidence, BEST])) if finding.word == "true" else finding


def _depths(claim: Claim) -> list[str]:
    return [case.scope.split(",")[0] for reading in claim.readings[:1] for case in reading.cases[:1]]
