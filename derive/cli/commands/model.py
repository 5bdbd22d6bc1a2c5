"""`derive model PAGE`: a first draft of the model, from what the page itself computes forward."""

from __future__ import annotations

import click

from derive.cli.commands.verify import content_of
from derive.cli.terminal import note, say
from derive.verification.draft import draft


@click.command()
@click.argument("page")
def command(page: str) -> int:
    """Draft the model text from the forward formulas of PAGE, for you to correct.

    Shapes are guessed from how the names are used; every guess is marked.
    """
    data, latex = content_of(page)
    drafted = draft(data, latex=latex)
    say(drafted.text)
    for remark in drafted.remarks:
        note(remark)
    return 0
