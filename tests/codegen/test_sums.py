"""Sums, products and means of the backward pass: nothing heavier than needed, nothing twice."""

import ast

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify, source
from derive.model import loads


def statements(text, wrt=None):
    tree = ast.parse(source(backprop(loads(text)), wrt))
    function = next(node for node in tree.body if getattr(node, "name", "") == "value_and_gradient")
    return [ast.unparse(statement) for statement in function.body[1:]]


def test_products_with_one_factor_in_common_are_one():
    text = "A : (n, n)\nZ : (m, n)\nC : (n, n), constant\nL = sum((A @ (C @ Z.T)) * (C.T @ Z.T)) + sum((C @ Z.T)**2)"
    derivation = backprop(loads(text))
    rng = np.random.default_rng(0)
    values = {"A": rng.normal(size=(3, 3)), "Z": rng.normal(size=(4, 3)), "C": rng.normal(size=(3, 3))}
    _, gradient = lambdify(derivation)(**values)
    moved = {**values, "Z": values["Z"] + 1e-6, "A": values["A"]}
    back = {**values, "Z": values["Z"] - 1e-6}
    slope = (lambdify(derivation)(**moved)[0] - lambdify(derivation)(**back)[0]) / 2e-6
    assert gradient["Z"].sum() == pytest.approx(slope, rel=1e-6)
    lines = statements("C : (n, n)\nZ : (m, n), constant\nL = sum((Z @ C)**2)/2 + sum(Z @ C)", ["C"])
    assert sum(line.count("@") for line in lines) == 2


def test_a_sum_is_taken_of_the_difference():
    lines = statements("x : (m, n)\nu : (m, n), constant\nc = x - mean(x, axis=1, keepdims=True)\nL = sum(u*c**3)")
    assert sum(".mean(" in line or ".sum(axis=1" in line for line in lines) == 2


def test_means_are_written_as_means():
    lines = statements("x : (m, n)\nL = sum(mean(x**2, axis=1, keepdims=True)**2)")
    assert "t_1 = (x ** 2).mean(axis=1, keepdims=True)" in lines
    assert "L = (x ** 2).mean()" in statements("x : (m, n)\nL = mean(x**2)")
    assert "L = (x ** 2).sum() / m" in statements("x : (m, n)\nL = sum(x**2) / m")


def test_a_symmetric_matrix_is_its_own_transpose_behind_the_value():
    text = "S : (n, n), {}\ny : (n,)\nL = y @ inv(S) @ y"
    assert ".T" in "\n".join(statements(text.format("invertible")))
    lines = statements(text.format("symmetric, invertible"))
    assert ".T" not in "\n".join(lines)
    assert sum("@" in line for line in lines) == 2
    assert any("np.outer" in line for line in lines)


def test_vectors_meet_matrices_before_each_other():
    lines = statements("u : (n,)\nA : (n, n)\nB : (n, n)\nv : (n,)\nL = u @ A @ B @ v")
    assert all("np.outer" not in line or line.startswith(("dA", "dB")) for line in lines)


def test_a_sigmoid_and_its_complement_share_an_exponential():
    text = "x : (n,)\nu : (n,), constant\ns = sigmoid(x)\nL = sum(u*s)"
    assert "s, t_1 = sigmoid_and_complement(x)" in statements(text)
    _, gradient = lambdify(backprop(loads(text)))(x=np.array([-800.0, -40, 0, 40, 800]), u=np.ones(5))
    tail = np.exp(-40.0) / (1 + np.exp(-40.0)) ** 2
    np.testing.assert_allclose(gradient["x"], [0, tail, 0.25, tail, 0], rtol=1e-14)
