"""The conditions of a model at the points of a check of code: met from both sides, or told.

What was accepted counts: a side is met at a point where every gradient was accepted. Towards the other sides the
check is given further points, at which only what is moved changes (labels stay what they are).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from derive.codegen.forward import bind_inputs
from derive.equality.branches import Branches
from derive.equality.probe import Point as Drawn
from derive.errors import DeriveError
from derive.gradients.batch import Placed
from derive.gradients.drawing import like
from derive.gradients.model_backward import Derived
from derive.gradients.point import Neighbourhood


class BothSides:
    """Which sides were met, in a check of anything that a model describes."""

    def __init__(self, derived: Derived, seed: int) -> None:
        self.derived, self.seed = derived, seed
        self.sides = Branches(derived.plain, derived.ended.outputs, derived.plain)
        self.start: tuple[Drawn, Neighbourhood] | None = None

    def meet(self, point: Neighbourhood) -> None:
        """Take note of a point at which every gradient was accepted."""
        drawn = None if self.derived.outside(point) else self.drawn(point)
        if drawn is not None:
            self.start = self.start or (drawn, point)
            self.sides.meet(drawn)

    def towards(self) -> Iterator[Placed]:
        """Subjects at points on the sides that were not met so far."""
        if self.start is not None:
            drawn, point = self.start
            for other in self.sides.towards(drawn, self.seed, self.held(drawn, point)):
                yield self.placed(other, point)

    def untold(self) -> list[str]:
        """A sentence for each condition of which a side was not met."""
        return self.sides.untold()

    def drawn(self, point: Neighbourhood) -> Drawn | None:
        """The point in the names of the model."""
        plain = self.derived.plain
        try:
            known = self.derived.arguments(point)
            inputs, sizes = bind_inputs(plain, {name: known[name] for name in plain.inputs})
        except DeriveError:
            return None
        if any(name not in sizes for name in plain.size_names()):
            return None
        exact = np.frompyfunc(Fraction, 1, 1)
        return Drawn(plain, sizes, {name: np.asarray(exact(value), dtype=object) for name, value in inputs.items()})

    def free(self, point: Neighbourhood) -> list[str]:
        """The groups that may have any values: those of inputs without declared facts."""
        inputs, names = self.derived.plain.inputs, self.derived.names
        return [name for name in point.values if name in names and not inputs[names[name]].facts]

    def held(self, drawn: Drawn, point: Neighbourhood) -> list[str]:
        """The inputs of the model that are not moved."""
        moved = {self.derived.names.get(group) for group in point.given}
        return [name for name in drawn.inputs if name not in moved]

    def placed(self, drawn: Drawn, point: Neighbourhood) -> Placed:
        """The subject of the point, with the groups moved to where the model was drawn."""
        names = self.derived.names
        moved = {
            group: like(drawn.inputs[names[group]].astype(float).reshape(value.shape), value)
            for group, value in point.given.items()
            if group in names
        }
        return point.subject.subject, {**point.given, **moved}
