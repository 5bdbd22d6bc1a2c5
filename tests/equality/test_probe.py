"""Probe points: sizes without small relations, values that obey every fact, functions without a law."""

import itertools
import pickle
import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from derive.equality.draw import Draw, size_draws
from derive.equality.generic import implementation
from derive.equality.probe import Points, points_of
from derive.errors import UnsupportedError
from derive.ir import build as b
from derive.ir.graph import Declaration, Fact
from derive.ir.size import size_of
from derive.model import loads
from derive.ops.digits import Digits
from derive.ops.floats import Floats

N, K = size_of("n"), size_of("k")


@pytest.mark.parametrize("count", range(1, 7))
def test_draws_of_sizes_share_no_small_relation(count: int) -> None:
    names = [f"n_{k}" for k in range(count)]
    draws = size_draws(names, set(), random.Random(0))
    assert len({tuple(draw.values()) for draw in draws}) == 4
    for draw in draws:
        values = set(draw.values())
        assert len(values) == count
        assert min(values) >= 2
        assert all(p - q != 1 and p + q not in values for p, q in itertools.permutations(values, 2))
    for first, second in itertools.combinations(names, 2):
        for k in (0, 2):
            assert (draws[k][first] < draws[k][second]) != (draws[k + 1][first] < draws[k + 1][second])


def test_sizes_avoid_the_integers_of_the_model() -> None:
    for draw in size_draws(["m"], {2, 3, 5}, random.Random(1)):
        assert draw["m"] not in {2, 3, 5}


def drawn(rank: int, *facts: Fact) -> np.ndarray:
    declaration = Declaration("x", "input", (N, K, N)[:rank] if rank != 2 else (N, N), facts)
    return Draw(random.Random(3)).value(declaration, {"n": 4, "k": 3})


def test_values_obey_their_facts() -> None:
    assert (drawn(2, Fact("positive")) > 0).all()
    assert {bool(v > 0) for v in drawn(2).flat} == {True, False}
    inside = drawn(1, Fact("in", low=0, high=1))
    assert ((inside > 0) & (inside < 1)).all()
    assert {float(v) for v in drawn(2, Fact("one_of", values=(-1.0, 1.0))).flat} == {-1.0, 1.0}
    rows = drawn(2, Fact("simplex", axis=1))
    assert (rows.sum(axis=1) == 1).all()
    assert (rows > 0).all()
    hot = drawn(2, Fact("one_hot", axis=0))
    assert (hot.sum(axis=0) == 1).all()
    assert set(hot.flat) == {0, 1}
    symmetric = drawn(2, Fact("symmetric"))
    assert (symmetric == symmetric.T).all()
    definite = drawn(2, Fact("positive_definite")).astype(float)
    assert (definite == definite.T).all()
    assert np.linalg.eigvalsh(definite).min() > 0
    diagonal = drawn(2, Fact("diagonal"))
    assert np.count_nonzero(diagonal) == 4
    assert not (drawn(2) == drawn(2).T).all()


def test_values_have_few_digits() -> None:
    for fact in (Fact("positive"), Fact("simplex", axis=1), Fact("in", low=0, high=1)):
        assert all((v * 10000).denominator == 1 for v in drawn(2, fact).flat)


def test_a_point_evaluates_the_model_in_both_precisions() -> None:
    graph = loads("X : (m, n)\nw : (n,)\nz = X @ w\na = sigmoid(z)\nL = sum(log(a))")
    point = points_of(graph)[0]
    assert point is not None
    coarse, fine = point.value(graph.ref("L")), point.value(graph.ref("L"), 50)
    assert coarse is not None
    assert fine is not None
    assert coarse.item() == pytest.approx(float(fine.item()), rel=1e-13)
    values = point.inputs
    by_hand = sum(-mpmath.log(1 + mpmath.exp(-float(z))) for z in values["X"] @ values["w"])
    assert float(by_hand) == pytest.approx(coarse.item())


def test_points_stay_inside_the_domain_of_the_model() -> None:
    graph = loads("a : (n,)\ny : (n,)\nL = -sum(y*log(a) + (1 - y)*log(1 - a))")
    assert len(points_of(graph).first(4)) == 4


def test_a_model_that_is_defined_nowhere_says_so() -> None:
    graph = loads("a : scalar\nL = log(-1 - a**2)")
    with pytest.raises(UnsupportedError, match="no values were found"):
        points_of(graph).first(2)


def test_points_are_kept_per_graph_and_reproducible() -> None:
    graph = loads("a : (n,)\nL = sum(a)")
    assert points_of(graph) is points_of(graph)
    first, second = Points(graph)[1], Points(pickle.loads(pickle.dumps(graph)))[1]
    assert first is not None
    assert second is not None
    assert (first.inputs["a"] == second.inputs["a"]).all()


def test_undefined_values_are_none() -> None:
    graph = loads("a : (n,), positive\nL = sum(a)")
    point = points_of(graph)[0]
    assert point is not None
    a = graph.ref("a")
    for node in (b.call("log", b.neg(a)), b.div(a, b.sub(a, a)), b.call("sqrt", b.neg(a)), b.entry(a, (40,))):
        assert point.value(node) is None
        assert point.value(node, 50) is None


# ------------------------------------------------------------------------------- generic functions


@pytest.mark.parametrize("orders", [(1,), (2,), (3,)])
def test_derivatives_of_a_generic_function_are_its_slopes(orders: tuple[int, ...]) -> None:
    backend = Digits(50)
    f = implementation(Declaration("f", "function"), backend)
    h = backend.number(Fraction(1, 10**12))
    u = backend.array(np.array([Fraction(3, 10), Fraction(-7, 10)], dtype=object))
    lower = (orders[0] - 1,)
    slope = (f(lower, u + h) - f(lower, u - h)) / (2 * h)
    assert max(abs(slope - f(orders, u))) < 1e-20


def test_mixed_derivatives_of_two_arguments() -> None:
    backend = Digits(50)
    f = implementation(Declaration("h", "function", arity=2), backend)
    h = backend.number(Fraction(1, 10**12))
    u, v = (backend.array(np.array([Fraction(k, 10)], dtype=object)) for k in (3, -8))
    for lower, higher in [((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 1), (0, 2)), ((1, 1), (1, 2))]:
        slope = (f(lower, u, v + h) - f(lower, u, v - h)) / (2 * h)
        assert abs((slope - f(higher, u, v))[0]) < 1e-20
    assert abs((f((0, 0), u, v) - f((0, 0), v, u))[0]) > 1e-3


def test_derivatives_of_a_functional_are_its_slopes() -> None:
    backend = Digits(50)
    c = implementation(Declaration("C", "functional"), backend)
    rng = random.Random(0)
    x, y = (backend.array(np.array([Fraction(rng.randint(-9, 9), 10) for _ in range(n)], dtype=object)) for n in (2, 3))
    h = backend.number(Fraction(1, 10**12))
    for wrt in ((0,), (1,), (0, 1), (1, 1)):
        derived = c(wrt, x, y)
        assert derived.shape == tuple(len((x, y)[k]) for k in wrt)
        for index in np.ndindex(derived.shape):
            at = [x, y]
            step = backend.array(np.array([Fraction(0)] * len(at[wrt[-1]]), dtype=object))
            step[index[-1]] = h
            up, down = list(at), list(at)
            up[wrt[-1]], down[wrt[-1]] = at[wrt[-1]] + step, at[wrt[-1]] - step
            slope = np.asarray((c(wrt[:-1], *up) - c(wrt[:-1], *down)) / (2 * h))
            assert abs(slope[index[:-1]] - derived[index]) < 1e-20


def test_generic_functions_have_no_accidental_law() -> None:
    f = implementation(Declaration("f", "function"), Floats())
    g = implementation(Declaration("g", "function"), Floats())
    u = np.linspace(-1.5, 1.5, 7)
    values = [f((k,), u) for k in range(4)]
    laws = [values[1] - (1 - values[0] ** 2), values[1] - values[0] * (1 - values[0]), values[2] + values[0]]
    laws += [values[1] - values[0], values[3] - values[1], f((0,), u) - g((0,), u), f((0,), -u) - f((0,), u)]
    assert all(np.abs(law).max() > 1e-2 for law in laws)


def test_a_declared_function_with_a_definition_is_that_function() -> None:
    f = implementation(Declaration("f", "function", definition="tanh"), Floats())
    u = np.linspace(-1, 1, 5)
    assert np.allclose(f((0,), u), np.tanh(u))
    assert np.allclose(f((1,), u), 1 - np.tanh(u) ** 2)


def test_a_point_forgets_candidates_but_not_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derive.equality.probe.FORGET_AFTER", 10)
    graph = loads("a : (n,)\nb = 2*a\nL = sum(b)")
    point = points_of(graph)[0]
    assert point is not None
    before = point.value(graph.ref("b"))
    for k in range(25):
        assert point.value(b.mul(b.number(k), graph.ref("b"))) is not None
    assert (point.value(graph.ref("b")) == before).all()
