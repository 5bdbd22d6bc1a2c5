"""Layers that were written after the check knew the styles, to see what it makes of new ones."""

from __future__ import annotations

import numpy as np

from tests.gradients.plain_layers.case import case, n

case(
    "mish_backward",
    "Mish()",
    lambda r: [n(r, 4, 3)],
    """
class Mish:
    def forward(self, x):
        self.x = x
        self.sp = np.log1p(np.exp(x))
        return x*np.tanh(self.sp)
    def backward(self, grad_output):
        t = np.tanh(self.sp)
        return grad_output*(t + self.x*(1 - t**2)/(1 + np.exp(-self.x)))
""",
    ("(1 - t**2)", "(1 - t)", "missing_square"),
    ("t + self.x", "t - self.x", "wrong_sign"),
)
case(
    "rms_norm_called",
    "RMSNorm(5)",
    lambda r: [n(r, 4, 5)],
    """
class RMSNorm:
    def __init__(self, d):
        self.g = np.random.rand(d)+.5
        self.dg = np.zeros(d)
    def __call__(self, x):
        self.x = x
        self.r = 1/np.sqrt(np.mean(x*x, axis=-1, keepdims=True)+1e-6)
        return self.g*x*self.r
    def backward(self, dy):
        h = dy*self.g
        self.dg = np.sum(dy*self.x*self.r, axis=0)
        return self.r*h - self.x*self.r**3*np.mean(h*self.x, axis=-1, keepdims=True)
""",
    ("np.mean(h*self.x", "np.sum(h*self.x", "mean_for_sum"),
    ("self.r**3", "self.r**2", "missing_factor"),
)
case(
    "network_of_propagations",
    "Net()",
    lambda r: [n(r, 6, 4)],
    """
class L:
    def __init__(self,i,o): self.w=np.random.randn(i,o); self.b=np.zeros(o); self.grad_w=None; self.grad_b=None
    def forward(self,x): self.x=x; return x@self.w+self.b
    def backward(self,g): self.grad_w=self.x.T@g; self.grad_b=g.sum(0); return g@self.w.T
class Sig:
    def forward(self,x): self.o=1/(1+np.exp(-x)); return self.o
    def backward(self,g): return g*self.o*(1-self.o)
class Net:
    def __init__(self): self.layers=[L(4,3),Sig(),L(3,2)]
    def forward_propagation(self,x):
        for l in self.layers: x=l.forward(x)
        return x
    def backward_propagation(self,g):
        for l in self.layers[::-1]: g=l.backward(g)
        return g
""",
    ("g*self.o*(1-self.o)", "g*(1-self.o)", "missing_factor"),
)
case(
    "cross_entropy_of_labels",
    "CrossEntropy()",
    lambda r: [n(r, 5, 3), r.integers(0, 3, 5)],
    """
class CrossEntropy:
    def forward(self, logits, labels):
        m = logits.max(1, keepdims=True)
        e = np.exp(logits - m)
        self.probs = e/e.sum(1, keepdims=True)
        self.labels = labels
        return -np.log(self.probs[np.arange(len(labels)), labels]).mean()
    def backward(self):
        d = self.probs.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d/len(d)
""",
    ("return d/len(d)", "return d", "missing_factor"),
    ("-= 1", "-= 2", "extra_factor"),
)
case(
    "poisson_likelihood",
    "PoissonNLL()",
    lambda r: [np.abs(n(r, 6)) + 0.5, r.integers(0, 4, 6).astype(float)],
    """
class PoissonNLL:
    def __call__(self, rate, target):
        return np.mean(rate - target*np.log(rate))
    def grad(self, rate, target):
        return (1 - target/rate)/rate.size
""",
    ("(1 - target/rate)", "(1 - target*rate)", "positive_inputs wrong_operand"),
    ("/rate.size", "", "missing_factor"),
)
case(
    "quantile_loss",
    "Quantile(.3)",
    lambda r: [n(r, 7), n(r, 7)],
    """
class Quantile:
    def __init__(self,q): self.q=q
    def loss(self, y_true, y_pred):
        e = y_true - y_pred
        return np.mean(np.maximum(self.q*e, (self.q-1)*e))
    def gradient(self, y_true, y_pred):
        e = y_true - y_pred
        return np.where(e > 0, -self.q, 1-self.q)/len(e)
""",
    ("1-self.q)", "self.q)", "wrong_operand"),
    ("e > 0", "e < 0", "wrong_sign"),
)
case(
    "pair_with_a_d",
    "(logistic, dlogistic)",
    lambda r: [n(r, 5, 2)],
    """
def logistic(t): return 1/(1+np.exp(-t))
def dlogistic(t):
    s = logistic(t)
    return s - s**2
""",
    ("s - s**2", "s - t**2", "missing_term wrong_operand"),
    ("s - s**2", "s + s**2", "wrong_sign"),
)
case(
    "scale_with_a_default_rate",
    "Scale()",
    lambda r: [n(r, 5, 3)],
    """
class Scale:
    def __init__(self): self.gamma=np.random.rand(3)+.5
    def forward(self, x):
        self.x=x
        return x*self.gamma
    def backward(self, output_gradient, lr=0.01):
        g=(output_gradient*self.x).sum(axis=0)
        dx=output_gradient*self.gamma
        self.gamma = self.gamma - lr*g
        return dx
""",
    ("(output_gradient*self.x).sum(axis=0)", "(output_gradient*self.x).mean(axis=0)", "mean_for_sum"),
    ("dx=output_gradient*self.gamma", "dx=output_gradient*self.x", "wrong_operand"),
)
case(
    "average_pool_passes",
    "AvgPool()",
    lambda r: [n(r, 2, 3, 4, 4)],
    """
class AvgPool:
    def forward_pass(self, X, training=True):
        self.shape=X.shape
        N,C,H,W=X.shape
        return X.reshape(N,C,H//2,2,W//2,2).mean(axis=(3,5))
    def backward_pass(self, accum_grad):
        return np.repeat(np.repeat(accum_grad,2,axis=2),2,axis=3)/4
""",
    ("/4", "", "missing_factor"),
    ("/4", "/2", "extra_factor"),
)
case(
    "embedding_bag",
    "Bag(7,3)",
    lambda r: [r.integers(0, 7, (5, 2))],
    """
class Bag:
    def __init__(self,v,d):
        self.params={'E':np.random.randn(v,d)}; self.grads={'E':np.zeros((v,d))}
    def forward(self, ids):
        self.ids=ids
        return self.params['E'][ids].mean(axis=1)
    def backward(self, dout):
        g=np.zeros_like(self.params['E'])
        for k in range(self.ids.shape[1]):
            np.add.at(g, self.ids[:,k], dout/self.ids.shape[1])
        self.grads['E']=g
""",
    ("dout/self.ids.shape[1]", "dout", "extra_factor"),
)
case(
    "two_inputs_one_weight",
    "TwoIn()",
    lambda r: [n(r, 4, 3), n(r, 4, 2)],
    """
class TwoIn:
    def __init__(self): self.A=np.random.randn(3,2)
    def forward(self, x, z):
        self.x,self.z=x,z
        self.h=np.tanh(x@self.A)
        return self.h*z
    def backward(self, dout):
        dz=dout*self.h
        da=dout*self.z*(1-self.h**2)
        self.dA=self.x.T@da
        return da@self.A.T, dz
""",
    ("(1-self.h**2)", "(1-self.z**2)", "wrong_operand"),
    ("return da@self.A.T, dz", "return da@self.A.T, dout", "missing_factor"),
)
case(
    "cosine_per_sample",
    "Cosine()",
    lambda r: [n(r, 5, 3), n(r, 5, 3)],
    """
class Cosine:
    def forward(self, y_pred, y_true):
        a=np.linalg.norm(y_pred,axis=1); b=np.linalg.norm(y_true,axis=1)
        return 1-(y_pred*y_true).sum(1)/(a*b)
    def backward(self, y_pred, y_true):
        a=np.linalg.norm(y_pred,axis=1,keepdims=True); b=np.linalg.norm(y_true,axis=1,keepdims=True)
        c=(y_pred*y_true).sum(1,keepdims=True)/(a*b)
        return -(y_true/(a*b) - c*y_pred/a**2)
""",
    ("c*y_pred/a**2", "c*y_pred/a", "missing_square"),
    ("- c*y_pred/a**2", "+ c*y_pred/a**2", "wrong_sign"),
)
case(
    "dictionary_of_two_passes",
    "{'forward': fwd, 'backward': bwd}",
    lambda r: [n(r, 4, 3), n(r, 3)],
    """
def fwd(x, w):
    y = np.exp(-(x*w)**2)
    return y, (x, w, y)
def bwd(dy, cache):
    x, w, y = cache
    d = dy*y*(-2)*(x*w)
    return d*w, (d*x).sum(0)
""",
    ("dy*y*(-2)", "dy*y*(2)", "wrong_sign"),
    ("(d*x).sum(0)", "(d*x).mean(0)", "mean_for_sum"),
)
case(
    "prime_of_the_output",
    "Temp()",
    lambda r: [n(r, 4, 3)],
    """
class Temp:
    tau=0.7
    def activate(self, z):
        e=np.exp(z/self.tau); return e/(1+e)
    def prime(self, a):
        return a*(1-a)/self.tau
""",
    ("/self.tau\n", "\n", "missing_factor"),
    ("a*(1-a)", "a*(1+a)", "wrong_sign"),
)
case(
    "calculate_and_derivative",
    "MAE()",
    lambda r: [n(r, 6, 2), n(r, 6, 2)],
    """
class MAE:
    def calculate(self, predictions, targets):
        return np.abs(predictions-targets).sum()/predictions.shape[0]
    def derivative(self, predictions, targets):
        return np.sign(predictions-targets)/predictions.shape[0]
""",
    ("np.sign(predictions-targets)", "(predictions-targets)", "missing_prime"),
)
