"""JAX: gradients that `jax.vjp` finds, through the rules of `jax.custom_vjp` that were written by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.errors import UnsupportedError
from derive.gradients.arguments import Path
from derive.gradients.difference import Array
from derive.gradients.libraries import Pull, floats_of, leaves, outward, refused

ALIKE = 1e-3
"""How far the value of a rule may be from that of its function, beside its size: more than rounding in float32."""


@dataclass(frozen=True)
class Jax:
    """The module `jax`."""

    jax: Any

    def holds(self, value: Any) -> bool:
        return isinstance(value, self.jax.Array) and not isinstance(value, self.jax.core.Tracer)

    def inward(self, value: Any) -> Array:
        if str(value.dtype) == "bfloat16":
            raise UnsupportedError("an array of bfloat16 cannot be judged", hint="give float32 or float64")
        return np.array(value)

    def outward(self, value: Array) -> Any:
        return self.jax.numpy.asarray(value)

    def precise(self, arguments: Any) -> contextlib.AbstractContextManager[Any]:
        """float64 is cut down to float32 unless it is asked for."""
        double = any(isinstance(v, np.ndarray | np.generic) and v.dtype.char in "dD" for _, v in leaves(arguments))
        if not double:
            return contextlib.nullcontext()
        new = hasattr(self.jax, "enable_x64")  # it was experimental before
        context = self.jax.enable_x64 if new else self.jax.experimental.enable_x64
        found: contextlib.AbstractContextManager[Any] = context(True)
        return found

    def is_rule(self, layer: Any) -> bool:
        wrapped = getattr(layer, "__wrapped__", None)  # by jax.jit
        return isinstance(layer, self.jax.custom_vjp) or (wrapped is not None and self.is_rule(wrapped))

    def parameters(self, layer: Any) -> dict[str, Any] | None:  # noqa: ARG002 (they are arguments)
        return None

    def function_of(self, layer: Any) -> Callable[..., Any]:
        return lambda _, *inputs: layer(*inputs)

    def uncopied(self, layer: Any) -> dict[int, Any]:  # noqa: ARG002 (arrays cannot be changed)
        return {}

    def gradient_of(self, value: Any) -> Any:  # noqa: ARG002 (it is returned)
        return None

    def put_data(self, old: Any, new: Any) -> bool:  # noqa: ARG002 (arrays cannot be changed)
        return False

    def pulled(self, function: Callable[..., Any], arguments: Sequence[Any], source: Any) -> tuple[list[Array], Pull]:
        floats = floats_of(arguments)

        def along(*given: Any) -> list[Any]:
            value = function(*outward(self, tuple(arguments), dict(zip(floats, given, strict=True))))
            every = [y for _, y in leaves(value) if isinstance(y, self.jax.Array)]
            return [y for y in every if self.jax.numpy.issubdtype(y.dtype, np.inexact)]

        def pull(upstream: Sequence[Array]) -> dict[Path, Any]:
            with self.precise(arguments):
                us = [self.outward(np.asarray(u, dtype=y.dtype)) for u, y in zip(upstream, outputs, strict=True)]
                try:
                    values, back = self.jax.vjp(along, *map(self.outward, floats.values()))
                    found = back(us)
                except (TypeError, ValueError):
                    returned = self._refused(source, arguments, us)
                    if returned is None:
                        raise
                    return returned
                for y, other in zip(outputs, values, strict=True):
                    size = float(np.max(np.abs(y), initial=0.0))
                    if not np.allclose(y, other, rtol=ALIKE, atol=ALIKE * size, equal_nan=True):
                        raise ValueError("the forward pass of the rule has another value than the function itself")
                return {path: self.inward(g) for path, g in zip(floats, found, strict=True)}

        with self.precise(arguments):
            outputs = [self.inward(y) for y in along(*map(self.outward, floats.values()))]
        return outputs, pull

    def _refused(self, source: Any, arguments: Sequence[Any], upstream: Sequence[Any]) -> dict[Path, Any] | None:
        if not isinstance(source, self.jax.custom_vjp) or source.nondiff_argnums or len(upstream) != 1:
            return None
        _, kept = source.fwd(*outward(self, tuple(arguments)[1:]))
        return refused(self, source.bwd(kept, upstream[0]), floats_of(arguments))
