"""The child process that runs a block of a page: `python -I runner.py`, a task on standard input, data back.

    task    {"path", "class", "arguments", "forward", "backward", "memory"}
    answer  {"values": {...}, "lines": {...}} | {"error": {"type", "message", "line", "stage"}}

This is no sandbox. It guards against accidents: an audit hook refuses writing, deleting, processes and sockets, memory
is limited where the system can do that, and what the block prints goes nowhere. Nothing of derive is imported here.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
import traceback
from typing import Any

REFUSED = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink",
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill", "os.putenv",
    "os.startfile", "shutil.", "subprocess.", "socket.", "pty.", "ctypes.", "webbrowser.", "urllib.", "ftplib.",
    "smtplib.", "http.", "signal.pthread_kill", "sqlite3.", "tempfile.",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MOST_ENTRIES = 10_000


class Refused(Exception):
    """The block tried what a formula has no need of."""


def refuse(event: str, args: tuple[Any, ...]) -> None:
    """The audit hook."""
    if event.startswith(REFUSED):
        raise Refused(f"{event} is not allowed here")
    if event == "open":
        mode, flags = (args[1] if len(args) > 1 else "r"), (args[2] if len(args) > 2 else 0)
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITING):
            raise Refused(f"writing {args[0]} is not allowed here")


def limit(memory: int) -> None:
    """Less memory and processor time, where the system has such limits."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(value: Any) -> Any:
    """Arrays and numbers as `{"shape", "entries"}`, tuples of integers as lists; None for all else."""
    import numpy as np

    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        return {"tuple": list(value)}
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size <= MOST_ENTRIES:
            return {"shape": list(array.shape), "entries": [float(entry).hex() for entry in array.ravel()]}
    return None


def main() -> None:
    """Run the task; the answer is the only thing written."""
    task = json.loads(sys.stdin.read())
    answer_to = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import numpy as np

    limit(int(task["memory"]))
    sys.addaudithook(refuse)
    answer: dict[str, Any] = {}
    stage = ["module"]
    try:
        answer = run(task, stage, np)
    except BaseException as error:  # whatever the block raises is the answer
        answer = {"error": told(error, task["path"], stage[0])}
    text = json.dumps(answer).encode()
    while text:
        text = text[os.write(answer_to, text) :]
    os._exit(0)


def run(task: dict[str, Any], stage: list[str], np: Any) -> dict[str, Any]:
    """The block as a module; then its class, if the task names one."""
    with np.errstate(all="ignore"):
        space = runpy.run_path(task["path"], init_globals={"np": np, "numpy": np})
        values = {name: shown for name, value in space.items() if (shown := plain(value)) is not None}
        if task["class"] is None:
            return {"values": values}
        stage[0] = "__init__"
        layer = space[task["class"]](*[np.array(given) for given in task["arguments"]])
        stage[0] = "forward"
        output = layer.forward(*[np.array(given) for given in task["forward"]])
        stage[0] = "backward"
        returned = layer.backward(np.array(task["backward"]))
    parts = returned if isinstance(returned, tuple | list) else (returned,)
    attributes = {name: plain(value) for name, value in vars(layer).items()}
    return {
        "values": values,
        "output": plain(output),
        "returned": [plain(part) for part in parts],
        "attributes": attributes,
    }


def told(error: BaseException, path: str, stage: str) -> dict[str, Any]:
    """The exception as data, with the line of the block that raised it."""
    line = None
    if isinstance(error, SyntaxError):
        line = error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == path:
                line = frame.lineno
    name = getattr(error, "name", None)
    return {"type": type(error).__name__, "message": str(error)[:500], "line": line, "stage": stage,
            "name": name if isinstance(name, str) else None}  # fmt: skip


if __name__ == "__main__":
    main()
