"""What the records of the families share: SymPy at hand when it is needed, other functions by name, usual samples."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

from derive.ops.record import Elementwise, register

POSITIVE = (0.0, inf)
BETWEEN = (-1.0, 1.0)
SAMPLES = ((0.3,), (-1.2,), (1.7,))
POSITIVE_SAMPLES = ((0.3,), (1.2,), (4.5,))
SMALL_SAMPLES = ((0.3,), (-0.7,), (0.95,))


def sympy() -> Any:
    """The module: it is loaded when an expression is asked for, so that models which are only listed need it not."""
    import sympy as module

    return module


def of(name: str, *args: Any) -> Any:
    """Another registered function inside an expression, kept by name so that its stable form survives."""
    from derive.ops.sympy_bridge import formal_function

    return formal_function(name)(*args)


def exact(decimal: str) -> Any:
    """A decimal as an exact number of SymPy's."""
    return sympy().Rational(decimal)


def function(name: str, **fields: Any) -> None:
    r"""Register a function; it prints by its name without `_`, or as `latex` says, and is read by both.

    A name that ends its first letter with a digit is an operator's in LaTeX: `\mathrm{i0}` is i times 0.
    """
    plain = name.replace("_", "")
    fields.setdefault("latex", rf"\operatorname{{{plain}}}" if name[1].isdigit() else rf"\mathrm{{{plain}}}")
    aliases = fields.pop("aliases", ())
    parameters = fields.pop("parameters", {})
    register(
        Elementwise(
            name,
            aliases=(*aliases, *({plain} - {name, *aliases})),
            parameters=tuple((key, Fraction(value)) for key, value in parameters.items()),
            **fields,
        )
    )
