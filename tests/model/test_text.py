"""What the lines of a model text mean."""

from fractions import Fraction

import numpy as np
import pytest

from derive.errors import ModelError, UnknownNameError
from derive.ir import build
from derive.ir.graph import Fact
from derive.ir.size import size_of
from derive.model import loads, warnings
from derive.ops.evaluate import Evaluator

X = build.ref("x")
Y = build.ref("y")


def node(expression: str, declarations: str = "x, y : scalar"):
    return loads(f"{declarations}\nresult = {expression}").bindings["result"].node


def shape(expression: str, declarations: str) -> str:
    return str(node(expression, declarations).shape)


# ------------------------------------------------------------------------------------------ expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y", build.add(X, Y)),
        ("x - y", build.sub(X, Y)),
        ("x - y + 1", build.add(X, build.Node("neg", (Y,), None, ()), build.number(1))),
        ("x - (y + 1)", build.sub(X, build.add(Y, build.number(1)))),
        ("2*x*y", build.mul(build.mul(build.number(2), X), Y)),
        ("-x**2", build.neg(build.power(X, 2))),
        ("x**-2", build.power(X, -2)),
        ("x/2", build.div(X, build.number(2))),
        ("1/2", build.number(Fraction(1, 2))),
        ("0.1", build.number(Fraction(1, 10))),
        ("1e-3", build.number(Fraction(1, 1000))),
        ("+x", X),
        ("pi*e", build.mul(build.constant("pi"), build.constant("e"))),
        ("sigma(x)", build.call("sigmoid", X)),
        ("exp(-x)", build.call("exp", build.neg(X))),
        ("where(x > 0, x, y)", build.call("where", build.call("step", X), X, Y)),
        ("where(x < y, x, y)", build.call("where", build.call("step", build.sub(Y, X)), X, Y)),
    ],
)
def test_scalar_expressions(text, expected):
    assert node(text) is expected


def test_operands_keep_the_order_in_which_they_are_written():
    assert node("y*x") is not node("x*y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X @ W + b", "(m, k)"),
        ("X.T", "(n, m)"),
        ("sum(X)", "()"),
        ("sum(X, axis=1)", "(m,)"),
        ("sum(X, 1)", "(m,)"),
        ("sum(X, axis=-1, keepdims=True)", "(m, 1)"),
        ("sum(X, axis=(0, 1))", "()"),
        ("mean(X, axis=0)", "(n,)"),
        ("softmax(X)", "(m, n)"),
        ("softmax(X, axis=0)", "(m, n)"),
        ("X @ W / m", "(m, k)"),
        ("eye(n) @ W", "(n, k)"),
        ("[[1, -2], [-1, 1]] @ [1, 0]", "(2,)"),
        ("trace(X @ X.T)", "()"),
    ],
)
def test_array_expressions(text, expected):
    assert shape(text, "X : (m, n)\nW : (n, k)\nb : (k,)") == expected


def test_a_list_is_an_array_in_row_major_order():
    made = node("[[1, 2, 3], [4, 5, x]]")
    assert made.op == "array"
    value = Evaluator({"x": 6.0}, {}).value(made)
    assert np.array_equal(value, [[1, 2, 3], [4, 5, 6]])


def test_conditions_hold_strictly_or_not():
    graph = loads("x : scalar\na = where(x < 1, 5, 7)\nb = where(x <= 1, 5, 7)\nc = where(x >= 1, 5, 7)")
    values = Evaluator({"x": 1.0}, {}).run(graph).values
    assert [float(values[k]) for k in "abc"] == [7.0, 5.0, 5.0]


def test_a_long_sum_is_one_node_and_a_long_product_is_read():
    assert len(node(" + ".join(["x"] * 1500)).args) == 1500
    assert node("*".join(["x"] * 1500)).op == "contract"


def test_python_keywords_are_names():
    graph = loads("lambda, in, class : scalar\nNone = lambda*in + class\nis = None**2")
    assert list(graph.bindings) == ["None", "is"]
    assert graph.loss == "is"


def test_constants_give_way_to_declared_names():
    graph = loads("x : scalar\ne = exp(x)\nu = e + pi")
    assert graph.bindings["u"].node is build.add(build.ref("e"), build.constant("pi"))


def test_a_size_stands_for_a_number():
    graph = loads("X : (m, n)\nL = sum(X)/(m*n)")
    assert graph.bindings["L"].node.args[1] is build.mul(build.size_value(size_of("m")), build.size_value(size_of("n")))


# ---------------------------------------------------------------------------------------- declarations


def test_sizes_are_polynomials():
    graph = loads("X : (2*m + 1, n - 1)\nk : size\nY : (k,)\nZ : ()")
    assert str(graph.shape("X")) == "(2*m + 1, n - 1)"
    assert graph.declarations["k"].kind == "size"
    assert graph.size_names() == ["m", "n", "k"]
    assert graph.shape("Z") == ()


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("(n, n), positive", Fact("positive")),
        ("(n, n), positive_definite", Fact("positive_definite")),
        ("(n, n), simplex(axis=1)", Fact("simplex", axis=1)),
        ("(n, n), simplex(axis=-2)", Fact("simplex", axis=0)),
        ("(n, n), one_hot", Fact("one_hot", axis=1)),
        ("scalar, in (0, 1)", Fact("in", low=0.0, high=1.0)),
        ("scalar, in (-inf, 0)", Fact("in", low=-float("inf"), high=0.0)),
        ("scalar, in {-1, 1}", Fact("one_of", values=(-1.0, 1.0))),
    ],
)
def test_assumptions(text, fact):
    assert loads(f"x : {text}").declarations["x"].facts == (fact,)


def test_several_assumptions_and_what_has_no_gradient():
    graph = loads("T : (m, k), one_hot(axis=1), free\nS : (m, k), simplex(axis=1)\nc : scalar, positive, constant")
    assert graph.declarations["T"].differentiable
    assert not graph.declarations["S"].differentiable
    assert not graph.declarations["c"].differentiable


def test_functions_and_values_are_separate_tables():
    graph = loads("y_1, y_2 : scalar\nC : functional\nC = C(y_1, y_2)")
    assert graph.bindings["C"].node is build.functional("C", build.ref("y_1"), build.ref("y_2"))


def test_a_function_may_be_generic_or_a_known_one():
    graph = loads("x : scalar\nf : function\ng : function(2)\nh : function = tanh\ny = f(x) + g(x, x) + h(x)")
    f, g, h = graph.bindings["y"].node.args
    assert (f.name, g.name, h.name) == ("f", "g", "tanh")
    assert graph.declarations["h"].definition == "tanh"
    assert graph.declarations["g"].arity == 2


@pytest.mark.parametrize("name", ["tanh", "erf", "step", "where"])
def test_a_generic_function_has_not_the_name_of_an_operation(name):
    with pytest.raises(ModelError, match=f"{name} is the name of an operation"):
        loads(f"{name} : function\nx : scalar\nL = {name}(x)")


def test_letters_for_pages():
    graph = loads("eta : symbol, positive\ntheta : any parameter\nm : size")
    assert [d.kind for d in graph.declarations.values()] == ["symbol", "parameter", "size"]
    assert graph.loss is None
    assert list(graph.inputs) == []


def test_declarations_may_follow_the_lines_that_use_them():
    assert loads("y = x + 1\nx : scalar").loss == "y"


# ------------------------------------------------------------------------------ spellings, aliases, loss


def test_spellings():
    graph = loads('zp : scalar as "z\'"\ns = zp**2 as "\\sigma_B^2"\nt = s # as "not this"')
    assert [graph.latex(name) for name in ("zp", "s", "t")] == ["z'", r"\sigma_B^2", None]


def test_aliases_are_names_or_latex():
    graph = loads("y : scalar\nJ = y**2\nalias J_3, J_{(3)}, w_{1,2} = J\nalias \\hat{y} = y\nL = J_3 + 1")
    assert graph.aliases == {"J_3": "J", "J_{(3)}": "J", "w_{1,2}": "J", r"\hat{y}": "y"}
    assert graph.bindings["L"].node.args[0] is build.ref("J")


def test_the_loss_is_the_last_binding_unless_named():
    assert loads("x : scalar\nL = x**2\nM = L + 1").loss == "M"
    assert loads("x : scalar\nL = x**2\nM = L + 1\nloss L").loss == "L"
    assert loads("x : scalar\nloss = x**2").loss == "loss"
    assert loads("x : scalar").loss is None


def test_title_comments_and_continuation_lines():
    graph = loads("\ufeff\n# A title.\n# more\nx : scalar  # a comment\r\ny = (x\n  + 1   # inside\n)\n")
    assert graph.title == "A title."
    assert graph.bindings["y"].node is build.add(X, build.number(1))
    assert loads("x : scalar\n# late").title == ""


def test_an_indented_text_is_read():
    assert loads("\n    x : scalar\n    y = x**2\n").loss == "y"


def test_warnings_name_what_is_not_used():
    found = warnings(loads("x, y : scalar\nf, g : function\nz = f(x)"))
    assert found == [
        "y is declared on line 1 but not used; its gradient is zero",
        "the function g is declared on line 2 but not used",
    ]


def test_an_alias_may_stand_for_any_of_several_names() -> None:
    graph = loads("x_1, x_2, w : scalar\ny_1 = tanh(x_1)\ny_2 = tanh(x_2)\nL = y_1*y_2*w\nalias y = y_k\nalias v = w")
    assert graph.patterns == {"y": "y_k"}
    assert graph.aliases == {"v": "w"}


def test_an_alias_of_nothing_stays_an_error() -> None:
    with pytest.raises(UnknownNameError):
        loads("x_1, w : scalar\nL = x_1*w\nalias y = z_k")
