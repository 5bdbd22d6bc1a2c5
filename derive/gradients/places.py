"""Where a gradient is compared: points close by, drawn, and sampled; other numbers of rows; places to confirm a cause.

A point exists where the forward pass runs and is finite. Its domain is the caller's secret, so what fails at a drawn
point says nothing, and another draw takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from derive.errors import DeriveError
from derive.gradients.batch import Resized
from derive.gradients.claimed import claimed_at
from derive.gradients.difference import Array
from derive.gradients.drawing import drawn, keeping_signs, large, nearby
from derive.gradients.guard import CallFailed, Deadline
from derive.gradients.locate import SAMPLE, Evidence, measure
from derive.gradients.point import Counted, Neighbourhood, Values
from derive.gradients.setting import Plan

BEYOND = "another side of a condition"


class Places:
    """The points of one check; `points` are counted, `calls` are all forward calls."""

    def __init__(self, plan: Plan, deadline: Deadline, rng: np.random.Generator) -> None:
        self.plan, self.deadline, self.rng = plan, deadline, rng
        self.counted = [Counted(plan.subject, deadline)]
        self.counted[0].workshop.other_sizes = self.other_sizes
        self.points = 0

    @property
    def calls(self) -> int:
        return sum(c.calls for c in self.counted)

    def given(self, outputs: list[Array]) -> Neighbourhood:
        """The caller's point, where the forward pass gives these outputs."""
        self.points = 1
        upstream = self.plan.upstream(outputs)
        return Neighbourhood(self.counted[0], self.plan.values, outputs, upstream, self.rng, "the given point")

    def further(self) -> Iterator[Neighbourhood]:
        """Close by, drawn afresh twice, and the caller's samples; where the forward pass is defined."""
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
                self.plan.notes.append(f"sample {k + 1} was left out: the forward pass fails or is not finite there")
            else:
                yield point

    def other_sides(self) -> Iterator[Neighbourhood]:
        """Where conditions of the model were not met so far."""
        for k, (subject, values) in enumerate(self.plan.sides.towards() if self.plan.sides else ()):
            self.counted.append(Counted(subject, self.deadline))
            point = self._try(self.counted[-1], values, f"{BEYOND} (point {k + 1})")
            if point is not None:
                yield point

    def _try(self, counted: Counted, values: Values, label: str) -> Neighbourhood | None:
        """A further point that is counted, or None where the forward pass is not defined."""
        point = self.at(counted, values, label)
        self.points += point is not None
        return point

    def at(self, counted: Counted, values: Values, label: str) -> Neighbourhood | None:
        """A point, or None where the forward pass is not defined there (the domain is the caller's secret)."""
        try:
            own = counted is self.counted[0] or self.plan.further_upstream is None
            weigh = self.plan.upstream if own else self.plan.further_upstream
            assert weigh is not None
            outputs = counted.outputs(values)
            point = Neighbourhood(counted, values, outputs, weigh(outputs), self.rng, label)
        except (CallFailed, DeriveError):
            return None
        return point if point.finite and point.center.size else None

    def with_rows(self, outputs: list[Array]) -> Iterator[tuple[Resized, Neighbourhood]]:
        """Points with another number of rows than these outputs have."""
        for other in self.plan.resized(outputs) if self.plan.resized else ():
            self.counted.append(Counted(other.subject, self.deadline))
            point = self._try(self.counted[-1], other.values, f"{other.more} rows")
            if point is not None:
                yield other, point

    def other_sizes(self, evidence: Evidence) -> Iterator[Evidence]:
        """The group with another number of rows, or at a sample: a factor may be a size by coincidence."""
        points: Iterator[Neighbourhood | None] = (point for _, point in self.with_rows(evidence.point.outputs))
        if self.plan.further is not None:
            subject, values = self.plan.further()
            points = iter([self.at(Counted(subject, self.deadline), values, "a sample")])
        for point in points:
            claimed = None if point is None else claimed_at(point)
            if point is not None and claimed is not None and evidence.name in claimed.narrow:
                chosen = self.rng.permutation(point.values[evidence.name].size)[:SAMPLE]
                yield measure(point, claimed, evidence.name, np.sort(chosen))

    def elsewhere(self, evidence: Evidence) -> Iterator[Evidence]:
        """The group at two more points, measured at some coordinates, for a cause that has to hold there too."""
        if self.plan.redraw:
            here = evidence.point
            places = [(here.subject, {n: draw(v, self.rng) for n, v in here.given.items()}) for draw in (nearby, drawn)]
        else:
            further = [self.plan.further() for _ in range(2)] if self.plan.further else []
            places = [(Counted(subject, self.deadline), values) for subject, values in further]
        for counted, values in places:
            point = self.at(counted, values, "elsewhere")
            if point is None or point.promoted is not evidence.point.promoted:
                continue
            claimed = claimed_at(point)
            if claimed is not None and evidence.name in claimed.narrow and evidence.name in point.values:
                size = point.values[evidence.name].size
                chosen = self.rng.permutation(size)[:SAMPLE]
                yield measure(point, claimed, evidence.name, np.sort(chosen))
