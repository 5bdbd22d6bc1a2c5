"""Directions and cotangents: given ones, checked, or new inputs of the model, named after what they move.

w  ->  v        W_1  ->  V_1        of several names, or where that is taken:  w -> v_w
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from derive.errors import DeriveError, ModelError, ShapeError
from derive.ir import build
from derive.ir.graph import ComputationGraph, Declaration
from derive.ir.node import Node, refs
from derive.ir.size import show_shape
from derive.operators import known_name, node_of

Moved = tuple[tuple[str, Node], ...]


def directions(graph: ComputationGraph, asked: Any, letter: str = "v") -> tuple[ComputationGraph, Moved]:
    """A node for each name, and the graph with those that are new inputs; their names have the `letter`.

    `asked` is a name, several of them, or a mapping from names to directions: values of the model, their names, arrays
    of numbers. Raises UnknownNameError for what is no name, ShapeError for a direction of another shape.
    """
    given: dict[Any, Any] = dict(asked) if isinstance(asked, Mapping) else dict.fromkeys(_listed(asked))
    if not given:
        raise ModelError("no name to move", hint=f"name one of {', '.join(graph.names)}")
    moved: dict[str, Node] = {}
    for key, value in given.items():
        name = known_name(graph, key)
        if value is None:
            graph, node = _new_input(graph, name, letter)
        else:
            node = _node(graph, value)
        moved[name] = _fitting(node, graph.ref(name))
    return graph, tuple(moved.items())


def _listed(asked: Any) -> list[Any]:
    return list(asked) if isinstance(asked, list | tuple) else [asked]


def _node(graph: ComputationGraph, value: Any) -> Node:
    if isinstance(value, str):
        return graph.ref(known_name(graph, value))
    node = node_of(value)
    strange = [name for name in refs(node) if name not in graph]
    if strange:
        raise ModelError(f"a direction refers to {strange[0]}, which is not in {graph.name}")
    return node


def _fitting(node: Node, moved: Node) -> Node:
    if node.shape == moved.shape:
        return node
    message = f"a direction of shape {show_shape(node.shape)} does not fit {moved.name} of {show_shape(moved.shape)}"
    try:
        spread = build.broadcast_to(node, moved.shape)
    except DeriveError:
        raise ShapeError(message, hint=f"give it the shape of {moved.name}") from None
    if node.shape:
        raise ShapeError(message, hint=f"give it the shape of {moved.name}")
    return spread


def _new_input(graph: ComputationGraph, name: str, letter: str) -> tuple[ComputationGraph, Node]:
    """A further input shaped like a name."""
    shape = graph.shape(name)
    letter = letter.upper() if len(shape) > 1 else letter
    stem, _, below = name.replace("[", "_").replace("]", "").partition("_")
    taken = {*graph.names, *graph.declarations, *graph.aliases, *graph.size_names(), letter if stem == letter else ""}
    wanted = [f"{letter}_{below}" if below else letter, f"{letter}_{stem}{below}"]
    chosen = next((new for new in wanted if new not in taken), None)
    number = 2
    while chosen is None or chosen in taken:
        chosen, number = f"{wanted[-1]}{number}", number + 1
    made = replace(graph, declarations={**graph.declarations, chosen: Declaration(chosen, "input", shape)})
    return made, made.ref(chosen)
