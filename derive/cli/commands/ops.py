"""`derive ops [WORD]`: what models may call, in full; `--markdown` writes the page of all of it."""

from __future__ import annotations

import click

from derive.cli.terminal import note, say
from derive.report.operations import described
from derive.report.operations_page import page


@click.command("ops")
@click.argument("word", default="")
@click.option("--markdown", is_flag=True, help="Write the page docs/operations.md.")
def command(word: str, markdown: bool) -> int:
    """List the operations of models with WORD in a name: signature, shapes, derivative, domain, kinks, source."""
    found = described(word)
    if not found:
        note(f"no operation has {word!r} in its name; `derive ops` lists all")
        return 0
    if markdown:
        say(page(found).rstrip())
        return 0
    for k, operation in enumerate(found):
        say(f"{chr(10) if k else ''}{operation.signature}")
        for what, text in operation.lines:
            say(f"  {what + ':':<13}{text}")
    return 0
