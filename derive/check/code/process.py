"""Running blocks of a page in a process of its own: fresh, isolated, limited in time, memory and output."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = Any
SECONDS = 10.0
SECONDS_EACH = 1.0
MEMORY = 2_000_000_000
MOST_OUTPUT = 16_000_000
RUNNER = Path(__file__).with_name("runner.py")
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Failure:
    """What a block ended with: `line` of the block (from 1), `stage` module, __init__, forward, backward, values."""

    type: str
    message: str
    line: int | None = None
    stage: str = "module"
    name: str | None = None
    defects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arguments:
    """What a layer or a function is given. `named` holds for functions that are called by the names of parameters."""

    init: tuple[Any, ...] = ()
    forward: tuple[Any, ...] = ()
    upstream: Array | None = None
    named: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """Something a block defines, to be used: `kind` is layer, derivative or call."""

    kind: str
    name: str
    backward: str | None = None
    candidates: tuple[Arguments, ...] = ()


@dataclass(frozen=True)
class Used:
    """What came of a subject. `report` is the verdict on its backward pass."""

    output: Array | None = None
    returned: tuple[Array | None, ...] = ()
    attributes: Mapping[str, Array] = field(default_factory=dict)
    named: Mapping[str, Array] = field(default_factory=dict)
    report: Mapping[str, Any] | None = None
    candidate: int = 0
    failure: Failure | None = None


@dataclass(frozen=True)
class Ran:
    """What a block computed: names of the module, and what came of its subjects."""

    values: Mapping[str, Array] = field(default_factory=dict)
    used: tuple[Used, ...] = ()
    failure: Failure | None = None


def run_blocks(codes: Sequence[str], subjects: Sequence[Subject] = (), *, earlier: str = "") -> list[Ran]:
    """Run several versions of a block one after the other, each in a fresh module. Never raises for what they do."""
    if not codes:
        return []
    with tempfile.TemporaryDirectory(prefix="derive-") as folder:
        paths = [Path(folder) / f"block{number}.py" for number in range(len(codes))]
        for path, code in zip(paths, codes, strict=True):
            path.write_text(code, encoding="utf-8")
        before = Path(folder) / "earlier.py"
        before.write_text(earlier, encoding="utf-8")
        task = {
            "root": str(ROOT),
            "earlier": str(before) if earlier else "",
            "paths": [str(path) for path in paths],
            "subjects": [_subject(subject) for subject in subjects],
            "memory": MEMORY,
        }
        limit = SECONDS + SECONDS_EACH * (len(codes) - 1)
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", str(RUNNER)],
                input=json.dumps(task).encode(), capture_output=True, timeout=limit, cwd=folder,
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "SYSTEMROOT": ""}, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            failed = Failure("TimeoutError", f"it did not end within {limit:g} seconds")
            return [Ran(failure=failed)] * len(codes)
        except OSError as error:
            return [Ran(failure=Failure("OSError", f"no process could be started: {error}"))] * len(codes)
    return _answers(done.stdout, len(codes))


def run_block(code: str, subjects: Sequence[Subject] = (), *, earlier: str = "") -> Ran:
    """Run a block, and use what it defines. Never raises for what the block does."""
    return run_blocks([code], subjects, earlier=earlier)[0]


def _subject(subject: Subject) -> dict[str, Any]:
    task: dict[str, Any] = {"kind": subject.kind, "name": subject.name}
    if subject.backward is not None:
        task["backward"] = subject.backward
    task["candidates"] = [
        {
            "init": [_listed(value) for value in given.init],
            "forward": [_listed(value) for value in given.forward],
            "upstream": None if given.upstream is None else np.asarray(given.upstream).tolist(),
            "named": {name: _listed(value) for name, value in given.named.items()},
        }
        for given in subject.candidates
    ]
    return task


def _listed(value: Any) -> Any:
    """A size as it is, labels as whole numbers, all else as lists of floats."""
    if isinstance(value, int):
        return value
    array = np.asarray(value)
    return {"labels": array.tolist()} if array.dtype.kind in "iu" else array.tolist()


def _answers(data: bytes, count: int) -> list[Ran]:
    if not data or len(data) > MOST_OUTPUT:
        return [Ran(failure=Failure("SystemExit", "it ended its process, or was ended for want of memory"))] * count
    try:
        answers = [_ran(answer) for answer in json.loads(data)]
    except (ValueError, KeyError, TypeError, AttributeError):
        answers = []
    if len(answers) != count:
        return [Ran(failure=Failure("SystemExit", "it wrote over its own answer"))] * count
    return answers


def _ran(answer: Mapping[str, Any]) -> Ran:
    if "error" in answer:
        return Ran(failure=Failure(**answer["error"]))
    return Ran(_arrays(answer["values"]), tuple(_used(each) for each in answer["subjects"]))


def _used(answer: Mapping[str, Any]) -> Used:
    if "error" in answer:
        return Used(failure=Failure(**answer["error"]))
    return Used(
        _array(answer.get("output")),
        tuple(_array(value) for value in answer.get("returned", [])),
        _arrays(answer.get("attributes", {})),
        _arrays(answer.get("named", {})),
        answer.get("report"),
        int(answer.get("candidate", 0)),
    )


def _arrays(values: Mapping[str, Any]) -> dict[str, Array]:
    return {name: _array(value) for name, value in values.items()}


def _array(value: Any) -> Array | None:
    if value is None:
        return None
    if "tuple" in value:
        return tuple(value["tuple"])
    return np.array([float.fromhex(entry) for entry in value["entries"]]).reshape(value["shape"])
