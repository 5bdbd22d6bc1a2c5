"""The judge's end of the pipe to the process that runs a block: what is asked, for how long, and what came of it.

Nothing that comes back is trusted: an answer is read to the length that a frame may have, it is plain data, and it
must repeat the token of its request. A block that does not answer in time, ends its process or breaks the pipe gets no
verdict, and its processes are ended.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from derive import errors
from derive.listings.protocol import BadFrame, Decoder, Encoder, packed, received

Array = Any
SECONDS = 8.0
"""How long a block is waited for, all its answers together."""
START_SECONDS = 30.0
STOPS = ("Refused", "MemoryError", "PermissionError")
"""What says that a block went beyond its limits, whatever it is that raises it."""
ROOT = Path(errors.__file__).parents[1]
START = "import sys; sys.path.insert(0, {!r}); from derive.listings.server import main; del sys.path[0]; main()"


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
class Definable:
    """Something a block defines, to be used: `kind` is layer, derivative or call."""

    kind: str
    name: str
    backward: str | None = None
    candidates: tuple[Arguments, ...] = ()


class Stopped(BaseException):
    """The block gets no verdict. Not an `Exception`: this is no failure of the function that was called."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(type, message)


class Raised(Exception):
    """An exception of the block, under its own name; `line` is the line of the block that raised it."""

    line: int | None = None
    name: str | None = None


class Server:
    """A process that runs blocks, each in a copy of its own, and ends with the `with` statement.

    Each is waited for `seconds` at most, and when one of them was waited for in vain the others are not run.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = SECONDS if seconds is None else min(seconds, SECONDS)
        self.spent = False
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread()
        self.left = self.seconds
        self.dropped: list[int] = []
        self.blocks = 0

    def __enter__(self) -> Server:
        self.folder = tempfile.TemporaryDirectory(prefix="derive-", ignore_cleanup_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self.folder.cleanup()

    # ----- one block -----

    def run(
        self, parts: Sequence[str], earlier: str = "", branches: Sequence[tuple[int, int]] = ()
    ) -> list[dict[str, Array]]:
        """Run a block in a fresh process; the numbers that its names hold after each part. `branches` are marked."""
        self.left, self.dropped = self.seconds, []
        self.blocks += 1
        if not hasattr(os, "fork"):
            self.end()
        elif self.process is not None:
            with contextlib.suppress(Stopped):
                self._talk({"do": "end"}, answered=False)
        if self.spent:
            raise Stopped("TimeoutError", "one before it did not end")
        if self.process is None:
            self._start()
        answer, reader = self.ask({"do": "run", "parts": parts, "earlier": earlier, "branches": branches})
        try:
            return [{n: reader.value(node) for n, node in answer["values"][k].items()} for k in range(len(parts))]
        except (BadFrame, KeyError, IndexError, TypeError, AttributeError) as error:
            self.end()
            raise Stopped("SystemExit", "it wrote over its own answer") from error

    def ask(self, request: dict[str, Any], writer: Encoder | None = None) -> tuple[dict[str, Any], Decoder]:
        """The answer to a request, or the exception that the block raises."""
        request["drop"], self.dropped = self.dropped, []
        token = request["token"] = secrets.token_hex(8)
        header, data = self._talk(request, writer)
        if header.get("token") != token:
            self.end()
            raise Stopped("SystemExit", "it wrote over its own answer")
        if "error" in header:
            raise _raised(header["error"])
        return header, Decoder(data)

    # ----- the pipe -----

    def _start(self) -> None:
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", START.format(str(ROOT))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
                cwd=self.folder.name, start_new_session=True,
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "SYSTEMROOT": ""},
            )  # fmt: skip
        except OSError as error:
            raise Stopped("OSError", f"no process could be started: {error}") from error
        before, self.left = self.left, START_SECONDS
        self._talk(None)
        self.left = before

    def _talk(
        self, request: dict[str, Any] | None, writer: Encoder | None = None, *, answered: bool = True
    ) -> tuple[dict[str, Any], bytes]:
        """Write and read in a thread, so that neither can be waited for longer than there is time."""
        if self.process is None:
            raise Stopped("TimeoutError", "it was ended")
        frame = b"" if request is None else packed(request, b"" if writer is None else writer.data)
        box: queue.SimpleQueue[Any] = queue.SimpleQueue()
        started = time.monotonic()
        self.thread = threading.Thread(target=_exchange, args=(self.process, frame, answered, box), daemon=True)
        self.thread.start()
        try:
            answer = box.get(timeout=max(self.left, 0.001))
        except queue.Empty:
            self.end()
            self.spent = True
            raise Stopped("TimeoutError", f"it did not end within {self.seconds:g} seconds") from None
        except BaseException:
            self.end()
            raise
        self.left -= time.monotonic() - started
        if isinstance(answer, str):
            self.end()
            raise Stopped("SystemExit", answer)
        return answer or ({}, b"")

    def end(self) -> None:
        """End the process and its copies."""
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        if self.thread.ident is not None:
            self.thread.join(1.0)
        for stream in (process.stdin, process.stdout):
            if stream is not None and not self.thread.is_alive():
                stream.close()


def _exchange(process: subprocess.Popen[bytes], frame: bytes, answered: bool, box: queue.SimpleQueue[Any]) -> None:
    source, target = process.stdout, process.stdin
    assert source is not None
    assert target is not None
    try:
        while frame:
            frame = frame[target.write(frame) or 0 :]
        answer = received(source.read) if answered else ({}, b"")
        box.put("it ended its process, or was ended for want of memory" if answer is None else answer)
    except BadFrame:
        box.put("it wrote over its own answer")
    except (OSError, ValueError):
        box.put("it ended its process, or was ended for want of memory")


def _raised(told: Any) -> BaseException:
    """An exception of a block, made of what is told of it."""
    try:
        kind, message, line, name = str(told["type"])[:80], str(told["message"])[:500], told["line"], told["name"]
        stops = bool(told["stops"]) or kind in STOPS
    except (TypeError, KeyError):
        return Stopped("SystemExit", "it wrote over its own answer")
    if stops:
        return Stopped(kind, message) if kind in STOPS else Stopped("SystemExit", f"{kind}: {message}")
    known = {"NameError": NameError, "UnboundLocalError": NameError, "AttributeError": AttributeError}.get(kind)
    bases = (Raised,) if known is None else (Raised, known)
    error: Raised = type(kind if kind.isidentifier() else "Exception", bases, {})(message)
    error.line = line if type(line) is int else None
    error.name = name if isinstance(name, str) else None
    return error


def limits() -> dict[str, bool]:
    """Which limits hold here for the process of a block."""
    with Server() as server:
        try:
            server.run([""])
            found = server.ask({"do": "limits"})[0]["limits"]
        except (Stopped, Exception):
            return {}
    return {str(name): bool(held) for name, held in found.items()}
