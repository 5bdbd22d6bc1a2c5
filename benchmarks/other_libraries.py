"""The forms of `benchmarks.stable_forms` in JAX and in PyTorch, with the functions that a careful user calls there.

Gradients by reverse mode, Hessian products forward over reverse. Both are optional: imported where a form runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.stable_forms import Form
from benchmarks.stable_values import direction
from derive.model.text import loads

Results = Sequence[dict[int, Any]]  # order by order, by the number of the input; -1 is the value
Runner = Callable[[Sequence[Any]], Results]
Runners = tuple[Runner, Runner]  # of the value and the gradient; of the Hessian product


def _inputs(form: Form) -> list[int]:
    """The numbers of the inputs that are differentiated by."""
    graph = loads(form.text)
    return [k for k, name in enumerate(graph.inputs) if graph.inputs[name].differentiable]


def _held(gradient: Callable[..., Any], by: Sequence[int], values: Sequence[Any]) -> Callable[..., Any]:
    """A gradient as a function of the inputs that it is taken by, the others held."""

    def moved(*chosen: Any) -> Any:
        placed = dict(zip(by, chosen, strict=True))
        return gradient(*(placed.get(k, value) for k, value in enumerate(values)))

    return moved


def jax_runner(form: Form) -> tuple[Runners, list[int]]:
    """The form by JAX: gradients by reverse mode, the Hessian product forward over reverse."""
    import jax  # optional: only where it is installed
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    functions = _JaxFunctions(jax, jnp)
    by = _inputs(form)

    def loss(*values: Any) -> Any:
        return form.plain(functions, *values)

    gradient = jax.grad(loss, tuple(by))

    def slopes(values: Sequence[Any]) -> Results:
        values = [jnp.asarray(value) for value in values]
        return [{-1: loss(*values)}, dict(zip(by, gradient(*values), strict=True))]

    def curvature(values: Sequence[Any]) -> Results:
        values = [jnp.asarray(value) for value in values]

        moved = _held(gradient, by, values)
        chosen = tuple(values[k] for k in by)
        towards = tuple(jnp.asarray(v, values[0].dtype) for v in direction(chosen))
        return [dict(zip(by, jax.jvp(moved, chosen, towards)[1], strict=True))]

    return (slopes, curvature), by


class _JaxFunctions:
    """The functions of a form in JAX."""

    def __init__(self, jax: Any, jnp: Any) -> None:
        for name in ("exp", "log", "sqrt", "cos", "sin", "tanh", "maximum", "where", "sum", "max"):
            setattr(self, name, getattr(jnp, name))
        self.pi = jnp.pi
        self.array = lambda x: jnp.asarray(x, jnp.float32)
        self.eye = lambda n: jnp.eye(n, dtype=jnp.float32)
        self.erf, self.sigmoid, self.softmax = jax.scipy.special.erf, jax.nn.sigmoid, jax.nn.softmax
        self.logsumexp, self.norm = jax.scipy.special.logsumexp, jnp.linalg.norm
        self.inv, self.det = jnp.linalg.inv, jnp.linalg.det


def torch_runner(form: Form) -> tuple[Runners, list[int]]:
    """The form by PyTorch, `torch.func`."""
    import torch  # optional: only where it is installed

    functions = _TorchFunctions(torch)
    by = _inputs(form)

    def loss(*values: Any) -> Any:
        functions.dtype = values[0].dtype
        return form.plain(functions, *values)

    gradient = torch.func.grad(loss, tuple(by))

    def numbers(found: Sequence[Any]) -> dict[int, Any]:
        return dict(zip(by, (slope.numpy() for slope in found), strict=True))

    def slopes(values: Sequence[Any]) -> Results:
        values = [torch.as_tensor(value) for value in values]
        return [{-1: loss(*values).numpy()}, numbers(gradient(*values))]

    def curvature(values: Sequence[Any]) -> Results:
        values = [torch.as_tensor(value) for value in values]

        moved = _held(gradient, by, values)
        chosen = tuple(values[k] for k in by)
        towards = tuple(torch.as_tensor(v).to(values[0].dtype) for v in direction([one.numpy() for one in chosen]))
        return [numbers(torch.func.jvp(moved, chosen, towards)[1])]

    return (slopes, curvature), by


class _TorchFunctions:
    """The functions of a form in PyTorch; `dtype`: of arrays of numbers, which PyTorch does not promote."""

    dtype: Any = None

    def __init__(self, torch: Any) -> None:
        for name in ("sum", "max", "erf", "sigmoid"):
            setattr(self, name, getattr(torch, name))
        for name in ("exp", "log", "sqrt", "cos", "sin", "tanh"):
            setattr(self, name, partial(self._entrywise, torch, name))
        self.pi = torch.pi
        self.maximum = lambda a, b: torch.maximum(torch.as_tensor(a), torch.as_tensor(b))
        self.where = torch.where
        self.array = lambda x: torch.tensor(x, dtype=self.dtype)
        self.eye = lambda n: torch.eye(n, dtype=self.dtype)
        self.softmax = lambda x: torch.softmax(x, 0)
        self.logsumexp = lambda x: torch.logsumexp(x, 0)
        self.norm, self.inv, self.det = torch.linalg.norm, torch.linalg.inv, torch.linalg.det

    @staticmethod
    def _entrywise(torch: Any, name: str, value: Any) -> Any:
        """A function of a tensor, or of a number, which takes no part in the choice of a type."""
        return getattr(torch, name)(value) if torch.is_tensor(value) else float(getattr(np, name)(value))
