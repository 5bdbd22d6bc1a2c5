"""Operations: one record each, looked up by name.

Importing this package registers every operation; `derive.ops.record` gives access to the records.
"""

from derive.ops import (
    activations,
    arithmetic,
    builders,
    cholesky,
    differences,
    elementwise,
    higher,
    linear_algebra,
    matrices,
    normal,
    norms,
    others,
    special,
    stable_functions,
    tensors,
    trigonometric,
)

__all__ = [
    "activations",
    "arithmetic",
    "builders",
    "cholesky",
    "differences",
    "elementwise",
    "higher",
    "linear_algebra",
    "matrices",
    "normal",
    "norms",
    "others",
    "special",
    "stable_functions",
    "tensors",
    "trigonometric",
]
