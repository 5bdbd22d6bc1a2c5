"""Bad input gets a clear verdict or a clear error: never a crash, never a silent cast."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest

from derive.errors import DeriveError
from derive.gradients.against import check_against
from derive.gradients.gradient import check_gradient, compare
from derive.gradients.layer import check_layer
from derive.gradients.model_check import check
from derive.model import loads

X = np.array([1.0, -2.0, 3.0])


def square(x):
    return np.sum(x**2)


def double(x):
    return 2 * x


def loop(*args):
    while True:
        pass


def random_forward(x):
    return np.sum(x * np.random.default_rng().random(x.shape))


def doubling_in_place(x):
    x *= 2
    return x


def sum_of_doubled(x):
    return np.sum(doubling_in_place(x))


def product(p):
    return np.sum(p["a"] * p["b"])


VERDICTS = {
    "shape": (square, lambda x: 2 * x[:2], X, "false", "shape_mismatch"),
    "one axis too many": (square, lambda x: (2 * x)[None], X, "false", "shape_mismatch"),
    "(1,) for a number": (lambda x: x**2, lambda x: np.array([2 * x]), 3.0, "false", "shape_mismatch"),
    "text": (square, lambda x: "2x", X, "false", "wrong_type"),
    "list of numbers": (square, lambda x: [2.0, -4.0, 6.0], X, "false", "wrong_type"),
    "objects": (square, lambda x: (2 * x).astype(object), X, "false", "wrong_type"),
    "complex": (square, lambda x: 2 * x + 0j, X, "false", "wrong_type"),
    "cut to integers": (square, lambda x: (2 * x).astype(int), X + 0.3, "false", "wrong_type"),
    "nothing": (square, lambda x: None, X, "false", "missing_gradient"),
    "missing key": (product, lambda p: {"a": p["b"]}, {"a": X, "b": X + 1}, "false", "missing_gradient"),
    "gradient raises": (square, lambda x: 1 / 0, X, "false", "raises"),
    "gradient uses an unknown name": (square, lambda x: 2 * undefined, X, "false", "undefined_name"),  # noqa: F821
    "gradient is NaN": (square, lambda x: x * np.nan, X, "false", "not_finite"),
    "gradient is infinite": (square, lambda x: x * np.inf, X, "false", "not_finite"),
    "gradient changes its argument": (square, doubling_in_place, X, "false", "mutates_argument"),
    "f changes its argument": (sum_of_doubled, lambda x: 2 + 0 * x, X, "false", "mutates_argument"),
    "f is NaN": (lambda x: np.sum(np.log(x)), lambda x: 1 / x, X, "undecided", "not_finite"),
    "f is random": (random_forward, double, X, "undecided", "nondeterministic"),
    "empty": (square, double, np.zeros(0), "undecided", None),
    "below the smallest number": (square, double, X * 1e-200, "undecided", None),
    "a sum too large to see it": (lambda x: float(np.abs(np.sum(x**2))) + 1e13, double, X, "undecided", None),
}  # fmt: skip


@pytest.mark.parametrize("case", VERDICTS)
def test_a_clear_verdict(case):
    f, grad, x, verdict, defect = VERDICTS[case]
    report = check_gradient(f, grad, x)
    assert report.verdict == verdict, str(report)
    assert defect is None or defect in report.defects, str(report)
    assert report.diagnosis


ERRORS = {
    "f takes other arguments": (lambda a, b: 0.0, double, (X,), "f does not take 1"),
    "grad takes other arguments": (square, lambda a, b: a, (X,), "grad cannot be called with 1"),
    "no upstream argument": (lambda x: x**2, double, (X,), "upstream gradient comes first"),
    "no point": (square, double, (), "there are no arguments"),
    "not a function": (square, X, (X,), "grad is a ndarray, not a function"),
    "too many gradients": (square, lambda x: (x, x), (X,), "2 gradients for 1 argument"),
    "unknown key": (lambda a, b: np.sum(a * b), lambda a, b: {"a": b, "c": a}, (X, X), "'c', which is no argument"),
    "f raises": (lambda x: 1 / 0, double, (X,), "f raised ZeroDivisionError"),
    "f exits": (lambda x: exit(1), double, (X,), "f raised SystemExit"),
    "f recurses": (lambda x: (lambda s: s(s))(lambda s: s(s)), double, (X,), "RecursionError"),
    "integers": (square, double, (np.array([1, 2]),), "int64"),
    "a Python int": (lambda x: x**2, double, (3,), "pass 3.0 rather than 3"),
    "objects": (square, double, (X.astype(object),), "array of objects"),
    "complex numbers": (square, double, (X + 0j,), "is complex"),
    "NaN": (square, double, (X * np.nan,), "NaN or infinity"),
    "a list": (square, double, ([1.0, 2.0],), "list of numbers"),
    "a matrix": (square, double, (X.view(np.matrix),), "is a matrix"),
    "a masked array": (square, double, (np.ma.array(X),), "MaskedArray"),
    "f returns text": (lambda x: "a", double, (X,), "f returns str"),
    "f returns nothing": (lambda x: None, double, (X,), "f returns NoneType"),
    "f returns an int": (lambda x: 3, double, (X,), "return the loss as a float"),
    "f returns complex numbers": (lambda x: np.sum(x) * 1j, double, (X,), "forward value is complex"),
    "f returns objects": (lambda x: x.astype(object), double, (X,), "array of object"),
    "f returns a tuple": (lambda x: (np.sum(x), x), double, (X,), "check_layer"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_clear_error(case):
    f, grad, args, message = ERRORS[case]
    with pytest.raises(DeriveError, match="(?s).*" + message.replace("(", r"\(")):
        check_gradient(f, grad, *args)


RIGHT = {
    "0-d": np.array(3.0),
    "a NumPy number": np.float64(3.0),
    "Fortran order": np.asfortranarray(np.arange(12.0).reshape(3, 4) - 5.5),
    "not contiguous": np.arange(10.0)[::3] - 4.5,
    "a transposed view": (np.arange(12.0).reshape(3, 4) - 5.5).T,
    "float16": X.astype(np.float16),
    "float32": X.astype(np.float32),
    "long double": X.astype(np.longdouble),
    "zeros": np.zeros(3),
    "one number": np.array([[2.5]]),
}


@pytest.mark.parametrize("case", RIGHT)
def test_unusual_arrays_are_judged_as_they_are(case):
    types = set()

    def f(x):
        types.add(np.asarray(x).dtype)
        return np.sum(x**2)

    assert check_gradient(f, double, RIGHT[case]).verdict == "true"
    assert (
        check_gradient(f, lambda x: np.asarray(2.5 * x, np.asarray(x).dtype), RIGHT[case]).verdict == "false"
        or case == "zeros"
    )
    assert np.asarray(RIGHT[case]).dtype in types


def test_read_only_arrays_are_left_alone():
    x = X.copy()
    x.setflags(write=False)
    assert check_gradient(square, double, x).verdict == "true"


@pytest.mark.parametrize("case", [(loop, double), (square, loop)], ids=["f", "grad"])
def test_a_function_that_never_returns(case):
    ringing = []
    previous = signal.signal(signal.SIGALRM, lambda *_: ringing.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    start = time.monotonic()
    report = check_gradient(*case, X, time_limit=0.1)
    assert report.verdict == "undecided"
    assert report.defects == ["timeout"]
    assert time.monotonic() - start < 5.0
    while not ringing and time.monotonic() - start < 5.0:
        time.sleep(0.02)
    signal.signal(signal.SIGALRM, previous)
    assert ringing, "a timer of the caller goes on afterwards"


def test_in_another_thread_the_limit_is_said_not_to_be_enforced():
    reports = []
    thread = threading.Thread(target=lambda: reports.append(check_gradient(square, double, X)))
    thread.start()
    thread.join()
    assert reports[0].verdict == "true"
    assert any("time limit" in note for note in reports[0].notes)


def test_upstream_of_the_wrong_shape_is_an_error():
    with pytest.raises(DeriveError, match="upstream gradient has shape"):
        check_gradient(lambda x: x**2, lambda u, x: 2 * x * u, X, upstream=np.ones(2))


def test_compare_names_what_it_does_not_know():
    with pytest.raises(DeriveError, match="there is no argument 'b'"):
        compare(lambda a: np.sum(a), {"b": X}, {"a": X})
    assert compare(lambda a: np.sum(a), {"a": X[:2]}, {"a": X}).defects == ["shape_mismatch"]


class NeverSet:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        return dout * self.factor


def test_layers_that_are_none():
    assert check_layer(NeverSet(), X).defects == ["attribute_never_set"]
    for thing, message in ((object(), "no method 'forward'"), ((square,), "two functions"), (X, "no method")):
        with pytest.raises(DeriveError, match=message):
            check_layer(thing, X)
    with pytest.raises(DeriveError, match="forward does not take 0"):
        check_layer(NeverSet())


def test_a_time_limit_is_positive():
    for limit in (0, -1.0):
        with pytest.raises(DeriveError, match="time limit"):
            check_gradient(lambda x: np.sum(x), lambda x: np.ones_like(x), np.ones(2), time_limit=limit)


def test_a_class_is_no_layer():
    class Layer:
        def forward(self, x):
            return x

        def backward(self, dout):
            return dout

    with pytest.raises(DeriveError, match="give an object"):
        check_layer(Layer, np.ones(2))


@pytest.mark.parametrize("seed", ["0", None, 1.5, -1, True])
def test_a_seed_is_a_whole_number(seed):
    f, grad, x = (lambda x: np.sum(x**2)), (lambda x: 2 * x), np.array([1.0, 2.0])
    with pytest.raises(DeriveError, match="seed is"):
        check_gradient(f, grad, x, seed=seed)
    with pytest.raises(DeriveError, match="seed is"):
        compare(f, {"x": 2 * x}, {"x": x}, seed=seed)
    with pytest.raises(DeriveError, match="seed is"):
        check_layer((lambda x: (x**2, x), lambda u, x: 2 * u * x), x, seed=seed)
    with pytest.raises(DeriveError, match="seed is"):
        check(loads("x : scalar\nL = x**2\n"), seed=seed)
    with pytest.raises(DeriveError, match="seed is"):
        check_against(loads("x : scalar\nL = x**2\n"), lambda x: 2 * x, seed=seed)
