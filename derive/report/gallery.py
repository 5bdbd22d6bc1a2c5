"""The derivations of all gallery models as LaTeX documents, with an index."""

from __future__ import annotations

from derive.calculus.reverse import backprop
from derive.ir.graph import ComputationGraph
from derive.model import gallery, load
from derive.notation import Style, View, default_view, document
from derive.report.derivation import Section, backward_sections, forward_sections

INDEX = """# Derivations of the gallery

Written by `derive latex --all -o latex_out`; every file compiles by itself. `derive show MODEL` prints the same in a
terminal.

| model | derivation |
| --- | --- |
"""


def gallery_documents() -> dict[str, str]:
    """File name and text of every document, and of the index `README.md`."""
    texts = {f"{name}.tex": model_document(load(name), standalone=True) for name in gallery()}
    rows = [f"| {title} | [`{name}.tex`]({name}.tex) |\n" for name, title in gallery().items()]
    return {**texts, "README.md": INDEX + "".join(rows)}


def model_document(
    graph: ComputationGraph,
    *,
    loss: str | None = None,
    view: View | None = None,
    style: Style | None = None,
    wrt: list[str] | None = None,
    standalone: bool = False,
) -> str:
    """The forward pass and the derivatives of one model. Without a `view`, arrays are shown by matrices and by entries.

    Raises what `backprop` and `backward_sections` raise.
    """
    derivation = backprop(graph, loss)
    sections: list[Section] = [] if wrt is not None else forward_sections(graph, view, style)
    main = view or default_view(graph)
    sections += backward_sections(derivation, main, style, wrt)
    if view is None and main == "matrix":
        by_entries = backward_sections(derivation, "index", style, wrt)
        sections += [Section(f"{section.heading}, by entries", section.lines) for section in by_entries]
    title = graph.title or graph.name
    return document([(s.heading, s.lines) for s in sections], standalone=standalone, title=title if standalone else "")
