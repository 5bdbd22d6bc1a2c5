"""Derivatives of higher order as command-line options, the same for `show`, `latex` and `code`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from derive.api import Graph
from derive.errors import DeriveError
from derive.higher_order import HigherDerivative
from derive.notation import Line, Style, View, default_view, print_recipe

Command = TypeVar("Command", bound=Callable[..., Any])

# option: (metavar, fewest and most names, what it asks for); of several values each is asked for
_ASKED = {
    "hessian": ("P[,Q]", (1, 2), "The second derivative of the loss by P and Q, by default P twice."),
    "hvp": ("P[,Q...]", (1, 99), "The Hessian by these names times directions of all of them."),
    "directional": ("P[,Q...]", (1, 99), "The first and second derivative of the loss along directions."),
    "jacobian": ("P,Q", (2, 2), "The derivative of P by Q."),
    "jvp": ("P,Q[,R...]", (2, 99), "The derivative of P along directions of Q, R, ..."),
    "vjp": ("P,Q", (2, 2), "What a cotangent of P sends to Q."),
    "gauss_newton": ("P[,Q]", (1, 2), "The Gauss-Newton matrix of the loss; needs --through."),
    "fisher": ("P[,Q]", (1, 2), "The Fisher information; needs --distribution."),
}
_FURTHER = {
    "through": ("Z", "gauss_newton", "The name through which the loss sees its parameters."),
    "distribution": ("TEXT", "fisher", 'Of what: "bernoulli(logits=z)", "normal(mean=z, std=0.1)".'),
}


def higher_options(command: Command) -> Command:
    """The options `--hessian`, `--hvp`, ...; the command takes all of them as `**asked`."""
    for name, (metavar, _, said) in reversed(_ASKED.items()):
        command = click.option(_flag(name), name, multiple=True, metavar=metavar, help=said)(command)
    for name, (metavar, _, said) in reversed(_FURTHER.items()):
        command = click.option(_flag(name), name, metavar=metavar, help=said)(command)
    return command


def separated(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of `higher_options`, and all others."""
    mine = {*_ASKED, *_FURTHER}
    return (
        {name: value for name, value in options.items() if name in mine},
        {name: value for name, value in options.items() if name not in mine},
    )


def higher_derivatives(model: Graph, loss: str | None, asked: Mapping[str, Any]) -> list[HigherDerivative]:
    """What the options ask for, in their order; nothing if none was given. Raises DeriveError for what does not fit."""
    for name, (_, needed_by, _) in _FURTHER.items():
        if bool(asked[name]) != bool(asked[needed_by]):
            missing, given = (name, needed_by) if asked[needed_by] else (needed_by, name)
            raise DeriveError(f"{_flag(given)} needs {_flag(missing)}", hint=_missing(model, missing))
    found: list[HigherDerivative] = []
    for option in _ASKED:
        for text in asked[option]:
            found += _of(model, loss, option, _names(option, text, model), asked)
    return found


def _of(
    model: Graph, loss: str | None, option: str, names: Sequence[str], asked: Mapping[str, Any]
) -> list[HigherDerivative]:
    match option:
        case "jacobian":
            return [model.jacobian(*names)]
        case "jvp":
            return [model.jvp(names[0], names[1:])]
        case "vjp":
            return [model.vjp(*names)]
        case "fisher":
            return [model.fisher(names[0], asked["distribution"], *names[1:])]
    derivation = model.backprop(loss)
    match option:
        case "hessian":
            return [derivation.hessian(*names)]
        case "hvp":
            return [derivation.hvp(name, names) for name in names]
        case "gauss_newton":
            return [derivation.gauss_newton(*names, through=asked["through"])]
    return [derivation.directional(names, order) for order in (1, 2)]


def printed(derivatives: Sequence[HigherDerivative], view: View | None, style: Style) -> list[Line]:
    """A line for each; without a `view` by matrices where there is such notation, and by entries."""
    lines: list[Line] = []
    for one in derivatives:
        views: list[View] = [view] if view is not None else [default_view(one.graph), "index"]
        made = [print_recipe(one.recipe, one.closed, one.graph, chosen, style) for chosen in views]
        lines += list({line.unicode(): line for line in made}.values())
    return lines


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _names(option: str, text: str, model: Graph) -> list[str]:
    metavar, (fewest, most), _ = _ASKED[option]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not fewest <= len(names) <= most:
        known = ", ".join([*model.inputs, *model.bindings])
        raise DeriveError(
            f"{_flag(option)} {text!r} has {len(names)} names, it takes {metavar}", hint=f"the names are {known}"
        )
    return names


def _missing(model: Graph, option: str) -> str:
    if option == "distribution":
        return f'{_flag(option)} "bernoulli(logits={model.bindings[-1] if model.bindings else "z"})"'
    return f"{_flag(option)} {model.bindings[0] if option == 'through' and model.bindings else model.inputs[0]}"
