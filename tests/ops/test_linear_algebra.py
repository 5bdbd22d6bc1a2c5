"""Operations on matrices as a user meets them: stated, derived, checked, emitted, judged, refused."""

from __future__ import annotations

import pytest

import derive
from derive.errors import DeriveError

GAUSSIAN = "K : (n, n), positive_definite\ny : (n,)\nR : (m, n)\nL = y @ solve(K, y)/2 + logdet(K)/2"

MODELS = {
    "a system": "A : (n, n), invertible\nb : (n,)\nx = solve(A, b)\nL = x @ x",
    "several right sides": "A : (n, n), invertible\nB : (n, m)\nL = sum(solve(A, B)**2)",
    "a system for each matrix": "A : (k, n, n)\nB : (k, n, m)\nL = sum(solve(A, B)**2)",
    "one right side for all matrices": "A : (k, n, n)\nb : (n,)\nL = sum(solve(A, b)**2)",
    "a likelihood": GAUSSIAN,
    "parts of a matrix": "X : (m, n)\nL = sum(tril(X)**2) + sum(triu(X, 1)**3) + sum(tril(X, -1)*X)",
    "parts of matrices": "X, Y : (k, n, n)\nL = sum(tril(X @ Y)**2) + sum(logdet(X @ Y))",
    "powers": "A : (n, n), invertible\nL = sum(matrix_power(A, 3)) + trace(matrix_power(A, -2)) + sum(diagonal(A)**2)",
    "a vector product": "u, v : (3,)\nL = u @ cross(v, u*u)",
    "the sign of a determinant": "A : (n, n), invertible\nL = slogdet(A) @ [0, 1]",
    "norms": "X : (m, n)\nx : (n,)\nL = norm(x, 1) + norm(x, inf) + norm(x, 3) + norm(X, 1) + sum(norm(X, 1, axis=1))",
    "a factor": "K : (n, n), positive_definite\ny : (n,)\nC = cholesky(K)\nL = y @ C @ y",
    "a whitened residual": (
        "X : (n, m)\ns : scalar, positive\ny : (n,)\nC = cholesky(X @ X.T + s*eye(n))\n"
        "z = solve_triangular(C, y, lower=True)\nL = z @ z/2 + sum(log(diag(C)))"
    ),
    "batches": "A : (k, n, n)\nd : (k,)\nL = sum(d*logdet(A)) + sum(det(A)) + sum(inv(A)**2)",
}


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS)
def test_a_model_is_checked(text: str) -> None:
    assert derive.loads(text).check().verdict == "true"


def test_a_system_is_solved_and_shown_as_mathematics() -> None:
    derivation = derive.loads(GAUSSIAN).backprop()
    assert "np.linalg.solve(K, y)" in derivation.source()
    assert r"\frac{1}{2} K^{-1} - \frac{1}{2} K^{-1} y y^\top K^{-1}" in derivation["K"].latex()
    transposed = derive.loads(MODELS["a system"]).backprop()
    assert "np.linalg.solve(A.T, 2 * x)" in transposed.source()
    assert "inv(" not in transposed.source()


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (r"\frac{\partial L}{\partial K} = \frac12 K^{-1} - \frac12 K^{-1} y y^\top K^{-1}", "true"),
        (r"\frac{\partial L}{\partial K} = \frac12 K^{-1} + \frac12 K^{-1} y y^\top K^{-1}", "false"),
        (r"L = \frac12 y^\top K^{-1} y + \frac12 \log \det K", "true"),
        (r"|\det(K + y y^\top)| = \det(K + y y^\top)", "true"),
        (r"\frac{\partial \ln |\det(R^\top R)|}{\partial R} = 2 R (R^\top R)^{-1}", "true"),
    ],
)
def test_a_claim_about_a_definite_matrix(formula: str, verdict: str) -> None:
    assert derive.loads(GAUSSIAN).claim(formula).verdict == verdict


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (r"B_i = A_i^{-1}", "true"),
        (r"B_{ijk} = (A^{-1})_{ikj}", "false"),
        (r"d_i = \det(A_i)", "true"),
        (r"\frac{\partial L}{\partial A_i} = d_i A_i^{-\top} - B_i^\top B_i^\top", "true"),
        (r"\frac{\partial L}{\partial A_i} = d_i A_i^{-1} - B_i^\top B_i^\top", "false"),
    ],
)
def test_a_claim_about_one_matrix_of_several(formula: str, verdict: str) -> None:
    model = derive.loads("A : (k, n, n)\nB = inv(A)\nd = det(A)\nL = sum(d) + sum(B*eye(n))")
    assert model.claim(formula).verdict == verdict


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (r"\|x\|_1 = \sum_i |x_i|", "true"),
        (r"\|x\|_\infty = \max_i |x_i|", "true"),
        (r"\|x\|_3 = (\sum_i |x_i|^3)^{1/3}", "true"),
        (r"\|x\|_\infty = \|x\|_1", "false"),
        (r"\frac{\partial \|x\|_1}{\partial x} = \mathrm{sign}(x)", "true"),
        (r"\|A\|_2 = \|A\|_F", "unread"),
        (r"\|x\|_0 = 1", "unread"),
        (r"\mathrm{tril}(A, -1) + \mathrm{triu}(A) = A", "true"),
        (r"\mathrm{tril}(A)^\top = \mathrm{triu}(A^\top)", "true"),
        (r"\mathrm{tril}(A)^\top = \mathrm{tril}(A^\top)", "false"),
        (r"\mathrm{tril}(A, x) = A", "unread"),
        (r"x^\top \mathrm{cross}(x, y) = 0", "true"),
        (r"\mathrm{cross}(x, y) = \mathrm{cross}(y, x)", "false"),
    ],
)
def test_a_claim_about_norms_and_parts(formula: str, verdict: str) -> None:
    model = derive.loads("A : (3, 3)\nx, y : (3,)\nL = x @ A @ y")
    assert model.claim(formula).verdict == verdict


def test_infinity_is_an_order_unless_it_is_a_name() -> None:
    assert derive.loads("x : (n,)\nL = norm(x, inf)").backprop().source().count("np.max")
    assert "np.exp(inf)" in derive.loads("inf : scalar\nL = exp(inf)").backprop().source()


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (r"C C^\top = K", "true"),
        (r"C^\top C = K", "false"),
        (r"\log \det K = 2 \sum_i \log C_{ii}", "true"),
        (r"\mathrm{cholesky}(K^{-1} + y y^\top) = C", "false"),
        (r"\mathrm{cholesky}(K - y y^\top) = C", "unread"),  # it need not be definite
    ],
)
def test_a_claim_about_a_factor(formula: str, verdict: str) -> None:
    assert derive.loads(MODELS["a factor"]).claim(formula).verdict == verdict


def test_the_derivative_by_a_factored_matrix_is_that_of_the_literature() -> None:
    derivation = derive.loads(MODELS["a factor"]).backprop()
    middle = r"(\mathrm{tril}(C^\top y y^\top) + (\mathrm{tril}(C^\top y y^\top, -1))^\top)"
    assert rf"\frac{{1}}{{2}} (C^{{-1}})^\top {middle} C^{{-1}}" in derivation["K"].latex()
    assert "np.linalg.cholesky(K)" in derivation.source()


DEFINITE = "A : (n, n)\nK, S : (n, n), positive_definite\nB : (n, m)\ns : scalar, positive\nt : scalar\nx : (n,)\n"


@pytest.mark.parametrize(
    "matrix",
    ["K + S", "inv(K) + A @ A.T", "2*K/s", "K.T", "B.T @ K @ B + eye(m)/10", "outer(x, x) + diag(exp(x))", "n*eye(n)"],
)
def test_a_matrix_is_definite_by_its_form(matrix: str) -> None:
    model = derive.loads(f"{DEFINITE}M = {matrix}\nL = sum(cholesky(M))")
    assert model.bindings == ["M", "L"]


@pytest.mark.parametrize(
    "matrix",
    ["A", "-K", "K - S", "A + K", "B @ B.T", "t*K", "K @ S", "exp(K)", "diag(x)", "A @ A + K", "B @ B.T + t*eye(n)"],
)
def test_a_matrix_that_need_not_be_definite_has_no_factor(matrix: str) -> None:
    with pytest.raises(DeriveError) as caught:
        derive.loads(f"{DEFINITE}M = {matrix}\nL = sum(cholesky(M))")
    assert "needs a positive definite matrix" in caught.value.message
    assert caught.value.span is not None
    assert caught.value.span.text == "L = sum(cholesky(M))"
    assert derive.loads(f"{DEFINITE}L = sum(cholesky(B @ B.T + s*eye(n)))").loss == "L"  # as the hint says


def test_a_value_in_python_is_refused_too() -> None:
    graph = derive.Graph("g")
    A = graph.input("A", "n n")
    with pytest.raises(DeriveError, match="positive definite"):
        graph.let("C", derive.cholesky(A))


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("x = np.linalg.solve(A, b)", "true"),
        ("dL/dA = -np.outer(np.linalg.solve(A.T, x), x) - np.linalg.solve(A.T, 2*X) @ X.T", "true"),
        ("x = np.linalg.solve(A.T, b)", "false"),
        ("x = np.linalg.solve(A, b, b)", "unread"),
        ("x = np.linalg.inv(A, b)", "unread"),
        ("dL/db = np.linalg.solve(A.T, x)", "true"),
        ("np.linalg.matrix_power(A, 2) @ x = A @ b", "true"),
        ("np.linalg.matrix_power(A, -1) @ b = A @ b", "false"),
        ("np.tril(A) + np.triu(A, 1) = A", "true"),
    ],
)
def test_a_claim_as_it_is_typed(formula: str, verdict: str) -> None:
    model = "A : (n, n), invertible\nB : (n, m)\nb : (n,)\nx = solve(A, b)\nX = solve(A, B)\nL = x @ x/2 + sum(X**2)"
    assert derive.loads(model).claim(formula).verdict == verdict


def test_reciprocals_of_entries_are_no_inverses() -> None:
    graph = derive.loads("A : (k, n, n), positive\nB = A**-1\nC = inv(A)\nL = sum(B) + sum(C)")
    line = graph.latex()
    assert graph.claim(r"B = A^{\circ -1}").verdict == "true"
    assert graph.claim(r"B = A^{-1}").verdict == "false"
    assert graph.claim(r"C = A^{-1}").verdict == "true"
    assert r"A^{\circ -1}" in line


REFUSED = {
    "solve(A, c)": "the only axis of b has to be n",
    "solve(C, b)": "solve needs a square matrix, not shape (m, n)",
    "solve(A, C)": "the second to last axis of b has to be n",
    "solve(D, B)": "cannot solve for the leading axes of",
    "tril(b)": "tril needs a matrix, not shape (n,)",
    "diagonal(C)": "diagonal needs a square matrix, not shape (m, n)",
    "matrix_power(C, 2)": "matrix_power needs a square matrix, not shape (m, n)",
    "matrix_power(A, 100)": "matrix_power needs a whole number from -64 to 64",
    "slogdet(D)": "slogdet needs one matrix, not shape (k, n, n)",
    "cross(b, b)": "cross needs vectors of shape (3,), not (n,) and (n,)",
    "norm(C, 2)": "of a matrix the norm of order 2 needs its singular values",
    "norm(b, 0)": "there is no norm of order 0",
    "norm(D, 1)": "a norm of order 1 needs a vector or a matrix",
    "inv(b)": "inv needs a square matrix, not shape (n,)",
}


@pytest.mark.parametrize(("call", "message"), REFUSED.items(), ids=REFUSED)
def test_what_does_not_fit_is_refused_where_it_stands(call: str, message: str) -> None:
    declared = "A : (n, n)\nC : (m, n)\nD : (k, n, n)\nB : (m, n, 1)\nb : (n,)\nc : (m,)\n"
    with pytest.raises(DeriveError) as caught:
        derive.loads(f"{declared}L = sum({call})")
    assert message in caught.value.message
    span = caught.value.span
    assert span is not None
    assert span.text[span.column - 1 : span.column - 1 + span.width] == call
