"""The callable: inputs by keyword, checked; values of many types; nothing changed that belongs to the caller."""

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.errors import ModelError, ShapeError, UnknownNameError
from derive.model import loads

LAYER = """
X : (m, n)
W : (n, 2)
b : (2,)
Z = X @ W + b
L = sum(Z**2) / m
"""
POINT = {"X": np.ones((3, 4)), "W": np.ones((4, 2)), "b": np.zeros(2)}


def layer(**options):
    return lambdify(backprop(loads(LAYER)), **options)


def test_value_and_gradients_by_keyword():
    value, gradient = lambdify(backprop(loads("x : scalar\ny : scalar\nL = x**2*y")))(x=3, y=2)
    assert value == 18
    assert gradient == {"x": 12, "y": 9}


def test_sizes_may_be_given_and_are_checked():
    assert layer()(**POINT, m=3, n=4)[0] == layer()(**POINT)[0]
    with pytest.raises(ShapeError, match=r"axis 0 should be m \(m = 5 by the given value\)"):
        layer()(**POINT, m=5)
    with pytest.raises(ModelError, match="whole number"):
        layer()(**POINT, m=3.0)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"W": np.ones((5, 2))},
            ShapeError,
            r"input W is declared \(n, 2\), but has shape \(5, 2\): axis 0 should be n",
        ),
        ({"W": np.ones((4, 3))}, ShapeError, r"axis 1 should be 2"),
        ({"b": np.ones((2, 1))}, ShapeError, r"input b is declared \(2,\), but has shape \(2, 1\)"),
        ({"b": 1.0}, ShapeError, "has shape scalar"),
        ({"b": None}, ModelError, "input b has type object"),
        ({"b": ["1", "2"]}, ModelError, "input b has type <U1"),
        ({"b": [[1], [1, 2]]}, ModelError, "input b is not an array"),
        ({"bb": 1.0}, UnknownNameError, "did you mean b"),
        ({"Z": 1.0}, UnknownNameError, "computed"),
    ],
)
def test_wrong_inputs(change, error, text):
    with pytest.raises(error, match=text):
        layer()(**{**POINT, **change})


def test_missing_inputs_are_named_with_their_shapes():
    with pytest.raises(ModelError, match=r"missing inputs: W, b\n.*W has shape \(n, 2\), b has shape \(2,\)"):
        layer()(X=POINT["X"])


def test_the_checks_of_a_later_call_are_not_skipped():
    f = layer()
    for _ in range(2):
        f(**POINT)
    with pytest.raises(ShapeError):
        f(**{**POINT, "W": np.ones((5, 2))})
    with pytest.raises(UnknownNameError):
        f(**POINT, c=1)
    with pytest.raises(UnknownNameError):
        f(X=POINT["X"], W=POINT["W"], c=POINT["b"])
    assert f(**{**POINT, "b": [0, 0]})[0] == f(**POINT)[0]


def test_numbers_become_floats_and_float32_and_complex_stay():
    f = layer()
    assert f(**{name: value.astype(int) for name, value in POINT.items()})[1]["W"].dtype == np.float64
    single = f(**{name: value.astype(np.float32) for name, value in POINT.items()})
    assert single[0].dtype == np.float32
    assert {g.dtype for g in single[1].values()} == {np.dtype(np.float32)}
    step = f(**{**POINT, "b": np.array([1e-30j, 0])})[0]
    assert step.imag / 1e-30 == pytest.approx(f(**POINT)[1]["b"][0])


@pytest.mark.parametrize(
    "loss",
    [
        "3*sum(x)",
        "sum(x)**2",
        "mean(a*x)",
        "a*trace(A)",
        "sum([a, 2*a])/7",
        "a**2 + 1",
        "sigmoid(a)*norm(x)/2",
        "erf(a)",
        "softplus(a) + relu(a - 0.1)",
        "sum(where(x > 0.5, a, 1))",
        "sum(softmax(x)*log(A @ x))/n",
    ],
)
def test_every_result_has_the_precision_of_the_inputs(loss):
    f = lambdify(backprop(loads(f"x : (n,)\nA : (n, n)\na : scalar\nL = {loss}")))
    double = {"x": np.array([0.2, 0.7, 0.9]), "A": np.ones((3, 3)), "a": np.array(0.7)}
    value, _ = f(**double)
    for dtype in (np.float16, np.float32, np.float64, np.complex64):
        for _ in range(2):  # the second call goes straight through
            close, gradients = f(**{name: array.astype(dtype) for name, array in double.items()})
            assert close == pytest.approx(value, rel=1e-2)
            for result in (close, *gradients.values()):
                assert np.asarray(result).real.dtype == np.zeros((), dtype).real.dtype
    assert f(**double, n=3)[0] == value


@pytest.mark.parametrize(
    "text",
    [
        "a = sigmoid(z)",
        "a = log(1 + exp(z))",
        "a = -(0.3*log(sigmoid(z)) + 0.7*log(1 - sigmoid(z)))",
        "a = relu(z)*tanh(z)",
        "a = silu(z)",
    ],
)
def test_a_complex_step_passes_through_stable_forms(text):
    f = lambdify(backprop(loads(f"z : scalar\n{text}")))
    for z in (-3.0, 0.4, 5.0):
        assert f(z=complex(z, 1e-30))[0].imag / 1e-30 == pytest.approx(float(f(z=z)[1]["z"]), rel=1e-12)


def test_nothing_of_the_caller_is_changed_or_handed_out():
    text = "x : (n,)\ny : (n,)\nL = sum(x*y)"
    x, y = np.arange(3.0), np.ones(3)
    _, gradient = lambdify(backprop(loads(text)))(x=x, y=y)
    gradient["x"] += 1
    gradient["y"] += 1
    assert (x == np.arange(3.0)).all()
    assert (y == 1).all()
    _, gradient = lambdify(backprop(loads("x : (m, n)\nL = sum(x)")))(x=np.ones((2, 3)))
    gradient["x"] += 1
    assert (gradient["x"] == 2).all()


def test_gradients_by_bindings_by_the_loss_and_by_what_has_no_influence():
    text = "x : (n,)\nc : (n,), constant\nu : (k,)\nv : scalar\ns = sum(x*c)\nL = s**2"
    f = lambdify(backprop(loads(text)), wrt=["s", "L", "u", "v", "c"])
    value, gradient = f(x=[1.0, 2.0], c=[3.0, 4.0], u=[1.0, 1.0])
    assert value == 121
    assert gradient["s"] == 22
    assert gradient["L"] == 1
    assert isinstance(gradient["L"], float)
    assert gradient["v"] == 0
    np.testing.assert_array_equal(gradient["u"], [0, 0])
    np.testing.assert_array_equal(gradient["c"], [22, 44])
    assert list(lambdify(backprop(loads(text)))(x=[1.0], c=[1.0], u=[1.0])[1]) == ["x", "u", "v"]
    with pytest.raises(UnknownNameError, match="no gradient by 'xx'"):
        lambdify(backprop(loads(text)), wrt=["xx"])


def test_generic_functions_and_functionals():
    text = "f : function\nC : functional\nx : scalar\ny = f(x)\nz = f(y)\nL = C(y, z)"
    derivation = backprop(loads(text))
    functions = {"f": (np.sin, np.cos), "C": (lambda a, b: a * b, lambda a, b: b, lambda a, b: a)}
    value, gradient = lambdify(derivation, functions=functions)(x=0.3)
    y = np.sin(0.3)
    assert value == pytest.approx(y * np.sin(y))
    assert gradient["x"] == pytest.approx((np.sin(y) + y * np.cos(y)) * np.cos(0.3))
    with pytest.raises(ModelError, match=r"f has no implementation for order 1"):
        lambdify(derivation, functions={**functions, "f": np.sin})
    with pytest.raises(ModelError, match=r"C has no implementation for the value"):
        lambdify(derivation, functions={"f": functions["f"]})
    with pytest.raises(ModelError, match=r"C has no implementation for the derivative by argument 2"):
        lambdify(derivation, functions={**functions, "C": functions["C"][:2]})


def test_a_function_of_two_arguments_is_implemented_by_orders():
    derivation = backprop(loads("k : function(2)\nx : scalar\ny : scalar\nL = k(x, y)"))
    implementation = {(0, 0): lambda u, v: u * v**2, (1, 0): lambda u, v: v**2, (0, 1): lambda u, v: 2 * u * v}
    assert lambdify(derivation, functions={"k": implementation})(x=3.0, y=2.0) == (12, {"x": 4, "y": 12})
    with pytest.raises(ModelError, match=r"orders \(1, 0\)"):
        lambdify(derivation, functions={"k": (lambda u, v: u,)})


def test_a_second_derivative_is_the_same_code_again():
    derivation = backprop(loads("x : scalar\nL = x**3*sigmoid(x)"))
    second = backprop(derivation.gradient, derivation.steps["x"].adjoint)
    value, gradient = lambdify(second)(x=0.7)
    first = lambdify(derivation)
    assert value == pytest.approx(first(x=0.7)[1]["x"])
    h = 1e-6
    assert gradient["x"] == pytest.approx((first(x=0.7 + h)[1]["x"] - first(x=0.7 - h)[1]["x"]) / (2 * h), rel=1e-7)


def test_sizes_that_are_sums():
    f = lambdify(backprop(loads("x : (2*m + 1,)\ny : (m,)\nL = sum(x) + sum(y)*m")))
    assert f(x=np.ones(7), y=np.ones(3))[0] == 16
    with pytest.raises(ShapeError, match=r"axis 0 should be 2\*m \+ 1"):
        f(x=np.ones(6), y=np.ones(3))


def test_pickle_and_copy():
    f = layer(wrt=["W"])
    for other in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
        np.testing.assert_array_equal(other(**POINT)[1]["W"], f(**POINT)[1]["W"])


def test_inputs_in_the_order_of_the_model() -> None:
    f = loads_derivation("x, w, b : scalar\nL = (w*x + b)**2\n")
    wanted = f(x=1.0, w=2.0, b=0.5)
    for call in (f(1.0, 2.0, 0.5), f(1.0, 2.0, b=0.5), f(1, 2, 0.5), f(np.float64(1), w=2.0, b=0.5)):
        assert call[0] == wanted[0]
        assert call[1] == wanted[1]
    for arguments, named, words in [
        ((1, 2, 3, 4), {}, "4 inputs are given, but there are 3: x, w, b"),
        ((1,), {"x": 2, "w": 1, "b": 1}, "x is given twice"),
        ((1,), {}, "missing inputs: w, b"),
    ]:
        with pytest.raises(ModelError, match=words):
            f(*arguments, **named)


def test_plain_numbers_by_the_module_math() -> None:
    f = loads_derivation("x, w : scalar\nL = tanh(w*x) + lgamma(w)\n", modules="math")
    value, gradients = f(0.3, 2)
    assert type(value) is float
    assert {type(gradient) for gradient in gradients.values()} == {float}
    assert value == pytest.approx(math.tanh(0.6) + math.lgamma(2))
    assert pickle.loads(pickle.dumps(f))(0.3, 2) == (value, gradients)
    with pytest.raises(ModelError, match="w is an array"):
        loads_derivation("w : (n,)\nL = sum(w)\n", modules="math")
    with pytest.raises(ModelError, match="'torch' is not known"):
        loads_derivation("w : scalar\nL = w\n", modules="torch")
    assert loads_derivation("w : scalar\nL = w**2\n", modules=["numpy"])(3.0)[1]["w"] == 6


def loads_derivation(text: str, **options: Any) -> Any:
    return lambdify(backprop(loads(text)), **options)


ALIASES = """
x : (n,); y : (n,); L = sum(tanh(x + y)**3)
X : (n, m); y : (m, n); L = sum(exp(X + y.T))
x : (n,); y : (1, n); L = sum((x + y)**2)
x : (n,); y : (n,); Z = x + y; L = sum(Z**2)/2
x : (n,); y : (n,); L = mean(x + y) + x @ y
"""


@pytest.mark.parametrize("lines", ALIASES.strip().splitlines())
def test_a_gradient_is_no_other_array(lines: str) -> None:
    """What is scaled in place, as where gradients are clipped, is that gradient alone."""
    graph = loads("\n".join(part.strip() for part in lines.split(";")))
    sizes = {"n": 3, "m": 2}
    values = {name: np.ones([s.value(sizes) for s in d.shape]) for name, d in graph.inputs.items()}
    names = [name for name in (*graph.inputs, *graph.bindings) if name != "L"]
    arrays = [*lambdify(backprop(graph), wrt=names)(**values)[1].values(), *values.values()]
    assert not any(np.shares_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k])


def test_masked_entries_and_empty_arrays() -> None:
    function = lambdify(backprop(loads("x : (n,)\nL = norm(x)")))
    value, gradient = function(x=np.zeros(0))
    assert value == 0
    assert gradient["x"].shape == (0,)
    with pytest.raises(ModelError, match="masked"):
        function(x=np.ma.array([3.0, 4.0], mask=[False, True]))
