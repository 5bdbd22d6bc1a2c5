"""How much work a call is, counted and not timed: the number of Python and C functions it enters.

The same on every machine, however busy, so a test may hold it against a bound or against the size of the input.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def effort(work: Callable[[], object]) -> int:
    """Function calls made by `work()`."""
    count = 0

    def enter(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(enter)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
