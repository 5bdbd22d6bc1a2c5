"""Models that a page names: from the gallery, or from a file beside or below the page.

A page may come from anybody, so what it names is opened only if it is a regular file below the page's own folder once
links are resolved: no path of the machine, no pipe that never ends, no device. What is wrong with a model is told, with
words of it, of files named `*.derive` only; of any other file no more than the line, since it may be no model at all
but somebody's secrets. Hidden files are none either.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from derive.errors import DeriveError, ModelError, did_you_mean
from derive.ir.graph import ComputationGraph
from derive.model.load import SUFFIX, decoded, gallery, refuse_python
from derive.model.source import MAX_TEXT
from derive.model.text import loads

ALLOWED = "a page names models of the gallery, and files beside or below itself; others are given with --model"
QUIET = "what is wrong in it is told of files named *.derive"
OPENING = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""The path is resolved and looked at before it is opened; should it change in between, nothing is followed or waits."""


def load_beside(name: str, folder: Path) -> ComputationGraph:
    """The model in the file that a page in `folder` calls `name`. Raises ModelError, with what a page may name."""
    refuse_python(name)
    path = _resolved(name, folder)
    data = _content(name, path)
    try:
        return loads(decoded(data, name), file=name, name=path.stem)
    except DeriveError as error:
        line = error.span.line if error.span is not None else 1
        if path.suffix == SUFFIX:
            raise type(error)(f"{name}, line {line}: {error.message}", hint=error.hint) from None
        raise ModelError(f"{name} cannot be read as a model: line {line} is not understood", hint=QUIET) from None


def _resolved(name: str, folder: Path) -> Path:
    """Where the file is. What lies elsewhere is refused whether it exists or not, so nothing is learnt of it."""
    try:
        home = folder.resolve()
        path = (home / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a name too long or with zeros in it
        path = None
    if path is None or not name.isprintable():
        raise ModelError(f"{name[:80]!r} names no file", hint=ALLOWED)
    if Path(name).is_absolute() or not path.is_relative_to(home):
        raise ModelError(f"{name} is not below the folder of the page", hint=ALLOWED)
    if any(part.startswith(".") for part in path.relative_to(home).parts):
        raise ModelError(f"{name} is a hidden file", hint=ALLOWED)
    return path


def _content(name: str, path: Path) -> bytes:
    """The bytes of a regular file of a bearable size."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ModelError(f"{name} is no regular file", hint=ALLOWED)
        descriptor = os.open(path, OPENING)
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ModelError(f"{name} is no regular file", hint=ALLOWED)
            if status.st_size > MAX_TEXT:
                raise ModelError(f"{name} is too large: models of at most {MAX_TEXT:,} bytes are read", hint=ALLOWED)
            return stream.read(MAX_TEXT + 1)
    except FileNotFoundError:
        hint = did_you_mean(Path(name).stem, gallery())
        message = f"there is no model {name!r}, neither in the gallery nor as a file beside the page"
        raise ModelError(message, hint=hint or ALLOWED) from None
    except OSError as error:
        raise ModelError(f"cannot read {name}: {error.strerror}", hint=ALLOWED) from None
