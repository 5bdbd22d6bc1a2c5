"""Code emission: derivatives as NumPy source and as callables built from that same source."""

from derive.codegen.callable import callable_of, lambdify
from derive.codegen.module import Emitted, module, single, source

__all__ = ["Emitted", "callable_of", "lambdify", "module", "single", "source"]
