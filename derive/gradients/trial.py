"""The whole check: several points, every group on its own, then the cause of what is wrong.

The points are the caller's, one close by (off any kink), and two drawn afresh with both signs at the scale of
each group, the second three times as large; `sample()` adds the caller's own, with sizes of their own. A group
is true if the caller's point (or the one close by, at a kink) and at least one other accept and none refutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from derive.errors import DeriveError
from derive.gradients.batch import Resized
from derive.gradients.claimed import Claimed, claimed_at
from derive.gradients.diagnose import Cause
from derive.gradients.drawing import generator, one_signed
from derive.gradients.far_scales import Far, out_of_scale
from derive.gradients.gradient_report import GradientReport, GroupResult, Kink, Worst, severity, summary
from derive.gradients.guard import CallFailed, Deadline, OutOfTime, same
from derive.gradients.guarded import cause_of, guarded
from derive.gradients.judge import ACCEPT, PointResult, judge_group
from derive.gradients.one_sided import at_kink
from derive.gradients.places import BEYOND, Places
from derive.gradients.plain_data import overall
from derive.gradients.point import Neighbourhood
from derive.gradients.setting import Finding, Plan

if TYPE_CHECKING:
    from derive.gradients.both_sides import BothSides
    from derive.gradients.model_backward import Derived


class _Stop(Exception):
    """The check ends here with this report."""

    def __init__(self, verdict: str, diagnosis: str, defects: list[str]) -> None:
        super().__init__(diagnosis)
        self.report = GradientReport(verdict, diagnosis, defects)


def run(prepare: Callable[[], Plan], time_limit: float | None, seed: int) -> GradientReport:
    """Make a plan and carry it out within the time limit; the answer is a report or a DeriveError."""
    if time_limit is not None and not time_limit > 0:
        raise DeriveError(f"the time limit is {time_limit} s", hint="a positive number of seconds, or None")
    deadline = Deadline(time_limit)
    trial = _Trial(deadline, seed)
    try:
        with deadline.armed(), np.errstate(all="ignore"):
            report = trial.report(prepare())
    except _Stop as stop:
        report = stop.report
    except OutOfTime:
        report = trial.unfinished()
    except CallFailed as failed:
        if failed.who not in ("grad", "backward"):
            raise DeriveError(str(failed), hint="call it once by hand with these arguments") from failed.error
        report = GradientReport("false", str(failed), [failed.defect])
    if trial.derived is not None:
        trial.derived.complete(report)
    if trial.places is not None:
        report.points, report.forward_calls = trial.places.points, trial.places.calls
    report.notes = list(dict.fromkeys([*trial.notes, *trial.remarks.values(), *report.notes]))
    if time_limit is not None and not deadline.enforced:
        report.notes.append("the time limit cannot end a call that never returns here (not the main thread)")
    return report


class _Trial:
    def __init__(self, deadline: Deadline, seed: int) -> None:
        self.deadline = deadline
        self.rng = generator(seed, 0)
        self.places: Places | None = None
        self.notes: list[str] = []
        self.kinks: list[Kink] = []
        self.results: dict[str, GroupResult] = {}
        self.accepted: dict[str, list[str]] = {}
        self.sizes: dict[str, dict[str, float]] = {}
        self.open: dict[str, tuple[str, PointResult]] = {}
        self.derived: Derived | None = None
        self.sides: BothSides | None = None
        self.untold: list[str] = []
        self.strict = True
        self.remarks: dict[str, str] = {}

    # ----- the caller's point -----

    def report(self, plan: Plan) -> GradientReport:
        self.notes, self.derived, self.sides, self.strict = plan.notes, plan.derived, plan.sides, plan.strict
        self.places = places = Places(plan, self.deadline, self.rng)
        given = self._given(places)
        claimed = self._claimed(given)
        findings = plan.audit(given.upstream, claimed.raw) if plan.audit else []
        self._judge(given, claimed)
        self.far = Far(given, self.rng, list(given.values) if self.sides is None else self.sides.free(given))
        for point in chain(places.further(), places.other_sides()):
            if all(r.verdict == "false" for r in self.results.values()) and self.results:
                break
            self._judge_further(point, self.far)
        if self.accepted and overall(r.verdict for r in self.results.values()) == "true":
            self._other_sizes(places.with_rows(given.outputs))
            self._judge_far(places, self.far)
        self._settle()
        self._settle_sides()
        self.notes += self.far.notes() if plan.redraw else []
        if plan.redraw and places.points < 3 and overall(r.verdict for r in self.results.values()) != "false":
            self.notes.append("the forward pass is not defined at most of the points that were drawn")
        return self._summary(findings)

    def _given(self, places: Places) -> Neighbourhood:
        plan, counted = places.plan, places.counted[0]
        outputs = counted.outputs(plan.values)
        if any(y.dtype.kind == "c" for y in outputs):
            raise DeriveError(
                "the forward value is complex", hint="return a real number, or its real and imaginary part"
            )
        if not any(value.size for value in plan.values.values()):
            raise _Stop("undecided", "all arguments are empty: there is nothing to differentiate by", [])
        if not outputs or not any(y.size for y in outputs):
            raise _Stop("undecided", "the forward value is empty: there is nothing to differentiate", [])
        point = places.given(outputs)
        if not same(outputs, counted.outputs(plan.values)):
            places.points = 0
            text = "the forward pass gives different values for the same input; fix its seed or pass what it draws"
            raise _Stop("undecided", text, ["nondeterministic"])
        if not point.finite:
            places.points = 0
            raise _Stop("undecided", "the forward value is NaN or infinite at the given point", ["not_finite"])
        return point

    def _claimed(self, point: Neighbourhood) -> Claimed:
        claimed = Claimed(point)
        if not claimed.raw and not claimed.problems:
            raise _Stop("false", "no gradient was returned", ["missing_gradient"])
        return claimed

    def _other_sizes(self, places: Iterator[tuple[Resized, Neighbourhood]]) -> None:
        """One more point with another number of rows; what fails there, or has another shape, refutes nothing."""
        for other, point in places:
            claimed = claimed_at(point)
            if claimed is None or claimed.problems or claimed.narrow.keys() != self.results.keys():
                continue
            kinks = list(self.kinks)
            for name in claimed.narrow:
                self._judge_group(point, claimed, name)
            self.kinks = kinks
            for result in self.results.values():
                if result.verdict == "false":
                    result.diagnosis = f"right for {other.rows} rows, not for {other.more}: {result.diagnosis}"
            return

    # ----- judging -----

    def _judge_far(self, places: Places, far: Far) -> None:
        """Where the claim does not fit one slope it is compared as everywhere else; only what differs counts."""
        kinks = list(self.kinks)
        for scale, values in far.points():
            point = places.at(places.counted[0], values, "another point")
            claimed = None if point is None else claimed_at(point)
            if point is None or claimed is None or claimed.problems:
                continue
            for name in far.moved:
                known = self.results[name].verdict != "true" or name in self.remarks  # a guard is met far out
                outcome = None if known else judge_group(point, claimed, name)
                if outcome is None or outcome.verdict != "false" or not outcome.gross:
                    continue
                if scale > 1:
                    self.results[name] = out_of_scale(point, claimed, name, scale)
                else:
                    self._judge_group(point, claimed, name)
        self.kinks = kinks

    def _judge_further(self, point: Neighbourhood, far: Far) -> None:
        """Judge at a drawn point; where the domain may end at zero a gradient that fails beyond it refutes nothing.

        It may end there if one of the given groups has numbers of one sign only. Far out, where a side of a condition
        was looked for, numbers may be too large for the code.
        """
        drawn = point.label in ("a drawn point", "a large point")
        guessed = (drawn and any(map(one_signed, far.given.given.values()))) or point.label.startswith(BEYOND)
        if drawn and far.outside(point.values):
            return
        try:
            claimed = Claimed(point)
        except CallFailed:
            if not guessed:
                raise
            self.notes.append(f"the gradient function fails at {point.label}, which may lie outside its domain")
            return
        if guessed and any(defect == "not_finite" for defect, _ in claimed.problems.values()):
            self.notes.append(f"the gradient is not finite at {point.label}, which may lie outside its domain")
            return
        far.visited(point.values)
        self._judge(point, claimed)

    def _judge(self, point: Neighbourhood, claimed: Claimed) -> None:
        self.notes += claimed.notes
        for name in list(claimed.raw) + [n for n in claimed.problems if n not in claimed.raw]:
            if name in self.results and self.results[name].verdict == "false":
                continue
            self._judge_group(point, claimed, name)
            if self.derived is not None:
                self.derived.compare(point, claimed, self.results[name])
        accepted = [
            self.results[name].verdict == "true" and point.label in self.accepted.get(name, []) for name in self.results
        ]
        if self.sides is not None and all(accepted):
            self.sides.meet(point)

    def _judge_group(self, point: Neighbourhood, claimed: Claimed, name: str) -> None:
        shape = point.values[name].shape
        if name in claimed.problems:
            defect, text = claimed.problems[name]
            cause = self._cause(point, claimed, name, Cause([defect], text))
            self.results[name] = GroupResult(name, shape, "false", cause.text, cause.defects, cause.worst)
            return
        outcome = judge_group(point, claimed, name)
        if outcome.verdict == "false" and not self.strict and (remark := guarded(point, claimed, name, outcome)):
            self.remarks[name] = remark
            outcome = replace(outcome, verdict="true")
        if outcome.verdict == "false" and point.label.startswith(BEYOND) and not outcome.gross:
            outcome = replace(outcome, verdict="undecided", reason="the difference may be rounding inside of the code")
        self.sizes.setdefault(name, {})[point.label] = outcome.size
        self.kinks += outcome.kinks
        if outcome.verdict == "kink":
            outcome, kinks = at_kink(point, claimed, name, outcome)
            if kinks is not None:
                self.kinks = [k for k in self.kinks if k.group != name] + kinks
        if outcome.verdict == "false":
            known = Cause([outcome.defect], outcome.reason, outcome.worst) if outcome.defect else None
            # it stands if the time is over before its cause is found
            self.results[name] = GroupResult(name, shape, "false", "it is wrong", ["wrong_value"], outcome.worst)
            cause = self._cause(point, claimed, name, known, outcome.worst)
            worst = cause.worst
            if point.label != "the given point" and worst is not None and worst.coordinate is not None:
                number = float(point.values[name][worst.coordinate])
                self.notes.append(
                    f"{name} is refuted at {point.label}, where {name}{list(worst.coordinate) or ''} is {number:.6g}"
                )
            self.results[name] = GroupResult(name, shape, "false", cause.text, cause.defects, worst, cause.located)
        elif outcome.verdict == "true":
            self.accepted.setdefault(name, []).append(point.label)
            result = self.results.setdefault(name, GroupResult(name, shape, "true"))
            if outcome.worst and (result.worst is None or severity(outcome.worst) > severity(result.worst)):
                result.worst = outcome.worst
        elif outcome.verdict == "undecided":
            self.open.setdefault(name, (point.label, outcome))
        self.results.setdefault(name, GroupResult(name, shape, "true"))

    def _cause(
        self, point: Neighbourhood, claimed: Claimed, name: str, known: Cause | None, worst: Worst | None = None
    ) -> Cause:
        elsewhere = self.places.elsewhere if self.places else None
        return cause_of(point, claimed, name, known, worst, elsewhere, self.derived, self.strict)

    def _settle(self) -> None:
        for name, result in self.results.items():
            if result.verdict == "false":
                continue
            labels = self.accepted.get(name, [])
            blocked = self.open.get(name)
            if blocked is not None and self._vanishes(name, *blocked):
                self.notes.append(f"the gradient of {name} vanishes at {blocked[0]}, beside its size nearby")
            elif blocked is not None and (blocked[0] == "the given point" or not labels):
                result.verdict, result.worst = "undecided", blocked[1].worst
                result.diagnosis = blocked[1].reason or "the slope could not be measured"
            elif not labels:
                result.verdict, result.diagnosis = "undecided", "there is a kink at every point that was tried"
            elif blocked is not None:
                self.notes.append(f"{name} was not decided at {blocked[0]}: {blocked[1].reason}")

    def _settle_sides(self) -> None:
        """What was right wherever it was looked at is open where a condition was met from one side only."""
        right = [result for result in self.results.values() if result.verdict == "true"]
        self.untold = self.sides.untold() if self.sides is not None and right else []
        for result in right if self.untold else ():
            result.verdict, result.diagnosis = "undecided", "; ".join(self.untold)

    def _vanishes(self, name: str, label: str, outcome: PointResult) -> bool:
        """At a minimum nothing is left to be precise about: the claim must be zero within 1e-6 of its size nearby."""
        nearby_size = self.sizes[name].get("a point close by", 0.0)
        near = "a point close by" in self.accepted.get(name, []) and len(self.accepted[name]) > 1
        return near and label == "the given point" and outcome.agrees and outcome.estimate < ACCEPT * nearby_size

    # ----- the answer -----

    def _summary(self, findings: list[Finding]) -> GradientReport:
        return replace(summary(list(self.results.values()), self.kinks, findings), one_sided=self.untold)

    def unfinished(self) -> GradientReport:
        """What is known when the time is over: a refutation stands, everything else is undecided."""
        groups = list(self.results.values())
        if any(g.verdict == "false" for g in groups):
            return self._summary([])
        text = f"not finished within the time limit of {self.deadline.seconds:g} s"
        if self.places is None or not self.places.points:
            text = f"the function did not return within the time limit of {self.deadline.seconds:g} s"
        return GradientReport("undecided", text, ["timeout"], groups=groups)
