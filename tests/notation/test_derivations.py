"""Derivations as the textbooks print them."""

from __future__ import annotations

import pytest

from derive.calculus.derivation import Adjoints
from derive.calculus.jacobian import jacobian
from derive.calculus.reverse import backprop
from derive.errors import UnknownNameError
from derive.model.text import loads
from derive.notation import Style, default_view, print_derivation, print_forward, print_partial
from derive.typography.layout import parse

SCALAR = """
x, w_1, b_1, w_2, b_2, y : scalar
z_1 = w_1*x + b_1
a_1 = sigmoid(z_1)
z_2 = w_2*a_1 + b_2
a_2 = sigmoid(z_2)
L = -(y*log(a_2) + (1 - y)*log(1 - a_2))
"""
ROWS = """
X : (m, n_0)
W_1 : (n_0, n_1)
b_1 : (n_1,)
W_2 : (n_1, n_2)
b_2 : (n_2,)
Y : (m, n_2)
Z_1 = X @ W_1 + b_1
A_1 = sigmoid(Z_1)
Z_2 = A_1 @ W_2 + b_2
A_2 = sigmoid(Z_2)
L = sum(-(Y*log(A_2) + (1 - Y)*log(1 - A_2))) / m
"""
COLUMNS = """
X : (n_0, m)
W_1 : (n_1, n_0)
b_1 : (n_1, 1)
W_2 : (n_2, n_1)
b_2 : (n_2, 1)
Y : (n_2, m)
Z_1 = W_1 @ X + b_1
A_1 = sigmoid(Z_1)
Z_2 = W_2 @ A_1 + b_2
A_2 = sigmoid(Z_2)
L = (1/m)*sum(-(Y*log(A_2) + (1 - Y)*log(1 - A_2)))
"""
NEURON = """
x_1, x_2, w_1, w_2, b, w_3, w_4, c_1, c_2 : scalar
C : functional
z = x_1*w_1 + x_2*w_2 + b
a = sigmoid(z)
zp = a*w_3 + c_1 as "z'"
zpp = a*w_4 + c_2 as "z''"
y_1 = sigmoid(zp)
y_2 = sigmoid(zpp)
C = C(y_1, y_2)
"""
SOFTMAX = """
A : (N, K)
T : (N, K){fact}
Y = softmax(A)
L = -(1/N)*sum(T*log(Y))
"""
NODES = """
x : scalar
L : functional
t = x*(-1)
e = exp(t)
u = 1 + e
y = 1/u
L = L(y)
"""
FAMILY = """
x : (n[1],)
y : (n[L],)
W[l] : (n[l], n[l-1])
b[l] : (n[l],)
f : function
a[1] = x
for l in 2..L:
    z[l] = W[l] @ a[l-1] + b[l]
    a[l] = f(z[l])
J = sum((y - a[L])**2)/2
"""


def affine(x: str, b: str) -> str:
    return f"X : {x}\nW : (2, 3)\nB : {b}\nL : functional\nY = X @ W + B\nL = L(Y)\n"


def derived(text: str) -> Adjoints:
    return backprop(loads(text))


def line(derivation: Adjoints, name: str, view: str | None = None, style: Style | None = None) -> str:
    (printed,) = print_derivation(derivation, None, view, style, [name])
    return printed.latex()


def d(of: str, by: str) -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


A2, Z2 = d("L", "a_2"), d("a_2", "z_2")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a_2", rf"{A2} = \frac{{1 - y}}{{1 - a_2}} - \frac{{y}}{{a_2}} = \frac{{a_2 - y}}{{a_2 (1 - a_2)}}"),
        ("z_2", rf"{d('L', 'z_2')} = {A2} {Z2} = {A2} \sigma'(z_2) = a_2 - y"),
        ("w_2", rf"{d('L', 'w_2')} = {A2} {Z2} {d('z_2', 'w_2')} = {d('L', 'z_2')} a_1 = (a_2 - y) a_1"),
        ("b_2", rf"{d('L', 'b_2')} = {A2} {Z2} {d('z_2', 'b_2')} = {d('L', 'z_2')} = a_2 - y"),
        ("a_1", rf"{d('L', 'a_1')} = {A2} {Z2} {d('z_2', 'a_1')} = {d('L', 'z_2')} w_2 = (a_2 - y) w_2"),
        (
            "w_1",
            rf"{d('L', 'w_1')} = {A2} {Z2} {d('z_2', 'a_1')} {d('a_1', 'z_1')} {d('z_1', 'w_1')}"
            rf" = {d('L', 'z_1')} x = (a_2 - y) w_2 \sigma'(z_1) x",
        ),
    ],
)
def test_the_scalar_network_prints_its_textbook_formulas(name: str, expected: str) -> None:
    assert line(derived(SCALAR), name) == expected


def test_the_same_in_a_terminal() -> None:
    (printed,) = print_derivation(derived(SCALAR), wrt=["w_1"])
    assert printed.unicode() == (
        "∂L/∂w₁ = ∂L/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂a₁ · ∂a₁/∂z₁ · ∂z₁/∂w₁ = ∂L/∂z₁ · x = (a₂ − y) w₂ σ'(z₁) x"
    )


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("Z_2", r" = \frac{1}{m} (A_2 - Y)"),
        ("W_2", r" = A_1^\top \frac{\partial L}{\partial Z_2} = \frac{1}{m} A_1^\top (A_2 - Y)"),
        ("b_2", r" = \frac{1}{m} \sum_i (A_2 - Y)_{i,:}"),
        ("A_1", r" = \frac{1}{m} (A_2 - Y) W_2^\top"),
        ("Z_1", r" = \frac{1}{m} (A_2 - Y) W_2^\top \circ \sigma'(Z_1)"),
        ("W_1", r" = \frac{1}{m} X^\top ((A_2 - Y) W_2^\top \circ \sigma'(Z_1))"),
        ("b_1", r" = \frac{1}{m} \sum_i ((A_2 - Y) W_2^\top \circ \sigma'(Z_1))_{i,:}"),
    ],
)
def test_a_batch_in_rows(name: str, end: str) -> None:
    assert line(derived(ROWS), name).endswith(end)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("W_2", r" = \frac{1}{m} (A_2 - Y) A_1^\top"),
        ("b_2", r" = \frac{1}{m} (A_2 - Y) \mathbf{1}"),
        ("Z_1", r" = \frac{1}{m} \sigma'(Z_1) \circ W_2^\top (A_2 - Y)"),
        ("W_1", r" = \frac{1}{m} (\sigma'(Z_1) \circ W_2^\top (A_2 - Y)) X^\top"),
    ],
)
def test_a_batch_in_columns(name: str, end: str) -> None:
    assert line(derived(COLUMNS), name).endswith(end)


def test_the_matrix_chain_is_one_step_of_composition() -> None:
    assert line(derived(ROWS), "W_2").startswith(rf"{d('L', 'W_2')} = {d('L', 'Z_2')} {d('Z_2', 'W_2')} = A_1^\top")


def test_the_index_view_of_the_same_step() -> None:
    assert line(derived(ROWS), "W_2", "index") == (
        r"\frac{\partial L}{\partial (W_2)_{ij}}"
        r" = \sum_k \frac{\partial L}{\partial (Z_2)_{kj}} \frac{\partial (Z_2)_{kj}}{\partial (W_2)_{ij}}"
        r" = \sum_k (A_1)_{ki} \frac{\partial L}{\partial (Z_2)_{kj}}"
        r" = \frac{1}{m} \sum_k (A_1)_{ki} ((A_2)_{kj} - Y_{kj})"
    )


def test_backward_values_named_delta() -> None:
    style = Style(adjoint="delta")
    assert line(derived(ROWS), "W_2", style=style) == (
        r"\frac{\partial L}{\partial W_2} = \delta_2 \frac{\partial Z_2}{\partial W_2} = A_1^\top \delta_2"
        r" = \frac{1}{m} A_1^\top (A_2 - Y)"
    )
    assert r" = \delta_2 W_2^\top \circ \sigma'(Z_1) = " in line(derived(ROWS), "Z_1", style=style)


DY = d("L", "Y")


@pytest.mark.parametrize(
    ("model", "ends"),
    [
        (affine("(N, 2)", "(3,)"), [rf"{DY} W^\top", rf"X^\top {DY}", rf"\sum_i \left({DY}\right)_{{i,:}}"]),
        (affine("(1, 2)", "(1, 3)"), [rf"{DY} W^\top", rf"X^\top {DY}", DY]),
        (affine("(2,)", "(3,)"), [rf"W {DY}", rf"X \left({DY}\right)^\top", DY]),
    ],
)
def test_affine_layers(model: str, ends: list[str]) -> None:
    derivation = derived(model)
    for name, end in zip("XWB", ends, strict=True):
        assert line(derivation, name).endswith(f" = {end}")


def test_softmax_with_cross_entropy() -> None:
    assert line(derived(SOFTMAX.format(fact=", simplex(axis=1)")), "A").endswith(r" = \frac{1}{N} (Y - T)")
    longer = line(derived(SOFTMAX.format(fact="")), "A")
    assert longer.endswith(r" = \frac{1}{N} (\mathrm{diag}(T \mathbf{1}) Y - T)")


def test_several_paths_are_a_sum_in_the_order_of_the_model() -> None:
    assert line(derived(NEURON), "a").startswith(
        rf"{d('C', 'a')} = {d('C', chr(122) + chr(39))} {d(chr(122) + chr(39), 'a')}"
        rf" + {d('C', chr(122) + chr(39) * 2)} {d(chr(122) + chr(39) * 2, 'a')}"
        rf" = {d('C', chr(122) + chr(39))} w_3 + {d('C', chr(122) + chr(39) * 2)} w_4 = "
    )


def test_the_inner_factor_may_come_first() -> None:
    printed = line(derived(SCALAR), "z_1", style=Style(order="inner"))
    assert printed.startswith(rf"{d('L', 'z_1')} = {d('a_1', 'z_1')} {d('z_2', 'a_1')} {Z2} {A2} = \sigma'(z_1) ")


def test_the_nodes_of_a_sigmoid() -> None:
    derivation = derived(NODES)
    assert line(derivation, "u").endswith(r" = -\frac{\partial L}{\partial y} y^2")
    assert line(derivation, "x").endswith(r" = -\frac{\partial L}{\partial t} = \frac{\partial L}{\partial y} y^2 e")


def test_an_opaque_derivative_is_listed_only_if_asked_for() -> None:
    derivation = derived(NODES)
    assert "y" not in [printed.name for printed in print_derivation(derivation)]
    assert line(derivation, "y") == d("L", "y")


@pytest.mark.parametrize(
    ("view", "recursion", "weights"),
    [
        (
            "matrix",
            r"f'(z^{(l)}) \circ (W^{(l+1)})^\top \delta^{(l+1)}",
            r"\delta^{(l)} (a^{(l-1)})^\top",
        ),
        (
            "index",
            r"f'(z^{(l)}_i) \sum_j W^{(l+1)}_{ji} \delta^{(l+1)}_j",
            r"\delta^{(l)}_i a^{(l-1)}_j",
        ),
    ],
)
def test_layer_families_print_their_recursion(view: str, recursion: str, weights: str) -> None:
    family = loads(FAMILY).family
    assert family is not None
    interior = backprop(family.interior)
    assert line(interior, "z[l]", view).endswith(f" = {recursion}")
    assert line(interior, "z[l]", view).startswith(r"\delta^{(l)}")
    assert line(interior, "W[l]", view).endswith(f" = {weights}")


def test_the_last_layer_of_a_family() -> None:
    family = loads(FAMILY).family
    assert family is not None
    last = backprop(family.last)
    assert line(last, "z[L]").endswith(r" = (a^{(L)} - y) \circ f'(z^{(L)})")
    assert line(last, "W[L]").endswith(r" = ((a^{(L)} - y) \circ f'(z^{(L)})) (a^{(L-1)})^\top")


def test_a_spelled_member_spells_its_neighbour() -> None:
    spelled = FAMILY.replace("a[l] = f(z[l])", 'a[l] = f(z[l]) as "a^l"').replace("a[1] = x", 'a[1] = x as "a^1"')
    family = loads(spelled).family
    assert family is not None
    assert print_forward(family.interior)[0].latex() == r"z^{(l)} = W^{(l)} a^{l-1} + b^{(l)}"


def test_forward_lines() -> None:
    assert [printed.latex() for printed in print_forward(loads(ROWS))] == [
        r"Z_1 = X W_1 + \mathbf{1} b_1^\top",
        r"A_1 = \sigma(Z_1)",
        r"Z_2 = A_1 W_2 + \mathbf{1} b_2^\top",
        r"A_2 = \sigma(Z_2)",
        r"L = -\frac{\sum_i \sum_j (Y_{ij} \log((A_2)_{ij}) + (1 - Y_{ij}) \log(1 - (A_2)_{ij}))}{m}",
    ]


def test_a_jacobian_is_printed_by_its_entries() -> None:
    graph = loads("x : (n,)\nW : (k, n)\nz = W @ x\np = softmax(z)\n")
    printed = print_partial("z", "W", jacobian(graph, "z", "W"), graph)
    assert printed.latex() == r"\frac{\partial z_i}{\partial W_{jl}} = \mathbb{1}[i = j] x_l"


def test_scalars_get_the_scalar_view_and_arrays_the_matrix_view() -> None:
    assert [default_view(loads(text)) for text in (SCALAR, ROWS)] == ["scalar", "matrix"]


def test_an_unknown_name_is_refused_with_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        print_derivation(derived(SCALAR), wrt=["w_3"])


@pytest.mark.parametrize("activation", ["sigmoid({0})", "{0}/(1 + exp(-{0}))"])
def test_the_print_is_linear_in_depth(activation: str) -> None:
    def size(depth: int) -> int:
        rows = ["x, y : scalar"]
        for k in range(1, depth + 1):
            rows.append(f"w_{k}, b_{k} : scalar")
        for k in range(1, depth + 1):
            below = "x" if k == 1 else f"a_{k - 1}"
            rows += [f"z_{k} = w_{k}*{below} + b_{k}", f"a_{k} = {activation.format(f'z_{k}')}"]
        derivation = derived("\n".join([*rows, f"L = (a_{depth} - y)**2/2"]))
        return sum(len(printed.latex()) for printed in print_derivation(derivation))

    small, large = size(6), size(24)
    assert large < 4.8 * small


@pytest.mark.parametrize(
    "text", [SCALAR, ROWS, COLUMNS, NEURON, NODES, SOFTMAX.format(fact=""), affine("(2,)", "(3,)")]
)
@pytest.mark.parametrize("style", [Style(), Style(adjoint="delta", transpose="T", hadamard="odot", limits=True)])
def test_the_reader_of_claims_finds_nothing_stray_in_what_is_printed(text: str, style: Style) -> None:
    derivation = derived(text)
    for view in ("matrix", "index"):
        for printed in [
            *print_forward(derivation.graph, view, style),
            *print_derivation(derivation, None, view, style),
        ]:
            assert not parse(printed.latex()).slips, printed.latex()


def test_second_derivatives() -> None:
    first = derived(SCALAR)
    second = backprop(first.gradient, "∂L/∂w_2")
    style = Style(adjoint="delta")
    assert line(second, "w_1").startswith(r"\frac{\partial^2 L}{\partial w_2 \partial w_1} = ")
    # δ is the derivative of the loss, not that of a derivative
    inner = line(second, "z_1", style=style).split(" = ")[0]
    assert inner == r"\frac{\partial \frac{\partial L}{\partial w_2}}{\partial z_1}"
    graph = first.gradient
    printed = print_partial("∂L/∂w_2", "b_2", jacobian(graph, "∂L/∂w_2", "b_2"), graph)
    assert printed.latex().startswith(r"\frac{\partial^2 L}{\partial w_2 \partial b_2} = ")
