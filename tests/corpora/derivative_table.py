"""A published table of derivatives in plain text, as programs print it: PyTorch's `derivatives.yaml`, in its spellings.

A row: the function, with `self` and its other arguments; what is differentiated by, with the gradient as printed there.
`grad` is the gradient by the result. Left out: what is written in the words of C (`at::`), and decimals for log 2 and
log 10, which are no exact values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tabulated:
    """A function with its derivatives; `shape`: of its result; `inputs`: declared otherwise than as vectors."""

    expression: str
    derivatives: dict[str, str]
    shape: str = "(n,)"
    inputs: str = ""

    @property
    def model(self) -> str:
        """The model whose loss has the gradient `grad` by the result."""
        names = ("self", "other", "tensor1", "tensor2", "weight", "target")
        inputs = self.inputs or "".join(f"{name} : (n,)\n" for name in names if name in self.expression)
        loss = "grad * result" if self.shape == "scalar" else "sum(grad * result)"
        return f"{inputs}grad : {self.shape}\nresult = {self.expression}\nL = {loss}\n"


TABLE = (
    Tabulated("abs(self)", {"self": "grad * self.sgn()"}),
    Tabulated("acos(self)", {"self": "grad * -((-self * self + 1).rsqrt())"}),
    Tabulated("self + 3*other", {"self": "grad", "other": "grad * 3"}),
    Tabulated(
        "self + 2*(tensor1 / tensor2)",
        {"self": "grad", "tensor1": "grad * (2 / tensor2)", "tensor2": "-grad * 2 * tensor1 / (tensor2 * tensor2)"},
    ),
    Tabulated("self + 2*tensor1*tensor2", {"tensor1": "grad * (tensor2 * 2)", "tensor2": "grad * (tensor1 * 2)"}),
    Tabulated("acosh(self)", {"self": "grad * (self.pow(2) - 1).rsqrt()"}),
    Tabulated("asinh(self)", {"self": "grad * (self.pow(2) + 1).rsqrt()"}),
    Tabulated("atanh(self)", {"self": "grad * 1 / (1 - self.pow(2))"}),
    Tabulated("asin(self)", {"self": "grad * (-self * self + 1).rsqrt()"}),
    Tabulated("atan(self)", {"self": "grad / (self * self + 1)"}),
    Tabulated(
        "atan2(self, other)",
        {
            "self": "grad * other / (self * self + other * other)",
            "other": "-grad * self / (self * self + other * other)",
        },
    ),
    Tabulated("ceil(self)", {"self": "zeros_like(grad)"}),
    Tabulated("cos(self)", {"self": "grad * -self.sin()"}),
    Tabulated("cosh(self)", {"self": "grad * self.sinh()"}),
    Tabulated("digamma(self)", {"self": "grad * polygamma(1, self)"}),
    Tabulated("self / other", {"self": "grad / other", "other": "-grad * ((self / other) / other)"}),
    Tabulated("erf(self)", {"self": "2.0 / sqrt(M_PI) * exp(-(self.pow(2))) * grad"}),
    Tabulated("erfc(self)", {"self": "-2.0 / sqrt(M_PI) * exp(-(self.pow(2))) * grad"}),
    Tabulated("erfcx(self)", {"self": "(2.0 * self * result - 2.0 / sqrt(M_PI)) * grad"}),
    Tabulated("erfinv(self)", {"self": "0.5 * sqrt(M_PI) * exp(self.erfinv().pow(2)) * grad"}),
    Tabulated("exp(self)", {"self": "grad * result"}),
    Tabulated("exp2(self)", {"self": "grad * result * M_LN2"}),
    Tabulated("expm1(self)", {"self": "grad * (result + 1)"}),
    Tabulated("floor(self)", {"self": "zeros_like(grad)"}),
    Tabulated("frac(self)", {"self": "grad"}),
    Tabulated("i0(self)", {"self": "grad * special_i1(self)"}),
    Tabulated("i0e(self)", {"self": "grad * (special_i1e(self) - self.sgn() * result)"}),
    Tabulated("i1(self)", {"self": "grad * (i0(self) - i1(self) / self)"}),
    Tabulated("i1e(self)", {"self": "grad * (i0e(self) - result * (self.sgn() + self.reciprocal()))"}),
    Tabulated("lgamma(self)", {"self": "grad * digamma(self)"}),
    Tabulated("log(self)", {"self": "grad.div(self)"}),
    Tabulated("log1p(self)", {"self": "grad / (self + 1)"}),
    Tabulated(
        "logaddexp(self, other)", {"self": "grad / (1 + exp(other - self))", "other": "grad / (1 + exp(self - other))"}
    ),
    Tabulated(
        "logaddexp2(self, other)",
        {"self": "grad / (1 + pow(2, other - self))", "other": "grad / (1 + pow(2, self - other))"},
    ),
    Tabulated("xlogy(self, other)", {"self": "grad * log(other)", "other": "grad * self / other"}),
    Tabulated("xlog1py(self, other)", {"self": "grad * other.log1p()", "other": "grad * self / (other + 1)"}),
    Tabulated("maximum(self, other)", {"self": "grad * (self > other)"}),
    Tabulated("self * other", {"self": "grad * other", "other": "grad * self"}),
    Tabulated("-self", {"self": "grad.neg()"}),
    Tabulated("ndtri(self)", {"self": "grad * sqrt(2 * M_PI) * (result.square() / 2).exp()"}),
    Tabulated("log_ndtr(self)", {"self": "grad / erfcx(-self / sqrt(2)) * sqrt(2 / M_PI)"}),
    Tabulated("polygamma(2, self)", {"self": "grad * polygamma(3, self)"}),
    Tabulated("self**3", {"self": "grad * 3 * self.pow(2)"}),
    Tabulated("self**other", {"self": "grad * (other * self.pow(other - 1))", "other": "grad * (result * self.log())"}),
    Tabulated("1/self", {"self": "-grad * (result * result)"}),
    Tabulated("rsqrt(self)", {"self": "-0.5 * grad * result.pow(3)"}),
    Tabulated("sigmoid(self)", {"self": "grad * (1 - result) * result"}),
    Tabulated("logit(self)", {"self": "grad / (self * (1 - self))"}),
    Tabulated("sign(self)", {"self": "zeros_like(grad)"}),
    Tabulated("sin(self)", {"self": "grad * self.cos()"}),
    Tabulated("sinh(self)", {"self": "grad * self.cosh()"}),
    Tabulated("sqrt(self)", {"self": "grad / (2 * result)"}),
    Tabulated("square(self)", {"self": "grad * 2 * self"}),
    Tabulated("self - 3*other", {"other": "-grad * 3"}),
    Tabulated("tan(self)", {"self": "grad * (1 + result.pow(2))"}),
    Tabulated("tanh(self)", {"self": "grad * (1 - result * result)"}),
    Tabulated("trunc(self)", {"self": "zeros_like(grad)"}),
    Tabulated("hypot(self, other)", {"self": "grad * (self / result)", "other": "grad * (other / result)"}),
    Tabulated(
        "lerp(self, other, weight)",
        {"self": "grad * (1 - weight)", "other": "grad * weight", "weight": "grad * (other - self)"},
    ),
    Tabulated("relu(self)", {"self": "grad * (result > 0)"}),
    Tabulated("silu(self)", {"self": "grad * sigmoid(self) * (1 + self * (1 - sigmoid(self)))"}),
    Tabulated(
        "mish(self)", {"self": "grad * (tanh(softplus(self)) + self * sigmoid(self) * (1 - tanh(softplus(self))**2))"}
    ),
    Tabulated("softplus(self)", {"self": "grad * sigmoid(self)"}),
    Tabulated("leaky_relu(self, 0.1)", {"self": "where(self > 0, grad, grad * 0.1)"}),
    Tabulated("hardtanh(self)", {"self": "where((self <= -1) | (self >= 1), 0, grad)"}),
    Tabulated("logsigmoid(self)", {"self": "grad * (1 - sigmoid(self))"}),
    Tabulated("elu(self)", {"self": "where(self > 0, grad, grad * (result + 1))"}),
    Tabulated("threshold(self, 0.5, 2)", {"self": "where(self > 0.5, grad, 0)"}),
    Tabulated("softshrink(self, 0.5)", {"self": "where(abs(self) <= 0.5, 0, grad)"}),
    Tabulated("hardswish(self)", {"self": "where(self < -3, 0, where(self <= 3, grad * ((self / 3) + 0.5), grad))"}),
    Tabulated(
        "gelu(self)", {"self": "grad * (0.5 * (1 + erf(self / sqrt(2))) + self * exp(-self**2 / 2) / sqrt(2 * M_PI))"}
    ),
    Tabulated("entr(self)", {"self": "grad * (-(1 + self.log()))"}),
    Tabulated(
        "sinc(self)", {"self": "grad * (M_PI * self * cos(M_PI * self) - sin(M_PI * self)) / (M_PI * self.square())"}
    ),
    Tabulated("gammainc(other, self)", {"self": "grad * exp((other - 1) * log(self) - self - lgamma(other))"}),
    Tabulated("deg2rad(self)", {"self": "grad * M_PI / 180"}),
    Tabulated("rad2deg(self)", {"self": "grad * 180 / M_PI"}),
    Tabulated(
        "where(self > 0, self, other)", {"self": "where(self > 0, grad, 0)", "other": "where(self > 0, 0, grad)"}
    ),
    Tabulated("clip(self, -1, 1)", {"self": "where((self >= -1) & (self <= 1), grad, 0)"}),
    Tabulated("fmod(self, other)", {"self": "grad", "other": "-grad * trunc(self / other)"}),
    Tabulated("remainder(self, other)", {"self": "grad", "other": "-grad * floor(self / other)"}),
    Tabulated("ldexp(self, other)", {"self": "grad * pow(2, other)"}),
    Tabulated("dot(self, other)", {"self": "grad * other", "other": "grad * self"}, "scalar"),
    Tabulated("norm(self)", {"self": "self * (grad / result)"}, "scalar"),
    Tabulated("logsumexp(self)", {"self": "grad * (self - result).exp()"}, "scalar"),
    Tabulated("softmax(self)", {"self": "grad * result - result * sum(grad * result)"}),
    Tabulated("log_softmax(self)", {"self": "grad - exp(result) * sum(grad)"}),
    Tabulated("var(self)", {"self": "(2.0 / n) * grad * (self - self.mean())"}, "scalar"),
    Tabulated("A @ B", {"A": "grad.mm(B.t())", "B": "A.t().mm(grad)"}, "(m, p)", "A : (m, n)\nB : (n, p)\n"),
    Tabulated("A @ v", {"A": "grad.ger(v)", "v": "A.t().mv(grad)"}, "(m,)", "A : (m, n)\nv : (n,)\n"),
    Tabulated("outer(u, v)", {"u": "grad.mv(v)", "v": "grad.t().mv(u)"}, "(m, n)", "u : (m,)\nv : (n,)\n"),
    Tabulated("inv(A)", {"A": "-result.t() @ grad @ result.t()"}, "(n, n)", "A : (n, n)\n"),
    Tabulated("logdet(A)", {"A": "grad * inv(A).t()"}, "scalar", "A : (n, n)\n"),
    Tabulated("det(A)", {"A": "grad * result * inv(A).t()"}, "scalar", "A : (n, n)\n"),
    Tabulated("trace(A)", {"A": "grad * eye(n)"}, "scalar", "A : (n, n)\n"),
    Tabulated("A.T", {"A": "grad.t()"}, "(n, m)", "A : (m, n)\n"),
    Tabulated("mean((self - target)**2)", {"self": "grad * (2. / n) * (self - target)"}, "scalar"),
    Tabulated("mean(abs(self - target))", {"self": "grad * sign(self - target) / n"}, "scalar"),
    Tabulated("mean(log(1 + exp(-target*self)))", {"self": "-target * sigmoid(-target * self) / n * grad"}, "scalar"),
    Tabulated(
        "mean(-(target*log(self) + (1-target)*log(1-self)))",
        {"self": "grad * (self - target) / ((1 - self) * self) / n"},
        "scalar",
    ),
    Tabulated("mean(softplus(self) - target*self)", {"self": "grad * (sigmoid(self) - target) / n"}, "scalar"),
    Tabulated("mean(target*(log(target) - self))", {"self": "-target * grad / n"}, "scalar"),
    Tabulated(
        "mean(where(abs(self-target) < 1, 0.5*(self-target)**2, abs(self-target) - 0.5))",
        {"self": "grad / n * clip(self - target, -1, 1)"},
        "scalar",
    ),
)
