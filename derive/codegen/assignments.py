"""Straight-line code as data: assignments, and what they read and give."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Assignment:
    """`variable = text`."""

    variable: str
    text: str


@dataclass(frozen=True)
class Implementation:
    """A parameter of the emitted function: generic function `name`, differentiated as `orders` say."""

    parameter: str
    name: str
    orders: tuple[int, ...]


@dataclass
class JointPass:
    """Statements of a joint pass; `inputs`, `sizes` and `gradients` give the variable of each name.

    Every input of the model is a parameter, `needed` are those that are read. `dtype` is the variable of the type of
    arrays that are made of numbers alone, empty where there is none. Without `gradients` the value is all.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    dtype: str = ""
    sizes: dict[str, str] = field(default_factory=dict)
    implementations: list[Implementation] = field(default_factory=list)
    forward: list[Assignment] = field(default_factory=list)
    backward: list[Assignment] = field(default_factory=list)
    value: str = ""
    gradients: dict[str, str] | None = None
