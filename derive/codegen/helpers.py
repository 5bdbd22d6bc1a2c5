"""Functions that NumPy lacks, or has only in forms that overflow; a module has those that it uses.

A complex step passes through them: maxima and minima of complex numbers go by the real part, and no absolute value
occurs.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.codegen.others import OTHERS
from derive.codegen.special_source import SPECIAL

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
    "erfc": '''
        def erfc(z):
            """1 - erf(z) without cancelling (W. J. Cody, Mathematics of Computation 23, 1969, 631-637)."""

            def polynomial(x, coefficients):
                value = np.zeros_like(x)
                for coefficient in coefficients:
                    value *= x
                    value += coefficient
                return value

            sign = np.copysign(1, np.real(z))
            x = sign * z
            small, large = np.where(x.real < 4, x, 4), np.where(x.real < 4, 4, np.where(x.real > 30, 30, x))
            square = np.where(x.real < 1, x, 1) ** 2
            near = 1 - x * polynomial(square, (
                1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
                3.20937758913846947e3,
            )) / polynomial(square, (
                1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
            ))
            middle = polynomial(small, (
                2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
                2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
                1.23033935479799725e3,
            )) / polynomial(small, (
                1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
                3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
            ))
            inverse = 1 / (large * large)
            far = (np.pi**-0.5 - inverse * polynomial(inverse, (
                1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
                1.60837851487422766e-2, 6.58749161529837803e-4,
            )) / polynomial(inverse, (
                1, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2,
                2.33520497626869185e-3,
            ))) / large
            tail = np.exp(-x * np.where(x.real > 40, 40, x)) * np.where(x.real < 4, middle, far)
            value = np.where(x.real < 0.46875, near, tail)
            return np.where(sign < 0, 2 - value, value)
    ''',
    "log1mexp": '''
        def log1mexp(z):
            """log(1 - exp(z)) for z < 0."""
            near = np.real(z) > -0.7
            return np.where(near, np.log(-np.expm1(z)), np.log1p(-np.exp(np.where(near, -1, z))))
    ''',
    "sech": '''
        @np.errstate(over="ignore")
        def sech(z):
            """1 / cosh(z); where cosh(z) overflows to infinity the value is 0, as it should be."""
            return 1 / np.cosh(z)
    ''',
    "log_cosh": '''
        def log_cosh(z):
            """log(cosh(z)), which is z**2 / 2 near 0 and |z| - log(2) far from it."""
            size = np.maximum(z, -z)
            near = np.real(size) < 1
            small = np.log1p(np.sinh(np.where(near, size, 0)) ** 2) / 2
            return np.where(near, small, size + np.log1p(np.exp(-2 * size)) - math.log(2))
    ''',
    "over": '''
        def over(u, v):
            """u / v, and 0 where v is 0."""
            return u / np.where(v == 0, np.inf, v)
    ''',
    "hypot": '''
        def hypot(u, v):
            """sqrt(u**2 + v**2) without overflow and underflow."""
            top = np.maximum(abs(u), abs(v))
            top = np.where(top == 0, 1, top)
            return top * np.sqrt((u / top) ** 2 + (v / top) ** 2)
    ''',
    "norm": '''
        def norm(z, axis=None):
            """The root of the sum of squares along `axis`, scaled where the squares would overflow or underflow."""
            top = np.abs(z).max(axis=axis, keepdims=True, initial=0)
            limits = np.finfo(np.result_type(top, 1.0))
            if np.all((top > limits.tiny**0.25) & (top < limits.max**0.25)):
                return np.sqrt((z * z).sum(axis=axis))
            top = np.where(top == 0, 1, top)
            return np.squeeze(top, axis=axis) * np.sqrt(((z / top) ** 2).sum(axis=axis))
    ''',
    "log_mixture": '''
        def log_mixture(z, y):
            """log(y * sigmoid(z) + (1 - y) * sigmoid(-z))."""
            least = np.minimum(z, -z)
            e, first, second = np.exp(least), np.where(np.real(z) > 0, y, 1 - y), np.where(np.real(z) > 0, 1 - y, y)
            alone = first == 0
            total = np.where(alone, second, first + second * e)
            return np.log(total) + np.where(alone, least, 0) - np.log1p(e)
    ''',
    "mixture_ratio": '''
        def mixture_ratio(z, y):
            """The derivative of log_mixture by z."""
            e = np.exp(np.minimum(z, -z))
            first, second = np.where(np.real(z) > 0, y, 1 - y), np.where(np.real(z) > 0, 1 - y, y)
            alone = first == 0
            return (2 * y - 1) * np.where(alone, 1, e) / ((1 + e) * np.where(alone, second, first + second * e))
    ''',
    "mixture_bend": '''
        def mixture_bend(z, y):
            """(y * sigmoid(z)**2 - (1 - y) * sigmoid(-z)**2) / (y * sigmoid(z) + (1 - y) * sigmoid(-z))."""
            positive = np.real(z) > 0
            e, first, second = np.exp(np.minimum(z, -z)), np.where(positive, y, 1 - y), np.where(positive, 1 - y, y)
            alone = first == 0
            bend = np.where(alone, -e, (first - second * e * e) / np.where(alone, 1, first + second * e)) / (1 + e)
            return np.where(positive, bend, -bend)
    ''',
    "mean_slope": '''
        def mean_slope(z, g, *slopes):
            """The derivative of g(z) / z of order len(slopes) - 1, where g(0) = 0 and `slopes` are those of g.

            Near 0 it is the mean of s**n * g^(n+1)(s * z) over s from 0 to 1, by the rule of Gauss and Legendre.
            """
            n, near = len(slopes) - 1, np.abs(z) < 0.5
            small, large = np.where(near, z, 0), np.where(near, 1, z)
            nodes, weights = np.polynomial.legendre.leggauss(16)
            points = zip(((nodes + 1) / 2).tolist(), (weights / 2).tolist())
            mean = sum(weight * s**n * slopes[n](s * small) for s, weight in points)
            quotient = g(large) / large
            for k in range(n):
                quotient = (slopes[k](large) - (k + 1) * quotient) / large
            return np.where(near, mean, quotient)
    ''',
    "integral": '''
        def integral(z, slope, whole):
            """`whole`, a function of z that is 0 at 0; near it the integral of its slope, by Gauss and Legendre."""
            near = np.abs(z) < 0.5
            small = np.where(near, z, 0)
            nodes, weights = np.polynomial.legendre.leggauss(16)
            points = zip(((nodes + 1) / 2).tolist(), (weights / 2).tolist())
            return np.where(near, small * sum(weight * slope(s * small) for s, weight in points), whole)
    ''',
    "log_ratio": '''
        def log_ratio(d, q, p):
            """log(p / q), where d is p - q."""
            near = np.abs(d) < np.abs(q) / 2
            return np.where(near, np.log1p(np.where(near, d / q, 0)), np.log(np.where(near, 1, p / q)))
    ''',
    "softmax": '''
        def softmax(z, axis=-1):
            """Exponentials that sum to one along `axis`; zeros where all of z is -inf."""
            z = np.asarray(z, np.result_type(z, 1.0))
            e = np.exp(z - z.max(axis=axis, keepdims=True, initial=np.finfo(z.dtype).min))
            total = e.sum(axis=axis, keepdims=True)
            return e / (total + (total == 0))
    ''',
    "logsumexp": '''
        @np.errstate(divide="ignore")
        def logsumexp(z, axis=None):
            """log(sum(exp(z))) along `axis`."""
            z = np.asarray(z, np.result_type(z, 1.0))
            top = z.max(axis=axis, keepdims=True, initial=np.finfo(z.dtype).min)
            return np.squeeze(top + np.log(np.exp(z - top).sum(axis=axis, keepdims=True)), axis=axis)
    ''',
    "log_softmax": '''
        def log_softmax(z, axis=-1):
            """The logarithm of softmax, without forming it."""
            z = z - z.max(axis=axis, keepdims=True)
            return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
    ''',
    "log_softmax_and_softmax": '''
        def log_softmax_and_softmax(z, axis=-1):
            """Both along `axis`, with one exponential."""
            z = z - z.max(axis=axis, keepdims=True)
            e = np.exp(z)
            total = e.sum(axis=axis, keepdims=True)
            return z - np.log(total), e / total
    ''',
    "logsumexp_and_softmax": '''
        @np.errstate(divide="ignore")
        def logsumexp_and_softmax(z, axis=None):
            """Both along `axis`, with one exponential; -inf and zeros where all of z is -inf."""
            z = np.asarray(z, np.result_type(z, 1.0))
            top = z.max(axis=axis, keepdims=True, initial=np.finfo(z.dtype).min)
            e = np.exp(z - top)
            total = e.sum(axis=axis, keepdims=True)
            return np.squeeze(top + np.log(total), axis=axis), e / (total + (total == 0))
    ''',
    "softplus_and_sigmoid": '''
        def softplus_and_sigmoid(z):
            """log(1 + exp(z)) and its slope, with one exponential."""
            e = np.exp(np.minimum(z, -z))
            return np.maximum(z, 0) + np.log1p(e), np.where(np.real(z) < 0, e, 1) / (1 + e)
    ''',
    "sigmoid_and_complement": '''
        @np.errstate(over="ignore", divide="ignore")
        def sigmoid_and_complement(z):
            """sigmoid(z) and 1 - sigmoid(z), which does not cancel, with one exponential."""
            e = np.exp(-z)
            return 1 / (1 + e), 1 / (1 + 1 / e)
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
    **OTHERS,
    **SPECIAL,
}
