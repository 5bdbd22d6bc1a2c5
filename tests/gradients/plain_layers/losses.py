"""Losses: the value by predictions and targets in either order, and the gradient by the predictions."""

from __future__ import annotations

from tests.gradients.plain_layers.case import case, n, onehot, p

FACTOR = "missing_factor extra_factor mean_for_sum"
case(
    "square_loss_elementwise",
    "SquareLoss()",
    lambda r: [n(r, 5, 3), n(r, 5, 3)],
    """
class Loss(object):
    def loss(self, y_true, y_pred):
        return NotImplementedError()
    def gradient(self, y, y_pred):
        raise NotImplementedError()
    def acc(self, y, y_pred):
        return 0
class SquareLoss(Loss):
    def loss(self, y, y_pred):
        return 0.5 * np.power((y - y_pred), 2)
    def gradient(self, y, y_pred):
        return -(y - y_pred)
""",
    ("return -(y - y_pred)", "return (y - y_pred)", "wrong_sign"),
    ("return -(y - y_pred)", "return -2*(y - y_pred)", "extra_factor"),
)
case(
    "cross_entropy_clipped",
    "CrossEntropy()",
    lambda r: [onehot(r, 5, 3), p(r, 5, 3)],
    """
class CrossEntropy():
    def loss(self, y, p):
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return - y * np.log(p) - (1 - y) * np.log(1 - p)
    def gradient(self, y, p):
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return - (y / p) + (1 - y) / (1 - p)
""",
    ("- (y / p) + (1 - y) / (1 - p)", "- (y / p) - (1 - y) / (1 - p)", "wrong_sign missing_term"),
    ("- (y / p) + (1 - y) / (1 - p)", "p - y", "wrong_operand missing_factor extra_factor"),
)
case(
    "total_squared_error",
    "TSE()",
    lambda r: [n(r, 6, 2), n(r, 6, 2)],
    """
class TSE:
    def loss(self, predicted, actual):
        return np.sum((predicted - actual) ** 2)
    def grad(self, predicted, actual):
        return 2 * (predicted - actual)
""",
    ("return 2 * (predicted - actual)", "return (predicted - actual)", "missing_factor"),
    ("2 * (predicted - actual)", "2 * (actual - predicted)", "wrong_sign"),
)
case(
    "mse_pair_of_functions",
    "(mse, mse_prime)",
    lambda r: [n(r, 6, 2), n(r, 6, 2)],
    """
def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))
def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / np.size(y_true)
""",
    ("/ np.size(y_true)", "/ len(y_true)", FACTOR),
    ("2 * (y_pred - y_true)", "2 * (y_true - y_pred)", "wrong_sign"),
)
case(
    "bce_pair_of_functions",
    "(binary_cross_entropy, binary_cross_entropy_prime)",
    lambda r: [(r.random((5, 1)) > 0.5).astype(float), p(r, 5, 1)],
    """
def binary_cross_entropy(y_true, y_pred):
    return np.mean(-y_true * np.log(y_pred) - (1 - y_true) * np.log(1 - y_pred))
def binary_cross_entropy_prime(y_true, y_pred):
    return ((1 - y_true) / (1 - y_pred) - y_true / y_pred) / np.size(y_true)
""",
    (
        "((1 - y_true) / (1 - y_pred) - y_true / y_pred) / np.size(y_true)",
        "(y_pred - y_true) / np.size(y_true)",
        "wrong_operand missing_factor extra_factor",
    ),
)
case(
    "per_sample_categorical",
    "Loss_CategoricalCrossentropy()",
    lambda r: [p(r, 5, 3), onehot(r, 5, 3)],
    """
class Loss_CategoricalCrossentropy:
    def forward(self, y_pred, y_true):
        y_pred_clipped = np.clip(y_pred, 1e-7, 1 - 1e-7)
        correct = np.sum(y_pred_clipped * y_true, axis=1)
        return -np.log(correct)
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        self.dinputs = -y_true / dvalues
        self.dinputs = self.dinputs / samples
""",
    (
        "self.dinputs = -y_true / dvalues",
        "self.dinputs = -y_true * dvalues",
        "wrong_operand missing_factor extra_factor",
    ),
    ("self.dinputs = self.dinputs / samples", "self.dinputs = -self.dinputs / samples", "wrong_sign"),
)
case(
    "per_sample_mse",
    "Loss_MeanSquaredError()",
    lambda r: [n(r, 5, 3), n(r, 5, 3)],
    """
class Loss_MeanSquaredError:
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred)**2, axis=-1)
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        outputs = len(dvalues[0])
        self.dinputs = -2 * (y_true - dvalues) / outputs
        self.dinputs = self.dinputs / samples
""",
    ("-2 * (y_true - dvalues) / outputs", "-2 * (y_true - dvalues)", FACTOR),
    ("-2 * (y_true - dvalues) / outputs", "-(y_true - dvalues) / outputs", "missing_factor"),
)
case(
    "call_and_derivative_huber",
    "Huber(0.8)",
    lambda r: [n(r, 6, 2), n(r, 6, 2)],
    """
class Huber:
    def __init__(self, delta=1.0):
        self.delta = delta
    def __call__(self, y_pred, y_true):
        e = y_pred - y_true
        small = np.abs(e) <= self.delta
        return np.mean(np.where(small, 0.5*e**2, self.delta*(np.abs(e) - 0.5*self.delta)))
    def derivative(self, y_pred, y_true):
        e = y_pred - y_true
        small = np.abs(e) <= self.delta
        return np.where(small, e, self.delta*np.sign(e))/e.size
""",
    ("np.where(small, e, self.delta*np.sign(e))/e.size", "np.where(small, e, np.sign(e))/e.size", "any"),
    ("/e.size\n", "/len(e)\n", FACTOR),
)
case(
    "loss_prime_methods",
    "LogCosh()",
    lambda r: [n(r, 6), n(r, 6)],
    """
class LogCosh:
    def loss(self, y_true, y_pred):
        return np.mean(np.log(np.cosh(y_pred - y_true)))
    def loss_prime(self, y_true, y_pred):
        return np.tanh(y_pred - y_true)/len(y_true)
""",
    ("return np.tanh(y_pred - y_true)", "return np.tanh(y_true - y_pred)", "wrong_sign"),
    ("/len(y_true)\n", "\n", FACTOR),
)
case(
    "loss_backward_same_arguments",
    "Hinge()",
    lambda r: [n(r, 8), r.choice([-1.0, 1.0], 8)],
    """
class Hinge:
    def forward(self, scores, target):
        return np.maximum(0, 1 - target*scores).mean()
    def backward(self, scores, target):
        return np.where(target*scores < 1, -target, 0)/len(target)
""",
    ("np.where(target*scores < 1, -target, 0)", "-target", "missing_factor negative_inputs wrong_operand any"),
    ("target*scores < 1, -target", "target*scores < 1, -scores", "wrong_operand"),
)
case(
    "softmax_with_loss",
    "SoftmaxWithLoss()",
    lambda r: [n(r, 5, 3), onehot(r, 5, 3)],
    """
def softmax(x):
    x = x - x.max(axis=1, keepdims=True)
    return np.exp(x)/np.exp(x).sum(axis=1, keepdims=True)
def cross_entropy_error(y, t):
    return -np.sum(t*np.log(y + 1e-7))/y.shape[0]
class SoftmaxWithLoss:
    def __init__(self):
        self.loss = None
        self.y = None
        self.t = None
    def forward(self, x, t):
        self.t = t
        self.y = softmax(x)
        self.loss = cross_entropy_error(self.y, self.t)
        return self.loss
    def backward(self, dout=1):
        return (self.y - self.t)/self.t.shape[0]
""",
    ("return (self.y - self.t)/self.t.shape[0]", "return (self.y - self.t)", "missing_factor"),
    (
        "return (self.y - self.t)/self.t.shape[0]",
        "return (self.y*(1 - self.y) - self.t)/self.t.shape[0]",
        "extra_factor any",
    ),
)
case(
    "label_smoothing",
    "SmoothedCrossEntropy(0.1)",
    lambda r: [n(r, 5, 4), r.integers(0, 4, 5)],
    """
class SmoothedCrossEntropy:
    def __init__(self, eps):
        self.eps = eps
    def forward(self, logits, labels):
        self.K = logits.shape[1]
        z = logits - logits.max(axis=1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        self.P = np.exp(logp)
        self.Y = np.eye(self.K)[labels]
        self.Q = (1 - self.eps)*self.Y + self.eps/self.K
        return -(self.Q*logp).sum()/len(labels)
    def backward(self):
        return (self.P - self.Q)/len(self.P)
""",
    ("(self.P - self.Q)", "(self.P - self.Y)", "wrong_operand"),
    ("return (self.P - self.Q)/len(self.P)", "return (self.P - self.Q)", "missing_factor"),
)
case(
    "bce_with_logits",
    "BCEWithLogits()",
    lambda r: [n(r, 7), (r.random(7) > 0.5).astype(float)],
    """
class BCEWithLogits:
    def __call__(self, logits, targets):
        return np.mean(np.maximum(logits, 0) - logits*targets + np.log1p(np.exp(-np.abs(logits))))
    def gradient(self, logits, targets):
        return (1/(1 + np.exp(-logits)) - targets)/logits.size
""",
    ("1/(1 + np.exp(-logits))", "logits", "wrong_operand missing_prime"),
)
case(
    "guarded_cross_entropy",
    "CategoricalCE()",
    lambda r: [onehot(r, 5, 3), p(r, 5, 3)],
    """
class CategoricalCE:
    def loss(self, y_true, y_pred):
        return -np.sum(y_true*np.log(y_pred + 1e-7))/len(y_true)
    def grad(self, y_true, y_pred):
        return -y_true/y_pred/len(y_true)
""",
    ("return -y_true/y_pred/len(y_true)", "return -y_true/y_pred", FACTOR),
    ("return -y_true/y_pred/len(y_true)", "return (y_pred - y_true)/len(y_true)", "wrong_operand any"),
)
case(
    "names_that_say_nothing",
    "KL()",
    lambda r: [p(r, 4, 3), p(r, 4, 3)],
    """
class KL:
    def loss(self, a, b):
        return np.sum(a*np.log(a/b))
    def gradient(self, a, b):
        return -a/b
""",
    ("return -a/b", "return -a*b", "wrong_operand missing_factor extra_factor"),
)
case(
    "ridge_cost",
    "(compute_cost, compute_gradient)",
    lambda r: [n(r, 7, 3), n(r, 7), n(r, 3), 0.4],
    """
def compute_cost(X, y, w, b):
    e = X @ w + b - y
    return np.sum(e**2)/(2*len(y))
def compute_gradient(X, y, w, b):
    e = X @ w + b - y
    dj_dw = X.T @ e/len(y)
    dj_db = np.sum(e)/len(y)
    return dj_db, dj_dw
""",
    ("dj_dw = X.T @ e/len(y)", "dj_dw = X.T @ e", FACTOR),
    ("dj_db = np.sum(e)/len(y)", "dj_db = np.sum(e)", FACTOR),
)
