"""Formats of verdicts: a module each, with the name of the format.

`render(reports)` in it is the text; nothing else has to know of the module.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence

from derive.judging.verdict import Report

Render = Callable[[Sequence[Report]], str]


def names() -> list[str]:
    """The formats that there are, without loading any."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def render_of(name: str) -> Render:
    """What renders a format."""
    render: Render = importlib.import_module(f"{__name__}.{name}").render
    return render
