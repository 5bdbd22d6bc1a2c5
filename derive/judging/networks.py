r"""Statements about a family of layers, held against networks of a few depths.

A window shows one or two layers, and knows of the others only what they hand on. What it proves holds for every depth;
but a derivative by what other layers use as well it cannot take, and what it refutes may be right all the same, where
the recursion and the loss make of it something special. In a network every layer is there: it is the model itself.

    windows          networks    verdict
    true                         true, for every depth
    false            false       false, as the windows have it, with the numbers of a run
    false            open        undecided; false if it is wrong in form, which no numbers change
    false, open      true        true, at these depths
    open             any         as the networks have it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.equality.equality import Level
from derive.ir.node import topological
from derive.judging.judgement import Finding, Judged, Judgement
from derive.judging.verdict import Counterexample, Evidence, weakest
from derive.meaning.claim import Claim, Equal
from derive.ops.conditions import open_nodes, switch_of

BEST: Evidence = "proved-at-sizes"


def are_needed(windows: Judgement) -> bool:
    """Whether the windows leave a statement open."""
    return windows.verdict not in ("true", "definition")


def confirmed(windows: Judgement, networks: Sequence[Judgement], level: Level = "any") -> Judgement:
    """The verdict on a statement about a family that is not proved in its windows; a proof is one for all depths."""
    words = [one.verdict for one in networks]
    for word in ("false", "ambiguous", "undecided", "unread"):
        if word in words:
            run = networks[words.index(word)]
            return _against(windows, run) if windows.verdict == "false" else _at_depths([run])
    shown = _at_depths(networks)
    if shown.verdict == "true" and any(map(_has_fixed_condition, networks)):
        return _undecided(shown, "it has a condition on the number of layers, which was not looked at on both sides")
    if level == "proved" and shown.verdict == "true":
        return _undecided(shown, "it is true at these depths, which is no proof for all")
    return shown


def _has_fixed_condition(run: Judgement) -> bool:
    """Whether a condition compares numbers alone, as T > 10 does in a network of three layers."""
    links = [link for one in run.judged for case in one.reading.ways[one.way] for link in case.links]
    nodes = open_nodes(side for link in links if isinstance(link, Equal) for side in (link.left, link.right))
    switches = [switch for node in nodes if (switch := switch_of(node)) is not None]
    return any(not any(below.op in ("ref", "size") for below in topological(switch)) for switch in switches)


def _against(windows: Judgement, run: Judgement) -> Judgement:
    """What the windows refute, after a network has not found it true."""
    plainer = _lacks_a_name(windows) and all(one.problem is None for one in run.judged)
    if run.verdict == "ambiguous" or (run.verdict == "false" and plainer):
        return _at_depths([run])
    if run.verdict == "false":
        return _with_run(windows, run)
    if run.verdict == "undecided" or _rests_on_numbers(windows):
        return _undecided(windows)
    return run if _lacks_a_name(windows) else windows


def _rests_on_numbers(judgement: Judgement) -> bool:
    return any(finding.counterexample is not None for one in judgement.judged for finding in one.findings)


def _lacks_a_name(judgement: Judgement) -> bool:
    """Whether a window does not have some name, as that of a layer farther away."""
    return any(one.problem is not None and one.problem.defect == "undefined_symbol" for one in judgement.judged)


_OPEN = "it does not hold for layers by themselves, and was not decided in a network of some depth"


def _undecided(windows: Judgement, reason: str = _OPEN) -> Judgement:
    found = Finding("undecided", reason=reason)
    judged = (replace(one, word="undecided", findings=(found,) * len(one.findings)) for one in windows.judged)
    return replace(windows, verdict="undecided", judged=tuple(judged))


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
