"""Running the planted faults: the wrong layer in its dress, the report, and whether it names cause and place."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from derive.gradients.gradient_report import GradientReport
from derive.gradients.layer import check_layer
from tests.gradients.faults import Fault
from tests.gradients.layers import drawn, styled


def dressed(fault: Fault, seed: int, dtype: Any = np.float64) -> tuple[Any, tuple[Any, ...]]:
    """The wrong layer in its style and its inputs."""
    inputs, parameters = drawn(fault.layer, seed, dtype)
    layer, given = styled(fault.layer, fault.style, inputs, parameters)
    if fault.stateful == "adds":
        layer = _adding(layer, fault.group)
    elif fault.stateful == "stale":
        layer = _stale(layer)
    return layer, given


def judged(fault: Fault, seed: int, dtype: Any = np.float64) -> tuple[GradientReport, bool, bool]:
    """The report, and whether the right cause is named and the fault located."""
    layer, given = dressed(fault, seed, dtype)
    report = check_layer(layer, *given, upstream=upstream_of(fault, layer, given, seed))
    named = any(cause in report.defects for cause in fault.causes)
    return report, named, _located(fault, report)


def upstream_of(fault: Fault, layer: Any, given: Any, seed: int) -> Any:
    """Faults named after a forward value keep the outputs as they are: the upstream gradient has the scale."""
    if fault.upstream == 1.0:
        return None
    value = layer[0](*given)[0] if isinstance(layer, tuple) else copy.deepcopy(layer).forward(*given)
    return (fault.upstream * np.random.default_rng(seed).normal(size=np.shape(value))).astype(np.asarray(value).dtype)


def _located(fault: Fault, report: GradientReport) -> bool:
    if fault.stateful:
        return fault.group in report.diagnosis or fault.stateful == "stale"
    wrong = [group for group in report.groups if group.verdict == "false"]
    if fault.group not in [group.name for group in wrong]:
        return False
    if fault.place is None:
        return True
    located = report.group(fault.group).located or {}
    if "coordinates" in fault.place and located.get("coordinates") == fault.place["coordinates"]:
        return True
    return all(located.get(key) == value for key, value in fault.place.items())


def _adding(layer: Any, group: str) -> Any:
    """`self.dW += ...` where `self.dW = ...` is meant."""
    kind = type(layer)

    class Adding(kind):  # type: ignore[misc,valid-type]
        def _keep(self, gradients: Any) -> None:
            before = self.grads[group] if hasattr(self, "grads") else getattr(self, f"d{group}", 0.0)
            super()._keep({**gradients, group: gradients[group] + before})

    layer.__class__ = Adding
    return layer


def _stale(layer: Any) -> Any:
    """`if self.cache is None: self.cache = ...`: the second forward pass does not renew what backward needs."""
    kind = type(layer)

    class Stale(kind):  # type: ignore[misc,valid-type]
        def _forward(self, *args: Any) -> Any:
            kept = getattr(self, "cache", None)
            outputs = super()._forward(*args)
            self.cache = self.cache if kept is None else kept
            return outputs

    layer.__class__ = Stale
    return layer
