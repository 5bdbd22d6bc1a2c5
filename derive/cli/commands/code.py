"""`derive code MODEL`: value and gradients as a NumPy module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from derive.api import Graph
from derive.cli.files import write_files
from derive.cli.higher_order import higher_derivatives, higher_options
from derive.cli.models import layers_option, loss_option, model_argument, names_of, with_layers, wrt_option
from derive.cli.terminal import note, say
from derive.higher_order import joint_source


@click.command()
@model_argument
@wrt_option
@loss_option
@layers_option
@higher_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE, not to the terminal."
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def command(
    model: Graph,
    wrt: tuple[str, ...],
    loss: str | None,
    layers: int | None,
    output: Path | None,
    force: bool,
    **asked: Any,
) -> int:
    """Write a NumPy module that computes the loss of MODEL and its gradients in one pass.

    With --hessian and the like, write a function for each of them instead.
    """
    model = with_layers(model, layers, needed="code")
    names = names_of(model, wrt)
    higher = higher_derivatives(model, loss, asked)
    source = joint_source(higher) if higher else model.backprop(loss).source(names)
    if output is None:
        say(source.rstrip("\n"))
    else:
        write_files({output: source}, force=force)
        note(f"wrote {output}")
    return 0
