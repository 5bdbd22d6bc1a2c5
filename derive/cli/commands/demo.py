"""`derive demo`: the main job, on the bundled two-layer network."""

from __future__ import annotations

from pathlib import Path

import click

from derive.api import load
from derive.cli.commands.check import EXIT, show_report
from derive.cli.files import write_files
from derive.cli.terminal import say
from derive.report.derivation import backward_sections, forward_sections, plain_text
from derive.report.gallery import model_document

MODELS = ("two_layer_scalar", "two_layer_batch_rows")


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("derive_demo"), show_default=True, metavar="DIR"
)
@click.option("--force", is_flag=True, help="Replace files in DIR that hold something else.")
def command(output: Path, force: bool) -> int:
    """Derive the gradients of a two-layer network, with one sample and with a batch.

    Prints the derivations, writes them as LaTeX and as NumPy code into DIR, and checks formulas and code against
    finite differences.
    """
    graphs = [load(name) for name in MODELS]
    texts: dict[Path, str] = {}
    for graph in graphs:
        texts[output / f"{graph.name}.tex"] = model_document(graph.data, standalone=True)
        texts[output / f"{graph.name}.py"] = graph.backprop().source()
    write_files(texts, force=force)
    verdicts = []
    for graph in graphs:
        say(f"{graph.title}\n")
        say(plain_text([*forward_sections(graph.data), *backward_sections(graph.backprop().data)]) + "\n")
        report = graph.check()
        show_report(report)
        verdicts.append(report.verdict)
        say()
    say("LaTeX and NumPy code:")
    for path in texts:
        say(f"  {path}")
    return max((EXIT[verdict] for verdict in verdicts), key=[0, 3, 1].index)
