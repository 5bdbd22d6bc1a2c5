"""Where parameters and gradients are kept: in dataclasses, in dicts of dicts, under names that are put together."""

from __future__ import annotations

from tests.gradients.plain_layers.case import case, n

case(
    "two_dataclasses",
    "Affine(AffineParams(np.random.randn(4, 3), np.random.randn(3)))",
    lambda r: [n(r, 5, 4)],
    """
from dataclasses import dataclass
@dataclass
class AffineParams:
    weight: np.ndarray
    bias: np.ndarray
@dataclass
class Affine:
    params: AffineParams
    grads: AffineParams = None
    _saved: tuple = ()
    def forward(self, inp):
        self._saved = (inp,)
        return inp @ self.params.weight + self.params.bias
    def backward(self, gout):
        inp, = self._saved
        self.grads = AffineParams(inp.T @ gout, gout.sum(0))
        return gout @ self.params.weight.T
""",
    ("gout.sum(0)", "gout.mean(0)", "mean_for_sum"),
)
case(
    "dicts_of_dicts",
    "Highway(4)",
    lambda r: [n(r, 3, 4)],
    """
class Highway:
    def __init__(self, d):
        self.p = {k: {"W": np.random.randn(d, d), "b": np.random.randn(d)} for k in "ht"}
        self.g = {"h": {}, "t": {}}
    def forward(self, x):
        h = np.maximum(0, x @ self.p["h"]["W"] + self.p["h"]["b"])
        t = 1/(1+np.exp(-(x @ self.p["t"]["W"] + self.p["t"]["b"])))
        self.c = x, h, t
        return t*h+(1-t)*x
    def backward(self, dy):
        x, h, t = self.c
        for k, d in (("h", dy*t*(h > 0)), ("t", dy*(h-x)*t*(1-t))):
            self.g[k]["W"] = x.T @ d
            self.g[k]["b"] = d.sum(0)
        return dy*t*(h > 0) @ self.p["h"]["W"].T + dy*(h-x)*t*(1-t) @ self.p["t"]["W"].T + dy*(1-t)
""",
    ('self.g[k]["b"] = d.sum(0)', 'self.g[k]["b"] = -d.sum(0)', "wrong_sign"),
)
case(
    "tied_weights",
    "TiedAE(5, 3)",
    lambda r: [n(r, 4, 5)],
    """
class TiedAE:
    def __init__(self, d, h):
        self.W = np.random.randn(d, h)*.4
        self.c = np.random.randn(h)
        self.gW = self.gc = None
    def forward(self, x):
        self.x = x
        self.h = 1/(1+np.exp(-(x @ self.W+self.c)))
        return self.h @ self.W.T
    def backward(self, dy):
        da = dy @ self.W*self.h*(1-self.h)
        self.gW = self.x.T @ da + dy.T @ self.h
        self.gc = da.sum(axis=0)
        return da @ self.W.T
""",
    ("self.x.T @ da + dy.T @ self.h", "self.x.T @ da", "missing_term"),
)
