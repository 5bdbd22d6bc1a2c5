"""Nodes built by hand, in every view: brackets, signs, functions, products."""

from __future__ import annotations

from fractions import Fraction

import pytest

from derive.ir import build as b
from derive.ir.graph import Binding, ComputationGraph, Declaration, Fact
from derive.ir.node import Node
from derive.ir.size import size_of
from derive.notation import Style, print_node, unicode_node

SCALARS = ("a", "b", "c", "x", "y", "z", "w_2")
TENSORS = {
    "X": ("m", "n"),
    "W": ("n", "k"),
    "V": ("n", "k"),
    "Y": ("m", "k"),
    "Q": ("n", "n"),
    "S": ("n", "n"),
    "u": ("n",),
    "v": ("n",),
    "t": ("m",),
    "T": ("m", "n", "k"),
    "r": (1, "n"),
}
GRAPH = ComputationGraph(
    declarations={
        **{n: Declaration(n, "input") for n in SCALARS},
        **{
            n: Declaration(n, "input", tuple(size_of(s) for s in shape), facts=(Fact("symmetric"),) if n == "S" else ())
            for n, shape in TENSORS.items()
        },
        "g": Declaration("g", "function"),
        "k": Declaration("k", "function", arity=2),
    }
)


def ref(name: str) -> Node:
    return GRAPH.ref(name)


a, B, c, x, y, z, w = (ref(n) for n in SCALARS)
X, W, V, Y, Q, S, u, v, t, T, r = (ref(n) for n in TENSORS)


def call(name: str, *args: Node, orders: tuple[int, ...] | None = None) -> Node:
    return b.call(name, *args, orders=orders)


def n(value: object) -> Node:
    return b.number(Fraction(value))


SCALAR = [
    (b.mul(b.sub(a, y), w, call("sigmoid", z, orders=(1,)), x), r"(a - y) w_2 \sigma'(z) x"),
    (b.sub(a, b.add(B, c)), "a - (b + c)"),
    (b.sub(a, b.sub(B, c)), "a - (b - c)"),
    (b.add(a, b.neg(b.mul(B, c))), "a - b c"),
    (b.neg(b.add(a, B)), "-(a + b)"),
    (b.add(b.neg(a), B), "-a + b"),
    (b.mul(a, b.neg(B)), "-a b"),
    (b.neg(b.neg(a)), "a"),
    (b.mul(x, n(-1)), "-x"),
    (b.mul(x, n(2)), "2 x"),
    (b.mul(n(2), n(3), x), r"2 \cdot 3 x"),
    (b.mul(n("1/2"), n(2), x), r"\frac{1}{2} \cdot 2 x"),
    (b.mul(b.add(a, B), b.add(B, c)), "(a + b) (b + c)"),
    (b.div(b.sub(n(1), y), b.sub(n(1), a)), r"\frac{1 - y}{1 - a}"),
    (b.neg(b.div(y, a)), r"-\frac{y}{a}"),
    (b.div(b.neg(y), a), r"-\frac{y}{a}"),
    (b.power(b.div(a, B), 2), r"\left(\frac{a}{b}\right)^2"),
    (b.power(b.sub(a, y), 2), "(a - y)^2"),
    (b.power(b.neg(a), 2), "(-a)^2"),
    (b.power(w, 2), "w_2^2"),
    (b.power(b.power(a, 2), 3), "(a^2)^3"),
    (b.power(call("sigmoid", z), 2), r"(\sigma(z))^2"),
    (b.power(a, n(-1)), "a^{-1}"),
    (b.power(a, b.add(B, n(1))), "a^{b + 1}"),
    (call("exp", b.neg(z)), "e^{-z}"),
    (b.div(n(1), b.add(n(1), call("exp", b.neg(z)))), r"\frac{1}{1 + e^{-z}}"),
    (b.mul(y, call("log", a)), r"y \log a"),
    (b.mul(call("log", a), y), r"\log(a) y"),
    (call("log", b.sub(n(1), a)), r"\log(1 - a)"),
    (call("log", b.mul(a, B)), r"\log(a b)"),
    (b.neg(b.add(b.mul(y, call("log", a)), B)), r"-(y \log a + b)"),
    (call("sqrt", b.add(a, B)), r"\sqrt{a + b}"),
    (call("abs", b.sub(a, B)), "|a - b|"),
    (call("step", z), r"\mathbb{1}[z > 0]"),
    (call("maximum", n(0), z), r"\max(0, z)"),
    (call("tanh", z, orders=(1,)), r"\tanh'(z)"),
    (call("g", z, orders=(2,)), "g''(z)"),
    (call("g", z, orders=(4,)), "g^{(4)}(z)"),
    (call("k", x, y), "k(x, y)"),
    (call("k", x, y, orders=(1, 0)), r"\frac{\partial k(x, y)}{\partial x}"),
    (call("k", x, y, orders=(1, 1)), r"\frac{\partial^2 k(x, y)}{\partial x \partial y}"),
    (call("k", x, x, orders=(0, 1)), r"(\partial_2 k(x, x))"),
    (n("0.1"), "0.1"),
    (n("1/3"), r"\frac{1}{3}"),
    (n("1/100000"), "10^{-5}"),
    (n("0.044715"), "0.044715"),
    (n(-2), "-2"),
    (b.mul(a, n("0.5")), r"\frac{1}{2} a"),
    (b.div(b.constant("pi"), n(2)), r"\frac{\pi}{2}"),
]


@pytest.mark.parametrize(("node", "expected"), SCALAR)
def test_scalars(node: Node, expected: str) -> None:
    assert print_node(node, GRAPH, "scalar") == expected


MATRIX = [
    (b.matmul(X, W), "X W"),
    (b.matmul(b.transpose(X), Y), r"X^\top Y"),
    (b.transpose(b.matmul(X, W)), r"W^\top X^\top"),
    (b.contract([(0, 1), (0, 2)], (1, 2), [X, Y], (X.shape[1], Y.shape[1])), r"X^\top Y"),
    (b.contract([(0, 2), (1, 2)], (0, 1), [Y, W], X.shape), r"Y W^\top"),
    (b.mul(W, V), r"W \circ V"),
    (b.mul(b.matmul(X, W), Y), r"X W \circ Y"),
    (b.matmul(X, b.mul(W, V)), r"X (W \circ V)"),
    (b.mul(n("1/2"), b.matmul(X, W)), r"\frac{1}{2} X W"),
    (b.mul(b.div(n(1), b.size_value(size_of("m"))), b.matmul(X, W)), r"\frac{1}{m} X W"),
    (b.div(b.matmul(X, W), b.size_value(size_of("m"))), r"\frac{1}{m} X W"),
    (b.matmul(X, u), "X u"),
    (b.matmul(u, W), r"W^\top u"),
    (b.matmul(u, v), r"u^\top v"),
    (b.outer(u, v), r"u v^\top"),
    (b.outer(t, u), r"t u^\top"),
    (b.matmul(b.matmul(u, Q), v), r"u^\top Q v"),
    (b.trace(Q), r"\mathrm{tr}(Q)"),
    (b.trace(b.matmul(Q, b.transpose(Q))), r"\mathrm{tr}(Q Q^\top)"),
    (b.diagonal(u), r"\mathrm{diag}(u)"),
    (b.diagonal(Q), r"\mathrm{diag}(Q)"),
    (b.matmul(b.diagonal(u), Q), r"\mathrm{diag}(u) Q"),
    (b.contract([(0,), (0, 1)], (0, 1), [t, X], X.shape), r"\mathrm{diag}(t) X"),
    (b.mul(X, u), r"X \mathrm{diag}(u)"),
    (b.eye(size_of("n")), "I"),
    (b.add(b.matmul(X, W), W.args[0] if W.args else b.ref("p", W.shape[1:])), r"X W + \mathbf{1} p^\top"),
    (b.sub(n(1), Y), "1 - Y"),
    (b.add(X, r), r"X + \mathbf{1} r"),
    (b.sum_over(X, [0]), r"\sum_i X_{i,:}"),
    (b.sum_over(X, [1]), r"X \mathbf{1}"),
    (b.sum_over(X, [0], keepdims=True), r"\mathbf{1}^\top X"),
    (b.sum_over(b.mul(W, V), [0]), r"\sum_i (W \circ V)_{i,:}"),
    (b.sum_over(X), r"\sum_i \sum_j X_{ij}"),
    (b.sum_over(b.power(u, 2)), r"\sum_i u_i^2"),
    (b.fill(n(1), X.shape), r"\mathbf{1} \mathbf{1}^\top"),
    (b.broadcast_to(u, X.shape), r"\mathbf{1} u^\top"),
    (b.power(u, 2), "u^2"),
    (b.power(X, 2), "X^2"),
    (b.power(Q, 2), r"Q \circ Q"),
    (b.power(Q, n("-1/2")), r"Q^{\circ -\frac{1}{2}}"),
    (b.matmul(b.transpose(S), Q), "S Q"),
    (b.transpose(Q), r"Q^\top"),
    (b.neg(b.matmul(X, W)), "-X W"),
    (b.matmul(b.neg(X), W), "-X W"),
    (b.matmul(b.sub(X, X), W), "(X - X) W"),
    (call("sigmoid", b.matmul(X, W)), r"\sigma(X W)"),
    (call("exp", X), r"\exp(X)"),
    (call("abs", X), r"\mathrm{abs}(X)"),
    (b.div(W, V), r"\frac{W}{V}"),
    (b.array([a, B, c, x], (2, 2)), r"\begin{bmatrix} a & b \\ c & x \end{bmatrix}"),
    (b.entry(Q, (0, 1)), "Q_{12}"),
    (b.entry(Q, (0, None)), "Q_{1,:}"),
    (b.placed(a, (1,), u.shape), r"a \mathbf{e}_2"),
    (Node("inv", (Q,), None, Q.shape), "Q^{-1}"),
    (b.transpose(Node("inv", (Q,), None, Q.shape)), r"(Q^{-1})^\top"),
    (Node("det", (Q,), None, ()), r"\det(Q)"),
    (Node("logdet", (Q,), None, ()), r"\log(|\det(Q)|)"),
    (Node("softmax", (X,), (1,), X.shape), r"\mathrm{softmax}(X)"),
    (Node("softmax", (X,), (0,), X.shape), r"(\mathrm{softmax}(X^\top))^\top"),
    (Node("amax", (X,), (1,), X.shape[:1]), r"\max_i X_{:,i}"),
    (
        b.div(call("exp", X), b.sum_over(call("exp", X), [1], keepdims=True)),
        r"(\mathrm{diag}(\exp(X) \mathbf{1}))^{-1} \exp(X)",
    ),
]


@pytest.mark.parametrize(("node", "expected"), MATRIX)
def test_matrices(node: Node, expected: str) -> None:
    assert print_node(node, GRAPH, "matrix") == expected


INDEX = [
    (b.matmul(X, W), r"\sum_l X_{il} W_{lj}"),
    (b.matmul(b.transpose(X), Y), r"\sum_l X_{li} Y_{lj}"),
    (b.mul(n("1/2"), b.matmul(X, u)), r"\frac{1}{2} \sum_j X_{ij} u_j"),
    (b.add(b.matmul(X, u), t), r"\sum_j X_{ij} u_j + t_i"),
    (b.mul(call("sigmoid", u, orders=(1,)), b.matmul(Q, v)), r"\sigma'(u_i) \sum_j Q_{ij} v_j"),
    (b.diagonal(u), r"\mathbb{1}[i = j] u_i"),
    (b.eye(size_of("n")), r"\mathbb{1}[i = j]"),
    (b.outer(u, v), "u_i v_j"),
    (b.contract([(0, 1, 2), (1,)], (0, 2), [T, u], Y.shape), r"\sum_l T_{ilj} u_l"),
    (b.placed(a, (1,), u.shape), r"\mathbb{1}[i = 2] a"),
    (Node("softmax", (X,), (1,), X.shape), r"\mathrm{softmax}(X)_{ij}"),
    (Node("amax", (X,), (1,), X.shape[:1]), r"\max_j X_{ij}"),
    (Node("logsumexp", (X,), (1,), X.shape[:1]), r"\log(\sum_j e^{X_{ij}})"),
    (b.trace(b.matmul(Q, S)), r"\sum_i \sum_j Q_{ij} S_{ji}"),
]


@pytest.mark.parametrize(("node", "expected"), INDEX)
def test_indices(node: Node, expected: str) -> None:
    assert print_node(node, GRAPH, "index").replace(r"\left", "").replace(r"\right", "") == expected


def test_a_contraction_without_matrix_form_is_printed_by_its_entries() -> None:
    node = b.contract([(0, 1, 2), (1,)], (0, 2), [T, u], Y.shape)
    assert print_node(node, GRAPH, "matrix") == print_node(node, GRAPH, "index")


def test_a_functional_and_its_derivative() -> None:
    value = b.functional("C", u, v)
    graph = ComputationGraph(declarations=GRAPH.declarations, bindings={"C": Binding("C", value)})
    assert print_node(value, graph) == "C(u, v)"
    assert print_node(b.functional("C", u, v, wrt=(1,)), graph) == r"\frac{\partial C}{\partial v}"
    assert print_node(b.functional("C", u, v, wrt=(1,)), graph, "index") == r"\frac{\partial C}{\partial v_i}"
    assert print_node(b.functional("C", u, u, wrt=(0,)), graph) == r"(\partial_1 C(u, u))"
    twice = print_node(b.functional("C", u, v, wrt=(1, 1)), graph, "index")
    assert twice == r"\frac{\partial^2 C}{\partial v_i \partial v_j}"


def test_the_derivative_by_an_argument_that_another_one_depends_on_is_by_its_place() -> None:
    graph = ComputationGraph(declarations=GRAPH.declarations, bindings={"q": Binding("q", call("g", x))})
    node = call("k", x, b.ref("q"), orders=(1, 0))
    assert print_node(node, graph) == r"(\partial_1 k(x, q))"


def test_style() -> None:
    style = Style(transpose="T", hadamard="odot", limits=True)
    assert print_node(b.mul(b.transpose(W), b.transpose(V)), GRAPH, "matrix", style) == r"W^T \odot V^T"
    assert print_node(b.sum_over(X, [0]), GRAPH, "matrix", style) == r"\sum_{i=1}^m X_{i,:}"


def test_explicit_indices_that_would_read_as_another_name_get_a_comma() -> None:
    graph = ComputationGraph(declarations={**GRAPH.declarations, "Q_12": Declaration("Q_12", "input")})
    assert print_node(b.entry(Q, (0, 1)), graph) == "Q_{1,2}"


def test_e_and_exp_when_e_is_a_name() -> None:
    graph = ComputationGraph(declarations={"e": Declaration("e", "input")})
    assert print_node(call("exp", b.ref("e")), graph) == r"\exp(e)"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (b.mul(b.sub(a, y), w, call("sigmoid", z, orders=(1,)), x), "(a − y) w₂ σ'(z) x"),
        (b.div(b.sub(n(1), y), b.sub(n(1), a)), "(1 − y)/(1 − a)"),
        (b.mul(b.div(n(1), a), B), "1/a · b"),
        (b.power(b.sub(a, y), 2), "(a − y)²"),
        (call("exp", b.neg(z)), "e⁻ᶻ"),
        (b.matmul(b.transpose(X), Y), "Xᵀ Y"),
        (b.sum_over(X), "∑ᵢ ∑ⱼ Xᵢⱼ"),
        (call("sqrt", b.add(a, B)), "√(a + b)"),
    ],
)
def test_terminal_text(node: Node, expected: str) -> None:
    assert unicode_node(node, GRAPH, "matrix") == expected
