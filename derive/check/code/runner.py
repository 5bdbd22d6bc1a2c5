"""The child process that runs blocks of a page: `python -I runner.py`, a task on standard input, data back.

    task     {"root", "earlier", "paths": [...], "subjects": [...], "memory", "gradients"}
    answer   for each path {"values": {...}, "subjects": [...]} or {"error": {...}}

`earlier` is a file that runs before the block and whose names the block sees. A subject is something the block defines
and that is to be used: a layer, a pair of functions, a derivative, or a function to be called; its `candidates`
are arguments to try in order. Layers are judged by `check_layer`, as a caller's own are.

This is no sandbox. It guards against accidents: an audit hook refuses writing, deleting, processes and sockets, memory
is limited where the system can do that, and what the block prints goes nowhere.
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
Task = dict[str, Any]


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


# ---------------------------------------------------------------------------- values as data


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


def named(space: dict[str, Any]) -> dict[str, Any]:
    """What names hold, entries of dicts as `params['W1']`."""
    found: dict[str, Any] = {}
    for name, value in space.items():
        if isinstance(value, dict) and not name.startswith("_"):
            inner = {f"{name}['{key}']": part for key, part in value.items() if isinstance(key, str)}
        else:
            inner = {name: value}
        found.update({key: shown for key, part in inner.items() if (shown := plain(part)) is not None})
    return found


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


# ---------------------------------------------------------------------------- what a block defines


class Uses:
    """A block's own things, used with arguments that fit; `stage` says how far it got."""

    def __init__(self, space: dict[str, Any], gradients: Any) -> None:
        import numpy as np

        self.space, self.gradients, self.np, self.stage = space, gradients, np, "__init__"

    def layer(self, subject: Task, given: Task) -> dict[str, Any]:
        """A layer's output, what its backward pass returns and stores, and the verdict on that."""
        made = self._made(subject, given)
        self.stage = "forward"
        inputs = self.arrays(given["forward"])
        output = made[0](*inputs) if isinstance(made, tuple) else made.forward(*inputs)
        cached = isinstance(made, tuple) and isinstance(output, tuple)
        value = output[0] if cached else output
        if not self.np.all(self.np.isfinite(value)):
            raise ArithmeticError("the forward pass gives a value that is not finite")
        self.stage = "backward"
        upstream = self._upstream(value, given)
        if isinstance(made, tuple):
            returned = made[1](upstream, output[1]) if cached else made[1](upstream, *inputs)
        else:
            returned = made.backward(upstream)
        parts = returned if isinstance(returned, tuple | list) else (returned,)
        answer = {"output": plain(value), "returned": [plain(part) for part in parts]}
        if not isinstance(made, tuple):
            answer["attributes"] = {name: shown for name, v in vars(made).items() if (shown := plain(v)) is not None}
        return {**answer, "report": self._report(subject, given)}

    def _made(self, subject: Task, given: Task) -> Any:
        if "backward" in subject:
            return self.space[subject["name"]], self.space[subject["backward"]]
        return self.space[subject["name"]](*self.arrays(given["init"]))

    def _upstream(self, value: Any, given: Task) -> Any:
        if given.get("upstream") is not None:
            return self.array(given["upstream"])
        shape = self.np.shape(value)
        return self.np.random.default_rng(7).uniform(0.5, 2.0, shape) if shape else 1.0

    def _report(self, subject: Task, given: Task) -> dict[str, Any]:
        check = self.gradients["check_layer"]
        return self._told(check, self._made(subject, given), *self.arrays(given["forward"]))

    def derivative(self, subject: Task, given: Task) -> dict[str, Any]:
        """A function beside its derivative, which may take the argument or the function's value."""
        f, prime = self.space[subject["name"]], self.space[subject["backward"]]
        self.stage = "backward"
        check, x = self.gradients["check_gradient"], self.array(given["forward"][0])
        prime(x)
        by_argument = self._told(check, f, lambda upstream, x: upstream * prime(x), x)
        if by_argument["verdict"] == "true":
            return {"report": by_argument}
        by_value = self._told(check, f, lambda upstream, x: upstream * prime(f(x)), x)
        return {"report": by_value if by_value["verdict"] == "true" else by_argument}

    def call(self, subject: Task, given: Task) -> dict[str, Any]:
        """What a function returns: one value, several, or names with values."""
        self.stage = "forward"
        arguments = {name: self.array(value) for name, value in given["named"].items()}
        result = self.space[subject["name"]](**arguments) if arguments else self.space[subject["name"]](
            *self.arrays(given["forward"])
        )  # fmt: skip
        parts = list(result) if isinstance(result, tuple | list) else [result]
        dicts = {k: v for part in parts if isinstance(part, dict) for k, v in part.items() if isinstance(k, str)}
        return {"returned": [plain(part) for part in parts], "named": named(dicts)}

    def _told(self, check: Any, *arguments: Any) -> dict[str, Any]:
        try:
            report = check(*arguments, time_limit=5.0)
        except self.gradients["error"] as error:
            return {"verdict": "undecided", "diagnosis": str(error), "defects": [], "right": 0}
        right = sum(group.verdict == "true" for group in report.groups)
        return {
            "verdict": report.verdict,
            "diagnosis": report.diagnosis,
            "defects": list(report.defects),
            "right": right,
        }

    def arrays(self, values: list[Any]) -> list[Any]:
        return [self.array(value) for value in values]

    def array(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.np.array(value["labels"])
        return value if isinstance(value, int) else self.np.array(value, dtype=float)


def used(subject: Task, uses: Uses, path: str) -> dict[str, Any]:
    """The answer for the first arguments with which both passes run; else the failure that came furthest."""
    first: dict[str, dict[str, Any]] = {}
    for number, given in enumerate(subject["candidates"]):
        uses.stage = "__init__"
        uses.np.random.seed(0)
        try:
            with uses.np.errstate(all="ignore"):
                return {**getattr(uses, subject["kind"])(subject, given), "candidate": number}
        except Refused:
            raise
        except Exception as error:
            first.setdefault(uses.stage, {"error": told(error, path, uses.stage)})
    return next(first[stage] for stage in ("backward", "forward", "__init__") if stage in first)


# ---------------------------------------------------------------------------- the process


def run(path: str, task: Task, gradients: Any) -> dict[str, Any]:
    """The block as a module; then what it defines, used."""
    import numpy as np

    np.random.seed(0)
    try:
        with np.errstate(all="ignore"):
            space = {"np": np, "numpy": np}
            if task["earlier"]:
                before = runpy.run_path(task["earlier"], init_globals=space)
                space = {name: value for name, value in before.items() if not name.startswith("__")}
            space = runpy.run_path(path, init_globals=space)
            uses = Uses(space, gradients)
            return {"values": named(space), "subjects": [used(subject, uses, path) for subject in task["subjects"]]}
    except BaseException as error:  # whatever the block raises is the answer
        return {"error": told(error, path, "module")}


def main() -> None:
    """Run the task; the answer is the only thing written."""
    task = json.loads(sys.stdin.read())
    answer_to = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import numpy  # noqa: F401 (before the hook, which refuses what an import may do)

    gradients: dict[str, Any] = {}
    if task["subjects"]:
        sys.path.insert(0, task["root"])
        from derive.check.gradients.gradient import check_gradient
        from derive.check.gradients.layer import check_layer
        from derive.errors import DeriveError

        sys.path.remove(task["root"])
        gradients = {"check_layer": check_layer, "check_gradient": check_gradient, "error": DeriveError}
    limit(int(task["memory"]))
    sys.addaudithook(refuse)
    answers = [run(path, task, gradients) for path in task["paths"]]
    text = json.dumps(answers).encode()
    while text:
        text = text[os.write(answer_to, text) :]
    os._exit(0)


if __name__ == "__main__":
    main()
