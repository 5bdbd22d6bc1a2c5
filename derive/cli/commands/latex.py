"""`derive latex MODEL`: the derivation as LaTeX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from derive.api import Graph
from derive.cli.files import write_files
from derive.cli.higher_order import higher_derivatives, higher_options, printed, separated
from derive.cli.models import ModelParameter, layers_option, loss_option, names_of, with_layers, wrt_option
from derive.cli.style import style_from, style_options
from derive.cli.terminal import note, say
from derive.notation import View, document
from derive.report.gallery import gallery_documents, model_document


@click.command()
@click.argument("model", type=ModelParameter(), required=False)
@wrt_option
@loss_option
@layers_option
@higher_options
@style_options
@click.option("--standalone", is_flag=True, help="A document that compiles by itself.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write DIR/MODEL.tex.")
@click.option("--all", "everything", is_flag=True, help="Write every model of the gallery and an index; needs -o.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def command(
    model: Graph | None,
    wrt: tuple[str, ...],
    loss: str | None,
    layers: int | None,
    view: View | None,
    standalone: bool,
    output: Path | None,
    everything: bool,
    force: bool,
    **options: Any,
) -> int:
    """Write the derivation of MODEL as LaTeX: a fragment that needs amsmath, or with --standalone a document.

    With --hessian and the like, write what they ask for instead.
    """
    if everything:
        return _write_all(model, output, force)
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")
    model = with_layers(model, layers)
    names = names_of(model, wrt)
    asked, choices = separated(options)
    style = style_from(model, choices)
    if higher := higher_derivatives(model, loss, asked):
        title = (model.title or model.name) if standalone else ""
        text = document(printed(higher, view, style), standalone=standalone, title=title)
    else:
        text = model_document(model.data, loss=loss, view=view, style=style, wrt=names, standalone=standalone)
    if output is None:
        say(text.rstrip("\n"))
    else:
        path = output / f"{model.name}.tex"
        write_files({path: text}, force=force)
        note(f"wrote {path}")
    return 0


def _write_all(model: Graph | None, output: Path | None, force: bool) -> int:
    if output is None or model is not None:
        raise click.UsageError("--all takes a folder, -o DIR, and no MODEL.")
    texts = {output / name: text for name, text in gallery_documents().items()}
    write_files(texts, force=force)
    note(f"wrote {len(texts)} files to {output}")
    return 0
