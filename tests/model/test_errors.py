"""Every text that is no model is refused with one message: what, where, what to do."""

import pytest

from derive.errors import DeriveError, ModelError, ShapeError, UnknownNameError
from derive.model import loads
from tests.effort import effort


def refused(text: str, kind: type[DeriveError] = ModelError) -> DeriveError:
    with pytest.raises(kind) as caught:
        loads(text, file="model.derive")
    assert caught.value.span is not None
    assert caught.value.span.file == "model.derive"
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("x : scalar\ny = x + zeta_1", 2, 9, "unknown name 'zeta_1'"),
        ("x : scalar\ny = 2*sigmod(x)", 2, 7, "unknown function 'sigmod'"),
        ("a = b + 1\nb = 2*a", 1, 5, "a cycle: a -> b -> a"),
        ("a = a + 1", 1, 5, "a cycle: a -> a"),
        ("a = b\nb = 1", 1, 5, "used before its definition on line 2"),
        ("u = 1 + e\ne = u", 1, 9, "a cycle: u -> e -> u"),
        ("x : scalar\nx : (n,)", 2, 1, "already declared on line 1"),
        ("x : scalar\nx = 2", 2, 1, "already declared on line 1"),
        ("n : scalar\nX : (m, n)", 2, 9, "n is declared as an input"),
        (
            "x : scalar\nn[l] : (n[l],)\na[0] = x\nfor l in 1..L:\n  a[l] = n[l]*a[l-1]",
            2,
            9,
            "n[1] is declared as an input",
        ),
        ('X : (m, k., one_hot(axis=1)", free\nS) (m, k)', 1, 10, "ends after '.'"),  # a string over two lines
        ("x = 1\nx = 2", 2, 1, "already defined on line 1"),
        ("X : (m, n)\nm = 2", 2, 1, "size of an axis on line 1"),
        ("x : scalar, positiv", 1, 13, "unknown assumption 'positiv'"),
        ("x : scaler", 1, 5, "is not a shape"),
        ("x : n", 1, 5, "is not a shape"),
        ("x : (n)", 1, 5, "is not a shape"),
        ("x : (n,), symmetric", 1, 11, "square"),
        ("x : (n,), simplex(axis=1)", 1, 11, "no axis 1"),
        ("x : scalar, in (1, 0)", 1, 13, "not an interval"),
        ("f : function, positive", 1, 15, "takes no assumptions"),
        ("f : function = softmax", 1, 16, "not an elementwise operation"),
        ("f : function\nx : scalar\ny = f(x, x)", 3, 5, "declared with 1 argument, not 2"),
        ("eta : symbol\ny = eta", 2, 5, "has no value in the graph"),
        ("x : scalar\ny = x(2)", 2, 5, "is a value, not a function"),
        ("f : function\ny = f", 2, 5, "is a function"),
        ("y = 2 +", 1, 7, "ends after '+'"),
        ("y = (2", 1, 5, "never closed"),
        ("y = 2)", 1, 6, "closes nothing"),
        ("y = (2]", 1, 7, "meets '('"),
        ("y = 2 3", 1, 5, "operator is missing"),
        ("y = 1 = 2", 1, 7, "'=' inside"),
        ("y = 2^3", 1, 6, "unexpected '^'"),
        ("y = 2 % 3", 1, 7, "unexpected '%'"),
        ("y = 7 // 2", 1, 8, "cannot read"),
        ("y =", 1, 4, "expression is missing"),
        ("just words", 1, 1, "neither a declaration nor a binding"),
        ("import os", 1, 1, "neither a declaration nor a binding"),
        ("z' = 2", 1, 1, "is not a name"),
        ("2x = 2", 1, 1, "is not a name"),
        ("y = 1e999", 1, 5, "out of range"),
        ("y = [[1, 2], [3]]", 1, 5, "unequal lengths"),
        ("y = " + "[" * 17 + "1" + "]" * 17, 1, 5, "at most 16 axes"),
        ("x : (" + "n, " * 17 + ")", 1, 5, "at most 16 axes"),
        ("x : (2,)\ny = x > 1", 2, 5, "a comparison"),
        ("x : scalar\ny = where(x == 1, 2, 3)", 2, 11, "one comparison"),
        ("x : (n,)\ny = sum(x, axis=x)", 2, 17, "whole number"),
        ("x : (n,)\ny = sum(x, axes=0)", 2, 5, "axes"),
        ("alias a = zz", 1, 7, "unknown name 'zz'"),
        ("x : scalar\ny = 2*x\nloss z", 3, 6, "not a binding"),
        ('x : scalar as ""', 1, 15, "empty spelling"),
        ('x, y : scalar as "z"', 1, 14, "one spelling for several names"),
    ],
)
def test_place_and_words(text, line, column, words):
    error = refused(text)
    assert words in error.message
    assert (error.span.line, error.span.column) == (line, column)
    assert error.span.text == text.splitlines()[line - 1]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x_input : scalar\ny = x_inputt", "x_input"),
        ("x : scalar\ny = sigmod(x)", "sigmoid"),
        ("x : scalar, positiv", "positive"),
        ("a = a", "no value may depend on itself"),
    ],
)
def test_hints(text, hint):
    assert hint in refused(text).hint


def test_unknown_names_have_their_own_kind():
    refused("y = nobody", UnknownNameError)
    refused("y = nobody(2)", UnknownNameError)


@pytest.mark.parametrize(
    ("line", "column", "parts"),
    [
        ("Z = X @ W", 5, ["(m, n)", "(k, n)", "last axis"]),
        ("Z = X + W", 5, ["(m, n)", "(k, n)", "axis -2", "m", "k"]),
        ("Z = 1 + X*2 - W", 5, ["(m, n)", "(k, n)"]),
        ("Z = sum(X, axis=2)", 5, ["axis 2", "(m, n)"]),
        ("Z = X*W", 5, ["(m, n)", "(k, n)"]),
        ("Z = trace(X)", 5, ["square", "(m, n)"]),
        ("Z = 2*(X/W)", 8, ["(m, n)", "(k, n)"]),
    ],
)
def test_shapes_that_do_not_fit(line, column, parts):
    error = refused(f"X : (m, n)\nW : (k, n)\n{line}", ShapeError)
    assert all(part in error.message for part in parts)
    assert (error.span.line, error.span.column) == (3, column)


def test_a_named_loss_is_scalar():
    error = refused("x : (n,)\ny = 2*x\nz = sum(y)\nloss y", ShapeError)
    assert "(n,)" in error.message
    assert "jacobian" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        "y = __import__('os')",
        "y = __import__(os)",
        "x : scalar\ny = x.__class__",
        "x : scalar\ny = x.real",
        "x : scalar\ny = (lambda z: z)(x)",
        "x : (2,)\ny = [z for z in x]",
        "x : (2,)\ny = x[0]",
        "x : (2,)\ny = (x)[0]",
        "x : (2,)\ny = x[0:1]",
        "x : (2,)\ny = sum(*x)",
        "x : (2,)\ny = sum(x, **x)",
        "x : (2,)\ny = {x}",
        "x : (2,)\ny = x if x else x",
        "x : (2,)\ny = x.T()",
        "x : (2,)\ny = sum(x)(x)",
        "x : (2,)\ny = (x, x)",
        "x : (2,)\ny = (z := x)",
        "x : (2,)\ny = f'{x}'",
        "x : (2,)\ny = eval(x)",
        "x : (2,)\ny = x and x",
        "x : (2,)\ny = ...",
        "y = 2j",
    ],
)
def test_what_is_not_arithmetic_is_refused(text):
    assert refused(text).span.line == text.count("\n") + 1


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "   \t\n"])
def test_an_empty_model(text):
    assert "empty" in refused(text).message


def test_a_binary_text():
    error = refused("x : scalar\nab\x00c")
    assert (error.span.line, error.span.column) == (2, 3)


@pytest.mark.parametrize(
    "side",
    [
        "-" * 200_000 + "x",
        "(" * 200_000 + "x",
        "(" * 200_000 + "x" + ")" * 200_000,
        "x" + "+x" * 200_000,
        "-" * 90_000 + "x",
        "(" * 40_000 + "x" + ")" * 40_000,
        "x" + "+x" * 40_000,
        "x" + "**x" * 30_000,
        "x" + "/x" * 2_500,
        "exp(" * 20_000 + "x" + ")" * 20_000,
        "[" * 40_000 + "x" + "]" * 40_000,
        "x" + ".T" * 40_000,
        "x" + "()" * 40_000,
        "9" * 90_000,
    ],
)
def test_deep_and_long_right_sides(side):
    found = []
    # a few steps for each sign at most: nothing is read twice
    assert effort(lambda: found.append(refused(f"x : scalar\ny = {side}"))) < 20 * len(side) + 10_000
    assert found[0].span.line == 2
    assert len(found[0].render()) < 1000


def test_a_ten_megabyte_text():
    assert "at most" in refused("x : scalar\n" * 1_000_000).message


def test_ten_thousand_lines_are_read_in_linear_time():
    def work(lines: int) -> int:
        text = "w : scalar\nz0 = w\n" + "".join(f"z{k + 1} = tanh(w*z{k}) + {k}\n" for k in range(lines))
        assert len(loads(text).bindings) == lines + 1
        return effort(lambda: loads(text))

    assert work(10_000) < 11 * work(1_000)


def test_the_caret_is_shown_under_the_place():
    rendered = refused("x : scalar\ny = x + zeta").render()
    assert "model.derive:2:9\n  y = x + zeta\n          ^^^^" in rendered


def test_the_place_in_a_continuation_line():
    error = refused("x : scalar\ny = (x +\n     zeta)")
    assert (error.span.line, error.span.column, error.span.text) == (3, 6, "     zeta)")
