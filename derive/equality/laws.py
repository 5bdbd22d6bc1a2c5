"""The laws of the proof kernel, one table.

A law is registered where it is applied; the kernel finds it through this table only:

    factor      rewrites a product at one of its factors: f(term, atom, indices, exponent)
    fact        the same, at an entry of an input with a declared fact: f(term, atom, indices, exponent, fact)
    function    the value of a function or power by the first law that knows it: f(algebra, ...)
    atom        what is known of a new atom, its sign and its symmetries: f(algebra, atom)
    form        the structure of the normal form: what it cannot tell apart because equal values look alike

A law is used from left to right, and only if its condition follows from what is declared or from how a value is made:
it returns None, or learns nothing, where it does not apply. An equation of values holds where both sides have one.

The samples are model text: the equation holds at every input that `declared` admits. With the declarations `at_large`
the condition is gone: there an input exists at which the equation fails, and the kernel must not prove it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Place = Literal["factor", "fact", "function", "atom", "form"]
Apply = TypeVar("Apply", bound=Callable[..., Any])

PLACES: dict[Place, str] = {
    "function": "laws of powers and functions",
    "factor": "laws of products",
    "fact": "laws of declared inputs",
    "atom": "signs and symmetries",
    "form": "structure of the normal form",
}
"""The places in the order in which a reader wants them, with their headings."""


@dataclass(frozen=True)
class Sample:
    """An equation that a law proves, `left = right` over some declarations."""

    declared: str
    equation: str
    at_large: str = ""

    @property
    def sides(self) -> tuple[str, str]:
        """The two sides."""
        left, _, right = self.equation.partition(" = ")
        return left, right


@dataclass(frozen=True)
class Law:
    """`pattern` as a reader writes it, under `condition` in words; `heads`: of which atoms, functions or facts."""

    place: Place
    heads: tuple[str, ...]
    name: str
    pattern: str
    condition: str
    apply: Callable[..., Any]
    samples: tuple[Sample, ...]


LAWS: list[Law] = []
_AT: dict[tuple[Place, str], tuple[Law, ...]] = {}


def law(
    place: Place, heads: str, name: str, pattern: str, *samples: Sample, condition: str = ""
) -> Callable[[Apply], Apply]:
    """Enter the function below as the law `name`; `heads` are separated by commas."""

    def enter(apply: Apply) -> Apply:
        known = Law(place, tuple(heads.split(", ")), name, pattern, condition, apply, samples)
        LAWS.append(known)
        for head in known.heads:
            _AT[place, head] = (*laws_at(place, head), known)
        return apply

    return enter


def laws_at(place: Place, head: str) -> tuple[Law, ...]:
    """The laws of one head, in the order in which they are tried."""
    return _AT.get((place, head), ())
