"""The command-line argument MODEL: a gallery name, a model file, FILE.py:NAME, or `-` for standard input."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from derive.api import Graph, load, loads
from derive.cli.terminal import note
from derive.errors import DeriveError, Span, did_you_mean
from derive.ir import graph as ir
from derive.model import gallery, warnings
from derive.model.load import decoded
from derive.model.source import MAX_TEXT


class ModelParameter(click.ParamType):  # type: ignore[type-arg]  # no parameter: before click 8.4 it takes none
    """A MODEL, opened; what is odd about it is said on standard error."""

    name = "model"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Graph:
        return value if isinstance(value, Graph) else open_model(value)

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name, help=title) for name, title in gallery().items() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


def open_model(text: str) -> Graph:
    """The model a command line names. Raises DeriveError if there is none, or it is not accepted."""
    script, colon, name = text.rpartition(":")
    if text == "-":
        graph = loads(decoded(sys.stdin.buffer.read(MAX_TEXT + 1), "<stdin>"), file="<stdin>", name="stdin")
    elif colon and script.endswith(".py"):
        graph = _from_python(Path(script), name)
    else:
        graph = load(text)
    for warning in warnings(graph.data):
        note(f"warning: {warning}")
    return graph


model_argument = click.argument("model", type=ModelParameter())


def _from_python(path: Path, name: str) -> Graph:
    """The graph of that name in a Python file. The file is run, with the rights of whoever asked for it."""
    value = python_object(path, name)
    if isinstance(value, ir.ComputationGraph):
        return Graph.of(value)
    if not isinstance(value, Graph):
        raise DeriveError(f"{name} in {path} is a {type(value).__name__}, not a Graph")
    return value


def python_object(path: Path, name: str) -> Any:
    """Run a Python file and take an object from it. DeriveError if the file fails or has no such name."""
    if not path.is_file():
        raise DeriveError(f"there is no file {path}")
    sys.path.insert(0, str(path.parent))
    try:
        namespace = runpy.run_path(str(path))
    except SyntaxError as error:
        span = Span(error.lineno or 1, error.offset or 1, (error.text or "").rstrip("\n"), file=str(path))
        raise DeriveError(f"{path} is not Python: {error.msg}", span=span) from None
    except SystemExit as error:
        raise DeriveError(f"{path} ends the program (exit {error.code})") from None
    except Exception as error:
        what = error.message if isinstance(error, DeriveError) else f"{type(error).__name__}: {error}"
        raise DeriveError(f"{path} fails: {what}", span=_place(error, path)) from error
    finally:
        sys.path[:] = [folder for folder in sys.path if folder != str(path.parent)]
    if name not in namespace:
        public = [key for key in namespace if not key.startswith("_")]
        raise DeriveError(f"there is no {name!r} in {path}", hint=did_you_mean(name, public))
    return namespace[name]


def _place(error: Exception, path: Path) -> Span | None:
    """The deepest line of the file itself in the traceback."""
    line = 0
    step = error.__traceback__
    while step is not None:
        line = step.tb_lineno if step.tb_frame.f_code.co_filename == str(path) else line
        step = step.tb_next
    if not line:
        return None
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()[line - 1]
    indent = len(text) - len(text.lstrip())
    return Span(line, indent + 1, text, len(text) - indent, str(path))


def with_layers(graph: Graph, layers: int | None, *, needed: str = "") -> Graph:
    """The network of a family with `--layers`; what `needed` a number of layers fails without one."""
    if layers is not None:
        return graph.instance(layers)
    if needed and graph.is_family:
        raise DeriveError(f"{graph.name} is a family of layers; {needed} needs their number", hint="--layers 3")
    return graph


def names_of(graph: Graph, wrt: tuple[str, ...]) -> list[str] | None:
    """The names of `--wrt W_1,b_1 --wrt x`, each known to the model; None if there are none."""
    names = [name.strip() for item in wrt for name in item.split(",") if name.strip()]
    if wrt and not names:
        raise DeriveError("--wrt names nothing", hint=f"the inputs are {', '.join(graph.inputs)}")
    for name in names:
        if not graph.is_family:  # the windows of a family have more names than the family itself
            graph[name]  # raises UnknownNameError
    return names or None


wrt_option = click.option("--wrt", multiple=True, metavar="NAMES", help="Inputs or bindings to differentiate by.")

loss_option = click.option("--loss", metavar="NAME", help="The scalar to differentiate, if it is not the model's own.")
layers_option = click.option("--layers", type=int, metavar="N", help="Make a network of N layers of a family.")
