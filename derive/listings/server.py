"""The process that runs a block: it does as it is told, answers with plain data, and judges nothing.

    {"do": "run", "parts": [...], "earlier"}           run the block as a module: {"values": [after each part {...}]}
    {"do": "look", "of"}                               {"signature": [[name, kind, has a default], ...]}
    {"do": "make", "of", "args"}                       an object: {"held", "state", "methods": {name: signature}}
    {"do": "call", "of": name, "args", "named"}        {"value", "changed": {...}}; with "hold" a cache stays here
    {"do": "call", "of": {"held": 7}, "method", ...}   the same on an object, with its new "state"; with "put" on a copy
                                                       in which some arrays are others: {"held"} is its number
    {"do": "reached"}                                  {"reached": [[line, column]]} of the "branches" of the block
    {"do": "seed"}                                     NumPy's global generator starts anew
    {"do": "end"}                                      the next block gets a fresh process

Every answer repeats the "token" of its request, or is {"error": {...}} with it. What raises is an answer too. The first
process runs no block: it has NumPy loaded and makes a copy of itself for each one, which limits itself first.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import os
import sys
import types
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from derive.listings.protocol import BadFrame, Decoder, Encoder, packed, received
from derive.listings.reached import MARK, marked
from derive.listings.sandbox import applied

BLOCK, EARLIER = "block.py", "earlier.py"
CLEAN = 77
MOST_ENTRIES = 10_000
Request = dict[str, Any]
Answer = dict[str, Any]


class Block:
    """One block: its names, and the objects that were made of its classes."""

    def __init__(self) -> None:
        self.limits = applied()
        self.module = types.ModuleType("block")
        self.space: dict[str, Any] = self.module.__dict__
        self.held: dict[int, Any] = {}
        self.known: dict[int, dict[int, tuple[int, Any]]] = {}
        self.numbers, self.ids = count(1), count(1)
        self.reached: set[tuple[int, int]] = set()

    def answer(self, request: Request, data: bytes) -> tuple[Answer, bytes]:
        for number in request.get("drop", ()):
            self.held.pop(number, None)
            self.known.pop(number, None)
        does: dict[str, Callable[[Request, Decoder, Encoder], Answer]] = {
            "run": self._run, "look": self._look, "make": self._make, "call": self._call, "seed": self._seed,
            "limits": self._limits, "reached": self._reached,
        }  # fmt: skip
        writer = Encoder()
        return does[request["do"]](request, Decoder(data, holds=self.held.__getitem__), writer), writer.data

    def _limits(self, _request: Request, _reader: Decoder, _writer: Encoder) -> Answer:
        return {"limits": self.limits}

    def _run(self, request: Request, _reader: Decoder, writer: Encoder) -> Answer:
        sys.modules["block"] = self.module
        self.space.update(np=np, numpy=np)
        np.random.seed(0)
        np.seterr(all="ignore")
        if request["earlier"]:
            exec(compile(request["earlier"], EARLIER, "exec", dont_inherit=True), self.space)  # noqa: S102 (that is what it is for)
        self.space[MARK] = lambda line, column: self.reached.add((line, column))
        places = {(line, column) for line, column in request["branches"]}
        values = []
        for part in request["parts"]:
            code = marked(part, places) if places else part
            exec(compile(code, BLOCK, "exec", dont_inherit=True), self.space)  # noqa: S102
            values.append({name: writer.node(value) for name, value in _plain(self.space).items()})
        return {"values": values}

    def _reached(self, _request: Request, _reader: Decoder, _writer: Encoder) -> Answer:
        return {"reached": sorted(self.reached)}

    def _look(self, request: Request, _reader: Decoder, _writer: Encoder) -> Answer:
        return {"signature": _signature(self.space[request["of"]])}

    def _seed(self, _request: Request, _reader: Decoder, _writer: Encoder) -> Answer:
        np.random.seed(0)
        return {}

    def _make(self, request: Request, reader: Decoder, writer: Encoder) -> Answer:
        made = self.space[request["of"]](*map(reader.value, request["args"]))
        names = [name for name in request["methods"] if callable(getattr(made, name, None))]
        number = self._hold(made)
        return {
            "held": number,
            "state": self._state(number, writer),
            "methods": {name: _signature(getattr(made, name)) for name in names},
        }

    def _call(self, request: Request, reader: Decoder, writer: Encoder) -> Answer:
        answer: Answer = {}
        number = request["of"]["held"] if isinstance(request["of"], dict) else None
        if number is None:
            function = self.space[request["of"]]
        else:
            if request["put"] is not None:
                number = answer["held"] = self._copy(number, request["put"], reader)
            function = getattr(self.held[number], request["method"])
        args = [reader.value(node) for node in request["args"]]
        named = {name: reader.value(node) for name, node in request["named"].items()}
        arrays = [(k, given) for k, given in enumerate(args) if isinstance(given, np.ndarray)]
        before = [given.tobytes() for _, given in arrays]
        value = function(*args, **named)
        if request["hold"] and isinstance(value, tuple) and len(value) > 1:
            answer["cache"] = self._hold(value[-1])
            value = value[:-1]
        answer["value"] = writer.node(value)
        after = [[k, given] for (k, given), old in zip(arrays, before, strict=True) if given.tobytes() != old]
        answer["changed"] = [[k, writer.node(given)] for k, given in after]
        if number is not None:
            answer["state"] = self._state(number, writer)
        return answer

    def _hold(self, thing: Any) -> int:
        number = next(self.numbers)
        self.held[number] = thing
        return number

    def _copy(self, number: int, put: list[Any], reader: Decoder) -> int:
        source = self.held[number]
        memo: dict[int, Any] = {id(module): module for module in list(sys.modules.values())}
        for route, node in put:
            array = source
            for kind, key in route:
                array = getattr(array, key) if kind == "attribute" else array[key]
            memo[id(array)] = reader.value(node)
        made = self._hold(copy.deepcopy(source, memo))
        same = [(number, memo[key]) for key, (number, _) in self.known.get(number, {}).items() if key in memo]
        self.known[made] = {id(thing): (number, thing) for number, thing in same}
        return made

    def _state(self, number: int, writer: Encoder) -> Any:
        """The attributes of an object, in which the same things have the same ids as before."""
        own = Encoder(self.known.get(number, {}), self.ids, writer.parts)
        node = own.node(self.held[number])
        self.known[number] = own.seen
        return node


def _plain(space: dict[str, Any]) -> dict[str, Any]:
    """The numbers, arrays and shapes that names hold; entries of dicts as `params['W1']`."""
    found: dict[str, Any] = {}
    for name, value in space.items():
        if isinstance(value, dict) and not name.startswith("_"):
            found.update({f"{name}['{key}']": part for key, part in value.items() if isinstance(key, str)})
        else:
            found[name] = value
    every = {name: _of_numbers(value) if isinstance(value, list) else value for name, value in found.items()}
    return {name: value for name, value in every.items() if _shown(value)}


def _of_numbers(value: list[Any]) -> Any:
    """A list, or a list of lists, of numbers as an array; any other as it is."""
    try:
        made = np.array(value) if len(value) <= MOST_ENTRIES else None
    except (ValueError, TypeError):
        made = None
    return value if made is None or not made.size else made


def _shown(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) <= 32 and all(isinstance(part, int) for part in value)
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "biuf" and value.size <= MOST_ENTRIES
    return isinstance(value, bool | int | float)


def _signature(function: Any) -> list[list[Any]] | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, int(p.kind), p.default is not p.empty] for p in parameters]


def _told(error: BaseException) -> Answer:
    """An exception as data, with the line of the block that raised it."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == BLOCK:
            line = step.tb_lineno
        step = step.tb_next
    name = getattr(error, "name", None)
    kind = "MemoryError" if isinstance(error, BadFrame) else type(error).__name__
    message = ""
    with contextlib.suppress(Exception):
        message = str(error)[:500]
    return {"type": kind, "message": message, "line": line, "name": name if isinstance(name, str) else None,
            "stops": not isinstance(error, Exception)}  # fmt: skip


# ---------------------------------------------------------------------------- the processes


def _serve(first: tuple[Request, bytes], source: int, target: int) -> None:
    """One block, from `run` to `end`."""
    block = Block()
    request: tuple[Request, bytes] | None = first
    while request is not None and request[0]["do"] != "end":
        try:
            answer, data = block.answer(*request)
            frame = packed({**answer, "token": request[0]["token"]}, data)
        except BaseException as error:  # whatever a block raises is an answer
            frame = packed({"error": _told(error), "token": request[0]["token"]})
        while frame:
            frame = frame[os.write(target, frame) :]
        request = received(lambda count: os.read(source, count))


def main() -> None:
    """Copies of this process, one for each block, until there is no request or one ends in another way than it should.

    Standard input and output are the pipe; a block finds nothing there.
    """
    np.random.seed(0)  # loads what each copy would load again
    source, target = os.dup(0), os.dup(1)
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDONLY if stream == 0 else os.O_WRONLY), stream)
    os.write(target, packed({"ready": True}))
    while (request := received(lambda count: os.read(source, count))) is not None:
        child = os.fork() if hasattr(os, "fork") else 0
        if child == 0:
            try:
                _serve(request, source, target)
                os._exit(CLEAN)
            finally:
                os._exit(1)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != CLEAN:
            break
    os._exit(0)
