"""What the chain rule yields, as plain data.

For a loss L and a binding z that is used by c_1, ..., c_k,

    dL/dz = sum over i of  dL/dc_i * dc_i/dz          (one `Path` each)

A `Step` holds these contributions for one name, in terms of the adjoints of the consumers. The adjoints are bindings
of a graph again (`Adjoints.gradient`), so a Hessian is the same code run on that graph, and the whole stays linear in
the size of the model. `closed` forms, in binding names only, are computed on demand by `derive.calculus.closed`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from derive.ir.graph import ComputationGraph
from derive.ir.node import Node


def adjoint_name(loss: str, name: str) -> str:
    """The name of the binding that holds the derivative of `loss` by `name`."""
    return f"∂{loss}/∂{name}"


def adjoint_parts(name: str) -> tuple[str, str] | None:
    """What is differentiated and by what, of the name of an adjoint; None for another name."""
    if not name.startswith("∂"):
        return None
    for cut in (match.start() for match in re.finditer("/∂", name)):
        of, by = name[1:cut], name[cut + 2 :]
        if _is_whole(of) and _is_whole(by):
            return of, by
    return None


def _is_whole(name: str) -> bool:
    """Whether a name is a plain one or an adjoint of such."""
    return adjoint_parts(name) is not None if name.startswith("∂") else bool(name) and "/∂" not in name


class Path(NamedTuple):
    """What one consumer sends back: `contribution` is made of `ref(adjoint of consumer)` and forward values."""

    consumer: str
    contribution: Node


class Step(NamedTuple):
    """The derivative of the loss by `name`: the paths it is the sum of, and that sum (`total`).

    `paths` is empty for the loss itself (`total` is 1) and for what the loss does not depend on (`total` is 0).
    """

    name: str
    adjoint: str
    paths: tuple[Path, ...]
    total: Node


@dataclass(frozen=True)
class Adjoints:
    """All partial derivatives of one scalar binding: `steps` by forward name, loss first, inputs last.

    `graph` is the forward graph; `gradient` is the forward graph with a binding for every adjoint that is not zero.
    """

    graph: ComputationGraph
    loss: str
    steps: Mapping[str, Step]
    gradient: ComputationGraph
