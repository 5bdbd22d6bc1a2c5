"""Models: model text, SymPy definitions and the gallery become graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derive.model.family import instance
from derive.model.load import gallery, gallery_text, load
from derive.model.text import loads, warnings

if TYPE_CHECKING:
    from derive.model.symbolic import from_sympy

__all__ = ["from_sympy", "gallery", "gallery_text", "instance", "load", "loads", "warnings"]


def __getattr__(name: str) -> Any:
    """SymPy is imported with the function that needs it: the gallery and most models do without."""
    if name == "from_sympy":
        from derive.model.symbolic import from_sympy

        return from_sympy
    raise AttributeError(f"module 'derive.model' has no attribute {name!r}")
