"""The oracles of the searches, against values and derivatives that are known."""

from __future__ import annotations

import random

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from mpmath import mpf

from benchmarks.searches.activations import ACTIVATIONS, Activation
from benchmarks.searches.branches import Claim, oracle
from benchmarks.searches.floats import Floats, Leaf, Model
from benchmarks.searches.laws import Letter
from benchmarks.searches.laws import oracle as oracle_of_equations
from benchmarks.searches.meaning import WORLDS
from benchmarks.searches.pieces import Pieces, written
from benchmarks.searches.reals import compare
from benchmarks.searches.terms import Style, Term, call, latex, mask, name, term, where
from benchmarks.searches.worlds import World

X, A, B, N = (name(text) for text in "xabN")


@pytest.mark.parametrize("act", ACTIVATIONS, ids=lambda act: act.title)
def test_values_and_slopes_of_activations(act: Activation) -> None:
    """Every form is the function by pieces, and its difference quotient the slope by pieces."""
    at = np.linspace(-21.3, 20.9, 400)[:, np.newaxis]
    model = Model((Leaf("z"),), (("a", act.forms[0]),))
    slope, error = model.slope({"z": at}, "a", "z")
    smooth = np.isfinite(error)
    assert smooth.mean() > 0.9
    for pieces, wanted in ((act.values, model.run({"z": at})[0]["a"]), (act.slopes, slope)):
        k = np.searchsorted(act.thresholds, at)
        floats = Floats({"z": at})
        found = np.choose(k, [np.broadcast_to(floats(piece), at.shape) for piece in pieces])
        assert np.allclose(found[smooth], wanted[smooth], rtol=1e-6, atol=1e-6)
    for form in act.forms:
        assert np.allclose(Floats({"z": at})(form), model.run({"z": at})[0]["a"])


@pytest.mark.parametrize("seed", range(40))
def test_ways_of_writing_are_one_function(seed: int) -> None:
    rng = random.Random(seed)
    act = rng.choice(ACTIVATIONS)
    at = np.linspace(-21.3, 20.9, 400)[:, np.newaxis]
    made = written(rng, Pieces(name("z"), act.thresholds, act.values))
    assert np.allclose(Floats({"z": at})(made), Floats({"z": at})(act.forms[0]))


def test_a_missing_mask_is_seen_and_a_right_one_is_not() -> None:
    z = name("z")
    model = Model((Leaf("x"), Leaf("w")), (("z", name("w") * X - 3), ("a", call("max", z, 0)), ("L", name("a") ** 2)))
    rng = np.random.default_rng(0)
    assert oracle(model, Claim("L", "z", 2 * z, "", ""), rng)[0] == "wrong"
    assert oracle(model, Claim("L", "z", 2 * z * mask(z, ">", 0), "", ""), rng)[0] == "right"
    assert oracle(model, Claim("L", "z", 2 * z * mask(z, ">", 0.5), "", ""), rng)[0] == "wrong"
    positive = Model((Leaf("x", low=0.0),), (("z", X + 1), ("a", call("max", z, 0)), ("L", name("a") ** 2)))
    assert oracle(positive, Claim("L", "z", 2 * z, "", ""), rng)[0] == "right"


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (call("sqrt", A**2), A, "wrong"),
        (call("sqrt", A**2), call("abs", A), "right"),
        (call("log", A * B), call("log", A) + call("log", B), "part"),
        (call("log", term(-1)), term(0), "nowhere"),
        (A / A, term(1), "part"),
        (call("abs", A**N), A**N, "wrong"),
        (term(-1) ** (2 * N), term(1), "right"),
        (call("max", N, 2), N, "wrong"),
        (call("sin", Term("const", text=r"\pi")), term(0), "right"),
        (term(1) / 3, term("0.3333"), "rounded"),
        (term(1) / 3, term("0.3334"), "wrong"),
        (A / 3, term("0.3333") * A, "wrong"),
        (call("abs", call("f", A)), call("f", A), "wrong"),
        (call("sign", A) ** 2, term(1), "wrong"),
    ],
)
def test_equations(left: Term, right: Term, said: str) -> None:
    letters = [Letter("a"), Letter("b"), Letter("N", 0.0, size=True)]
    assert oracle_of_equations(left, right, letters, random.Random(0))[0] == said


def test_domains() -> None:
    assert compare(A ** (term(1) / 3), A, {"a": mpf(-8)}) == "right only"
    assert compare(call("log", A), A, {"a": mpf(0)}) == "right only"
    assert compare(A ** term(0), term(1), {"a": mpf(0)}) == "open"
    assert compare(call("sqrt", A), 1 / A, {"a": mpf(-1)}) == "right only"
    assert compare(call("log", A), 1 / A, {"a": mpf(0)}) == "undefined"
    assert compare(call("exp", A) * 2, call("exp", A) + call("exp", A), {"a": mpf(10) ** 6}) == "equal"


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.model.splitlines()[0])
def test_derivatives_of_worlds(world: World) -> None:
    """The complex step, against differences of the same code."""
    values = world.values(np.random.default_rng(3))
    leaves = {key: values[key] for key in world.leaves(np.random.default_rng(3))}
    for wanted in world.wanted:
        at = np.asarray(values[wanted], dtype=float)
        for place in np.ndindex(at.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = at.copy()
                moved[place] += step
                ends.append(world.run({**leaves, wanted: moved}, {wanted: moved})[world.loss])
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(values["∂" + wanted][place], rel=1e-4, abs=1e-7)


def test_slopes_against_automatic_differentiation() -> None:
    z = name("z")
    model = Model((Leaf("x", vector=True), Leaf("w")), (("z", name("w") * X - 1), ("L", call("total", z**2 * X))))
    leaves = {"x": np.array([[0.3, -1.2, 2.0]]), "w": np.array([[1.7]])}
    by_x, by_w = autograd.grad(lambda x, w: anp.sum((w * x - 1) ** 2 * x), (0, 1))(leaves["x"], leaves["w"])
    assert np.allclose(model.slope(leaves, "L", "x")[0], by_x)
    assert np.allclose(model.slope(leaves, "L", "w")[0], by_w)


def test_terms_are_written_with_the_brackets_they_need() -> None:
    made = (A + B) * -A - (A - B) ** 2
    assert str(made) == "(a + b)*(-a) - (a - b)**2"
    assert latex(made) == r"\left(a + b\right) \, \left(-a\right) - \left(a - b\right)^{2}"
    cases = where(A, ">", 0, A, where(A, ">", -1, 0, -A))
    assert str(cases) == "where(a > 0, a, where(a > -1, 0, -a))"
    assert latex(cases) == r"\begin{cases} a & a > 0 \\ 0 & a > -1 \\ -a & \text{otherwise} \end{cases}"
    assert latex(A * B * mask(A, ">", 0), Style(index="i", vectors={"a"})) == r"a_i \, b \, \mathbb{1}[a_i > 0]"
    assert latex(A * B, Style(vectors={"a", "b"})) == r"a \odot b"
