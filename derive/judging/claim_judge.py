"""From a claim to a verdict: readings x ways x cases x links.

    a link      holds in a case if its two nodes are equal there; in a way, if it holds in every case
    a way       holds if all of its links do; a reading, if one of its ways does
    a claim     all readings hold: true; none: false; some: ambiguous. One that is open leaves it undecided.

A member without a value makes every link at it false. A member that is undefined everywhere is never part of a true
link. The evidence of a claim is the weakest of its links; a difference in 50 digits counts as proof of falsehood.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from derive.calculus.jacobian import jacobian
from derive.equality.equality import Level, decide, quick_equal
from derive.equality.probe import DIGITS, points_of
from derive.equality.witness import Witness
from derive.errors import DeriveError
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs, topological
from derive.judging import networks
from derive.judging.judgement import Finding, Judged, Judgement, Word
from derive.judging.verdict import Counterexample, VerdictWord, weakest
from derive.meaning.claim import Case, Check, Claim, Denotation, Equal, Link, Problem, Reading

TIME_LIMIT = 4.0
"""Seconds for one statement; what is not decided then is undecided."""


def judge(claim: Claim, *, level: Level = "any", seconds: float = TIME_LIMIT, counterexample: bool = True) -> Judgement:
    """The verdict on one statement, from all its readings; of a family also in networks, in as much time again."""
    found = _judge(claim, level, time.process_time() + seconds, counterexample)
    if claim.networks is None or not networks.are_needed(found):
        return found
    end = time.process_time() + seconds
    runs = [_judge(network, level, end, counterexample) for network in claim.networks()]
    return networks.confirmed(found, runs, level)


def _judge(claim: Claim, level: Level, end: float, counterexample: bool) -> Judgement:
    if claim.unread is not None or not claim.readings:
        return Judgement(claim, "unread", ())
    judged = tuple(
        judge_reading(reading, level=level, end=end, counterexample=counterexample) for reading in claim.readings
    )
    words = {one.word for one in judged}
    verdict: VerdictWord
    if any(reading.hides_term for reading in claim.readings):
        verdict = "ambiguous"
    elif words == {"true"}:
        verdict = "definition" if all(_only_defines(one.reading) for one in judged) else "true"
    elif words == {"false"}:
        verdict = "false"
    else:
        verdict = "ambiguous" if {"true", "false"} <= words else "undecided"
    return Judgement(claim, verdict, judged)


def _only_defines(reading: Reading) -> bool:
    return reading.kind == "definition" and reading.defines is not None


def judge_reading(reading: Reading, *, level: Level, end: float, counterexample: bool) -> Judged:
    """One reading, by the first of its ways that holds, or by the one that comes closest."""
    best: Judged | None = None
    for number, cases in enumerate(reading.ways):
        findings = _judge_way(cases, level, end, counterexample)
        counted = [finding.word for k, finding in enumerate(findings) if k not in reading.defining]
        word: Word = "true" if all(w == "true" for w in counted) else "undecided"
        if "false" in counted or any(f.word == "false" and f.defect for f in findings):
            word = "false"
        if _problem_of(cases) is not None:
            word = "false"
        elif not findings:
            findings = _named_adjoint(cases)
            word = findings[0].word
        judged = Judged(reading, word, findings, number)
        if word == "true":
            return judged
        if best is None or _nearer(judged, best):
            best = judged
    if best is None:
        return Judged(reading, "undecided", ())
    return best


def _named_adjoint(cases: Sequence[Case]) -> tuple[Finding, ...]:
    """An expression that claims nothing is true if it is the derivative of the loss by something, which is named."""
    for case in cases[:1]:
        loss, member = case.graph.loss, case.members[0] if case.members else None
        if loss is None or not isinstance(member, Denotation) or member.letters:
            continue
        points = points_of(case.graph).first(2)
        for name in reversed(list(case.graph.names)):
            if name == loss or case.graph.shape(name) != member.node.shape or name not in case.graph.ancestors(loss):
                continue
            adjoint = jacobian(case.graph, loss, name)
            if quick_equal(member.node, adjoint, points):
                decision = decide(member.node, adjoint, case.graph, counterexample=False)
                if decision.equal:
                    return (Finding("true", decision.evidence, reason=f"it is ∂{loss}/∂{name}"),)
    return (Finding("undecided", reason="it states no relation, and is no derivative of the loss"),)


def _nearer(one: Judged, other: Judged) -> bool:
    """Whether a way is more to be believed: open rather than false, then by the number of true links."""
    rank = [(judged.word == "undecided", judged.links.count("true")) for judged in (one, other)]
    return rank[0] > rank[1]


def _problem_of(cases: Sequence[Case]) -> Problem | None:
    return next((m for case in cases for m in case.members if isinstance(m, Problem)), None)


def _judge_way(cases: Sequence[Case], level: Level, end: float, counterexample: bool) -> tuple[Finding, ...]:
    """Every link over all cases."""
    if not cases:
        return ()
    count = max(len(case.links) for case in cases)
    found = [
        _together([(case, _judge_link(case, k, level, end, counterexample)) for case in cases if k < len(case.links)])
        for k in range(count)
    ]
    for k in range(1, count):
        if "rounded" in (found[k - 1].evidence, found[k].evidence) and found[k].word == "true":
            found[k] = _across_numerals(cases, k, found[k], level, end, counterexample)
    return tuple(found)


def _across_numerals(
    cases: Sequence[Case], k: int, finding: Finding, level: Level, end: float, counterexample: bool
) -> Finding:
    """Rounding does not chain: the members on either side of a rounded numeral are equal themselves, or not at all."""
    outer = []
    for case in cases:
        before, after = case.links[k - 1 : k + 1]
        if isinstance(before, Equal) and isinstance(after, Equal) and _is_numeral(before.right):
            across = replace(case, links=(Equal(before.left, after.right),))
            outer.append((case, _judge_link(across, 0, level, end, counterexample)))
    if all(found.word == "true" for _, found in outer):
        return finding
    return replace(_together(outer), reason="the numeral between them is rounded, and what it stands for differs")


def _together(found: Sequence[tuple[Case, Finding]]) -> Finding:
    holds = tuple(case.scope for case, finding in found if finding.word == "true")
    fails = tuple(case.scope for case, finding in found if finding.word == "false")
    wrong = [finding for _, finding in found if finding.word == "false"]
    if wrong:
        # a failure that shows numbers says more than one that does not
        first = next((finding for finding in wrong if finding.counterexample), wrong[0])
        return replace(first, holds=holds, fails=fails)
    open_ = [finding for _, finding in found if finding.word == "undecided"]
    if open_:
        return replace(open_[0], holds=holds)
    first = found[0][1]
    evidence = weakest(finding.evidence for _, finding in found)
    return Finding("true", evidence, reason=first.reason, holds=holds, condition=first.condition)


# ---------------------------------------------------------------------------- one link


def _judge_link(case: Case, number: int, level: Level, end: float, counterexample: bool) -> Finding:
    link = case.links[number]
    if isinstance(link, Check):
        if link.holds:
            return Finding("true", "proved", reason=link.reason)
        return Finding("false", "proved", reason=link.reason, defect=link.defect)
    unknown = [name for name in refs(link.left, link.right) if name not in case.graph]
    unknown = [name for name in unknown if name not in case.graph.declarations]
    if unknown:
        return Finding("undecided", reason=f"{unknown[0]} has no value in this model")
    left = end - time.process_time()
    if left <= 0:
        return Finding("undecided", reason="no time was left to decide it")
    try:
        return _judge_equal(link, case.graph, level, left, counterexample)
    except DeriveError as error:
        return Finding("undecided", reason=error.message)


def _judge_equal(link: Equal, graph: ComputationGraph, level: Level, left: float, counterexample: bool) -> Finding:
    if link.places is not None and not _free(link.left, link.right):
        return _judge_rounded(link, graph)
    decision = decide(
        link.left,
        link.right,
        graph,
        level=level,
        time_limit=min(2.0, left),
        counterexample=counterexample,
        derivative=link.derivative,
        by=link.by,
        taken=link.taken,
        slopes=link.slopes,
        plain=link.plain,
    )
    if decision.verdict == "equal":
        zero = build.number(0)
        if any(decide(node, build.fill(zero, node.shape), graph, counterexample=False).equal for node in link.under):
            return Finding("undecided", reason="the condition holds nowhere")
        return Finding("true", decision.evidence, condition=decision.reason)
    if decision.verdict == "different":
        defect = "shape_mismatch" if link.mismatch else None
        return Finding("false", "proved", _counterexample(decision.witness, link), link.mismatch, defect)
    if decision.verdict == "undefined":
        return Finding("false", "proved", reason=decision.reason)
    return Finding("undecided", reason=decision.reason, one_sided=decision.one_sided)


def _counterexample(witness: Witness | None, link: Link) -> Counterexample | None:
    if witness is None:
        return None
    inputs = dict(witness.inputs)
    if isinstance(link, Equal):
        inputs |= {name: witness.sizes[name] for name in _sizes_as_numbers(link.left, link.right) & set(witness.sizes)}
    return Counterexample(inputs, witness.left, witness.right)


def _sizes_as_numbers(*nodes: Node) -> set[str]:
    return {name for node in topological(*nodes) if node.op == "size" for name in node.size.names}


def _is_numeral(node: Node) -> bool:
    return all(below.op in ("number", "neg", "array", "contract") for below in topological(node))


def _free(*nodes: Node) -> bool:
    """Whether something in the members varies: an input, a binding, a size."""
    return any(node.op in ("ref", "size") for node in topological(*nodes))


def _judge_rounded(link: Equal, graph: ComputationGraph) -> Finding:
    """Numerals beside numbers are right if every entry is the other member rounded to the decimals that are printed."""
    (point,) = points_of(graph).first(1)
    a, b = point.value(link.left, DIGITS), point.value(link.right, DIGITS)
    if a is None or b is None or link.places is None:
        return Finding("undecided", reason="a member has no value")
    left, right = np.asarray(a, dtype=object).ravel(), np.asarray(b, dtype=object).ravel()
    places = link.places if len(link.places) == left.size else link.places[:1] * left.size
    if all(one == other for one, other in zip(left, right, strict=True)):
        return Finding("true", "proved")
    for one, other, decimals in zip(left, right, places, strict=True):
        if abs(one - other) > 0.5 * 10.0**-decimals * (1 + 1e-12):
            found = Counterexample({}, float(one), float(other))
            return Finding("false", "proved", found, "the numbers differ by more than rounding")
    return Finding("true", "rounded", reason="rounded to the printed decimals")
