"""derive: symbolic derivation and verification of gradients.

    from derive import Graph, load, loads, check_gradient

Names are imported when they are first used, so that `import derive` costs nothing. Every operation of the registry
is here as well, for models written in Python: `derive.sigmoid(z)`, `derive.softmax(Z, axis=1)`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derive.api import Derivation, Graph, load, loads
    from derive.errors import ClaimError, DeriveError, ModelError, ShapeError, Span, UnknownNameError, UnsupportedError
    from derive.gradients.against import check_against
    from derive.gradients.gradient import check_gradient
    from derive.gradients.layer import check_layer
    from derive.partial import Partial
    from derive.verify_page import verify

__version__ = "0.1.0"

_HOME = {
    "Graph": "derive.api",
    "Derivation": "derive.api",
    "Partial": "derive.partial",
    "load": "derive.api",
    "loads": "derive.api",
    "verify": "derive.verify_page",
    "check_against": "derive.gradients.against",
    "check_gradient": "derive.gradients.gradient",
    "check_layer": "derive.gradients.layer",
    "DeriveError": "derive.errors",
    "ModelError": "derive.errors",
    "ShapeError": "derive.errors",
    "UnknownNameError": "derive.errors",
    "ClaimError": "derive.errors",
    "UnsupportedError": "derive.errors",
    "Span": "derive.errors",
}

__all__ = [
    "ClaimError",
    "Derivation",
    "DeriveError",
    "Graph",
    "ModelError",
    "Partial",
    "ShapeError",
    "Span",
    "UnknownNameError",
    "UnsupportedError",
    "check_against",
    "check_gradient",
    "check_layer",
    "load",
    "loads",
    "verify",
]


def __getattr__(name: str) -> Any:
    """A public name from its home module, or an operation of the registry as a function of values."""
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name.startswith("_"):  # what Python itself asks for, such as __path__: never an operation
        raise AttributeError(f"module 'derive' has no attribute {name!r}")
    else:
        value = importlib.import_module("derive.operators").operation(name)
        if value is None:
            raise AttributeError(f"module 'derive' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    operators = importlib.import_module("derive.operators")
    return sorted({*globals(), *__all__, *operators.operation_names()})
