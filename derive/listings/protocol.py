"""What passes between the judge and the process that runs a block: plain data in frames of limited size.

    frame    two lengths of four bytes; a header of JSON; the numbers of all arrays of the header, end to end
    node     null, true, 3, 0.5 and "text" stand for themselves
             {"array": "<f8", "shape": [2, 3]}            the next 48 bytes of the numbers; {"scalar": "<f8"} the next 8
             {"list": [...]}, {"tuple": [...]}, {"dict": [[key, node], ...]}, {"object": type, "dict": [...]}
             {"held": 7}                                  what the other side keeps under that number
             {"other": type}                              whatever is none of these
    "id"     in a node: the same thing has the same number in every answer; {"same": id} refers to one above

Nothing that is read here is ever called, imported or unpickled: it makes numbers, texts and containers of them.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np

MOST_HEADER, MOST_DATA = 1_000_000, 8_000_000
DEPTH = 6
LENGTHS = struct.Struct("<II")
DTYPE = re.compile(r"[<|]([fiub][1248]|c8|c16)")
ATOMS = (bool, int, float, str)
Node = Any


class BadFrame(BaseException):
    """A frame that breaks the rules above. Not an `Exception`: this is no failure of the function that was called."""


@dataclass(frozen=True)
class Held:
    """Something that stays on the other side, under a number."""

    number: int


# ---------------------------------------------------------------------------- frames


def packed(header: Node, data: bytes = b"") -> bytes:
    """A frame. Raises BadFrame for what is too large."""
    text = json.dumps(header).encode()
    if len(text) > MOST_HEADER or len(data) > MOST_DATA:
        raise BadFrame("there is too much to answer")
    return LENGTHS.pack(len(text), len(data)) + text + data


def received(read: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, or None at the end. No more is read than a frame may have."""
    try:
        sizes = LENGTHS.unpack(_exactly(read, LENGTHS.size))
    except EOFError:
        return None
    if sizes[0] > MOST_HEADER or sizes[1] > MOST_DATA:
        raise BadFrame("a frame is too large")
    try:
        text, data = _exactly(read, sizes[0]), _exactly(read, sizes[1])
        header = json.loads(text)
    except (EOFError, ValueError, RecursionError) as error:
        raise BadFrame("a frame is broken") from error
    if not isinstance(header, dict):
        raise BadFrame("a frame has no header")
    return header, data


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    parts = []
    while count:
        part = read(min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


# ---------------------------------------------------------------------------- values as nodes


@dataclass
class Encoder:
    """Values as nodes, their numbers in `data`. `kept` are things that had an id before, by identity; None: no ids."""

    kept: dict[int, tuple[int, Any]] | None = None
    ids: Iterator[int] = field(default_factory=count)
    parts: list[bytes] = field(default_factory=list)
    seen: dict[int, tuple[int, Any]] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)

    def node(self, value: Any, depth: int = 0) -> Node:
        if value is None or type(value) in ATOMS:
            return _atom(value)
        if isinstance(value, Held):
            return {"held": value.number}
        if isinstance(value, np.generic):
            made = self._numbers(np.ndarray.view(np.array(value), np.ndarray), "scalar")
            return made or {"other": type(value).__name__}
        if id(value) in self.seen:
            return {"same": self.seen[id(value)][0]}
        return self._container(value, depth) or {"other": type(value).__name__}

    def _container(self, value: Any, depth: int) -> Node:
        if isinstance(value, np.ndarray):
            made = self._numbers(np.ndarray.view(value, np.ndarray), "array")
            return made and {**made, **self._named(value)}
        if depth >= DEPTH:
            return None
        kind = next((k for k in (list, tuple, dict) if isinstance(value, k)), None)
        own = self._named(value)
        if kind is list or kind is tuple:
            return {kind.__name__: [self.node(part, depth + 1) for part in value], **own}
        if kind is dict:
            return {"dict": self._items(value, depth), **own}
        if not isinstance(value, type) and not callable(value):
            attributes = attributes_of(value)
            if attributes is not None:
                return {"object": type(value).__name__, "dict": self._items(attributes, depth), **own}
        return None

    def _items(self, value: dict[Any, Any], depth: int) -> list[list[Node]]:
        return [[key, self.node(part, depth + 1)] for key, part in value.items() if type(key) in (int, str)]

    def _named(self, value: Any) -> dict[str, int]:
        """The id of a thing, where things have one; it is kept alive, so that no other gets its place in memory."""
        if self.kept is None:
            return {}
        self.seen[id(value)] = self.kept.get(id(value)) or (next(self.ids), value)
        return {"id": self.seen[id(value)][0]}

    def _numbers(self, array: np.ndarray[Any, Any], key: str) -> Node:
        if array.dtype.kind == "f" and array.dtype.itemsize > 8:  # as long as a machine likes
            array = array.astype(np.float64)
        dtype = array.dtype.newbyteorder("<")
        if not DTYPE.fullmatch(dtype.str):
            return None
        if array.nbytes + sum(map(len, self.parts)) > MOST_DATA:
            raise BadFrame("there is too much to answer")
        self.parts.append(array.astype(dtype, copy=False).tobytes())
        return {key: dtype.str} if key == "scalar" else {key: dtype.str, "shape": list(array.shape)}


def attributes_of(thing: Any) -> dict[str, Any] | None:
    """The attributes of an object of a class that a block defines; None for what has none."""
    found: dict[str, Any] = {}
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if slot not in ("__dict__", "__weakref__") and hasattr(thing, slot):
                found[slot] = getattr(thing, slot)
    own = getattr(thing, "__dict__", None)
    return {**found, **own} if isinstance(own, dict) else found or None


def _atom(value: Any) -> Node:
    if type(value) is int and abs(value) >= 2**63:
        return {"other": "int"}
    return value[:1000] if type(value) is str else value


# ---------------------------------------------------------------------------- nodes as values


class Mirror:
    """An object of the block as data: its attributes, without its methods."""


@dataclass
class Decoder:
    """Nodes as values. `kept` are arrays by their ids, which are written into where they come again."""

    data: bytes = b""
    kept: dict[int, Any] = field(default_factory=dict)
    holds: Callable[[int], Any] = Held
    seen: dict[int, Any] = field(default_factory=dict)
    at: int = 0

    def value(self, node: Node, depth: int = 0) -> Any:
        """What a node says. Raises BadFrame for what is none."""
        try:
            return self._value(node, depth)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, AttributeError) as error:
            raise BadFrame("an answer is broken") from error

    def _value(self, node: Node, depth: int) -> Any:
        if node is None or type(node) in ATOMS:
            return _other("int") if type(node) is int and abs(node) >= 2**63 else node
        if depth > DEPTH + 1:
            raise ValueError("nested too deeply")
        if "same" in node:
            return self.seen[node["same"]]
        if "held" in node:
            return self.holds(node["held"])
        if "scalar" in node:
            return self._numbers(node["scalar"], ())[()]
        made: Any
        if "array" in node:
            made = self._again(node, self._numbers(node["array"], tuple(node["shape"])))
        elif "object" in node:
            made = _kind(_named(node["object"]), Mirror)()
        elif "dict" in node:
            made = {}
        elif "list" in node:
            made = []
        elif "tuple" in node:
            made = tuple(self._value(part, depth + 1) for part in node["tuple"])
        else:
            made = _other(node["other"])
        if "id" in node:
            self.seen[node["id"]] = made
        if "list" in node:
            made.extend(self._value(part, depth + 1) for part in node["list"])
        if "dict" in node:
            self.into(made.__dict__ if isinstance(made, Mirror) else made, node["dict"], depth)
        return made

    def into(self, items: dict[Any, Any], nodes: Node, depth: int = 0) -> None:
        """Fill a dict, or the attributes of an object: none that Python itself gives a meaning."""
        for key, part in nodes:
            value = self._value(part, depth + 1)
            if type(key) in (int, str) and not str(key).startswith("__"):
                items[key] = value

    def _again(self, node: Node, new: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        old = self.kept.get(node.get("id", 0))
        if old is None or old.shape != new.shape or old.dtype != new.dtype:
            return new
        old[...] = new
        return np.asarray(old)

    def _numbers(self, dtype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        if not DTYPE.fullmatch(dtype) or any(type(length) is not int or length < 0 for length in shape):
            raise ValueError("no numbers")
        kind = np.dtype(dtype)
        end = self.at + math.prod(shape) * kind.itemsize
        if end > len(self.data) or len(shape) > 32:
            raise ValueError("there are fewer numbers than there should be")
        raw, self.at = self.data[self.at : end], end
        if kind.kind == "b":
            return np.asarray(np.frombuffer(raw, np.uint8) != 0).reshape(shape)
        return np.asarray(np.frombuffer(raw, kind).reshape(shape).astype(kind.newbyteorder("=")))


def _named(name: Any) -> str:
    return name[:80] if isinstance(name, str) and name.isidentifier() else "object"


def _other(name: Any) -> Any:
    """Something without meaning to the judge, that has the name of its type in what is said of it."""
    return _kind(_named(name), object)()


@lru_cache(256)
def _kind(name: str, base: type) -> type:
    return type(name, (base,), {} if base is Mirror else {"__slots__": ()})
