"""Calling other people's functions: in limited time, with copies of the data, and with a clear word on failure.

Nothing a caller's function does may end the check in a traceback without a name: it raises, it returns NaN, it
changes its arguments, it never returns. What it changes is a copy; what it raises is told together with who
raised it; and a wall-clock limit ends it where the system allows that (a timer signal, main thread only).
"""

from __future__ import annotations

import contextlib
import inspect
import math
import os
import signal
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive import errors
from derive.errors import DeriveError

LIBRARIES = (
    "site-packages",
    "dist-packages",
    os.path.dirname(errors.__file__) + os.sep,
    os.path.dirname(os.__file__),
)


class OutOfTime(BaseException):
    """The time limit has passed. Not an `Exception`, so that the code under test cannot swallow it."""


class CallFailed(Exception):
    """The function `who` raised `error`."""

    def __init__(self, who: str, error: BaseException) -> None:
        super().__init__(f"{who} raised {type(error).__name__}: {error}{_place(error)}")
        self.who, self.error = who, error

    @property
    def defect(self) -> str:
        if isinstance(self.error, NameError):
            return "name_typo" if "Did you mean" in str(self.error) else "undefined_name"
        if isinstance(self.error, AttributeError):
            return "attribute_never_set"
        return "raises"


def _place(error: BaseException) -> str:
    """The line of the caller's code that raised, or called what raised: ` (layers.py:12)`.

    What another process has raised has no traceback here; it says its line itself.
    """
    line = getattr(error, "line", None)
    here, step = f" (line {line})" if isinstance(line, int) else "", error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if not file.startswith("<") and not any(part in file for part in LIBRARIES):
            here = f" ({os.path.basename(file)}:{step.tb_lineno})"
        step = step.tb_next
    return here


class Deadline:
    """A wall-clock limit; `enforced` says whether a call that never returns can be ended."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.enforced = False
        self._end = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raise where the limit has passed: between calls this works in every thread."""
        if self._end is not None and time.monotonic() > self._end:
            raise OutOfTime

    @contextlib.contextmanager
    def armed(self) -> Iterator[Deadline]:
        """Arm the timer signal where there is one, and put everything back afterwards."""
        main = threading.current_thread() is threading.main_thread()
        if self.seconds is None or not main or not hasattr(signal, "setitimer"):
            yield self
            return

        def ring(_signum: int, _frame: types.FrameType | None) -> None:
            raise OutOfTime

        previous = signal.signal(signal.SIGALRM, ring)
        started = time.monotonic()
        remaining, interval = signal.setitimer(signal.ITIMER_REAL, self.seconds)
        self.enforced = True
        try:
            yield self
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL if previous is None else previous)
            if remaining:  # a timer of the caller goes on from where it would be now
                left = max(remaining - (time.monotonic() - started), 1e-3)
                signal.setitimer(signal.ITIMER_REAL, left, interval)


def call(who: str, function: Callable[..., Any], *args: Any) -> Any:
    """`function(*args)` without NumPy's floating-point warnings; an exception is told with its author."""
    try:
        with np.errstate(all="ignore"):
            return function(*args)
    except DeriveError:
        raise
    except (Exception, SystemExit) as error:
        raise CallFailed(who, error) from error


@dataclass(frozen=True)
class Positional:
    """The positional parameters of a function: their names, and how many it needs and takes at most."""

    names: tuple[str, ...]
    least: float
    most: float


UNKNOWN = Positional((), 0, math.inf)
_known: weakref.WeakKeyDictionary[Callable[..., Any], Positional] = weakref.WeakKeyDictionary()


def positional(function: Callable[..., Any]) -> Positional:
    """Looked up once for each function; a method is its function without the first parameter."""
    if isinstance(function, types.MethodType) and isinstance(function.__func__, types.FunctionType):
        whole = positional(function.__func__)
        least = max(whole.least - 1, 0)
        return Positional(whole.names[1:], least, whole.most - 1) if whole.most else _inspected(function)
    if not isinstance(function, types.FunctionType):
        return _inspected(function)
    if function not in _known:
        _known[function] = _inspected(function)
    return _known[function]


def _inspected(function: Callable[..., Any]) -> Positional:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return UNKNOWN
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    listed = [p for p in parameters if p.kind in kinds]
    least: float = sum(1 for p in listed if p.default is inspect.Parameter.empty)
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        least = math.inf
    most = math.inf if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(listed)
    return Positional(tuple(p.name for p in listed), least, most)


def accepts(function: Callable[..., Any], count: int) -> bool:
    """Whether `function` can be called with `count` positional arguments (True where that is unknown)."""
    known = positional(function)
    return known.least <= count <= known.most


def parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first `count` positional parameters; `argument i` where a name is unknown."""
    names = list(positional(function).names)
    return (names + [f"argument {i}" for i in range(len(names), count)])[:count]


def same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two lists of arrays are equal but for the order of summation (NaN equals NaN).

    The same product of matrices may differ in the last place from one call to the next, as the memory is aligned.
    """
    return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if np.all(a == b):
        return True
    if a.dtype.kind != "f" or np.array_equal(a, b, equal_nan=True):
        return bool(a.dtype.kind == "f")
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        return False
    return bool(np.max(np.abs(a - b)) <= 256.0 * np.finfo(a.dtype).eps * np.max(np.abs(a)))
