"""`derive list [WORD]`: the gallery; `derive list --operations [WORD]`: what models may call."""

from __future__ import annotations

from collections.abc import Iterable

import click

from derive.cli.terminal import note, table
from derive.model import gallery
from derive.report.operations import operations


@click.command("list")
@click.argument("word", default="")
@click.option("--operations", "listed", is_flag=True, help="List the operations of models, not the gallery.")
def command(word: str, listed: bool) -> int:
    """List the models of the gallery, or those that have WORD in their name or title."""
    wanted = word.casefold()
    found: Iterable[tuple[str, ...]] = operations() if listed else gallery().items()
    rows = [row for row in found if wanted in " ".join(row).casefold()]
    if not rows:
        note(f"no {'operation' if listed else 'gallery model'} has {word!r} in its name or title")
        return 0
    table("", ("operation", "derivative, or what it is", "also called") if listed else ("model", "title"), rows)
    return 0
