"""log(1 - softmax) and its derivatives as source: of an entry with more than half of the sum, by the others."""

from __future__ import annotations

from collections.abc import Mapping

OTHERS: Mapping[str, str] = {
    "log1m_softmax": '''
        @np.errstate(divide="ignore")
        def log1m_softmax(z, axis=-1):
            """log(1 - softmax(z)); where one entry has more than half of the sum, by a sum over the others."""
            z = z - z.max(axis=axis, keepdims=True)
            e = np.exp(z)
            total = e.sum(axis=axis, keepdims=True)
            large = np.real(e) > np.real(total) / 2
            others = np.where(large, -np.inf, z)
            top = np.maximum(others.max(axis=axis, keepdims=True), np.finfo(np.result_type(z, 1.0)).min)
            rest = top + np.log(np.exp(others - top).sum(axis=axis, keepdims=True)) - np.log(total)
            return np.where(large, rest, np.log1p(-np.where(large, 0, e / total)))
    ''',
    "others_pull": '''
        def others_pull(z, g, axis=-1):
            """The sum of g[i] * softmax(z without i) over i."""
            e = np.exp(z - z.max(axis=axis, keepdims=True))
            total = e.sum(axis=axis, keepdims=True)
            large = np.real(e) > np.real(total) / 2
            others = np.where(large, -np.inf, z)
            o = np.exp(others - np.maximum(others.max(axis=axis, keepdims=True), np.finfo(e.dtype).min))
            o = o / np.where(o.sum(axis=axis, keepdims=True) == 0, 1, o.sum(axis=axis, keepdims=True))
            scaled = np.where(large, 0, g / np.where(large, 1, 1 - e / total))
            return e / total * (scaled.sum(axis=axis, keepdims=True) - scaled) + o * np.where(large, g, 0).sum(
                axis=axis, keepdims=True
            )
    ''',
    "others_mean": '''
        def others_mean(z, h, axis=-1):
            """The mean of h by softmax(z without i), for every i."""
            e = np.exp(z - z.max(axis=axis, keepdims=True))
            total = e.sum(axis=axis, keepdims=True)
            large = np.real(e) > np.real(total) / 2
            others = np.where(large, -np.inf, z)
            o = np.exp(others - np.maximum(others.max(axis=axis, keepdims=True), np.finfo(e.dtype).min))
            o = o / np.where(o.sum(axis=axis, keepdims=True) == 0, 1, o.sum(axis=axis, keepdims=True))
            weighted = e / total * h
            mean = (weighted.sum(axis=axis, keepdims=True) - weighted) / np.where(large, 1, 1 - e / total)
            return np.where(large, (o * h).sum(axis=axis, keepdims=True), mean)
    ''',
}
