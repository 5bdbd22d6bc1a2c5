"""What the emitted source looks like: a colleague's straight-line code, and only what is needed."""

import ast
import re

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify, source
from derive.codegen.identifiers import Identifiers, identifier
from derive.model import loads

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


def statements(text, wrt=None):
    tree = ast.parse(source(backprop(loads(text)), wrt))
    body = next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "value_and_gradient"
    ).body
    return [ast.unparse(statement) for statement in body[1:]]


def test_a_batch_network_is_written_as_by_hand():
    assert statements(ROWS, ["W_1", "b_1", "W_2", "b_2"]) == [
        "m = X.shape[0]",
        "Z_1 = X @ W_1 + b_1",
        "A_1 = sigmoid(Z_1)",
        "Z_2 = A_1 @ W_2 + b_2",
        "A_2 = sigmoid(Z_2)",
        "L = (np.maximum(Z_2, 0) - Y * Z_2 + np.log1p(np.exp(np.minimum(Z_2, -Z_2)))).sum() / m",
        "dZ_2 = (A_2 - Y) / m",
        "dA_1 = dZ_2 @ W_2.T",
        "dZ_1 = dA_1 * A_1 * (1 - A_1)",
        "dW_1 = X.T @ dZ_1",
        "db_1 = dZ_1.sum(axis=0)",
        "dW_2 = A_1.T @ dZ_2",
        "db_2 = dZ_2.sum(axis=0)",
        "return (L, {'W_1': dW_1, 'b_1': db_1, 'W_2': dW_2, 'b_2': db_2})",
    ]


def test_columns():
    text = "W : (k, n)\nx : (n, m)\nb : (k, 1)\nZ = W @ x + b\nL = sum(Z**2)/2"
    code = statements(text)
    assert {"dW = Z @ x.T", "dx = W.T @ Z"} <= set(code)
    assert any(line.endswith("Z.sum(axis=1, keepdims=True)") for line in code)


def test_only_what_is_asked_for_is_computed():
    code = "\n".join(statements(ROWS, ["b_2"]))
    assert "dZ_1" not in code
    assert "W_2.T" not in code
    assert statements("x : scalar\ny : scalar\nu = exp(y)\nL = x**2")[:1] == ["L = x ** 2"]


def test_shared_values_are_computed_once():
    code = "\n".join(statements("x : (n,)\na = tanh(x)\nb = tanh(x)\nL = sum(a*b)"))
    assert code.count("np.tanh") == 1
    code = "\n".join(statements("x : (n,)\nL = sum(exp(x*x) + 1/exp(x*x))"))
    assert code.count("np.exp") == 1


def test_equal_definitions_stay_two_values_in_the_derivation():
    _, gradient = lambdify(backprop(loads("x : scalar\na = tanh(x)\nb = tanh(x)\nL = 2*a*b*b")), wrt=["a", "b"])(x=0.5)
    t = np.tanh(0.5)
    assert gradient == pytest.approx({"a": 2 * t * t, "b": 4 * t * t})


def test_repeats_are_left_to_numpy():
    code = "\n".join(statements("X : (m, n)\nb : (n,)\nL = sum((X + b)**2)/(m*n)"))
    assert "np.full" not in code
    assert "broadcast" not in code
    assert "np.ones" not in code


def test_a_product_of_several_factors_is_ordered_by_cost():
    code = "\n".join(statements("u : (n,)\nA : (n, n)\nv : (n,)\nL = u @ A @ v", ["A"]))
    assert "np.outer(u, v)" in code


def test_names_of_every_kind():
    text = "lambda : scalar\nnp : scalar\nθ : scalar\nsum_ : scalar\ndz : scalar\nz = lambda*np + θ\nL = z**2*dz*sum_"
    derivation = backprop(loads(text))
    values = {"lambda": 2.0, "np": 3.0, "θ": 1.0, "sum_": 1.5, "dz": 0.5}
    value, gradient = lambdify(derivation, wrt=["z", "lambda", "np", "dz"])(**values)
    assert value == pytest.approx(49 * 0.75)
    assert gradient == pytest.approx({"z": 10.5, "lambda": 31.5, "np": 21, "dz": 73.5})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("z[3]", "z_3"),
        ("z'", "z_prime"),
        ("lambda", "lambda_"),
        ("match", "match_"),
        ("θ", "θ"),
        ("∂L/∂w", "L_w"),
        ("2x", "v_2x"),
        ("", "v"),
        ("__import__", "_import__"),
    ],
)
def test_identifiers(name, expected):
    got = identifier(name)
    assert got.isidentifier()
    assert got == expected


def test_a_supply_of_names_gives_each_once():
    names = Identifiers()
    assert [names.claim("x"), names.claim("x"), names.claim("x'"), names.claim("x_prime"), names.claim("np")] == [
        "x",
        "x_2",
        "x_prime",
        "x_prime_2",
        "np_2",
    ]


def test_hostile_titles_and_names_stay_text():
    text = '# """; import os; os.remove("x") \\\nx : scalar\nL = x**2'
    code = source(backprop(loads(text)))
    tree = ast.parse(code)
    assert [type(node).__name__ for node in tree.body] == ["Expr", "FunctionDef"]


def test_the_printed_source_runs_alone():
    code = source(backprop(loads(ROWS)))
    scope = {}
    exec(code, scope)  # noqa: S102
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 4), "W_1": (4, 3), "b_1": (3,), "W_2": (3, 2), "b_2": (2,), "Y": (5, 2)}
    values = {name: rng.uniform(size=shape) for name, shape in shapes.items()}
    value, gradient = scope["value_and_gradient"](**values)
    expected = lambdify(backprop(loads(ROWS)))(**values)
    assert value == expected[0]
    assert gradient.keys() == expected[1].keys()


def test_lines_are_short_and_the_text_is_the_same_every_time():
    terms = " + ".join(f"w_{k}*x_{k}" for k in range(60))
    text = "\n".join([f"w_{k} : scalar\nx_{k} : scalar" for k in range(60)] + [f"z = {terms}", "L = z**2"])
    code = source(backprop(loads(text)))
    assert max(map(len, code.splitlines())) <= 112
    assert code == source(backprop(loads(text)))
    assert re.search(r"^def value_and_gradient\($", code, re.M)


def test_a_deep_chain_and_a_deep_expression():
    lines = ["x_0 : scalar"] + [f"x_{k + 1} = sin(x_{k})" for k in range(5000)]
    value, gradient = lambdify(backprop(loads("\n".join(lines))))(x_0=0.5)
    expected, slope = 0.5, 1.0
    for _ in range(5000):
        expected, slope = np.sin(expected), slope * np.cos(expected)
    assert value == pytest.approx(expected)
    assert gradient["x_0"] == pytest.approx(slope)
    nested = "x : scalar\nL = " + "sin(" * 60 + "x" + ")" * 60
    assert np.isfinite(lambdify(backprop(loads(nested)))(x=0.5)[1]["x"])


def test_every_variable_is_used():
    text = """
x : (n,)
k : scalar
L = sum(log(cos(x)**2 + 1)*norm(x)) + max(x) + gelu(k)*abs(k) + maximum(k, 2) + det(outer(x, x) + eye(n))
"""
    for model in (text, ROWS):
        lines = statements(model)
        for line in lines[:-1]:
            variable = line.partition(" = ")[0]
            assert sum(len(re.findall(rf"\b{variable}\b", other)) for other in lines) > 1, line


def test_numbers_of_a_coefficient_are_one_number() -> None:
    text = source(backprop(loads("x : (m,)\nL = sum(x**2) / (2*m)")))
    assert "dx = x / m\n" in text
