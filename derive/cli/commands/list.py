"""`derive list [WORD]`: the gallery."""

from __future__ import annotations

import click

from derive.cli.terminal import note, table
from derive.model import gallery


@click.command("list")
@click.argument("word", default="")
def command(word: str) -> int:
    """List the models of the gallery, or those that have WORD in their name or title."""
    wanted = word.casefold()
    rows = [(name, title) for name, title in gallery().items() if wanted in f"{name} {title}".casefold()]
    if not rows:
        note(f"no gallery model has {word!r} in its name or title")
        return 0
    table("", ("model", "title"), rows)
    return 0
