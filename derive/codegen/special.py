"""Special functions that NumPy lacks, as source: from the standard library and from their series."""

from __future__ import annotations

from collections.abc import Mapping

SPECIAL: Mapping[str, str] = {
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
