"""PyTorch: gradients that `torch.autograd.grad` finds, through the Functions that were written by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.errors import UnsupportedError
from derive.gradients.arguments import Path
from derive.gradients.difference import Array
from derive.gradients.libraries import Pull, exchanged, floats_of, leaves, outward, refused


@dataclass(frozen=True)
class Torch:
    """The module `torch`, and where its tensors live."""

    torch: Any
    device: Any = None

    def holds(self, value: Any) -> bool:
        return isinstance(value, self.torch.Tensor)

    def inward(self, value: Any) -> Array:
        if value.dtype == self.torch.bfloat16:
            raise UnsupportedError("a tensor of bfloat16 cannot be judged", hint="give float32 or float64")
        return np.array(value.detach().cpu().resolve_conj().resolve_neg().numpy())

    def outward(self, value: Array) -> Any:
        """The memory is shared where it can be: what is written into a tensor is seen in the array."""
        plain = value if value.flags.writeable and all(s >= 0 for s in value.strides) else value.copy()
        tensor = self.torch.from_numpy(plain)
        return tensor if self.device is None else tensor.to(self.device)

    def precise(self, arguments: Any) -> contextlib.AbstractContextManager[Any]:  # noqa: ARG002 (float64 is always there)
        return contextlib.nullcontext()

    def is_rule(self, layer: Any) -> bool:
        return isinstance(layer, type) and issubclass(layer, self.torch.autograd.Function)

    def parameters(self, layer: Any) -> dict[str, Any] | None:
        if not isinstance(layer, self.torch.nn.Module):
            return None
        return {name: parameter for name, parameter in layer.named_parameters() if parameter.requires_grad}

    def function_of(self, layer: Any) -> Callable[..., Any]:
        if isinstance(layer, self.torch.nn.Module):
            return lambda values, *inputs: self._called(layer, values, inputs)
        call = layer.apply if self.is_rule(layer) else layer
        return lambda _, *inputs: call(*inputs)

    def _called(self, module: Any, values: Mapping[str, Any], inputs: tuple[Any, ...]) -> Any:
        """A module at other parameters; what else it holds takes part in their type."""
        tensors = [leaf for _, leaf in leaves((values, inputs)) if self.holds(leaf)]
        wide = any(tensor.dtype == self.torch.float64 for tensor in tensors)
        held = {
            name: tensor.detach().double() if wide and tensor.is_floating_point() else tensor.detach().clone()
            for name, tensor in [*module.named_buffers(), *module.named_parameters()]
        }
        return self.torch.func.functional_call(module, {**held, **values}, inputs)

    def uncopied(self, layer: Any) -> dict[int, Any]:
        """Tensors that a module keeps of an earlier call: their numbers, without the graph behind them."""
        if not isinstance(layer, self.torch.nn.Module):
            return {}
        kept = [value for part in layer.modules() for value in vars(part).values() if self.holds(value)]
        return {id(tensor): tensor.detach().clone() for tensor in kept if tensor.grad_fn is not None}

    def gradient_of(self, value: Any) -> Any:
        return value.grad if value.is_leaf else None

    def put_data(self, old: Any, new: Any) -> bool:
        parameter = bool(old.is_leaf and old.requires_grad)
        if parameter:
            if old.grad is not None and old.grad.dtype != new.dtype:
                old.grad = None
            old.data = new
        return parameter

    def pulled(self, function: Callable[..., Any], arguments: Sequence[Any], source: Any) -> tuple[list[Array], Pull]:
        arguments = _alike(arguments)
        floats = floats_of(arguments)
        tensors = {path: self.outward(value).requires_grad_() for path, value in floats.items()}
        with self.torch.enable_grad():
            copies = {
                path: tensor.clone() for path, tensor in tensors.items()
            }  # a function may write into its argument
            value = function(*outward(self, tuple(arguments), copies))
        outputs = [y for _, y in leaves(value) if self.holds(y) and (y.is_floating_point() or y.is_complex())]

        def pull(upstream: Sequence[Array]) -> dict[Path, Any]:
            given = zip(outputs, upstream, strict=True)
            pairs = [(y, self.outward(np.asarray(u)).to(y.dtype)) for y, u in given if y.requires_grad]
            if not pairs or not floats:
                return dict.fromkeys(floats)
            ys, us = zip(*pairs, strict=True)
            try:
                found = self.torch.autograd.grad(ys, list(tensors.values()), us, retain_graph=True, allow_unused=True)
            except RuntimeError:
                own = source.backward(ys[0].grad_fn, *us) if self.is_rule(source) else None
                returned = None if own is None else refused(self, own, floats)
                if returned is None:
                    raise
                return returned
            return {path: None if g is None else self.inward(g) for path, g in zip(tensors, found, strict=True)}

        return [self.inward(y) for y in outputs], pull


def _alike(arguments: Sequence[Any]) -> tuple[Any, ...]:
    """All floats in float64 if some are: what is held constant takes part where slopes are taken in float64."""
    wide = any(value.dtype == np.float64 for value in floats_of(arguments).values())

    def change(leaf: Any, _: Path) -> Any:
        narrow = wide and isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
        return leaf.astype(np.float64, copy=False) if narrow else leaf

    found: tuple[Any, ...] = exchanged(tuple(arguments), change)
    return found
