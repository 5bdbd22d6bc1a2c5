"""What a check works on: a subject, its values, and where further points come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from derive.errors import DeriveError
from derive.gradients.batch import Resized, resized
from derive.gradients.difference import Array
from derive.gradients.drawing import generator
from derive.gradients.guard import call
from derive.gradients.point import Subject

if TYPE_CHECKING:
    from derive.gradients.both_sides import BothSides
    from derive.gradients.model_backward import Derived

Finding = tuple[str, str]


@dataclass
class Plan:
    """What to check: the subject, its values, and where further points come from."""

    subject: Subject
    values: dict[str, Array]
    upstream: Callable[[list[Array]], list[Array]]
    redraw: bool = True
    further: Callable[[], tuple[Subject, dict[str, Array]]] | None = None
    further_upstream: Callable[[list[Array]], list[Array]] | None = None
    rounds: int = 3
    audit: Callable[[list[Array], Mapping[str, Array]], list[Finding]] | None = None
    """What leaks from call to call; it is given the upstream gradients and the gradients already claimed for them."""
    notes: list[str] = field(default_factory=list)
    derived: Derived | None = None
    sides: BothSides | None = None
    resized: Callable[[list[Array]], Iterator[Resized]] | None = None
    """Subjects with another number of rows, made from the outputs at the given one."""
    strict: bool = True
    """Whether a guard that only one pass has refutes a gradient."""


class Checked(Subject, Protocol):
    """A subject that knows what is moved, and what leaks from one of its calls to the next."""

    values: dict[str, Array]
    notes: list[str]

    def audit(self, upstream: list[Array], claimed: Mapping[str, Array], rng: np.random.Generator) -> list[Finding]:
        """Given the upstream gradients and the gradients already claimed for them."""


def planned(
    subject_at: Callable[[tuple[Any, ...]], Checked],
    given: tuple[Any, ...],
    sample: Callable[[], Any] | None,
    upstream: Any,
    model: Any,
    seed: int,
    strict: bool = False,
) -> Callable[[], Plan]:
    """The plan of a check of a function or layer: at the given arguments, at samples, at another number of rows."""
    rng = generator(seed, 1)
    derived, sides = (None, None) if model is None else described_by(model, seed)

    def placed(arguments: Any) -> tuple[Checked, dict[str, Array]]:
        subject = subject_at(arguments if isinstance(arguments, tuple) else (arguments,))
        return subject, subject.values

    def prepare() -> Plan:
        subject = subject_at(given)
        if derived is not None:
            derived.bind([*subject.values, *subject.constants])
        return Plan(
            subject,
            subject.values,
            lambda outputs: upstream_for(outputs, upstream, rng),
            further=None if sample is None else lambda: placed(call("sample", sample)),
            further_upstream=lambda outputs: upstream_for(outputs, None, rng),
            audit=lambda u, claimed: subject.audit(u, claimed, generator(seed, 2)),
            notes=subject.notes,
            derived=derived,
            sides=sides,
            resized=None if sample else lambda outputs: resized(given, outputs, placed, generator(seed, 3)),
            strict=strict,
        )

    return prepare


def described_by(model: Any, seed: int) -> tuple[Derived, BothSides]:
    """The derivation of a model, and its conditions. Raises DeriveError for what is no model."""
    # they load notation and code emission, which code alone does not need
    from derive.gradients.both_sides import BothSides
    from derive.gradients.model_backward import Derived

    derived = Derived(model)
    return derived, BothSides(derived, seed)


def upstream_for(outputs: list[Array], given: Any, rng: np.random.Generator) -> list[Array]:
    """The caller's upstream gradient where it fits, 1 for a scalar, else random numbers of both signs."""
    if given is not None:
        several = isinstance(given, list | tuple) and len(outputs) > 1
        arrays = [np.asarray(u) for u in (given if several else [given])]
        if any(u.dtype.kind != "f" for u in arrays):
            raise DeriveError("the upstream gradient is not an array of floats")
        if [u.shape for u in arrays] != [y.shape for y in outputs]:
            have, need = (", ".join(str(a.shape) for a in some) for some in (arrays, outputs))
            raise DeriveError(f"the upstream gradient has shape {have}, the forward value {need}")
        return arrays
    if all(y.ndim == 0 for y in outputs):
        return [np.ones_like(y) for y in outputs]
    signs = [rng.choice([-1.0, 1.0], y.shape) for y in outputs]
    return [(sign * rng.uniform(0.5, 1.5, y.shape)).astype(y.dtype) for sign, y in zip(signs, outputs, strict=True)]
