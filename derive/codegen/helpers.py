"""Functions that NumPy lacks, or has only in forms that overflow; a module has those that it uses.

A complex step passes through them: maxima and minima of complex numbers go by the real part, and no absolute value
occurs.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.codegen.special import SPECIAL

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
    "erf": '''
        def erf(z):
            """The error function, by rational functions (W. J. Cody, Mathematics of Computation 23, 1969, 631-637)."""

            def polynomial(x, coefficients):
                value = np.zeros_like(x)
                for coefficient in coefficients:
                    value *= x
                    value += coefficient
                return value

            sign = np.copysign(1, np.real(z))
            x = sign * z
            x = np.where(x.real > 6, 6, x)
            square = x * x
            near = x * polynomial(square, (
                1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
                3.20937758913846947e3,
            )) / polynomial(square, (
                1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
            ))
            far = 1 - np.exp(-square) * polynomial(x, (
                2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
                2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
                1.23033935479799725e3,
            )) / polynomial(x, (
                1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
                3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
            ))
            return sign * np.where(x.real < 0.46875, near, far)
    ''',
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
    **SPECIAL,
}
