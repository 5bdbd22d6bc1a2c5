"""`derive eval MODEL VALUES.json`: a forward and a backward pass with numbers, and one update step."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np

from derive.api import Graph
from derive.cli.models import layers_option, loss_option, model_argument, names_of, with_layers, wrt_option
from derive.cli.terminal import say, table
from derive.errors import DeriveError, ShapeError, Span
from derive.ir.size import show_shape

MOST_BYTES = 100_000_000
MOST_DIGITS = 308
DATA_LETTERS = "xytXYT"


@click.command()
@model_argument
@click.argument("values", metavar="VALUES.json")
@click.option("--step", type=float, metavar="ETA", help="Also make one update step, w - ETA dL/dw.")
@wrt_option
@loss_option
@layers_option
@click.option("--digits", type=click.IntRange(1, 17), default=6, show_default=True, help="Digits to print.")
def command(
    model: Graph,
    values: str,
    step: float | None,
    wrt: tuple[str, ...],
    loss: str | None,
    layers: int | None,
    digits: int,
) -> int:
    """Evaluate MODEL: the forward pass, the gradients and, with --step, the loss after an update.

    VALUES.json holds one object, {"x": 0.5, "W": [[1, 2], [3, 4]], ...}; - reads it from standard input. An update
    moves the names of --wrt; without it, every differentiable input whose name does not begin with x, y or t.
    """
    model = with_layers(model, layers, needed="a forward pass")
    opaque = [name for name, declared in model.data.functions.items() if declared.definition is None]
    if opaque:
        raise DeriveError(
            f"{', '.join(opaque)} may be any function in {model.name}, so there are no numbers",
            hint=f"write which: {opaque[0]} : function = sigmoid, or the expression in place of {opaque[0]}(...)",
        )
    given = read_values(values)
    forward = model.evaluate(given)
    derivation = model.backprop(loss)
    if derivation.loss not in forward:
        raise ShapeError(f"{derivation.loss} has no value")
    asked = names_of(model, wrt)
    names = asked or [n for n in derivation if n != derivation.loss and _differentiable(model, n)]
    value, gradients = derivation.lambdify(names)(**given)
    rows = [(n, show_shape(model.data.shape(n)), _text(v, digits)) for n, v in forward.items()]
    table("forward", ("name", "shape", "value"), rows)
    rows = [(derivation[n].name, show_shape(model.data.shape(n)), _text(gradients[n], digits)) for n in names]
    table("backward", ("gradient", "shape", "value"), rows)
    if step is not None:
        _update(model, given, derivation.loss, float(value), gradients, step, asked, digits)
    return 0


def read_values(path: str) -> dict[str, Any]:
    """The object in a JSON file or on standard input. Raises DeriveError, with the place if it is no JSON."""
    name = "<stdin>" if path == "-" else path
    try:
        data = sys.stdin.buffer.read(MOST_BYTES + 1) if path == "-" else _file(Path(path))
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DeriveError(f"{name} is not UTF-8 text") from None
    if len(data) > MOST_BYTES:
        raise DeriveError(f"{name} is larger than {MOST_BYTES} bytes")
    try:
        values = json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
        raise DeriveError(
            f"{name} is not JSON: {error.msg}", span=Span(error.lineno, error.colno, line, file=name)
        ) from None
    except RecursionError:
        raise DeriveError(f"{name} is nested too deeply") from None
    if not isinstance(values, dict):
        raise DeriveError(f"{name} is not an object", hint='write {"x": 0.5, "W": [[1, 2], [3, 4]]}')
    return values


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise DeriveError(f"an integer of {len(digits)} digits is no number that float64 has")
    return int(digits)


def _file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _differentiable(model: Graph, name: str) -> bool:
    inputs = model.data.inputs
    return name not in inputs or inputs[name].differentiable


def _update(
    model: Graph,
    given: dict[str, Any],
    loss: str,
    before: float,
    gradients: dict[str, Any],
    step: float,
    asked: list[str] | None,
    digits: int,
) -> None:
    inputs = [n for n in gradients if n in model.data.inputs]
    moved = [n for n in inputs if asked or n[0] not in DATA_LETTERS] or inputs
    if not moved:
        raise DeriveError("there is no input to update", hint="name inputs with --wrt")
    after = {n: np.asarray(given[n], dtype=float) - step * np.asarray(gradients[n]) for n in moved}
    rows = [(n, _text(given[n], digits), _text(after[n], digits)) for n in moved]
    table(f"update with step {step:g}", ("name", "before", "after"), rows)
    value = float(model.evaluate({**given, **after})[loss])
    say(f"{loss} before {before:.{digits}g}, after {value:.{digits}g}")


def _text(value: Any, digits: int) -> str:
    array = np.asarray(value, dtype=float)
    if not array.ndim:
        return f"{float(array):.{digits}g}"
    text = np.array2string(
        array, separator=", ", threshold=60, max_line_width=10**6, formatter={"float_kind": lambda v: f"{v:.{digits}g}"}
    )
    return " ".join(text.split())
