"""Code emission: a derivation as NumPy source and as a callable built from that same source."""

from derive.codegen.callable import lambdify
from derive.codegen.module import source

__all__ = ["lambdify", "source"]
