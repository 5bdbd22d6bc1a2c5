"""Printing choices as command-line options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields, replace
from typing import Any, TypeVar, get_args

import click

from derive.api import Graph
from derive.notation import Style, View, default_style

Command = TypeVar("Command", bound=Callable[..., Any])


def _option(field: Field[Any]) -> Callable[[Command], Command]:
    said, choices = field.metadata["help"], list(field.metadata.get("choices", ()))
    if not choices:
        return click.option(f"--{field.name}", is_flag=True, default=None, help=said)
    return click.option(f"--{field.name}", type=click.Choice(choices), help=f"{said}  [default: {choices[0]}]")


_OPTIONS = [
    click.option("--view", type=click.Choice(get_args(View)), help="By numbers, by entries, or by matrices."),
    click.option("--delta", "adjoint", flag_value="delta", help="Name the derivatives by pre-activations δ."),
    *map(_option, fields(Style)),
]


def style_options(command: Command) -> Command:
    """The options `--view`, `--delta`, `--transpose`, ...; the command takes them as `view` and `**choices`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def style_from(model: Graph, choices: dict[str, Any]) -> Style:
    """The style of the model with the choices that were made."""
    return replace(default_style(model.data), **{name: value for name, value in choices.items() if value is not None})
