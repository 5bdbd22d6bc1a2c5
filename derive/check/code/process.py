"""Running a block of a page in a process of its own: fresh, isolated, limited in time, memory and output."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = Any
SECONDS = 10.0
MEMORY = 2_000_000_000
MOST_OUTPUT = 8_000_000
RUNNER = Path(__file__).with_name("runner.py")


@dataclass(frozen=True)
class Failure:
    """The exception a block ended with: `line` of the block (from 1), `stage` module, __init__, forward or backward."""

    type: str
    message: str
    line: int | None = None
    stage: str = "module"
    name: str | None = None


@dataclass(frozen=True)
class Ran:
    """What a block computed: names of the module, and of its layer the output, what backward returned, attributes."""

    values: dict[str, Array] = field(default_factory=dict)
    output: Array | None = None
    returned: tuple[Array | None, ...] = ()
    attributes: dict[str, Array] = field(default_factory=dict)
    failure: Failure | None = None


def run_block(
    code: str,
    *,
    layer: str | None = None,
    arguments: list[Array] | None = None,
    forward: list[Array] | None = None,
    backward: Array | None = None,
) -> Ran:
    """Run a block, and a layer that it defines. Never raises for what the block does."""
    with tempfile.TemporaryDirectory(prefix="derive-") as folder:
        path = Path(folder) / "block.py"
        path.write_text(code, encoding="utf-8")
        task = {
            "path": str(path),
            "class": layer,
            "arguments": [np.asarray(value).tolist() for value in arguments or []],
            "forward": [np.asarray(value).tolist() for value in forward or []],
            "backward": None if backward is None else np.asarray(backward).tolist(),
            "memory": MEMORY,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", str(RUNNER)],
                input=json.dumps(task).encode(), capture_output=True, timeout=SECONDS, cwd=folder,
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "SYSTEMROOT": ""}, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Ran(failure=Failure("TimeoutError", f"it did not end within {SECONDS:g} seconds"))
        except OSError as error:
            return Ran(failure=Failure("OSError", f"no process could be started: {error}"))
    return _answer(done.stdout)


def _answer(data: bytes) -> Ran:
    if not data or len(data) > MOST_OUTPUT:
        return Ran(failure=Failure("SystemExit", "it ended its process, or was ended for want of memory"))
    try:
        answer = json.loads(data)
        if "error" in answer:
            return Ran(failure=Failure(**answer["error"]))
        return Ran(
            {name: _array(value) for name, value in answer["values"].items()},
            _array(answer.get("output")),
            tuple(_array(value) for value in answer.get("returned", [])),
            {name: _array(value) for name, value in answer.get("attributes", {}).items() if value is not None},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Ran(failure=Failure("SystemExit", "it wrote over its own answer"))


def _array(value: Any) -> Array | None:
    if value is None:
        return None
    if "tuple" in value:
        return tuple(value["tuple"])
    return np.array([float.fromhex(entry) for entry in value["entries"]]).reshape(value["shape"])
