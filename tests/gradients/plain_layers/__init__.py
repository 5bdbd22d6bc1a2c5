"""Layers for a plain `check_layer(layer, x)`: right ones, each with faults planted, in the styles of public code."""

from tests.gradients.plain_layers import elementwise, holders, later, losses, networks, parameters
from tests.gradients.plain_layers.case import CASES

__all__ = ["CASES", "elementwise", "holders", "later", "losses", "networks", "parameters"]
