"""Models by name: from the gallery, or from a model-text file.

Nothing here runs code; only the command line takes `file.py:name`. What a page may name is in `beside`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from derive.errors import ModelError, Span, did_you_mean
from derive.ir.graph import ComputationGraph
from derive.model.source import MAX_TEXT
from derive.model.text import loads

SUFFIX = ".derive"


@cache
def gallery() -> dict[str, str]:
    """The models that come with the package: name and title, in alphabetical order."""
    entries = sorted((entry for entry in files("derive.gallery").iterdir() if entry.name.endswith(SUFFIX)), key=_name)
    titles: dict[str, str] = {}
    for entry in entries:
        with entry.open(encoding="utf-8") as lines:
            titles[entry.name.removesuffix(SUFFIX)] = lines.readline().strip("# \n")
    return titles


def _name(entry: Any) -> str:
    return str(entry.name)


def gallery_text(name: str) -> str:
    """The model text of a gallery model."""
    return files("derive.gallery").joinpath(name + SUFFIX).read_text(encoding="utf-8")


def load(name_or_path: str | Path) -> ComputationGraph:
    """The model that a gallery name or a model-text file stands for.

    Raises ModelError for what cannot be found or read, and what `loads` raises.
    """
    text = str(name_or_path)
    if text in gallery():
        return loads(gallery_text(text), file=text + SUFFIX, name=text)
    refuse_python(text)
    path = Path(text)
    return loads(read_text(path), file=text, name=path.stem)


def refuse_python(name: str) -> None:
    """Raises ModelError for the name of a Python file: that is never run here."""
    if re.search(r"\.py(:\w*)?\Z", name):
        raise ModelError(
            f"{name} is Python, and a model is read without running code",
            hint="import it, or name it on the command line as FILE.py:NAME",
        )


def read_text(path: Path) -> str:
    """The text of a model file. Raises ModelError if it is missing, too large, or no UTF-8 text."""
    try:
        if path.is_dir():
            raise ModelError(f"{path} is a folder", hint="name a model-text file in it")
        with path.open("rb") as stream:
            # one byte more than is allowed tells that there is too much, whatever the file is
            return decoded(stream.read(MAX_TEXT + 1), str(path))
    except FileNotFoundError:
        hint = did_you_mean(path.name.removesuffix(SUFFIX), gallery())
        raise ModelError(
            f"there is no model {str(path)!r}, neither in the gallery nor as a file",
            hint=hint or "derive list shows the gallery",
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def decoded(data: bytes, file: str) -> str:
    """The text of a model file's bytes. Raises ModelError if there are too many, or if they are no UTF-8."""
    if len(data) > MAX_TEXT:
        raise ModelError(
            f"{file} is too large: models of at most {MAX_TEXT:,} bytes are read",
            span=Span(1, 1, file=file),
            hint="is this a model file?",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise ModelError(
            f"{file} is not UTF-8 text: byte 0x{data[error.start]:02x} on line {line}",
            span=Span(line, column, file=file),
            hint="save it as UTF-8",
        ) from None
