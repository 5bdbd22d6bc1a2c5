"""Functions and layers of a block as the judge sees them: called from outside, with data going in and data coming out.

A layer is mirrored: its attributes are here as data, its methods ask the process of the block, and after each call the
attributes are what they are there. A deep copy is made there when it is first called, with the arrays that the copy was
told to exchange. So `check_layer` and `check_gradient` judge in the judge's own process what runs in another.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from derive.gradients.discovery import Route, walk
from derive.listings.process import Server, Stopped
from derive.listings.protocol import BadFrame, Decoder, Encoder, Held, Mirror, Node

METHODS = ("forward", "backward", "zero_grad")
Put = list[tuple[Route, Any]]


class Thing:
    """A number under which the server keeps an object; it forgets the object when nobody asks for it any more.

    Numbers begin anew with every block: what is collected only later must not drop an object of the next one.
    """

    def __init__(self, server: Server, number: int) -> None:
        self.server, self.number, self.block = server, number, server.blocks

    def __del__(self) -> None:
        if self.block == self.server.blocks:
            self.server.dropped.append(self.number)


class Layer(Mirror):
    """An object of the block: its attributes as data, its methods as requests."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Layer:
        other: Layer = type(self).__new__(type(self))
        at = _at[self]
        put = [(route, memo[id(value)]) for route, value in walk(self) if id(value) in memo and route]
        memo[id(self)] = other
        vars(other).update(copy.deepcopy(vars(self), memo))
        _at[other] = _Place(at.thing, [*(at.put or []), *put], {n: memo.get(id(a), a) for n, a in at.known.items()})
        return other


class _Place:
    """Where a layer is: the object, what is to be exchanged in a copy of it (None: it is itself), its arrays by id."""

    def __init__(self, thing: Thing, put: Put | None, known: dict[int, Any]) -> None:
        self.thing, self.put, self.known = thing, put, known


_at: weakref.WeakKeyDictionary[Layer, _Place] = weakref.WeakKeyDictionary()


def function(server: Server, name: str, *, cached: bool = False) -> Callable[..., Any]:
    """A function of the block; `cached` keeps the last of the values that it returns there."""

    def called(*args: Any, **named: Any) -> Any:
        request = {"do": "call", "of": name, "hold": cached}
        answer, reader = _called(server, request, args, named)
        with _understood(server):
            return _value(answer, reader, args, server)

    answer, _ = server.ask({"do": "look", "of": name})
    called.__name__ = name
    called.__signature__ = _signature(answer.get("signature"), [])  # type: ignore[attr-defined]
    return called


def layer(server: Server, name: str, args: tuple[Any, ...]) -> Layer:
    """An object of a class of the block."""
    writer = Encoder()
    request = {"do": "make", "of": name, "methods": METHODS, "args": [writer.node(each) for each in args]}
    answer, reader = server.ask(request, writer)
    with _understood(server):
        known = {n: _method(n, answer["methods"][n]) for n in METHODS if n in answer["methods"]}
        made: Layer = type(name, (Layer,), known)()
        _at[made] = _Place(Thing(server, _number(answer["held"])), None, {})
        _mirrored(made, answer, reader)
        return made


@contextlib.contextmanager
def _understood(server: Server) -> Iterator[None]:
    """An answer that is not what it should be ends the process that gave it."""
    try:
        yield
    except (BadFrame, KeyError, ValueError, TypeError, IndexError, AttributeError):
        server.end()
        raise Stopped("SystemExit", "it wrote over its own answer") from None


def _method(name: str, parameters: Any) -> Callable[..., Any]:
    def method(self: Layer, *args: Any) -> Any:
        at = _at[self]
        server = at.thing.server
        writer = Encoder()
        put = None if at.put is None else [[route, writer.node(value)] for route, value in at.put]
        request = {"do": "call", "of": {"held": at.thing.number}, "method": name, "put": put}
        answer, reader = _called(server, {**request, "hold": False}, args, {}, writer)
        with _understood(server):
            if put is not None:
                at.thing, at.put = Thing(server, _number(answer["held"])), None
            value = _value(answer, reader, args, server)
            _mirrored(self, answer, reader)
            return value

    method.__name__ = name
    method.__signature__ = _signature(parameters, ["self"])  # type: ignore[attr-defined]
    return method


def _called(
    server: Server, request: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any], writer: Encoder | None = None
) -> tuple[dict[str, Any], Decoder]:
    writer = writer or Encoder()
    request["args"] = [writer.node(_sent(each)) for each in args]
    request["named"] = {key: writer.node(each) for key, each in named.items()}
    return server.ask(request, writer)


def _sent(value: Any) -> Any:
    return Held(value.number) if isinstance(value, Thing) else value


def _value(answer: dict[str, Any], reader: Decoder, args: tuple[Any, ...], server: Server) -> Any:
    """What a call returned; arguments that it changed are changed here too."""
    value = reader.value(answer["value"])
    for k, node in answer["changed"]:
        new = reader.value(node)
        if isinstance(args[k], np.ndarray) and np.shape(new) == args[k].shape:
            args[k][...] = new
    if "cache" in answer and isinstance(value, tuple):
        return (*value, Thing(server, _number(answer["cache"])))
    return value


def _mirrored(made: Layer, answer: dict[str, Any], reader: Decoder) -> None:
    """The attributes as they are there; an array that is the same one there is the same one here."""
    state: Node = answer["state"]
    at = _at[made]
    reader.kept = at.known
    now: dict[Any, Any] = {}
    if "dict" in state:
        reader.into(now, state["dict"])
    at.known = {key: value for key, value in reader.seen.items() if isinstance(value, np.ndarray)}
    vars(made).clear()
    vars(made).update({str(key): value for key, value in now.items()})


def _number(told: Any) -> int:
    if type(told) is not int:
        raise BadFrame("an answer is broken")
    return told


def _signature(told: Any, first: list[str]) -> inspect.Signature:
    """A signature as it is told; one that makes no sense takes anything."""
    own = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in first]
    anything = [inspect.Parameter("given", inspect.Parameter.VAR_POSITIONAL)]
    try:
        made = [
            inspect.Parameter(name, inspect._ParameterKind(kind), default=None if optional else inspect.Parameter.empty)
            for name, kind, optional in told[:100]
        ]
        return inspect.Signature([*own, *made])
    except (TypeError, ValueError, KeyError):
        return inspect.Signature([*own, *anything])
