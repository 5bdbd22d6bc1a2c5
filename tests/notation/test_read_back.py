"""Printed lines of small models, each of which once had another meaning for the reader or none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from derive.calculus.reverse import backprop
from derive.ir.graph import ComputationGraph
from derive.model.load import loads
from derive.notation import Style, View, default_view, print_derivation, print_forward
from derive.verification.verify import Options, verify_formula

D = Style(adjoint="d", derivative="d", order="inner")


def lines(graph: ComputationGraph, style: Style) -> Iterator[str]:
    views: tuple[View, ...] = ("matrix", "index") if default_view(graph) == "matrix" else ("scalar",)
    derivation = backprop(graph)
    for view in views:
        for line in [*print_forward(graph, view, style), *print_derivation(derivation, None, view, style)]:
            yield line.latex()
            yield line.unicode()


@pytest.mark.parametrize("style", [Style(), D])
@pytest.mark.parametrize(
    "text",
    [
        # functions without brackets, and indices behind them, in text without commands
        "x : (n,)\nt : scalar\nL = sum(sin(x)) - cos(t) + softmax(x) @ x - max(x)",
        # powers of e with a subscripted exponent; three indices
        "A : (n, m)\nB : (n, m, n)\nL = sum(exp(A)) - sum(log(B**2 + 1))",
        # softmax over several axes, along the first axis of a square matrix, of a repeated number
        "A : (n, n)\nt : scalar\nL = logsumexp(A) + sum(softmax(A, axis=0)**2) + sum(softmax(A, axis=1)**3)",
        "t : scalar\nv = softmax(t * ones(1))\nL = sum(v) + t",
        # a derivative along one of two paths beside total ones
        "x : scalar\nu = x**2\nv = u * x\nL = u * v",
        # arrays of one entry
        "x : (1,)\nA_1 : (1, 1)\nv_1 = x * 2\nL = sum(v_1**2) + sum(A_1**2)",
        "A : (3,)\nB : (n,)\nv = sum(A, keepdims=True)\nL = sum((v * B)**2)",
        # a number made by a product beside arrays
        "A : (k,)\nB : (k,)\nv = var(B, keepdims=True) * log(softplus(A) + 0.1)\nL = sum(v)",
        # numbers in the place of arrays
        "A : (2,)\nv = ones(2)**2\nL = sum(A) + sum(v)",
        "A : (2,)\nv = squared_norm(ones(2), axis=0, keepdims=True)**3\nL = sum(v * A)",
        "v = sigma([0.4, 1.1, -1.3])\nA : (3,)\nL = A @ v",
        # a number over an array; the square of a vector in a denominator; several extrema; the smallest entry
        "x : (n,)\nt : scalar\nv = t / (1 + x**2)\nw = x / (1 + x**2)\nL = sum(v * w)",
        "A : (n, m)\nt : scalar\nL = max(A) - sum(min(A, axis=1)) - sin(t)",
        # a quotient behind a matrix
        "x : (3,), positive\nv = log1p(abs(log_softmax(x)) + 0.2)\nL = sum(v)",
        # the determinant of one entry; zeros
        "x : scalar\nv = logdet(eye(1) + 2 * eye(1))\nL = x * v",
        "A : (n, m)\nB : (n, m)\nv = A * 1\nL = sum(B) + sum(v - v)",
        # cases on a line of text
        "x_1 : scalar\ny_1 : scalar\nv_1 = where(x_1 < y_1, x_1**2, y_1)\nL = v_1",
        # a fraction behind a fraction
        "x : (m,)\nu = -x\nv = mean(mean(u, axis=0, keepdims=True) * mean(u), axis=0, keepdims=True)\nL = sum(v)",
        # a vector beside a matrix of one column; a power of a row by a row; arrays of one entry turned
        "x : (n,)\nC : (n, 1)\ns : (1, n)\nv = sum(C, axis=1) * x + x\nw = (1 + s**2)**x\nL = sum(v) + sum(w)",
        "x : (1, m)\nv = x @ x.T\nL = sum(v**2)",
        # squares of vectors beside vectors
        "x : (n,)\ny : (n,)\nv = (x - 1)**2 + y\nw = where(x > y, x**2, y)\nL = sum(v * w)",
        # a branch that is never taken and has no value
        "x : scalar, positive\nv = where(-x > 0, log(-x), -0.5)\nL = v * x",
        # an identity matrix whose axes nothing else counts; a product behind the sign of an elementwise product
        "x : (m,)\nv = squared_norm(eye(m), axis=(0, 1), keepdims=True)\nL = sum(v) + sum(x)",
        "a : (3,), positive\nb : scalar\nv = outer(erf(a), maximum(a, b))\nL = sum(v) + sin(b)",
    ],
)
def test_what_is_printed_is_read_back_as_true(text: str, style: Style) -> None:
    graph = loads(text)
    for line in lines(graph, style):
        (result,) = verify_formula(line, graph, options=Options(repairs=False)).results
        assert result.verdict == "true", f"{line}: {result.verdict}, {result.diagnosis}"


@pytest.mark.parametrize(
    "text",
    [
        "A : (n, m)\nB : (n, m)\nL = max(A * B)",
        "A : (n, m)\nL = min(max(A, axis=0, keepdims=True))",
        "A : (n, m)\nL = max(var(A, axis=1))",
        "A : (n, m)\nL = max(sum(A, axis=1)) - 2 * min(A)",
    ],
)
def test_what_is_compared_is_told_from_what_stands_beside_it(text: str) -> None:
    graph = loads(text)
    for line in print_forward(graph, "index"):
        for printed in (line.latex(), line.unicode()):
            (result,) = verify_formula(printed, graph, options=Options(repairs=False)).results
            assert result.verdict == "true", f"{printed}: {result.verdict}, {result.diagnosis}"


def test_a_minimum_of_maxima_is_no_double_negative() -> None:
    graph = loads("A : (n, m)\nL = min(max(A, axis=0, keepdims=True))")
    (line,) = print_forward(graph, "index")
    assert line.latex() == r"L = \min_i \max_j A_{ji}"
