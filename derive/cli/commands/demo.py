"""`derive demo`: the main job, on the bundled two-layer network."""

from __future__ import annotations

from pathlib import Path

import click

from derive.api import load
from derive.cli.commands.check import EXIT, show_report
from derive.cli.files import write_files
from derive.cli.terminal import say, verdict_word
from derive.report.derivation import backward_sections, forward_sections, plain_text
from derive.report.gallery import model_document
from derive.report.verify_text import lines
from derive.verification.verify import verify

MODELS = ("two_layer_scalar", "two_layer_batch_rows")
# what somebody may have in his notes; the second has lost a factor
PAGE = r"""
$$ \frac{\partial L}{\partial W_2} = \frac{1}{m} A_1^\top (A_2 - Y) \tag{1} $$
$$ \frac{\partial L}{\partial Z_1} = (A_2 - Y) W_2^\top \circ \sigma'(Z_1) \tag{2} $$
$$ \frac{\partial L}{\partial W_1} = \frac{1}{m} X^\top ((A_2 - Y) W_2^\top \circ \sigma'(Z_1)) \tag{3} $$
"""


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("derive_demo"), show_default=True, metavar="DIR"
)
@click.option("--force", is_flag=True, help="Replace files in DIR that hold something else.")
def command(output: Path, force: bool) -> int:
    """Derive the gradients of a two-layer network, with one sample and with a batch.

    Prints the derivations, writes them as LaTeX and as NumPy code into DIR, and checks formulas and code against
    finite differences. Then judges three formulas about the batch, one of which is wrong.
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
    say("Three formulas from somebody's notes, judged:\n")
    for line in lines(verify(PAGE, model=graphs[-1].data), verdict_word):
        say(line)
    say("\nLaTeX and NumPy code:")
    for path in texts:
        say(f"  {path}")
    return max((EXIT[verdict] for verdict in verdicts), key=[0, 3, 1].index)
