"""Layers that mix rows, positions or time steps, and gates with several inputs or outputs."""

from __future__ import annotations

from tests.gradients.plain_layers.case import case, n

TERM = "missing_term wrong_sign"
case(
    "batch_norm_with_running_state",
    "BatchNorm(4)",
    lambda r: [n(r, 6, 4)],
    """
class BatchNorm:
    def __init__(self, d, momentum=0.9, eps=1e-5):
        self.gamma, self.beta = np.random.rand(d) + 0.5, np.zeros(d)
        self.momentum, self.eps = momentum, eps
        self.running_mean, self.running_var = np.zeros(d), np.ones(d)
        self.dgamma = self.dbeta = None
    def forward(self, x, train=True):
        mu, var = (x.mean(axis=0), x.var(axis=0)) if train else (self.running_mean, self.running_var)
        if train:
            self.running_mean = self.momentum*self.running_mean + (1 - self.momentum)*mu
            self.running_var = self.momentum*self.running_var + (1 - self.momentum)*var
        self.std = np.sqrt(var + self.eps)
        self.xhat = (x - mu)/self.std
        return self.gamma*self.xhat + self.beta
    def backward(self, dout):
        N = len(dout)
        self.dgamma = (dout*self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        dxhat = dout*self.gamma
        return (N*dxhat - dxhat.sum(axis=0) - self.xhat*(dxhat*self.xhat).sum(axis=0))/(N*self.std)
""",
    (" - dxhat.sum(axis=0)", "", TERM),
    (" - self.xhat*(dxhat*self.xhat).sum(axis=0)", "", TERM),
    ("(N*self.std)", "self.std", "missing_factor"),
)
case(
    "layer_norm_object",
    "LayerNorm(5)",
    lambda r: [n(r, 4, 5)],
    """
class LayerNorm:
    def __init__(self, d, eps=1e-6):
        self.params = {"gamma": np.random.rand(d) + 0.5, "beta": np.zeros(d)}
        self.grads = {}
        self.eps = eps
    def __call__(self, x):
        self.mu = x.mean(-1, keepdims=True)
        self.inv = 1/np.sqrt(((x - self.mu)**2).mean(-1, keepdims=True) + self.eps)
        self.xhat = (x - self.mu)*self.inv
        return self.params["gamma"]*self.xhat + self.params["beta"]
    def backward(self, dy):
        self.grads["gamma"] = (dy*self.xhat).sum(0)
        self.grads["beta"] = dy.sum(0)
        g = dy*self.params["gamma"]
        m1 = g.mean(-1, keepdims=True)
        m2 = (g*self.xhat).mean(-1, keepdims=True)
        return self.inv*(g - m1 - self.xhat*m2)
""",
    ("(g - m1 - self.xhat*m2)", "(g - self.xhat*m2)", TERM),
    (
        "m2 = (g*self.xhat).mean(-1, keepdims=True)",
        "m2 = (g*self.xhat).sum(-1, keepdims=True)",
        "mean_for_sum extra_factor missing_factor extra_sum wrong_operand",
    ),
)
case(
    "group_norm_pair",
    "(groupnorm_forward, groupnorm_backward)",
    lambda r: [n(r, 3, 4, 2), r.uniform(0.5, 1.5, 4), n(r, 4)],
    """
G = 2
def groupnorm_forward(x, gamma, beta):
    N, C, L = x.shape
    z = x.reshape(N, G, -1)
    mu = z.mean(axis=2, keepdims=True)
    std = np.sqrt(z.var(axis=2, keepdims=True) + 1e-5)
    zhat = (z - mu)/std
    xhat = zhat.reshape(N, C, L)
    return gamma[None, :, None]*xhat + beta[None, :, None], (xhat, zhat, std, gamma)
def groupnorm_backward(dout, cache):
    xhat, zhat, std, gamma = cache
    N, C, L = dout.shape
    dbeta = dout.sum(axis=(0, 2))
    dgamma = (dout*xhat).sum(axis=(0, 2))
    dz = (dout*gamma[None, :, None]).reshape(N, G, -1)
    m = dz.shape[2]
    dx = (dz - dz.mean(axis=2, keepdims=True) - zhat*(dz*zhat).mean(axis=2, keepdims=True))/std
    return dx.reshape(N, C, L), dgamma, dbeta
""",
    (" - dz.mean(axis=2, keepdims=True)", "", TERM),
    (
        "(dz*zhat).mean(axis=2, keepdims=True)",
        "(dz*zhat).sum(axis=2, keepdims=True)",
        "mean_for_sum extra_factor extra_sum wrong_operand",
    ),
)
case(
    "log_softmax",
    "LogSoftmax()",
    lambda r: [n(r, 4, 5)],
    """
class LogSoftmax:
    def forward(self, x):
        z = x - x.max(axis=1, keepdims=True)
        self.out = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return self.out
    def backward(self, g):
        return g - np.exp(self.out)*g.sum(axis=1, keepdims=True)
""",
    ("*g.sum(axis=1, keepdims=True)", "*g", "missing_sum wrong_operand"),
    (
        "g - np.exp(self.out)*g.sum(axis=1, keepdims=True)",
        "g - g.sum(axis=1, keepdims=True)",
        "missing_factor wrong_operand missing_prime",
    ),
)
case(
    "multiply_gate",
    "MultiplyGate()",
    lambda r: [n(r, 4), n(r, 4)],
    """
class MultiplyGate(object):
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y
    def backward(self, dz):
        dx = self.y * dz
        dy = self.x * dz
        return [dx, dy]
""",
    ("return [dx, dy]", "return [dy, dx]", "wrong_left_side wrong_operand"),
)
case(
    "rnn_step_without_cache",
    "RNNCell(3, 4)",
    lambda r: [n(r, 5, 3), n(r, 5, 4)],
    """
class RNNCell:
    def __init__(self, D, H):
        self.params = [np.random.randn(D, H), np.random.randn(H, H), np.random.randn(H)]
        self.grads = [np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)]
        self.cache = None
    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(x @ Wx + h_prev @ Wh + b)
        self.cache = (x, h_prev, h_next)
        return h_next
    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next*(1 - h_next**2)
        self.grads[0][...] = x.T @ dt
        self.grads[1][...] = h_prev.T @ dt
        self.grads[2][...] = dt.sum(axis=0)
        return dt @ Wx.T, dt @ Wh.T
""",
    ("h_prev.T @ dt", "h_next.T @ dt", "wrong_operand"),
    ("(1 - h_next**2)", "(1 - h_next)", "missing_square missing_factor wrong_operand"),
)
case(
    "rnn_over_time",
    "VanillaRNN(3, 4)",
    lambda r: [n(r, 2, 5, 3)],
    """
class VanillaRNN:
    def __init__(self, D, H):
        self.Wx, self.Wh, self.b = np.random.randn(D, H)*0.5, np.random.randn(H, H)*0.5, np.zeros(H)
    def forward(self, x):
        self.x = x
        h = np.zeros((x.shape[0], self.b.size))
        self.h = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ self.Wx + h @ self.Wh + self.b)
            self.h.append(h)
        return np.stack(self.h, axis=1)
    def backward(self, dout):
        dx = np.zeros_like(self.x)
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        carry = np.zeros_like(self.h[0])
        for t in reversed(range(self.x.shape[1])):
            before = self.h[t - 1] if t else np.zeros_like(self.h[0])
            dz = (dout[:, t] + carry)*(1 - self.h[t]**2)
            dx[:, t] = dz @ self.Wx.T
            self.dWx += self.x[:, t].T @ dz
            self.dWh += before.T @ dz
            self.db += dz.sum(axis=0)
            carry = dz @ self.Wh.T
        return dx
""",
    ("(dout[:, t] + carry)", "(dout[:, t])", "missing_term missing_partial"),
    ("carry = dz @ self.Wh.T", "carry = dz @ self.Wh", "transposed operand_order any"),
)
case(
    "lstm_step_two_outputs",
    "LSTMCell(3, 4)",
    lambda r: [n(r, 2, 3), n(r, 2, 4), n(r, 2, 4)],
    """
def sigmoid(z):
    return 1/(1 + np.exp(-z))
class LSTMCell:
    def __init__(self, D, H):
        self.Wx, self.Wh, self.b = np.random.randn(D, 4*H), np.random.randn(H, 4*H), np.random.randn(4*H)
    def forward(self, x, h, c):
        H = h.shape[1]
        a = x @ self.Wx + h @ self.Wh + self.b
        i, f, o, g = sigmoid(a[:, :H]), sigmoid(a[:, H:2*H]), sigmoid(a[:, 2*H:3*H]), np.tanh(a[:, 3*H:])
        c_next = f*c + i*g
        h_next = o*np.tanh(c_next)
        self.cache = x, h, c, i, f, o, g, c_next
        return h_next, c_next
    def backward(self, dh, dc):
        x, h, c, i, f, o, g, c_next = self.cache
        t = np.tanh(c_next)
        dc_all = dc + dh*o*(1 - t**2)
        da = np.hstack([dc_all*g*i*(1 - i), dc_all*c*f*(1 - f), dh*t*o*(1 - o), dc_all*i*(1 - g**2)])
        self.dWx, self.dWh, self.db = x.T @ da, h.T @ da, da.sum(axis=0)
        return da @ self.Wx.T, da @ self.Wh.T, dc_all*f
""",
    ("dc_all = dc + dh*o*(1 - t**2)", "dc_all = dh*o*(1 - t**2)", "missing_term"),
    ("dc_all*c*f*(1 - f)", "dc_all*c*(1 - f)", "missing_factor"),
)
case(
    "gru_two_outputs_one_upstream",
    "Pair()",
    lambda r: [n(r, 3, 4), n(r, 3, 4)],
    """
class Pair:
    def forward(self, x, s):
        z = 1/(1 + np.exp(-x))
        self.x, self.s, self.z = x, s, z
        state = z*s + (1 - z)*np.tanh(x)
        return state, z
    def backward(self, dstate):
        x, s, z = self.x, self.s, self.z
        t = np.tanh(x)
        return dstate*((s - t)*z*(1 - z) + (1 - z)*(1 - t**2)), dstate*z
""",
    ("(s - t)*z*(1 - z)", "s*z*(1 - z)", "missing_term"),
)
case(
    "one_list_of_upstreams",
    "Split()",
    lambda r: [n(r, 3, 4)],
    """
class Split:
    def forward(self, x):
        self.x = x
        return np.sin(x), np.cos(x)
    def backward(self, grads):
        da, db = grads
        return da*np.cos(self.x) - db*np.sin(self.x)
""",
    ("- db*np.sin(self.x)", "+ db*np.sin(self.x)", "wrong_sign"),
)
case(
    "attention_head",
    "Attention(4, 3)",
    lambda r: [n(r, 5, 4)],
    """
class Attention:
    def __init__(self, d, k):
        self.params = {"Wq": np.random.randn(d, k), "Wk": np.random.randn(d, k), "Wv": np.random.randn(d, k)}
        self.grads = {}
        self.k = k
    def forward(self, x):
        self.x = x
        self.q, self.key, self.v = (x @ self.params[n] for n in ("Wq", "Wk", "Wv"))
        s = self.q @ self.key.T/np.sqrt(self.k)
        s = np.exp(s - s.max(axis=1, keepdims=True))
        self.a = s/s.sum(axis=1, keepdims=True)
        return self.a @ self.v
    def backward(self, dy):
        dv, da = self.a.T @ dy, dy @ self.v.T
        ds = self.a*(da - (da*self.a).sum(axis=1, keepdims=True))/np.sqrt(self.k)
        dq, dk = ds @ self.key, ds.T @ self.q
        self.grads = {"Wq": self.x.T @ dq, "Wk": self.x.T @ dk, "Wv": self.x.T @ dv}
        return dq @ self.params["Wq"].T + dk @ self.params["Wk"].T + dv @ self.params["Wv"].T
""",
    ("ds.T @ self.q", "ds @ self.q", "transposed wrong_operand"),
    ("(da - (da*self.a).sum(axis=1, keepdims=True))", "da", "missing_term"),
)
case(
    "dropout_with_a_generator",
    "Dropout(0.4)",
    lambda r: [n(r, 6, 5)],
    """
class Dropout:
    def __init__(self, rate):
        self.rate = rate
        self.rng = np.random.default_rng(0)
    def forward(self, x, train_flg=True):
        self.mask = (self.rng.random(x.shape) > self.rate)/(1 - self.rate)
        return x*self.mask
    def backward(self, dout):
        return dout*self.mask
""",
    ("return dout*self.mask", "return dout", "missing_factor"),
)
case(
    "max_pool_strided",
    "MaxPool2()",
    lambda r: [n(r, 2, 3, 4, 4)],
    """
class MaxPool2:
    def forward(self, x):
        N, C, H, W = x.shape
        self.x = x
        z = x.reshape(N, C, H//2, 2, W//2, 2)
        self.out = z.max(axis=(3, 5))
        return self.out
    def backward(self, dout):
        up = self.out.repeat(2, axis=2).repeat(2, axis=3)
        return (self.x == up)*dout.repeat(2, axis=2).repeat(2, axis=3)
""",
    ("return (self.x == up)*dout", "return dout", "missing_factor any"),
)
case(
    "conv_one_dimension",
    "Conv1D(3)",
    lambda r: [n(r, 2, 7)],
    """
class Conv1D:
    def __init__(self, k):
        self.kernel, self.bias = np.random.randn(k), np.zeros(1)
    def forward(self, x):
        self.x, k = x, self.kernel.size
        self.windows = np.stack([x[:, i:i + k] for i in range(x.shape[1] - k + 1)], axis=1)
        return self.windows @ self.kernel + self.bias
    def backward(self, dout):
        k = self.kernel.size
        self.kernel_grad = np.einsum("nt,ntk->k", dout, self.windows)
        self.bias_grad = dout.sum().reshape(1)
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[1]):
            dx[:, i:i + k] += dout[:, i:i + 1]*self.kernel
        return dx
""",
    ("dout[:, i:i + 1]*self.kernel", "dout[:, i:i + 1]*self.kernel[::-1]", "any"),
    ("dx[:, i:i + k] += dout", "dx[:, i:i + k] = dout", "any"),
)
case(
    "sequential_of_layers",
    "NeuralNet([Linear(4, 5), Tanh(), Linear(5, 2)])",
    lambda r: [n(r, 6, 4)],
    """
class Layer:
    def __init__(self):
        self.params = {}
        self.grads = {}
class Linear(Layer):
    def __init__(self, i, o):
        super().__init__()
        self.params["w"] = np.random.randn(i, o)
        self.params["b"] = np.random.randn(o)
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.params["w"] + self.params["b"]
    def backward(self, grad):
        self.grads["b"] = np.sum(grad, axis=0)
        self.grads["w"] = self.inputs.T @ grad
        return grad @ self.params["w"].T
class Tanh(Layer):
    def forward(self, inputs):
        self.y = np.tanh(inputs)
        return self.y
    def backward(self, grad):
        return grad*(1 - self.y**2)
class NeuralNet:
    def __init__(self, layers):
        self.layers = layers
    def forward(self, inputs):
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs
    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad
""",
    ("(1 - self.y**2)", "(1 - self.y)", "missing_square missing_factor wrong_operand"),
    ("self.inputs.T @ grad", "self.inputs.T @ grad/len(grad)", "missing_factor extra_factor mean_for_sum"),
)
case(
    "several_dictionaries",
    "Block()",
    lambda r: [{"x": n(r, 4, 3)}, {"scale": n(r, 3), "inner": {"shift": n(r, 3)}}],
    """
class Block:
    def forward(self, x, p):
        self.x, self.p = x, p
        return np.tanh(x["x"]*p["scale"] + p["inner"]["shift"])
    def backward(self, dout):
        t = np.tanh(self.x["x"]*self.p["scale"] + self.p["inner"]["shift"])
        d = dout*(1 - t*t)
        return {"x": d*self.p["scale"]}, {"scale": (d*self.x["x"]).sum(0), "inner": {"shift": d.sum(0)}}
""",
    ("d.sum(0)}}", "d.mean(0)}}", "mean_for_sum extra_factor"),
)
