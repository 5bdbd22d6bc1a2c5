"""PyTorch: Functions, modules and passes of one's own, in tensors. Skipped where torch is not installed."""

from __future__ import annotations

import numpy as np
import pytest

from derive.errors import DeriveError, UnsupportedError
from derive.gradients.gradient import check_gradient, compare
from derive.gradients.layer import check_layer

torch = pytest.importorskip("torch", reason="torch is not installed")
torch.set_num_threads(1)  # small arrays
Function, Module, Parameter = torch.autograd.Function, torch.nn.Module, torch.nn.Parameter

SEED = torch.Generator().manual_seed(3)


def normal(*shape, dtype=torch.float32):
    return torch.randn(*shape, generator=SEED, dtype=dtype)


X, G, B, U = normal(6, 4), normal(4), normal(4), normal(3)
LABELS = torch.tensor([0, 3, 1, 1, 2, 0])


class Silu(Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z * torch.sigmoid(z)

    @staticmethod
    def backward(ctx, dy):
        (z,) = ctx.saved_tensors
        s = torch.sigmoid(z)
        return dy * (s + z * s * (1 - s))


class SiluWithoutItsSecondTerm(Silu):
    @staticmethod
    def backward(ctx, dy):
        (z,) = ctx.saved_tensors
        return dy * torch.sigmoid(z)


class SiluOfTheOtherSign(Silu):
    @staticmethod
    def backward(ctx, dy):
        return -Silu.backward(ctx, dy)


class Tanh(Function):
    @staticmethod
    def forward(z):
        return torch.tanh(z)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0], output)

    @staticmethod
    def backward(ctx, dy):
        _, a = ctx.saved_tensors
        return dy * (1 - a**2)


class TanhOfThePreactivation(Tanh):
    @staticmethod
    def backward(ctx, dy):
        z, _ = ctx.saved_tensors
        return dy * (1 - z**2)


class LayerNorm(Function):
    @staticmethod
    def forward(ctx, x, gamma, beta):
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, unbiased=False, keepdim=True)
        inverse = 1 / torch.sqrt(variance + 1e-5)
        xhat = (x - mean) * inverse
        ctx.save_for_backward(xhat, gamma, inverse)
        return gamma * xhat + beta

    @staticmethod
    def backward(ctx, dy):
        xhat, gamma, inverse = ctx.saved_tensors
        d = dy * gamma
        dx = inverse * (d - d.mean(-1, keepdim=True) - xhat * (d * xhat).mean(-1, keepdim=True))
        return dx, (dy * xhat).sum(0), dy.sum(0)


class LayerNormWithoutTheMean(LayerNorm):
    @staticmethod
    def backward(ctx, dy):
        xhat, gamma, inverse = ctx.saved_tensors
        d = dy * gamma
        dx = inverse * (d - xhat * (d * xhat).mean(-1, keepdim=True))
        return dx, (dy * xhat).sum(0), dy.sum(0)


class LayerNormSummedOverTheWrongAxis(LayerNorm):
    @staticmethod
    def backward(ctx, dy):
        dx, dgamma, _ = LayerNorm.backward(ctx, dy)
        return dx, dgamma, dy.sum(1)


class LayerNormSummedByTorch(LayerNorm):
    """torch sums a gradient down to the shape of its tensor."""

    @staticmethod
    def backward(ctx, dy):
        dx, dgamma, _ = LayerNorm.backward(ctx, dy)
        return dx, dgamma, dy


class CrossEntropy(Function):
    @staticmethod
    def forward(ctx, z, labels):
        log = torch.log_softmax(z, -1)
        ctx.save_for_backward(log, labels)
        return -log[torch.arange(len(labels)), labels].mean()

    @staticmethod
    def backward(ctx, dy):
        log, labels = ctx.saved_tensors
        p = torch.exp(log)
        p[torch.arange(len(labels)), labels] -= 1
        return dy * p / len(labels), None


class CrossEntropyOfASum(CrossEntropy):
    @staticmethod
    def backward(ctx, dy):
        return CrossEntropy.backward(ctx, dy)[0] * len(ctx.saved_tensors[1]), None


class SineAndCosine(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return torch.sin(scale * x), torch.cos(scale * x)

    @staticmethod
    def backward(ctx, ds, dc):
        (x,) = ctx.saved_tensors
        return ctx.scale * (ds * torch.cos(ctx.scale * x) - dc * torch.sin(ctx.scale * x)), None


class SineAndCosineWithoutTheScale(SineAndCosine):
    @staticmethod
    def backward(ctx, ds, dc):
        (x,) = ctx.saved_tensors
        return ds * torch.cos(ctx.scale * x) - dc * torch.sin(ctx.scale * x), None


class Affine(Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        return dy @ weight, dy.T @ x, dy.sum(0)


class AffineOfAMean(Affine):
    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        return dy @ weight, dy.T @ x, dy.mean(0)


class AffineWithoutWeight(Affine):
    @staticmethod
    def backward(ctx, dy):
        _, weight = ctx.saved_tensors
        return dy @ weight, None, dy.sum(0)


class AffineOfTwo(Affine):
    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        return dy @ weight, dy.T @ x


class Embed(Function):
    @staticmethod
    def forward(ctx, weight, index):
        ctx.save_for_backward(weight, index)
        return weight[index]

    @staticmethod
    def backward(ctx, dy):
        weight, index = ctx.saved_tensors
        return torch.zeros_like(weight).index_add_(0, index, dy), None


class Dense(Module):
    def __init__(self, rule=Affine):
        super().__init__()
        self.rule, self.weight, self.bias = rule, Parameter(normal(3, 4)), Parameter(normal(3))

    def forward(self, x):
        self.kept = self.rule.apply(x, self.weight, self.bias)
        return self.kept


class Embedding(Module):
    def __init__(self):
        super().__init__()
        self.table = Parameter(normal(4, 3))

    def forward(self, index):
        return Embed.apply(self.table, index)


class Frozen(Dense):
    def __init__(self):
        super().__init__()
        self.bias.requires_grad_(False)


class OwnPasses(Module):
    """A module that finds its gradients itself and puts them where autograd does."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = Parameter(normal(3, 4)), Parameter(normal(3))

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.weight.grad, self.bias.grad = dy.T @ self.x, dy.sum(0)
        return dy @ self.weight


class OwnPassesOfAMean(OwnPasses):
    def backward(self, dy):
        self.weight.grad, self.bias.grad = dy.T @ self.x, dy.mean(0)
        return dy @ self.weight


class Plain:
    def __init__(self):
        self.W, self.b = normal(4, 3), normal(3)

    def forward(self, x):
        self.x, self.z = x, x @ self.W + self.b
        return torch.relu(self.z)

    def backward(self, dy):
        dz = dy * (self.z > 0)
        self.dW, self.db = self.x.T @ dz, dz.sum(0)
        return dz @ self.W.T


class PlainWithoutMask(Plain):
    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class InDicts:
    def __init__(self):
        self.params, self.grads = {"W": normal(4, 3), "b": torch.zeros(3)}, {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        self.grads = {"W": self.x.T @ dy, "b": dy.sum(0)}
        self.dx = dy @ self.params["W"].T


class InDictsOfAMean(InDicts):
    def backward(self, dy):
        self.grads = {"W": self.x.T @ dy, "b": dy.mean(0)}
        self.dx = dy @ self.params["W"].T


class Adding(Module):
    """Gradients add up, as those of autograd do."""

    def __init__(self, n, k):
        super().__init__()
        self.weight = Parameter(normal(n, k))

    def forward(self, x):
        self.x = x
        return x @ self.weight

    def backward(self, dy):
        own = self.x.T @ dy
        self.weight.grad = own if self.weight.grad is None else self.weight.grad + own
        return dy @ self.weight.T


class Network(Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = Adding(4, 3), Adding(3, 2)
        self.layers = [self.first, self.second]

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))

    def backward(self, dy):
        d = self.second.backward(dy)
        return self.first.backward(d * (self.second.x > 0))


class NetworkWithoutMask(Network):
    def backward(self, dy):
        return self.first.backward(self.second.backward(dy))


class TanhAndItsSlope:
    def fn(self, z):
        return torch.tanh(z)

    def grad(self, z):
        return 1 - torch.tanh(z) ** 2


class SquaredError:
    def loss(self, y, p):
        return torch.mean((y - p) ** 2)

    def gradient(self, y, p):
        return 2 * (p - y) / p.numel()


def swish(x):
    return Silu.apply(2 * x) / 2


def called_before():
    layer = Dense()
    layer(X)
    return layer


def tanh_pair():
    return lambda z: (torch.tanh(z), torch.tanh(z)), lambda dy, a: dy * (1 - a**2)


RIGHT = {
    "silu": (Silu, X),
    "apply": (Silu.apply, X),
    "a function": (swish, X),
    "setup_context": (Tanh, X),
    "layer norm": (LayerNorm, X, G, B),
    "summed by torch": (LayerNormSummedByTorch, X, G, B),
    "labels": (CrossEntropy, X, LABELS),
    "two outputs": (SineAndCosine, X, 1.5),
    "affine": (Affine, X, normal(3, 4), U),
    "module": (Dense(), X),
    "called before": (called_before(), X),
    "indices": (Embedding(), LABELS),
    "network": (torch.nn.Sequential(Dense(), torch.nn.ReLU(inplace=True), torch.nn.Linear(3, 2)), X),
    "batch norm": (torch.nn.Sequential(torch.nn.BatchNorm1d(4), Dense()), X),
    "frozen": (Frozen(), X),
    "own passes": (OwnPasses(), X),
    "no module": (Plain(), X),
    "dicts": (InDicts(), X),
    "network of own passes": (Network(), X),
    "slope": (TanhAndItsSlope(), X),
    "loss": (SquaredError(), X, normal(6, 4)),
    "pair": (tanh_pair(), X),
    "arrays": (Silu, X.numpy()),
    "float64": (LayerNorm, X.double(), G.double(), B.double()),
    "module in float64": (Dense().double(), X.double()),
}

WRONG = {
    "term": (SiluWithoutItsSecondTerm, (X,), "z", "the term (z*sigmoid'(z))*upstream is missing"),
    "sign": (SiluOfTheOtherSign, (X,), "z", "the sign is wrong"),
    "pre-activation": (TanhOfThePreactivation, (X,), "z", "belongs"),
    "mean": (LayerNormWithoutTheMean, (X, G, B), "x", "belongs"),
    "shape": (LayerNormSummedOverTheWrongAxis, (X, G, B), "beta", "has shape (6,), beta has shape (4,)"),
    "of a sum": (CrossEntropyOfASum, (X, LABELS), "z", "the factor 1/6 is missing"),
    "scale": (SineAndCosineWithoutTheScale, (X, 1.5), "x", "times the right one"),
    "module": (Dense(AffineOfAMean), (X,), "bias", "a mean is taken where a sum is needed"),
    "deep": (torch.nn.Sequential(Dense(AffineOfAMean), torch.nn.Tanh()), (X,), "0.bias", "a mean is taken"),
    "no gradient": (Dense(AffineWithoutWeight), (X,), "weight", "zero"),
    "own passes": (OwnPassesOfAMean(), (X,), "bias", "a mean is taken where a sum is needed"),
    "dicts": (InDictsOfAMean(), (X,), "b", "a mean is taken where a sum is needed"),
    "network of own passes": (NetworkWithoutMask(), (X,), "first.weight", ""),
    "no module": (PlainWithoutMask(), (X,), "W", "the factor [output > 0] is missing"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str) -> None:
    report = check_layer(*RIGHT[name])
    assert report.verdict == "true", str(report)


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    layer, inputs, group, cause = WRONG[name]
    report = check_layer(layer, *inputs)
    found = {g.name: g for g in report.groups}
    assert report.verdict == found[group].verdict == "false"
    assert cause in found[group].diagnosis, str(report)


def test_the_groups_are_the_inputs_and_parameters() -> None:
    def groups(name):
        return [g.name for g in check_layer(*RIGHT[name]).groups]

    assert groups("module") == ["x", "weight", "bias"]
    assert groups("own passes") == ["x", "weight", "bias"]
    assert groups("network") == ["input", "0.weight", "0.bias", "2.weight", "2.bias"]
    assert groups("dicts") == ["x", "W", "b"]
    assert groups("network of own passes") == ["x", "first.weight", "second.weight"]
    assert groups("frozen") == ["x", "weight"]
    assert groups("indices") == ["table"]
    assert groups("layer norm") == ["x", "gamma", "beta"]


def test_float32_is_judged_by_its_own_rounding() -> None:
    class Off(Tanh):
        @staticmethod
        def backward(ctx, dy):
            return Tanh.backward(ctx, dy) * (1 + 1e-4)

    assert check_layer(Tanh, X).verdict == "true"
    assert check_layer(Off, X).verdict == "false"  # the slope is taken in float64


def test_what_is_held_constant_is_taken_in_float64_as_well() -> None:
    class OfWeightAlone(Affine):
        @staticmethod
        def backward(ctx, dy):
            return None, dy.T @ ctx.saved_tensors[0] * (1 + 3e-5), dy.sum(0)

    report = check_layer(OfWeightAlone, X, normal(3, 4), U)
    assert [(g.name, g.verdict) for g in report.groups] == [("weight", "false"), ("bias", "true")]


def test_what_an_object_holds_and_gets_no_gradient_is_told() -> None:
    class Scaled:
        def __init__(self):
            self.scale = normal(4)

        def __call__(self, x):
            return Silu.apply(self.scale * x)

    report = check_layer(Scaled(), X)
    assert report.verdict == "true"
    assert "no gradient was found for scale: held constant, not checked" in report.notes


def test_nothing_of_the_layer_is_changed() -> None:
    layer = OwnPasses()
    before = {name: p.detach().clone() for name, p in layer.named_parameters()}
    check_layer(layer, X)
    assert all(torch.equal(p, before[name]) and p.grad is None for name, p in layer.named_parameters())
    assert not hasattr(layer, "x")


def test_a_wrong_number_of_gradients() -> None:
    report = check_layer(AffineOfTwo, X, normal(3, 4), U)
    assert (report.verdict, report.defects) == ("false", ["raises"])
    assert "incorrect number of gradients" in report.diagnosis


def test_functions_of_tensors() -> None:
    def loss(x, w):
        return torch.sum(torch.tanh(x @ w) ** 2)

    def gradient(x, w):
        a = torch.tanh(x @ w)
        d = 2 * a * (1 - a**2)
        return torch.outer(d, w), x.T @ d

    assert check_gradient(loss, gradient, X, G).verdict == "true"
    assert check_gradient(loss, lambda x, w: gradient(x, -w), X, G).verdict == "false"
    at = {"x": X, "w": G}
    assert compare(loss, {"w": gradient(X, G)[1]}, at).verdict == "true"
    assert compare(loss, {"w": gradient(X, G)[0][0]}, at).verdict == "false"


def test_samples_and_upstream_gradients_may_be_tensors() -> None:
    assert check_layer(Silu, X, sample=lambda: normal(2, 3), upstream=torch.ones(6, 4)).verdict == "true"


def test_in_a_caller_without_gradients() -> None:
    with torch.no_grad():
        assert check_layer(Silu, X).verdict == "true"


def test_what_cannot_be_judged() -> None:
    with pytest.raises(UnsupportedError, match="bfloat16"):
        check_layer(Silu, X.bfloat16())
    with pytest.raises(DeriveError, match="no gradient was found"):
        check_layer(lambda x: x.detach() ** 2, X)


def test_numpy_layers_do_not_notice() -> None:
    def pair(sign):
        return lambda x: (np.tanh(x), np.tanh(x)), lambda dy, a: sign * dy * (1 - a**2)

    assert check_layer(pair(1), X.numpy()).verdict == "true"
    assert check_layer(pair(-1), X.numpy()).verdict == "false"
