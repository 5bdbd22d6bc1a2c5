"""Special functions that NumPy lacks, as source: from the standard library and from their series."""

from __future__ import annotations

from collections.abc import Mapping

SPECIAL: Mapping[str, str] = {
    "erfcx": '''
        @np.errstate(over="ignore")
        def erfcx(z):
            """exp(z**2) * erfc(z), from 10 on by its asymptotic series; infinite for very negative z."""
            far = np.real(z) > 10
            near, inverse = np.where(far, 0, z), 1 / np.where(far, z, 10)
            term = total = np.ones_like(inverse)
            for k in range(1, 11):
                term = term * ((0.5 - k) * inverse * inverse)
                total = total + term
            return np.where(far, total * inverse / math.sqrt(math.pi), np.exp(near * near) * erfc(near))
    ''',
    "log_ndtr": '''
        @np.errstate(over="ignore")
        def log_ndtr(z):
            """The logarithm of the normal distribution function, -z**2 / 2 - log(-z) - ... for very negative z."""
            low = np.real(z) < -1
            left, right = np.where(low, z, -1), np.where(low, 0, z)
            tail = np.log(erfcx(left / -math.sqrt(2)) / 2) - left * left / 2
            return np.where(low, tail, np.log1p(erfc(right / math.sqrt(2)) / -2))
    ''',
    "ndtri": '''
        def ndtri(z):
            """The inverse of the normal distribution function on (0, 1)."""

            def one(u):
                if 0 < u < 1:
                    return statistics.NormalDist().inv_cdf(u)
                return -math.inf if u == 0 else math.inf if u == 1 else math.nan

            return np.vectorize(one, otypes=[float])(z).astype(np.result_type(z, 1.0))[()]
    ''',
    "logit": '''
        @np.errstate(divide="ignore")
        def logit(z):
            """log(z / (1 - z)), which does not cancel near 1/2."""
            near = np.abs(np.real(z) - 0.5) < 0.25
            middle, outer = np.where(near, z, 0.5), np.where(near, 0.25, z)
            return np.where(near, 2 * np.arctanh(2 * middle - 1), np.log(outer / (1 - outer)))
    ''',
    "xlogy": '''
        def xlogy(z, y):
            """z * log(y), and 0 where z is 0."""
            return z * np.log(np.where(z == 0, 1, y))
    ''',
    "xlog1py": '''
        def xlog1py(z, y):
            """z * log(1 + y), and 0 where z is 0."""
            return z * np.log1p(np.where(z == 0, 0, y))
    ''',
    "erfinv": '''
        def erfinv(z):
            """The inverse of the error function on (-1, 1)."""

            def one(u):
                rest = 1 - abs(u)
                if rest <= 0:
                    return math.copysign(math.inf, u) if rest == 0 else math.nan
                y = -statistics.NormalDist().inv_cdf(rest / 2) / math.sqrt(2)
                for _ in range(2):
                    y += (math.erfc(y) - rest) * math.exp(y * y) * math.sqrt(math.pi) / 2
                if rest > 0.5:
                    y += (abs(u) - math.erf(y)) * math.exp(y * y) * math.sqrt(math.pi) / 2
                return math.copysign(y, u)

            return np.vectorize(one, otypes=[float])(z).astype(np.result_type(z, 1.0))[()]
    ''',
    "tgamma": '''
        def tgamma(z):
            """The gamma function; infinite where it is too large, nan at its poles."""

            def one(u):
                try:
                    return math.gamma(u)
                except OverflowError:
                    return math.inf
                except ValueError:
                    return math.nan

            return np.vectorize(one, otypes=[float])(z).astype(np.result_type(z, 1.0))[()]
    ''',
    "loggamma": '''
        def loggamma(z):
            """The logarithm of the gamma function of positive numbers."""
            logarithm = np.vectorize(lambda u: math.lgamma(u) if u > 0 else math.nan, otypes=[float])
            return logarithm(z).astype(np.result_type(z, 1.0))[()]
    ''',
    "polygamma": '''
        def polygamma(order, z):
            """The derivative of log(gamma(z)) of one order more: by recurrence up to 20, by its series there."""
            kind = np.result_type(z, 1.0)
            z = np.asarray(z, dtype=float)
            z = np.where((z < -10_000) | ((z <= 0) & (z == np.floor(z))), np.nan, z)
            sign, total = (-1) ** (order + 1), np.zeros_like(z)
            while np.any(near := z < 20):
                total = np.where(near, total + sign * math.factorial(order) / z ** (order + 1), total)
                z = np.where(near, z + 1, z)
            first = -np.log(z) if order == 0 else math.factorial(order - 1) / z**order
            series = first + math.factorial(order) / (2 * z ** (order + 1))
            numbers = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
            for k, number in enumerate(numbers, 1):
                factor = math.factorial(2 * k + order - 1) / math.factorial(2 * k)
                series = series + number * factor / z ** (2 * k + order)
            return (total + sign * series).astype(kind)[()]
    ''',
}
