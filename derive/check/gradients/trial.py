"""The whole check: several points, every group on its own, then the cause of what is wrong.

The points are the caller's, one close by (off any kink), and two drawn afresh with both signs at the scale of
each group, the second three times as large; `sample()` adds the caller's own, with sizes of their own. A group
is true if the caller's point (or the one close by, at a kink) and at least one other accept and none refutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from derive.check.gradients.diagnose import Cause, diagnose
from derive.check.gradients.drawing import drawn, keeping_signs, large, nearby, one_signed
from derive.check.gradients.gradient_report import GradientReport, GroupResult, Kink, Worst, overall, severity, summary
from derive.check.gradients.guard import CallFailed, Deadline, OutOfTime, same
from derive.check.gradients.judge import ACCEPT, Claimed, Outcome, judge_group
from derive.check.gradients.locate import SAMPLE, Evidence, gather, measure
from derive.check.gradients.plan import Finding, Plan, Resized
from derive.check.gradients.point import Counted, Point, Values
from derive.errors import DeriveError

if TYPE_CHECKING:
    from derive.check.gradients.beside import Derived

MOST_KINKS = 64


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
    report.points, report.forward_calls = trial.points, trial.calls
    report.notes = list(dict.fromkeys([*trial.notes, *report.notes]))
    if time_limit is not None and not deadline.enforced:
        report.notes.append("the time limit cannot end a call that never returns here (not the main thread)")
    return report


class _Trial:
    plan: Plan
    notes: list[str]

    def __init__(self, deadline: Deadline, seed: int) -> None:
        self.deadline = deadline
        self.rng = np.random.default_rng(seed)
        self.counted: list[Counted] = []
        self.points = 0
        self.notes = []
        self.kinks: list[Kink] = []
        self.results: dict[str, GroupResult] = {}
        self.accepted: dict[str, list[str]] = {}
        self.sizes: dict[str, dict[str, float]] = {}
        self.open: dict[str, tuple[str, Outcome]] = {}
        self.derived: Derived | None = None

    @property
    def calls(self) -> int:
        return sum(c.calls for c in self.counted)

    # ----- the caller's point -----

    def report(self, plan: Plan) -> GradientReport:
        self.plan, self.notes, self.derived = plan, plan.notes, plan.derived
        self.counted = [Counted(plan.subject, self.deadline)]
        given = self._given()
        claimed = self._claimed(given)
        findings = plan.audit(given.upstream, claimed.raw) if plan.audit else []
        self._judge(given, claimed)
        for point in self._points():
            if all(r.verdict == "false" for r in self.results.values()) and self.results:
                break
            self._judge_further(point)
        if plan.resized is not None and self.accepted and overall(list(self.results.values())) == "true":
            self._other_sizes(plan.resized(given.outputs))
        self._settle()
        if plan.redraw and self.points < 3 and overall(list(self.results.values())) != "false":
            self.notes.append("the forward pass is not defined at most of the points that were drawn")
        return self._summary(findings)

    def _given(self) -> Point:
        counted = self.counted[0]
        outputs = counted.outputs(self.plan.values)
        if any(y.dtype.kind == "c" for y in outputs):
            raise DeriveError(
                "the forward value is complex", hint="return a real number, or its real and imaginary part"
            )
        if not any(value.size for value in self.plan.values.values()):
            raise _Stop("undecided", "all arguments are empty: there is nothing to differentiate by", [])
        if not outputs or not any(y.size for y in outputs):
            raise _Stop("undecided", "the forward value is empty: there is nothing to differentiate", [])
        upstream = self.plan.upstream(outputs)
        point = Point(counted, self.plan.values, outputs, upstream, self.rng, "the given point")
        if not same(outputs, counted.outputs(self.plan.values)):
            text = "the forward pass gives different values for the same input; fix its seed or pass what it draws"
            raise _Stop("undecided", text, ["nondeterministic"])
        if not point.finite:
            raise _Stop("undecided", "the forward value is NaN or infinite at the given point", ["not_finite"])
        self.points = 1
        return point

    def _claimed(self, point: Point) -> Claimed:
        claimed = Claimed(point)
        if not claimed.raw and not claimed.problems:
            raise _Stop("false", "no gradient was returned", ["missing_gradient"])
        return claimed

    # ----- further points -----

    def _points(self) -> Iterator[Point]:
        if self.plan.redraw:
            for label, draw in (("a point close by", nearby), ("a drawn point", drawn), ("a large point", large)):
                for attempt in (draw, keeping_signs(draw), nearby):
                    values = {name: attempt(value, self.rng) for name, value in self.plan.values.items()}
                    point = self._try(self.counted[0], values, label)
                    if point is not None:
                        yield point
                        break
        for k in range(self.plan.rounds if self.plan.further else 0):
            assert self.plan.further is not None
            subject, values = self.plan.further()
            self.counted.append(Counted(subject, self.deadline))
            point = self._try(self.counted[-1], values, f"sample {k + 1}")
            if point is None:
                self.notes.append(f"sample {k + 1} was left out: the forward pass fails or is not finite there")
            else:
                yield point

    def _try(self, counted: Counted, values: Values, label: str) -> Point | None:
        """A further point that is counted, or None where the forward pass is not defined."""
        point = self._at(counted, values, label)
        self.points += point is not None
        return point

    def _at(self, counted: Counted, values: Values, label: str) -> Point | None:
        """A point, or None where the forward pass is not defined there (the domain is the caller's secret)."""
        try:
            own = counted is self.counted[0] or self.plan.further_upstream is None
            weigh = self.plan.upstream if own else self.plan.further_upstream
            assert weigh is not None
            outputs = counted.outputs(values)
            point = Point(counted, values, outputs, weigh(outputs), self.rng, label)
        except (CallFailed, DeriveError):
            return None
        return point if point.finite and point.center.size else None

    def _other_sizes(self, subjects: Iterator[Resized]) -> None:
        """One more point with another number of rows; what fails there, or has another shape, refutes nothing."""
        for other in subjects:
            counted = Counted(other.subject, self.deadline)
            self.counted.append(counted)
            point = self._try(counted, other.values, f"{other.more} rows")
            if point is None:
                continue
            try:
                claimed = Claimed(point)
            except (CallFailed, DeriveError):
                continue
            if claimed.problems or claimed.narrow.keys() != self.results.keys():
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

    def _judge_further(self, point: Point) -> None:
        """Judge at a drawn point; where the domain may end at zero a gradient that fails beyond it refutes nothing."""
        guessed = point.label in ("a drawn point", "a large point") and any(map(one_signed, self.plan.values.values()))
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
        self._judge(point, claimed)

    def _judge(self, point: Point, claimed: Claimed) -> None:
        self.notes += claimed.notes
        for name in list(claimed.raw) + [n for n in claimed.problems if n not in claimed.raw]:
            if name in self.results and self.results[name].verdict == "false":
                continue
            self._judge_group(point, claimed, name)
            if self.plan.derived is not None:
                self.plan.derived.compare(point, claimed, self.results[name])

    def _judge_group(self, point: Point, claimed: Claimed, name: str) -> None:
        shape = point.values[name].shape
        if name in claimed.problems:
            defect, text = claimed.problems[name]
            cause = self._cause(point, claimed, name, Cause([defect], text))
            self.results[name] = GroupResult(name, shape, "false", cause.text, cause.defects, cause.worst)
            return
        outcome = judge_group(point, claimed, name)
        self.sizes.setdefault(name, {})[point.label] = outcome.size
        self.kinks += outcome.kinks
        if outcome.verdict == "kink":
            outcome = self._at_kink(point, claimed, name, outcome)
        if outcome.verdict == "false":
            known = Cause([outcome.defect], outcome.reason, outcome.worst) if outcome.defect else None
            cause = self._cause(point, claimed, name, known, outcome.worst)
            self.results[name] = GroupResult(
                name, shape, "false", cause.text, cause.defects, cause.worst, cause.located
            )
        elif outcome.verdict == "true":
            self.accepted.setdefault(name, []).append(point.label)
            result = self.results.setdefault(name, GroupResult(name, shape, "true"))
            if outcome.worst and (result.worst is None or severity(outcome.worst) > severity(result.worst)):
                result.worst = outcome.worst
        elif outcome.verdict == "undecided":
            self.open.setdefault(name, (point.label, outcome))
        self.results.setdefault(name, GroupResult(name, shape, "true"))

    def _at_kink(self, point: Point, claimed: Claimed, name: str, outcome: Outcome) -> Outcome:
        """Name the coordinates with a kink; one whose claim lies outside the one-sided slopes is refuted."""
        if point.values[name].size > MOST_KINKS:
            return outcome
        evidence = gather(point, claimed, name)
        self.kinks = [k for k in self.kinks if k.group != name] + evidence.kinks
        for kink in evidence.kinks:
            low, high = min(kink.left, kink.right), max(kink.left, kink.right)
            if not low - 1e-3 * (high - low) <= kink.claimed <= high + 1e-3 * (high - low):
                estimate = 1e-3 * (high - low)
                worst = Worst(name, kink.coordinate, kink.claimed, 0.5 * (low + high), estimate)
                text = f"at the kink at {list(kink.coordinate or ())} the claim lies outside the one-sided slopes"
                return Outcome("false", worst, text, defect="wrong_value")
        smooth = ~np.isin(
            evidence.index, [np.ravel_multi_index(k.coordinate or (), evidence.shape) for k in evidence.kinks]
        )
        return Outcome("false", evidence.worst()) if np.any(evidence.bad & smooth) else outcome

    def _cause(
        self, point: Point, claimed: Claimed, name: str, known: Cause | None, worst: Worst | None = None
    ) -> Cause:
        """The diagnosis of a refuted group; a failure of the forward pass while measuring leaves it unnamed."""
        if known is not None and known.defects[0] not in ("shape_mismatch", "wrong_type"):
            return known
        try:
            evidence = gather(point, claimed, name)
            return diagnose(evidence, known, worst, self._elsewhere, self.plan.derived)
        except CallFailed:
            return known or Cause(["wrong_value"], "the gradient is wrong", worst)

    def _elsewhere(self, evidence: Evidence) -> Iterator[Evidence]:
        """The group at two more points, measured at some coordinates, for a cause that has to hold there too."""
        if self.plan.redraw:
            here = evidence.point
            places = [(here.subject, {n: draw(v, self.rng) for n, v in here.given.items()}) for draw in (nearby, drawn)]
        else:
            further = [self.plan.further() for _ in range(2)] if self.plan.further else []
            places = [(Counted(subject, self.deadline), values) for subject, values in further]
        for counted, values in places:
            point = self._at(counted, values, "elsewhere")
            if point is None or point.promoted is not evidence.point.promoted:
                continue
            try:
                claimed = Claimed(point)
            except (CallFailed, DeriveError):
                continue
            if evidence.name in claimed.narrow and evidence.name in point.values:
                size = point.values[evidence.name].size
                chosen = self.rng.permutation(size)[:SAMPLE]
                yield measure(point, claimed, evidence.name, np.sort(chosen))

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

    def _vanishes(self, name: str, label: str, outcome: Outcome) -> bool:
        """At a minimum nothing is left to be precise about: the claim must be zero within 1e-6 of its size nearby."""
        nearby_size = self.sizes[name].get("a point close by", 0.0)
        near = "a point close by" in self.accepted.get(name, []) and len(self.accepted[name]) > 1
        return near and label == "the given point" and outcome.agrees and outcome.estimate < ACCEPT * nearby_size

    # ----- the answer -----

    def _summary(self, findings: list[Finding]) -> GradientReport:
        return summary(list(self.results.values()), self.kinks, findings)

    def unfinished(self) -> GradientReport:
        """What is known when the time is over: a refutation stands, everything else is undecided."""
        groups = list(self.results.values())
        if any(g.verdict == "false" for g in groups):
            return self._summary([])
        text = f"not finished within the time limit of {self.deadline.seconds:g} s"
        if not self.points:
            text = f"the function did not return within the time limit of {self.deadline.seconds:g} s"
        return GradientReport("undecided", text, ["timeout"], groups=groups)
