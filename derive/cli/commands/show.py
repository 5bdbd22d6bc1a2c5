"""`derive show MODEL`: the derivation, in the terminal."""

from __future__ import annotations

from typing import Any

import click

from derive.api import Graph
from derive.cli.higher_order import higher_derivatives, higher_options, printed, separated
from derive.cli.models import layers_option, loss_option, model_argument, names_of, with_layers, wrt_option
from derive.cli.style import style_from, style_options
from derive.cli.terminal import say
from derive.notation import View
from derive.report.derivation import backward_sections, forward_sections, plain_text


@click.command()
@model_argument
@wrt_option
@loss_option
@layers_option
@higher_options
@style_options
def command(
    model: Graph,
    wrt: tuple[str, ...],
    loss: str | None,
    layers: int | None,
    view: View | None,
    **options: Any,
) -> int:
    """Print the forward pass of MODEL and every derivative of its loss: the chain, the factors, the closed form.

    With --hessian and the like, print what they ask for instead.
    """
    model = with_layers(model, layers)
    asked, choices = separated(options)
    style = style_from(model, choices)
    if higher := higher_derivatives(model, loss, asked):
        say("\n".join(line.unicode() for line in printed(higher, view, style)))
        return 0
    names = names_of(model, wrt)
    backward = backward_sections(model.backprop(loss).data, view, style, names)
    if model.title:
        say(model.title + "\n")
    if names is None:
        say(plain_text(forward_sections(model.data, view, style)) + "\n")
    say(plain_text(backward))
    return 0
