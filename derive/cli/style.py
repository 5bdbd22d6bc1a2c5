"""Printing choices as command-line options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from derive.api import Graph
from derive.notation import Style, default_style

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = [
    click.option(
        "--view", type=click.Choice(["scalar", "index", "matrix"]), help="By numbers, by entries, or by matrices."
    ),
    click.option("--delta", "adjoint", flag_value="delta", help="Name the derivatives by pre-activations δ."),
    click.option(
        "--adjoint", type=click.Choice(["partial", "delta", "d"]), help="Write ∂L/∂z, δ or dz.  [default: partial]"
    ),
    click.option("--transpose", type=click.Choice(["top", "T"]), help="The sign of a transpose.  [default: top]"),
    click.option("--hadamard", type=click.Choice(["circ", "odot"]), help="The elementwise product.  [default: circ]"),
    click.option(
        "--derivative", type=click.Choice(["partial", "d"]), help="The sign of a derivative.  [default: partial]"
    ),
    click.option(
        "--order", type=click.Choice(["outer", "inner"]), help="Which factor of a chain comes first.  [default: outer]"
    ),
    click.option("--limits", is_flag=True, default=None, help="Write the limits of sums."),
]


def style_options(command: Command) -> Command:
    """The options `--view`, `--delta`, `--transpose`, ...; the command takes them as `view` and `**choices`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def style_from(model: Graph, choices: dict[str, Any]) -> Style:
    """The style of the model with the choices that were made."""
    return replace(default_style(model.data), **{name: value for name, value in choices.items() if value is not None})
