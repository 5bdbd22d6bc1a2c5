"""Operations: one record each, looked up by name.

Importing this package registers every operation; `derive.ops.record` gives access to the records.
"""

from derive.ops import builders, elementwise, others, special, steady, tensors, trigonometric

__all__ = ["builders", "elementwise", "others", "special", "steady", "tensors", "trigonometric"]
