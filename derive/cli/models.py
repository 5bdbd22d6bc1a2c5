"""The command-line argument MODEL: a gallery name, a model file, FILE.py:NAME, or `-` for standard input."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from derive.api import Graph, load
from derive.cli.terminal import note
from derive.errors import DeriveError
from derive.model import gallery, warnings


class ModelParameter(click.ParamType[Graph]):
    """A MODEL, opened; what is odd about it is said on standard error."""

    name = "model"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Graph:
        return value if isinstance(value, Graph) else open_model(value)

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name, help=title) for name, title in gallery().items() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


def open_model(text: str) -> Graph:
    """The model a command line names. Raises DeriveError if there is none, or it is not accepted."""
    graph = load(text)
    for warning in warnings(graph.data):
        note(f"warning: {warning}")
    return graph


model_argument = click.argument("model", type=ModelParameter())


def with_layers(graph: Graph, layers: int | None, *, needed: str = "") -> Graph:
    """The network of a family with `--layers`; what `needed` a number of layers fails without one."""
    if layers is not None:
        return graph.instance(layers)
    if needed and graph.is_family:
        raise DeriveError(f"{graph.name} is a family of layers; {needed} needs their number", hint="--layers 3")
    return graph


def names_of(graph: Graph, wrt: tuple[str, ...]) -> list[str] | None:
    """The names of `--wrt W_1,b_1 --wrt x`, each known to the model; None if there are none."""
    names = [name.strip() for item in wrt for name in item.split(",") if name.strip()]
    if wrt and not names:
        raise DeriveError("--wrt names nothing", hint=f"the inputs are {', '.join(graph.inputs)}")
    for name in names:
        if not graph.is_family:  # the windows of a family have more names than the family itself
            graph[name]  # raises UnknownNameError
    return names or None


wrt_option = click.option("--wrt", multiple=True, metavar="NAMES", help="Inputs or bindings to differentiate by.")

loss_option = click.option("--loss", metavar="NAME", help="The scalar to differentiate, if it is not the model's own.")
layers_option = click.option("--layers", type=int, metavar="N", help="Make a network of N layers of a family.")
