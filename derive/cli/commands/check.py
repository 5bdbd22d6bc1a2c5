"""`derive check MODEL`: is what was derived right, and is what somebody wrote by hand?"""

from __future__ import annotations

import click

from derive.api import Graph
from derive.check.model_report import ModelReport
from derive.cli.models import layers_option, loss_option, model_argument, with_layers
from derive.cli.terminal import say, table, verdict_word

EXIT = {"true": 0, "false": 1, "undecided": 3}


@click.command()
@model_argument
@click.option("--points", type=click.IntRange(1, 1000), default=3, show_default=True, help="How many points to draw.")
@loss_option
@layers_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which points to draw.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(model: Graph, points: int, loss: str | None, layers: int | None, seed: int, form: str) -> int:
    """Check the gradients of MODEL: derived formulas and emitted code against finite differences.

    Exit code: 0 if all are right, 1 if one is wrong, 3 if one could not be decided.
    """
    model = with_layers(model, layers)
    model.backprop(loss)  # refuses what has no scalar loss, with its place
    report = model.check(points=points, loss=loss, seed=seed)
    if form == "json":
        say(report.to_json(indent=2))
    else:
        show_report(report)
    return EXIT[report.verdict]


def show_report(report: ModelReport) -> None:
    """The report as tables, worst verdict first in words."""
    for part in report.parts or [report]:
        say(f"check of {part.model}: {verdict_word(part.verdict)}")
        if part.gradients:
            table("", part.header, part.rows())
        for remark in part.remarks():
            say(f"  {remark}")
