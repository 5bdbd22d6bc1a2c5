"""Activations: a function and its slope, under the names that people give to the two."""

from __future__ import annotations

from tests.gradients.plain_layers.case import case, n

CLASSIC = "wrong_operand"
case(
    "call_gradient_sigmoid",
    "Sigmoid()",
    lambda r: [n(r, 5, 4)],
    """
class Sigmoid():
    def __call__(self, x):
        return 1 / (1 + np.exp(-x))
    def gradient(self, x):
        return self.__call__(x) * (1 - self.__call__(x))
""",
    ("return self.__call__(x) * (1 - self.__call__(x))", "return x * (1 - x)", CLASSIC),
    ("(1 - self.__call__(x))", "(1 + self.__call__(x))", "wrong_sign wrong_operand extra_factor"),
)
case(
    "call_gradient_relu_integers",
    "ReLU()",
    lambda r: [n(r, 5, 4)],
    """
class ReLU():
    def __call__(self, x):
        return np.where(x >= 0, x, 0)
    def gradient(self, x):
        return np.where(x >= 0, 1, 0)
""",
    ("np.where(x >= 0, 1, 0)", "np.ones_like(x)", "negative_inputs"),
)
case(
    "call_gradient_leaky",
    "LeakyReLU()",
    lambda r: [n(r, 5, 4)],
    """
class LeakyReLU():
    def __init__(self, alpha=0.2):
        self.alpha = alpha
    def __call__(self, x):
        return np.where(x >= 0, x, self.alpha * x)
    def gradient(self, x):
        return np.where(x >= 0, 1, self.alpha)
""",
    ("np.where(x >= 0, 1, self.alpha)", "np.where(x >= 0, 1, 0)", "negative_inputs"),
    (
        "return np.where(x >= 0, 1, self.alpha)",
        "return np.where(x >= 0, 1, -self.alpha)",
        "negative_inputs wrong_sign missing_factor",
    ),
)
case(
    "fn_grad_tanh",
    "Tanh()",
    lambda r: [n(r, 5, 4)],
    """
class ActivationBase:
    def __call__(self, z):
        if z.ndim == 1:
            z = z.reshape(1, -1)
        return self.fn(z)
    def fn(self, z):
        raise NotImplementedError
class Tanh(ActivationBase):
    def fn(self, z):
        return np.tanh(z)
    def grad(self, x):
        return 1 - np.tanh(x) ** 2
    def grad2(self, x):
        t = np.tanh(x)
        return -2 * t * (1 - t ** 2)
""",
    ("return 1 - np.tanh(x) ** 2", "return 1 - x ** 2", CLASSIC),
    ("return 1 - np.tanh(x) ** 2", "return 1 - np.tanh(x)", "missing_square wrong_operand"),
)
case(
    "fn_grad_softplus",
    "SoftPlus()",
    lambda r: [n(r, 4, 3)],
    """
class SoftPlus:
    def fn(self, z):
        return np.log(np.exp(z) + 1)
    def grad(self, x):
        exp_x = np.exp(x)
        return exp_x / (exp_x + 1)
""",
    ("return exp_x / (exp_x + 1)", "return 1 / (exp_x + 1)", "wrong_operand missing_factor extra_factor"),
)
case(
    "fn_grad_elu",
    "ELU(1.3)",
    lambda r: [n(r, 4, 3)],
    """
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def fn(self, z):
        return np.where(z > 0, z, self.alpha * (np.exp(z) - 1))
    def grad(self, x):
        return np.where(x > 0, np.ones_like(x), self.alpha * np.exp(x))
""",
    ("self.alpha * np.exp(x))", "np.exp(x))", "negative_inputs"),
)
case(
    "nielsen_pair",
    "(sigmoid, sigmoid_prime)",
    lambda r: [n(r, 6, 1)],
    """
def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))
def sigmoid_prime(z):
    return sigmoid(z)*(1-sigmoid(z))
""",
    ("return sigmoid(z)*(1-sigmoid(z))", "return z*(1-z)", CLASSIC),
    ("sigmoid(z)*(1-sigmoid(z))", "sigmoid(z)*(1-z)", CLASSIC),
)
case(
    "pair_tanh_prime",
    "(tanh, tanh_prime)",
    lambda r: [n(r, 1, 7)],
    """
def tanh(x):
    return np.tanh(x)
def tanh_prime(x):
    return 1 - np.tanh(x)**2
""",
    ("1 - np.tanh(x)**2", "np.tanh(x)**2 - 1", "wrong_sign"),
)
case(
    "f_df_swish",
    "Swish()",
    lambda r: [n(r, 5, 3)],
    """
class Swish:
    def f(self, x):
        return x/(1 + np.exp(-x))
    def df(self, x):
        s = 1/(1 + np.exp(-x))
        return s + x*s*(1 - s)
""",
    ("return s + x*s*(1 - s)", "return s + s*(1 - s)", "missing_factor wrong_operand"),
    ("return s + x*s*(1 - s)", "return s", "missing_term"),
)
case(
    "static_f_prime",
    "Arctan",
    lambda r: [n(r, 5, 3)],
    """
class Arctan:
    @staticmethod
    def f(z):
        return np.arctan(z)
    @staticmethod
    def f_prime(z):
        return 1/(1 + z**2)
""",
    ("1/(1 + z**2)", "1/(1 + z)**2", "wrong_operand missing_square"),
    ("1/(1 + z**2)", "1/(1 - z**2)", "wrong_sign wrong_operand"),
)
case(
    "activate_derivative_of_the_output",
    "Logistic()",
    lambda r: [n(r, 5, 3)],
    """
class Logistic:
    def activate(self, z):
        return 1/(1 + np.exp(-z))
    def derivative(self, output):
        return output*(1 - output)
""",
    ("output*(1 - output)", "output*(1 - output)**2", "extra_factor"),
    ("return output*(1 - output)", "s = 1/(1 + np.exp(-output)); return s*(1 - s)", CLASSIC),
)
case(
    "grad_of_a",
    "TanhUnit()",
    lambda r: [n(r, 5, 3)],
    """
class TanhUnit:
    def forward(self, z):
        return np.tanh(z)
    def grad(self, a):
        return 1 - a**2
""",
    ("1 - a**2", "1 - np.tanh(a)**2", CLASSIC),
    ("1 - a**2", "1 - a", "missing_square wrong_operand"),
)
case(
    "flag_of_a_function",
    "sigmoid",
    lambda r: [n(r, 4, 3)],
    """
def sigmoid(x, derivative=False):
    s = 1/(1 + np.exp(-x))
    if derivative:
        return s*(1 - s)
    return s
""",
    ("return s*(1 - s)", "return x*(1 - x)", CLASSIC),
)
case(
    "namespace_of_functions",
    "{'f': softsign, 'df': softsign_derivative}",
    lambda r: [n(r, 4, 3)],
    """
def softsign(x):
    return x/(1 + np.abs(x))
def softsign_derivative(x):
    return 1/(1 + np.abs(x))**2
""",
    ("return 1/(1 + np.abs(x))**2", "return 1/(1 + np.abs(x))", "missing_square missing_factor wrong_operand"),
)
case(
    "call_backward_gelu",
    "GELU()",
    lambda r: [n(r, 4, 3)],
    """
class GELU:
    c = np.sqrt(2/np.pi)
    def __call__(self, x):
        self.x = x
        self.t = np.tanh(self.c*(x + 0.044715*x**3))
        return 0.5*x*(1 + self.t)
    def backward(self, dout):
        x, t = self.x, self.t
        du = self.c*(1 + 3*0.044715*x**2)
        return dout*(0.5*(1 + t) + 0.5*x*(1 - t**2)*du)
""",
    ("(1 + 3*0.044715*x**2)", "(1 + 0.044715*x**2)", "missing_factor wrong_operand"),
    ("(1 - t**2)*du", "(1 - t)*du", "missing_square wrong_operand missing_factor"),
)
case(
    "inputs_in_attributes",
    "Activation_Sigmoid()",
    lambda r: [n(r, 5, 4)],
    """
class Activation_Sigmoid:
    def forward(self, inputs, training=False):
        self.inputs = inputs
        self.output = 1 / (1 + np.exp(-inputs))
    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - self.output) * self.output
    def predictions(self, outputs):
        return (outputs > 0.5) * 1
""",
    ("dvalues * (1 - self.output) * self.output", "dvalues * (1 - self.inputs) * self.inputs", CLASSIC),
    ("dvalues * (1 - self.output) * self.output", "dvalues * (1 - self.output)", "missing_factor"),
)
case(
    "relu_of_the_book",
    "Activation_ReLU()",
    lambda r: [n(r, 5, 4)],
    """
class Activation_ReLU:
    def forward(self, inputs, training):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0
""",
    ("\n        self.dinputs[self.inputs <= 0] = 0", "", "negative_inputs"),
)
case(
    "mask_in_place",
    "Relu()",
    lambda r: [n(r, 5, 4)],
    """
class Relu:
    def __init__(self):
        self.mask = None
    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out
    def backward(self, dout):
        dout[self.mask] = 0
        dx = dout
        return dx
""",
    ("        dout[self.mask] = 0\n        dx", "        dx", "negative_inputs"),
)
