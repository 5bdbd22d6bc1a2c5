"""Copies of a layer in which some of its arrays and objects are others."""

from __future__ import annotations

import copy
import types
from collections.abc import Mapping
from typing import Any

from derive.errors import DeriveError
from derive.gradients.discovery import walk


def modules(layer: Any) -> dict[int, Any]:
    """The modules that a layer refers to, by identity; they are shared by its copies."""
    return {id(value): value for _, value in walk(layer) if isinstance(value, types.ModuleType)}


def copied(layer: Any, replaced: Mapping[int, Any], shared: Mapping[int, Any] | None = None) -> Any:
    """A deep copy in which some arrays, wherever they are referred to, are others; `shared` are its modules."""
    try:
        return copy.deepcopy(layer, {**(modules(layer) if shared is None else shared), **replaced})
    except Exception as error:
        raise DeriveError(
            f"the layer ({type(layer).__name__}) cannot be copied: {type(error).__name__}: {error}",
            hint="give two functions instead: check_layer((forward, backward), x, ...)",
        ) from error
