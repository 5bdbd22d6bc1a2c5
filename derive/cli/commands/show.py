"""`derive show MODEL`: the derivation, in the terminal."""

from __future__ import annotations

from typing import Any

import click

from derive.api import Graph
from derive.cli.models import layers_option, loss_option, model_argument, names_of, with_layers, wrt_option
from derive.cli.style import style_from, style_options
from derive.cli.terminal import say
from derive.notation import View, print_partial
from derive.report.derivation import backward_sections, forward_sections, plain_text


@click.command()
@model_argument
@wrt_option
@loss_option
@layers_option
@click.option("--hessian", nargs=2, metavar="P Q", help="Print the second derivative of the loss by P and Q instead.")
@style_options
def command(
    model: Graph,
    wrt: tuple[str, ...],
    loss: str | None,
    layers: int | None,
    hessian: tuple[str, str] | None,
    view: View | None,
    **choices: Any,
) -> int:
    """Print the forward pass of MODEL and every derivative of its loss: the chain, the factors, the closed form."""
    model = with_layers(model, layers)
    style = style_from(model, choices)
    if hessian:
        second = model.backprop(loss).hessian(*hessian)
        say(print_partial(second.of, second.by, second.closed, second.graph, style).unicode())
        return 0
    names = names_of(model, wrt)
    backward = backward_sections(model.backprop(loss).data, view, style, names)
    if model.title:
        say(model.title + "\n")
    if names is None:
        say(plain_text(forward_sections(model.data, view, style)) + "\n")
    say(plain_text(backward))
    return 0
