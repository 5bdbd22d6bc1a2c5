"""Layers with parameters: where they keep them, when they make them, and what they do with their gradients."""

from __future__ import annotations

from tests.gradients.plain_layers.case import case, n

FACTOR = "missing_factor extra_factor mean_for_sum"
SUMS = "missing_sum mean_for_sum extra_factor missing_factor"
case(
    "dense_passes_with_optimizer",
    "built()",
    lambda r: [n(r, 5, 4)],
    """
import copy
class StochasticGradientDescent():
    def __init__(self, learning_rate=0.01, momentum=0):
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.w_updt = None
    def update(self, w, grad_wrt_w):
        if self.w_updt is None:
            self.w_updt = np.zeros(np.shape(w))
        self.w_updt = self.momentum * self.w_updt + (1 - self.momentum) * grad_wrt_w
        return w - self.learning_rate * self.w_updt
class Dense():
    def __init__(self, n_units, input_shape=None):
        self.layer_input = None
        self.input_shape = input_shape
        self.n_units = n_units
        self.trainable = True
        self.W = None
        self.w0 = None
    def initialize(self, optimizer):
        limit = 1 / np.sqrt(self.input_shape[0])
        self.W = np.random.uniform(-limit, limit, (self.input_shape[0], self.n_units))
        self.w0 = np.zeros((1, self.n_units))
        self.W_opt = copy.copy(optimizer)
        self.w0_opt = copy.copy(optimizer)
    def forward_pass(self, X, training=True):
        self.layer_input = X
        return X.dot(self.W) + self.w0
    def backward_pass(self, accum_grad):
        W = self.W
        if self.trainable:
            grad_w = self.layer_input.T.dot(accum_grad)
            grad_w0 = np.sum(accum_grad, axis=0, keepdims=True)
            self.W = self.W_opt.update(self.W, grad_w)
            self.w0 = self.w0_opt.update(self.w0, grad_w0)
        return accum_grad.dot(W.T)
def built():
    layer = Dense(3, (4,))
    layer.initialize(StochasticGradientDescent())
    return layer
""",
    (
        "grad_w = self.layer_input.T.dot(accum_grad)",
        "grad_w = self.layer_input.T.dot(accum_grad)/len(accum_grad)",
        FACTOR,
    ),
    ("np.sum(accum_grad, axis=0, keepdims=True)", "np.mean(accum_grad, axis=0, keepdims=True)", SUMS),
    ("return accum_grad.dot(W.T)", "return accum_grad.dot(self.W.T)", "any"),
)
case(
    "activation_passes",
    "Activation()",
    lambda r: [n(r, 5, 4)],
    """
class TanH():
    def __call__(self, x):
        return 2 / (1 + np.exp(-2*x)) - 1
    def gradient(self, x):
        return 1 - np.power(self.__call__(x), 2)
class Activation():
    def __init__(self):
        self.activation_func = TanH()
        self.trainable = True
    def forward_pass(self, X, training=True):
        self.layer_input = X
        return self.activation_func(X)
    def backward_pass(self, accum_grad):
        return accum_grad * self.activation_func.gradient(self.layer_input)
""",
    ("1 - np.power(self.__call__(x), 2)", "1 - np.power(x, 2)", "wrong_operand"),
    ("accum_grad * self.activation_func", "self.activation_func", "ignores_upstream missing_factor"),
)
case(
    "lazy_dictionaries",
    "Dense(3)",
    lambda r: [n(r, 5, 4)],
    """
class Layer:
    def __init__(self):
        self.params = {p: None for p in self.param_names}
        self.grads = {}
        self.is_init = False
class Dense(Layer):
    param_names = ("w", "b")
    def __init__(self, num_out):
        super().__init__()
        self.num_out = num_out
        self.inputs = None
    def _init_params(self, inputs):
        self.params["w"] = np.random.normal(size=(inputs.shape[1], self.num_out))
        self.params["b"] = np.zeros((1, self.num_out))
        self.is_init = True
    def forward(self, inputs):
        if not self.is_init:
            self._init_params(inputs)
        self.inputs = inputs
        return inputs @ self.params["w"] + self.params["b"]
    def backward(self, grad):
        self.grads["w"] = self.inputs.T @ grad
        self.grads["b"] = np.sum(grad, axis=0)[None, :]
        return grad @ self.params["w"].T
""",
    ("self.inputs.T @ grad", "self.inputs.T @ grad/len(grad)", FACTOR),
    ("np.sum(grad, axis=0)[None, :]", "np.sum(grad, axis=0)", "shape_mismatch"),
)
case(
    "accumulating_dictionaries",
    "FullyConnected(3)",
    lambda r: [n(r, 5, 4)],
    """
class FullyConnected:
    def __init__(self, n_out):
        self.X = []
        self.n_in = None
        self.n_out = n_out
        self.gradients = {}
        self.parameters = {"W": None, "b": None}
        self.derived_variables = {}
        self.trainable = True
        self.is_initialized = False
    def _init_params(self):
        self.parameters = {"W": np.random.uniform(-1, 1, (self.n_in, self.n_out)), "b": np.zeros((1, self.n_out))}
        self.derived_variables = {"Z": []}
        self.gradients = {"W": np.zeros_like(self.parameters["W"]), "b": np.zeros_like(self.parameters["b"])}
        self.is_initialized = True
    def forward(self, X, retain_derived=True):
        if not self.is_initialized:
            self.n_in = X.shape[1]
            self._init_params()
        Z = X @ self.parameters["W"] + self.parameters["b"]
        if retain_derived:
            self.X.append(X)
            self.derived_variables["Z"].append(Z)
        return np.tanh(Z)
    def backward(self, dLdy, retain_grads=True):
        if not isinstance(dLdy, list):
            dLdy = [dLdy]
        dX = []
        for dy, x in zip(dLdy, self.X):
            dx, dw, db = self._bwd(dy, x)
            dX.append(dx)
            if retain_grads:
                self.gradients["W"] += dw
                self.gradients["b"] += db
        return dX[0] if len(self.X) == 1 else dX
    def _bwd(self, dLdy, X):
        W, b = self.parameters["W"], self.parameters["b"]
        Z = X @ W + b
        dZ = dLdy*(1 - np.tanh(Z)**2)
        return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0, keepdims=True)
    def flush_gradients(self):
        self.X = []
        for k in self.gradients:
            self.gradients[k] = np.zeros_like(self.gradients[k])
        for k in self.derived_variables:
            self.derived_variables[k] = []
""",
    ("(1 - np.tanh(Z)**2)", "(1 - Z**2)", "wrong_operand"),
    ("X.T @ dZ, dZ.sum", "X.T @ dLdy, dZ.sum", "wrong_operand missing_factor"),
)
case(
    "tensors_that_accumulate",
    "Linear(4, 3)",
    lambda r: [n(r, 5, 4)],
    """
class Tensor:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)
class Linear:
    def __init__(self, nin, nout):
        self.weight = Tensor(np.random.randn(nin, nout))
        self.bias = Tensor(np.zeros(nout))
    def parameters(self):
        return [self.weight, self.bias]
    def zero_grad(self):
        for p in self.parameters():
            p.grad[...] = 0
    def forward(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data
    def backward(self, g):
        self.weight.grad += self.x.T @ g
        self.bias.grad += g.sum(0)
        return g @ self.weight.data.T
""",
    ("self.weight.grad += self.x.T @ g", "self.weight.grad += 2*self.x.T @ g", FACTOR),
)
case(
    "accumulates_without_a_reset",
    "Linear(4, 3)",
    lambda r: [n(r, 5, 4)],
    """
class Linear:
    def __init__(self, nin, nout):
        self.W, self.b = np.random.randn(nin, nout), np.zeros(nout)
        self.dW, self.db = np.zeros((nin, nout)), np.zeros(nout)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T
""",
    ("self.db += dout.sum(axis=0)", "self.db += dout[0]", "missing_sum"),
)
case(
    "updates_by_a_learning_rate",
    "Dense(4, 3)",
    lambda r: [n(r, 1, 4)],
    """
class Dense:
    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(input_size, output_size)
        self.bias = np.random.randn(1, output_size)
    def forward(self, input_data):
        self.input = input_data
        return np.dot(self.input, self.weights) + self.bias
    def backward(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error
        return input_error
""",
    ("self.weights -= learning_rate", "self.weights += learning_rate", "wrong_sign"),
    (
        "weights_error = np.dot(self.input.T, output_error)",
        "weights_error = 2*np.dot(self.input.T, output_error)",
        FACTOR,
    ),
)
case(
    "dense_of_the_book",
    "Layer_Dense(4, 3)",
    lambda r: [n(r, 5, 4)],
    """
class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.5 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
    def forward(self, inputs, training=False):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)
""",
    ("np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0, keepdims=True)", SUMS),
    ("self.dinputs = np.dot(dvalues, self.weights.T)", "self.dinputs = np.dot(dvalues, self.weights.T)*2", FACTOR),
)
case(
    "softmax_of_the_book",
    "Activation_Softmax()",
    lambda r: [n(r, 4, 3)],
    """
class Activation_Softmax:
    def forward(self, inputs):
        self.inputs = inputs
        e = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = e / np.sum(e, axis=1, keepdims=True)
    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for k, (s, d) in enumerate(zip(self.output, dvalues)):
            s = s.reshape(-1, 1)
            J = np.diagflat(s) - np.dot(s, s.T)
            self.dinputs[k] = np.dot(J, d)
""",
    ("np.diagflat(s) - np.dot(s, s.T)", "np.diagflat(s)", "missing_term wrong_operand"),
)
case(
    "prelu_with_a_slope",
    "PReLU(3)",
    lambda r: [n(r, 6, 3)],
    """
class PReLU:
    def __init__(self, k):
        self.alpha = np.full(k, 0.25)
    def __call__(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha*x)
    def backward(self, dy):
        self.dalpha = np.where(self.x > 0, 0, self.x*dy).sum(axis=0)
        return np.where(self.x > 0, dy, self.alpha*dy)
""",
    ("dy, self.alpha*dy)", "dy, 0)", "negative_inputs"),
    ("np.where(self.x > 0, 0, self.x*dy).sum(axis=0)", "(self.x*dy).sum(axis=0)", "any"),
)
case(
    "embedding_accumulates",
    "Embedding(6, 3)",
    lambda r: [r.integers(0, 6, (4, 2))],
    """
class Embedding:
    def __init__(self, vocabulary, size):
        self.params = {"E": np.random.randn(vocabulary, size)}
        self.grads = {"E": np.zeros((vocabulary, size))}
    def forward(self, ids):
        self.ids = ids
        return self.params["E"][ids]
    def backward(self, dout):
        np.add.at(self.grads["E"], self.ids, dout)
    def zero_grads(self):
        self.grads["E"][...] = 0
""",
    ('np.add.at(self.grads["E"], self.ids, dout)', 'np.add.at(self.grads["E"], self.ids, dout/len(dout))', FACTOR),
)
case(
    "loss_with_a_dictionary_of_gradients",
    "TwoLayerNet(4, 5, 3)",
    lambda r: [n(r, 6, 4), r.integers(0, 3, 6)],
    """
class TwoLayerNet:
    def __init__(self, d, h, c, reg=0.1):
        self.params = {"W1": np.random.randn(d, h), "b1": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c)}
        self.reg = reg
    def loss(self, X, y=None):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        pre = X @ W1 + b1
        hidden = np.maximum(0, pre)
        scores = hidden @ W2 + b2
        if y is None:
            return scores
        z = scores - scores.max(axis=1, keepdims=True)
        P = np.exp(z)/np.exp(z).sum(axis=1, keepdims=True)
        N = len(y)
        loss = -np.log(P[np.arange(N), y]).mean() + 0.5*self.reg*(np.sum(W1**2) + np.sum(W2**2))
        dscores = P.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads = {"W2": hidden.T @ dscores + self.reg*W2, "b2": dscores.sum(axis=0)}
        dhidden = dscores @ W2.T
        dhidden[pre <= 0] = 0
        grads["W1"] = X.T @ dhidden + self.reg*W1
        grads["b1"] = dhidden.sum(axis=0)
        return loss, grads
""",
    ("        dhidden[pre <= 0] = 0\n", "", "negative_inputs missing_factor"),
    ("X.T @ dhidden + self.reg*W1", "X.T @ dhidden", "regulariser"),
    ("        dscores /= N\n", "", "missing_factor any"),
)
