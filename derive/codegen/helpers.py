"""Functions that NumPy lacks, or has only in forms that overflow; a module has those that it uses.

A complex step passes through them: maxima and minima of complex numbers go by the real part, and no absolute value
occurs.
"""

from __future__ import annotations

from collections.abc import Mapping

HELPERS: Mapping[str, str] = {
    "sigmoid": '''
        @np.errstate(over="ignore")
        def sigmoid(z):
            """1 / (1 + exp(-z)); where exp(-z) overflows to infinity the value is 0, as it should be."""
            return 1 / (1 + np.exp(-z))
    ''',
    "softplus": '''
        def softplus(z):
            """log(1 + exp(z)), which is z for large z and exp(z) for very negative z."""
            return np.maximum(z, 0) + np.log1p(np.exp(np.minimum(z, -z)))
    ''',
    "step": '''
        def step(z):
            """1 where z > 0, else 0."""
            z = np.asarray(z)
            return (z > 0).astype(z.dtype)
    ''',
    "erf": """
        erf = np.vectorize(math.erf, otypes=[float])
    """,
    "softmax": '''
        def softmax(z, axis=-1):
            """Exponentials that sum to one along `axis`."""
            e = np.exp(z - z.max(axis=axis, keepdims=True))
            return e / e.sum(axis=axis, keepdims=True)
    ''',
    "logsumexp": '''
        def logsumexp(z, axis=None):
            """log(sum(exp(z))) along `axis`."""
            top = z.max(axis=axis, keepdims=True)
            return np.squeeze(top + np.log(np.exp(z - top).sum(axis=axis, keepdims=True)), axis=axis)
    ''',
    "log_softmax": '''
        def log_softmax(z, axis=-1):
            """The logarithm of softmax, without forming it."""
            z = z - z.max(axis=axis, keepdims=True)
            return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
    ''',
    "argmax_mask": '''
        def argmax_mask(z, axis=-1):
            """1 where z is the largest along `axis`, shared at a tie; else 0."""
            mask = (z == z.max(axis=axis, keepdims=True)).astype(z.dtype)
            return mask / mask.sum(axis=axis, keepdims=True)
    ''',
    "placed": '''
        def placed(part, position, shape):
            """Zeros of a shape with `part` at a position."""
            whole = np.zeros(shape, dtype=np.asarray(part).dtype)
            whole[position] = part
            return whole
    ''',
}
