"""Model text: the line-oriented language in which an engineer writes a forward computation.

    # Two-layer network.                      the first comment is the title
    X, Y : (m, n_0)                           declarations: NAME[, NAME]* : shape [, assumption]* [as "LATEX"]
    A = sigmoid(X @ W)   as "A_1"             bindings: NAME = EXPRESSION [as "LATEX"]
    alias J_3, J_{(3)} = J                    further spellings of a name
    loss J                                    the loss, if it is not the last binding
    for l in 2..L:                            a layer family (see derive.model.family)
        z[l] = W[l] @ a[l-1] + b[l]

Declarations may stand anywhere; bindings are read in order. Nothing of the text is evaluated by Python.
"""

from __future__ import annotations

from derive.ir.graph import ComputationGraph
from derive.ir.node import topological
from derive.model.assemble import assemble
from derive.model.family import family
from derive.model.program import read_program


def loads(text: str, *, file: str | None = None, name: str | None = None) -> ComputationGraph:
    """The graph that a model text describes.

    Raises ModelError, UnknownNameError or ShapeError (all DeriveErrors) with the place in the text, and nothing else.
    """
    program = read_program(text, file)
    if program.loop is not None:
        return family(program, text, name or "model")
    return assemble(program, name or "model")


def warnings(graph: ComputationGraph) -> list[str]:
    """What is declared but not used: inputs (their gradients are zero) and functions."""
    used: set[str] = set()
    called: set[str] = set()
    windows = [graph] if graph.family is None else [graph, graph.family.first, graph.family.interior]
    for node in topological(*(binding.node for window in windows for binding in window.bindings.values())):
        if node.op == "ref":
            used.add(node.name)
        elif node.op in ("call", "functional"):
            called.add(node.name)
    found: list[str] = []
    for name, declaration in graph.declarations.items():
        place = f" on line {declaration.span.line}" if declaration.span else ""
        if declaration.kind == "input" and name not in used:
            found.append(f"{name} is declared{place} but not used; its gradient is zero")
        elif declaration.kind in ("function", "functional") and (declaration.definition or name) not in called:
            found.append(f"the {declaration.kind} {name} is declared{place} but not used")
    return found
