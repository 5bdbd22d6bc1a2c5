"""Frames and nodes: what is written is read, and what is no frame or node is refused in one way."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tracemalloc
from typing import Any

import numpy as np
import pytest

from derive.listings.protocol import (
    LENGTHS,
    MOST_DATA,
    MOST_HEADER,
    BadFrame,
    Decoder,
    Encoder,
    Held,
    Mirror,
    packed,
    received,
)

VALUES: list[Any] = [
    None, True, 3, -0.0, 1e-300, float("inf"), "text", (1, 2), [1.5, None], {"W": 1.0, 2: "x"}, np.float32(0.1),
    np.int64(-3), np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)[:, :2]), np.zeros((0, 3)), np.array(2.5),
    np.array([True, False]), np.array([1 + 2j]), np.arange(3, dtype=">i4"), {"a": [np.ones(2), (0.5,)]}, Held(7),
]  # fmt: skip


def _back(value: Any) -> Any:
    writer = Encoder()
    frame = packed({"value": writer.node(value)}, writer.data)
    answer = received(io.BytesIO(frame).read)
    assert answer is not None
    return Decoder(answer[1]).value(answer[0]["value"])


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_what_is_written_is_read(value: Any) -> None:
    found = _back(value)
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert found.dtype == value.dtype.newbyteorder("=")
    np.testing.assert_equal(found, value)


@pytest.mark.parametrize(
    "value",
    [np.array([None]), np.array(["a"]), object(), len, 10**30, {1, 2}, 1j],
    ids=lambda value: type(value).__name__,  # the same in every process
)
def test_what_is_no_plain_data_has_a_name_only(value: Any) -> None:
    assert type(_back(value)).__name__ == type(value).__name__
    assert not hasattr(_back(value), "__dict__")


def test_an_array_that_is_the_same_there_is_the_same_here() -> None:
    class Layer:
        W = None

    layer = Layer()
    layer.W = layer.also = np.ones(2)
    layer.me = [layer]
    writer = Encoder({})
    first = Decoder(writer.data)
    found = Decoder(writer.data)
    node = writer.node(layer)
    found.data = first.data = writer.data
    mirror = found.value(node)
    assert isinstance(mirror, Mirror)
    assert mirror.W is mirror.also
    assert mirror.me[0] is mirror
    layer.W *= 3
    again = Encoder(writer.seen, writer.ids)
    node = again.node(layer)
    arrays = {key: value for key, value in found.seen.items() if isinstance(value, np.ndarray)}
    assert Decoder(again.data, arrays).value(node).W is mirror.W
    np.testing.assert_equal(mirror.W, [3.0, 3.0])


@pytest.mark.parametrize(
    "frame",
    [
        LENGTHS.pack(MOST_HEADER + 1, 0), LENGTHS.pack(2, MOST_DATA + 1), LENGTHS.pack(5, 0) + b"{}",
        LENGTHS.pack(2, 0) + b"[]", LENGTHS.pack(3, 0) + b"{1}", LENGTHS.pack(9, 0) + b"[" * 9,
        LENGTHS.pack(100_000, 0) + b"[" * 100_000, LENGTHS.pack(5006, 0) + b'{"a":' + b"9" * 5000 + b"}",
        LENGTHS.pack(2, 8) + b"{}1234", LENGTHS.pack(2, 0) + b"\xff\xff",
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_frame(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        received(io.BytesIO(frame).read)


def test_what_is_no_node() -> None:
    """Nodes with one thing changed to another: a value or BadFrame, and no more memory than a frame has."""
    rng = random.Random(0)
    parts = [None, -1, 2**70, 1e308, "", "<f8", "|O", "<U9", [], {}, [[]], {"same": 1}, {"array": "<f8", "shape": [9]},
             {"array": "<f8", "shape": [2**40, 2**40, 0]}, {"array": "<f8", "shape": [-1]}, {"dict": [[{}, 1]]},
             {"dict": [["__class__", 1]]}, {"object": "__x", "dict": 3}, {"list": "abc"}, {"other": 5}]  # fmt: skip
    writer = Encoder({})
    whole = json.dumps(writer.node({"a": [np.ones(3), (1.5,)], "b": np.float32(2), "c": Mirror()}))
    tracemalloc.start()
    for _ in range(3000):
        node = json.loads(whole)
        _change(node, rng, parts)
        with contextlib.suppress(BadFrame):
            Decoder(writer.data).value(node)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def _change(node: Any, rng: random.Random, parts: list[Any]) -> None:
    while isinstance(node, dict | list) and node:
        key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if rng.random() < 0.3 or not isinstance(node[key], dict | list):
            node[key] = rng.choice(parts)
            return
        node = node[key]
