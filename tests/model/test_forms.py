"""Forms: what lines have in common, the order of evaluation, and that nothing else is shared between lines."""

import ast

import pytest

from derive.model import loads
from derive.model.forms import form_of, terms
from derive.model.source import read
from derive.model.tokens import parse


def statement_of(text):
    return read(text).statements[0]


def names(text):
    """The placeholders of a form in the order in which they are evaluated."""
    return [node.id for node in form_of(text).order if isinstance(node, ast.Name)]


def test_operands_stand_before_what_they_are_in_from_left_to_right():
    form = form_of("n0 * ( n1 - n2 ) ** n3")
    assert names("n0 * ( n1 - n2 ) ** n3") == ["n0", "n1", "n2", "n3"]
    assert [type(node).__name__ for node in form.order] == ["Name"] * 3 + ["BinOp", "Name", "BinOp", "BinOp"]
    assert form.order[-1] is form.tree


def test_a_sum_is_one_step():
    form = form_of("n0 + n1 * n2 - n3")
    assert sum(isinstance(node, ast.BinOp) for node in form.order) == 2
    assert [minus for minus, _, _ in terms(form.tree)] == [False, False, True]


def test_arguments_that_may_be_flags():
    form = form_of("n0 ( n1 , n2 + n3 , n4 = n5 )")
    assert {node.id for node in form.arguments if isinstance(node, ast.Name)} == {"n1", "n5"}


def test_lines_of_one_form_share_it_and_long_ones_are_not_kept():
    one, other = (parse(statement_of(text), 3, len(text)) for text in ("y = a @ b + c", "z = u@v+w"))
    assert one.form is other.form
    assert [token.text for token in other.tokens] == ["u", "@", "v", "+", "w"]
    long = " + ".join(f"n{k}" for k in range(100))
    assert form_of(long) is not form_of(long)


def test_a_flag_and_a_value_in_the_same_place():
    graph = loads("X, Y : (m, n)\na = maximum(X, Y)\nb = sum(X, None)\nc = maximum(X, b)\nd = sum(X, 0)")
    shapes = {name: binding.node.shape for name, binding in graph.bindings.items()}
    assert [len(shapes[name]) for name in "abcd"] == [2, 0, 2, 1]


@pytest.mark.parametrize("text", ["n0 n1", "n0 +", "n0 ( n1"])
def test_what_python_cannot_parse(text):
    with pytest.raises(SyntaxError):
        form_of(text)
