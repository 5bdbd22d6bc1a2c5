"""`derive check MODEL`: is what was derived right, and is what somebody wrote by hand?"""

from __future__ import annotations

from pathlib import Path

import click

from derive.api import Graph
from derive.cli.models import layers_option, loss_option, model_argument, python_object, with_layers
from derive.cli.terminal import say, table, verdict_word
from derive.errors import DeriveError
from derive.gradients.model_report import ModelReport

EXIT = {"true": 0, "false": 1, "undecided": 3}


@click.command()
@model_argument
@click.option("--points", type=click.IntRange(1, 1000), default=3, show_default=True, help="How many points to draw.")
@loss_option
@layers_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which points to draw.")
@click.option(
    "--against", metavar="FILE.py:NAME", help="Judge this function or layer; the file is run, with your rights."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    model: Graph, points: int, loss: str | None, layers: int | None, seed: int, against: str | None, form: str
) -> int:
    """Check the gradients of MODEL: derived formulas and emitted code against finite differences.

    With --against, judge the function or layer NAME in FILE.py: every gradient it returns, against derived formulas
    and finite differences of MODEL, and its value. It takes the inputs of MODEL by name or in order (after the
    upstream gradient, if MODEL does not end in a scalar) and returns gradients, as a dict by name or a tuple in the
    order of its parameters, or (value, gradients). A class or object with forward and backward, and a pair of functions
    (forward, backward) will do as well. FILE.py runs as any program that you start.

    Exit code: 0 if all are right, 1 if one is wrong, 3 if one could not be decided.
    """
    model = with_layers(model, layers)
    if against is not None:
        return _check_against(with_layers(model, None, needed="hand-written code"), against, points, loss, seed, form)
    model.backprop(loss)  # refuses what has no scalar loss, with its place
    report = model.check(points=points, loss=loss, seed=seed)
    if form == "json":
        say(report.to_json(indent=2))
    else:
        show_report(report)
    return EXIT[report.verdict]


def _check_against(model: Graph, place: str, points: int, loss: str | None, seed: int, form: str) -> int:
    """Judge code of a Python file; beside it stands what is derived."""
    path, colon, name = place.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise DeriveError(f"{place!r} names no function", hint="--against FILE.py:NAME")
    report = model.check_against(python_object(Path(path), name), points=points, loss=loss, seed=seed)
    if form == "json":
        say(report.to_json(indent=2))
        return EXIT[report.verdict]
    say(str(report))
    return EXIT[report.verdict]


def show_report(report: ModelReport) -> None:
    """The report as tables, worst verdict first in words."""
    for part in report.parts or [report]:
        say(f"check of {part.model}: {verdict_word(part.verdict)}")
        if part.gradients:
            table("", part.header, part.rows())
        for remark in part.remarks():
            say(f"  {remark}")
