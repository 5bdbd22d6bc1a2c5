"""What a block defines, used from outside: its layers, its functions with their derivatives, its functions alone.

The judge draws the arguments, compares and differentiates; the process of the block is asked for values only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.gradient import check_gradient
from derive.gradients.gradient_report import GradientReport
from derive.gradients.layer import check_layer
from derive.listings.process import Arguments, Array, Definable, Failure, Raised, Server, Stopped
from derive.listings.protocol import BadFrame
from derive.listings.reached import Place
from derive.listings.remote import function, layer

REPORT_SECONDS = 5.0
MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class Used:
    """What came of a subject. `report` is the verdict on its backward pass."""

    output: Array | None = None
    returned: tuple[Array | None, ...] = ()
    attributes: Mapping[str, Array] = field(default_factory=dict)
    named: Mapping[str, Array] = field(default_factory=dict)
    report: GradientReport | None = None
    candidate: int = 0
    failure: Failure | None = None


@dataclass(frozen=True)
class Ran:
    """What a block computed: names of the module after each of its parts, and what came of its subjects."""

    stages: tuple[Mapping[str, Array], ...] = ()
    used: tuple[Used, ...] = ()
    failure: Failure | None = None
    reached: frozenset[Place] = frozenset()

    @property
    def values(self) -> Mapping[str, Array]:
        """What the names hold at the end."""
        return self.stages[-1] if self.stages else {}


def run_block(
    server: Server,
    parts: Sequence[str],
    subjects: Sequence[Definable] = (),
    *,
    earlier: str = "",
    branches: Sequence[Place] = (),
) -> Ran:
    """Run a block in a fresh process, and use what it defines. Never raises for what the block does."""
    try:
        stages = tuple(numbers(values) for values in server.run(parts, earlier, branches))
        used = tuple(_used(server, subject) for subject in subjects)
        return Ran(stages, used, reached=_reached(server) if branches else frozenset())
    except Stopped as stopped:
        return Ran(failure=stopped.failure)
    except BadFrame as large:
        return Ran(failure=Failure("MemoryError", str(large)))
    except Exception as error:
        return Ran(failure=_told(error, "module"))


def _reached(server: Server) -> frozenset[Place]:
    told = server.ask({"do": "reached"})[0].get("reached")
    pairs = told if isinstance(told, list) else []
    return frozenset((pair[0], pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) == 2)


def numbers(values: Mapping[Any, Any]) -> dict[str, Array]:
    """Those of the values that are numbers, arrays of numbers or shapes."""
    return {str(name): found for name, value in values.items() if (found := _number(value)) is not None}


def _number(value: Any) -> Array | None:
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        return value
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size <= MOST_ENTRIES:
            return array.astype(float)
    return None


def _told(error: Exception, stage: str) -> Failure:
    line, name = (error.line, error.name) if isinstance(error, Raised) else (None, None)
    return Failure(type(error).__name__, str(error)[:500], line, stage, name)


def _used(server: Server, subject: Definable) -> Used:
    """What came of the first arguments with which both passes run; else the failure that came furthest."""
    first: dict[str, Failure] = {}
    for number, given in enumerate(subject.candidates):
        use = _Use(server, subject, given)
        server.ask({"do": "seed"})
        try:
            with np.errstate(all="ignore"):
                came: Used = getattr(use, subject.kind)()
                return replace(came, candidate=number)
        except Exception as error:
            first.setdefault(use.stage, _told(error, use.stage))
    return Used(failure=next(first[stage] for stage in ("backward", "forward", "__init__") if stage in first))


class _Use:
    """One try at a subject; `stage` says how far it got."""

    def __init__(self, server: Server, subject: Definable, given: Arguments) -> None:
        self.server, self.subject, self.given, self.stage = server, subject, given, "__init__"

    def layer(self) -> Used:
        """A layer's output, what its backward pass returns and stores, and the verdict on that."""
        made, inputs = self._made(), self.given.forward
        self.stage = "forward"
        output = made[0](*inputs) if isinstance(made, tuple) else made.forward(*inputs)
        cached = isinstance(made, tuple) and isinstance(output, tuple)
        value = output[0] if cached else output
        if not np.all(np.isfinite(value)):
            raise ArithmeticError("the forward pass gives a value that is not finite")
        self.stage = "backward"
        upstream = self._upstream(value)
        if isinstance(made, tuple):
            returned = made[1](upstream, output[-1]) if cached else made[1](upstream, *inputs)
        else:
            returned = made.backward(upstream)
        parts = returned if isinstance(returned, tuple | list) else (returned,)
        attributes = {} if isinstance(made, tuple) else numbers(vars(made))
        report = self._report(lambda: check_layer(self._made(), *inputs, strict=True, time_limit=REPORT_SECONDS))
        return Used(_number(value), tuple(map(_number, parts)), attributes, report=report)

    def _made(self) -> Any:
        if self.subject.backward is not None:
            forward = function(self.server, self.subject.name, cached=True)
            return forward, function(self.server, self.subject.backward)
        return layer(self.server, self.subject.name, self.given.init)

    def _upstream(self, value: Any) -> Array:
        if self.given.upstream is not None:
            return np.asarray(self.given.upstream, dtype=float)
        shape = np.shape(value)
        return np.random.default_rng(7).uniform(0.5, 2.0, shape) if shape else 1.0

    def derivative(self) -> Used:
        """A function beside its derivative, which may take the argument or the function's value."""
        assert self.subject.backward is not None
        f, prime = function(self.server, self.subject.name), function(self.server, self.subject.backward)
        self.stage = "backward"
        x = np.asarray(self.given.forward[0], dtype=float)
        prime(x)
        by_argument = self._slope(f, lambda upstream, x: upstream * prime(x), x)
        if by_argument.verdict == "true":
            return Used(report=by_argument)
        by_value = self._slope(f, lambda upstream, x: upstream * prime(f(x)), x)
        return Used(report=by_value if by_value.verdict == "true" else by_argument)

    def _slope(self, f: Callable[..., Any], gradient: Callable[..., Any], x: Array) -> GradientReport:
        return self._report(lambda: check_gradient(f, gradient, x, time_limit=REPORT_SECONDS))

    def call(self) -> Used:
        """What a function returns: one value, several, or names with values."""
        self.stage = "forward"
        used = function(self.server, self.subject.name)
        result = used(**self.given.named) if self.given.named else used(*self.given.forward)
        parts = list(result) if isinstance(result, tuple | list) else [result]
        dicts = {k: v for part in parts if isinstance(part, dict) for k, v in part.items() if isinstance(k, str)}
        return Used(returned=tuple(map(_number, parts)), named=numbers(_flat(dicts)))

    def _report(self, judged: Callable[[], GradientReport]) -> GradientReport:
        try:
            return judged()
        except DeriveError as error:
            return GradientReport("undecided", str(error), [])


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, entries of dicts as `params['W1']`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = isinstance(value, dict) and not name.startswith("_")
        found |= {f"{name}['{k}']": v for k, v in value.items() if isinstance(k, str)} if inner else {name: value}
    return found
