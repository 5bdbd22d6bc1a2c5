"""What a block defines that can be judged, and what it is given.

    a class with forward and backward      a layer; its arguments are inputs of the model by name, else drawn by role
    X_forward and X_backward               the same as two functions with a cache
    f and f_grad, f_prime, df              a function and its derivative
    a function of the model's inputs       called at a point of the model; what it returns has names
    Sigmoid, relu, softmax, ...            by its name it also says what the forward pass is

Roles: W and weights are matrices, b, gamma and beta vectors, t and labels one-hot rows (or whole numbers), and all
else is a batch of rows.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from derive.equality.branches import Branches
from derive.equality.probe import Point, points_of
from derive.errors import DeriveError
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import topological
from derive.ir.size import size_of
from derive.listings.expected import ModelAt
from derive.listings.naming import folded, found
from derive.listings.process import Arguments, Definable
from derive.ops.evaluate import Evaluator
from derive.ops.record import build_call
from derive.ops.tensors import axes_of

Array = Any
Function = ast.FunctionDef
OPERATIONS = {
    "sigmoid": "sigmoid", "logistic": "sigmoid", "relu": "relu", "tanh": "tanh", "softmax": "softmax",
    "logsoftmax": "log_softmax", "softplus": "softplus",
}  # fmt: skip
MATRIX = re.compile(r"w|weights?|kernel|u|theta", re.I)
VECTOR = re.compile(r"b|bias(es)?|gamma|beta", re.I)
TARGET = re.compile(r"t|target|targets|label|labels|y_?true|y_?onehot|one_?hot", re.I)
COUNT = re.compile(r".*(size|dim|features|units|_in|_out|nin|nout)|[ndmhk]", re.I)
LOSSES = re.compile(r"loss|entropy|error|cost|criterion", re.I)
DERIVATIVE = (
    "{}_grad", "{}_prime", "{}_derivative", "{}_deriv", "{}_gradient", "d{}", "d_{}", "grad_{}", "{}_backward",
    "{}_back", "derivative_{}", "{}prime",
)  # fmt: skip
ROWS, WIDTH, OUT = 5, 3, 4


@dataclass(frozen=True)
class Planned:
    """A subject, and what is known of its outcome.

    `outputs` are, candidate by candidate, what forward may return (nothing: anything); `gradients` what backward
    must give, and `returned` the names of what it returns; `known` the inputs that a function was called with.
    """

    subject: Definable
    outputs: tuple[tuple[Array, ...], ...] = ()
    gradients: Mapping[str, Array] = field(default_factory=dict)
    returned: tuple[str, ...] = ()
    known: Mapping[str, Array] = field(default_factory=dict)


def planned(tree: ast.Module, graph: ComputationGraph, *, single: bool = False) -> list[Planned]:
    """What a block defines, with what it is given. `single` gives one sample as a 1-D array where it can."""
    functions = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
    plans: list[Planned] = []
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            methods = {part.name: part for part in statement.body if isinstance(part, ast.FunctionDef)}
            if {"forward", "backward"} <= methods.keys():
                init = _parameters(methods.get("__init__"))[1:]
                subject = Definable("layer", statement.name)
                plans.append(_layer(subject, init, _parameters(methods["forward"])[1:], graph, single))
    if single:
        return plans
    for name, function in functions.items():
        plans += _of_function(name, function, functions, graph)
    return plans


def _parameters(function: Function | None) -> list[str]:
    """The parameters that have no default."""
    if function is None:
        return []
    names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    return names[: len(names) - len(function.args.defaults)]


def _of_function(
    name: str, function: Function, functions: Mapping[str, Function], graph: ComputationGraph
) -> Iterator[Planned]:
    parameters = _parameters(function)
    pair = re.fullmatch(r"(.*?)_?forward", name)
    backward = functions.get(name.replace("forward", "backward")) if pair is not None else None
    if backward is not None and _is_of_layer(backward, graph):
        yield _layer(Definable("layer", name, backward.name), [], parameters, graph, False)
        return
    for pattern in DERIVATIVE:
        prime = pattern.format(name)
        if prime in functions and len(parameters) == 1 == len(_parameters(functions[prime])):
            yield Planned(Definable("derivative", name, prime, (Arguments(forward=(_argument(name, graph),)),)))
            break
    if _operation(name) is not None and len(parameters) == 1:
        x = _argument(name, graph)
        yield Planned(Definable("call", name, None, (Arguments(forward=(x,)),)), ((_operated(name, x, graph),),))
        return
    for known, named in _by_name(parameters, graph):
        yield Planned(Definable("call", name, None, (Arguments(named=named),)), known=known)


def _is_of_layer(backward: Function, graph: ComputationGraph) -> bool:
    """Whether a function takes an upstream gradient and a cache; one that takes the targets is no part of a layer."""
    parameters = _parameters(backward)
    return len(parameters) == 2 and not any(found(name, list(graph.inputs)) for name in parameters)


def _by_name(parameters: Sequence[str], graph: ComputationGraph) -> Iterator[tuple[dict[str, Array], dict[str, Array]]]:
    """The inputs of the model at points on all sides of its conditions, by their own names and by those of parameters.

    Nothing if some parameter is no input.
    """
    targets = {name: found(name, list(graph.inputs)) for name in parameters}
    if not parameters or None in targets.values():
        return
    start = points_of(graph).first(1)[0]
    sides = Branches(graph, graph.bindings, graph)
    sides.meet(start)
    for point in chain([start], sides.towards(start)):
        sides.meet(point)
        inputs = _floats(point, graph)
        named = {name: inputs[str(target)] for name, target in targets.items() if target in inputs}
        if len(named) == len(parameters):
            yield inputs, named


def _inputs(graph: ComputationGraph) -> dict[str, Array]:
    return _floats(points_of(graph).first(1)[0], graph)


def _floats(point: Point, graph: ComputationGraph) -> dict[str, Array]:
    return {name: np.asarray(point.inputs[name]).astype(float) for name in graph.inputs if name in point.inputs}


def _layer(subject: Definable, init: list[str], forward: list[str], graph: ComputationGraph, single: bool) -> Planned:
    try:
        whole = _whole(subject, init, forward, graph, single)
    except DeriveError:
        whole = None
    if whole is not None:
        return whole
    drawn = _Drawing(subject.name, any(MATRIX.fullmatch(name) for name in [*init, *forward]))
    ways = (*ONE, *ROWS_FIRST) if "softmax" in folded(subject.name) and _softmax(graph) is None else ROWS_FIRST
    given = [
        Arguments(tuple(drawn(name, way) for name in init), tuple(drawn(name, way) for name in forward)) for way in ways
    ]
    outputs: tuple[tuple[Array, ...], ...] = ()
    if _operation(subject.name) is not None and not init and len(forward) == 1:
        outputs = tuple((_operated(subject.name, arguments.forward[0], graph),) for arguments in given)
    made = Definable(subject.kind, subject.name, subject.backward, tuple(given))
    return Planned(made, outputs)


def _whole(
    subject: Definable, init: list[str], forward: list[str], graph: ComputationGraph, single: bool
) -> Planned | None:
    """A layer that computes a binding of the model from all that it depends on; None for any other."""
    targets = _targets([*init, *forward], list(graph.inputs))
    if targets is None:
        return None
    inputs = _inputs(graph)
    at = ModelAt(graph, inputs, {})
    given = [inputs[target] for target in targets]
    passed, returned = given[len(init) :], tuple(targets[len(init) :])
    outputs = {}
    for output in graph.bindings:
        needs = {name for name in graph.ancestors(output) if name in graph.inputs}
        if needs == set(targets) and (value := at.value(output)) is not None:
            outputs[output] = value
    if not outputs or (single and (not passed or np.ndim(passed[0]) < 2)):
        return None
    made = Definable(subject.kind, subject.name, subject.backward)
    if len(outputs) > 1:
        arguments = Arguments(tuple(given[: len(init)]), tuple(passed))
        return Planned(replace(made, candidates=(arguments,)), (tuple(outputs.values()),), {}, (), inputs)
    (output, value), *_ = outputs.items()
    upstream = _upstream(value)
    gradients = {}
    for target in targets:
        full = at.derivative(None if output == graph.loss else output, target)
        gradients[target] = np.tensordot(upstream, full[0], axes=value.ndim)
    if single:
        passed, upstream = [entry[0] for entry in passed], upstream[0]
    arguments = Arguments(tuple(given[: len(init)]), tuple(passed), upstream)
    return Planned(replace(made, candidates=(arguments,)), ((value,),), gradients, returned)


def _targets(names: list[str], inputs: list[str]) -> list[str] | None:
    """The inputs that parameters stand for: by name, and the last one by what is left."""
    targets = [found(name, inputs) for name in names]
    left = [name for name in inputs if name not in targets]
    if targets.count(None) == 1 and len(left) == 1:
        targets[targets.index(None)] = left[0]
    known = [target for target in targets if target is not None]
    return known if len(known) == len(names) == len(set(known)) else None


def _upstream(value: Array) -> Array:
    """An upstream gradient that is not all ones."""
    rng = random.Random(7)
    drawn = [rng.randint(1, 30) / 10 * rng.choice((-1, 1)) for _ in range(value.size)]
    return np.array(drawn).reshape(value.shape) if value.ndim else np.array(1.0)


# ---------------------------------------------------------------------------- arguments by role

ONE = ("one row", "one column")
ROWS_FIRST = ("rows", "labels", "probabilities", *ONE, "columns")
"""How arguments are laid out, in the order in which they are tried: a softmax of one sample may not take rows."""


@dataclass(frozen=True)
class _Drawing:
    """Arguments by their roles; `matrix` says that there are weights."""

    owner: str
    matrix: bool

    def __call__(self, name: str, way: str) -> Any:
        rng = np.random.default_rng(sum(map(ord, name)))
        if TARGET.fullmatch(name) or (name in ("y", "Y") and LOSSES.search(self.owner)):
            labels = np.array([0, 2, 1, 2, 0])
            rows = np.eye(WIDTH)[labels]
            return {"labels": labels, "one row": rows[1], "one column": rows[1], "columns": rows.T}.get(way, rows)
        if COUNT.fullmatch(name) and not MATRIX.fullmatch(name):
            return OUT if name.lower().endswith(("out", "output_size", "output_dim", "out_features")) else WIDTH
        shape = self._shape(name, way)
        value = rng.uniform(0.2, 2.0, shape)
        if way == "probabilities" and not MATRIX.fullmatch(name):
            return value / value.sum(axis=-1, keepdims=True)
        return value * rng.choice((-1, 1), shape)

    def _shape(self, name: str, way: str) -> tuple[int, ...]:
        across = way in ("one column", "columns")
        if MATRIX.fullmatch(name):
            return (OUT, WIDTH) if across else (WIDTH, OUT)
        if VECTOR.fullmatch(name):
            length = OUT if self.matrix else WIDTH
            return (length, 1) if way == "columns" else (length,)
        if way.startswith("one"):
            return (WIDTH,)
        return (WIDTH, ROWS) if across else (ROWS, WIDTH)


def _softmax(graph: ComputationGraph) -> int | None:
    """The axis along which the model takes a softmax of several samples."""
    for binding in graph.bindings.values():
        for node in topological(binding.node):
            if node.op in ("softmax", "log_softmax") and len(node.shape) == 2:
                return axes_of(node)[0]
    return None


def _operation(name: str) -> str | None:
    return OPERATIONS.get(re.sub(r"layer|forward|activation|function", "", folded(name)))


def _argument(name: str, graph: ComputationGraph) -> Array:
    """What an operation is tried at: one sample for a softmax, unless the model has several."""
    one = "softmax" in str(_operation(name)) and _softmax(graph) is None
    value: Array = _Drawing(name, False)("x", "one row" if one else "rows")
    return value


def _operated(name: str, x: Array, graph: ComputationGraph) -> Array:
    """The operation that a name says, at x."""
    operation = str(_operation(name))
    axis = _softmax(graph) if "softmax" in operation and np.ndim(x) == 2 else None
    options: dict[str, object] = {} if axis is None else {"axis": axis}
    node = build_call(operation, [build.ref("x", tuple(size_of(length) for length in np.shape(x)))], options)
    return np.asarray(Evaluator({"x": x}, {}).value(node))
