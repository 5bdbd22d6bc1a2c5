"""The list of operations is that of the records."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from derive.errors import UnknownNameError
from derive.model import loads
from derive.ops.record import callable_names
from derive.ops.remedies import _BY_NAME, remedy
from derive.report.operations import described, operations
from derive.report.operations_page import page


def test_every_name_that_a_model_may_call_is_listed_once():
    rows = operations()
    names = [row[0].partition("(")[0] for row in rows]
    others = [other for row in rows for other in row[2].split(", ") if other]
    assert sorted([*names, *others]) == sorted(callable_names())


def test_a_row_has_the_signature_and_the_derivative():
    rows = {row[0]: row for row in operations()}
    assert rows["atan(u)"] == ("atan(u)", "atan'(u) = 1/(1 + u²)", "arctan")
    assert "softmax(x, axis=-1)" in rows


def test_the_page_is_that_of_the_records():
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert text == page(described()), "write it anew: derive ops --markdown > docs/operations.md"


def test_everything_that_is_known_of_an_operation_is_told():
    (elu,) = described("celu")
    told = dict(elu.lines)
    assert elu.signature == "celu(u, alpha=1)"
    assert "by u:" in told["derivative"]
    assert told["kinks"] == "u = 0"
    assert "0 < α" in told["domain"]
    (softmax,) = (op for op in described("softmax") if op.name == "softmax")
    assert dict(softmax.lines)["shapes"] == "(m, k) → (m, k)"
    (orders,) = (op for op in described("gammainc") if op.name == "gammainc")
    assert "none by u" in orders.slope
    assert described("nothing of this name") == []


@pytest.mark.parametrize("wrong", ["sotfmax", "reluu", "log_sofmax"])
def test_the_hint_of_a_wrong_name_can_be_followed(wrong):
    with pytest.raises(UnknownNameError) as caught:
        loads(f"A : (m, n)\nL = sum({wrong}(A))\n")
    word = re.search("`derive ops (.*?)`", caught.value.hint)[1]
    signature = described(word)[0].signature
    assert word in caught.value.hint.partition("?")[0]
    assert loads(f"A : (m, n)\nL = sum({signature.partition('(')[0]}(A))\n").loss == "L"


def test_a_remedy_is_no_operation_and_what_it_says_can_be_read():
    assert not set(_BY_NAME) & set(callable_names())
    for text in (
        "minimum(maximum(x, 0), 1)", "sqrt(var(x))", "exp(sum(log(x)))", "minimum(relu(x), 6)",
    ):  # fmt: skip
        loads(f"x : (n,), positive\nL = sum({text})\n")
    loads("A : (m, k)\nb : (m,)\nz = inv(A.T @ A) @ A.T @ b\n")
    loads("a : (m,)\nb : (k,)\nL = sum(outer(a, b))\n")
    assert remedy("nothing_like_this") is None


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("L = sum(kron(A, B))", "outer(a, b)"),
        ("L = sum(reshape(A, 3))", "keep their axes"),
        ("L = sum(std(A))", "sqrt(var(x))"),
        ("L = sum(conv(A, B))", "windows"),
        ("L = sum(unheard_of(A))", "declare it: unheard_of : function, if it acts on every entry"),
        ("L = sum(unheard_of(A, A))", "declare it: unheard_of : function(2)"),
        ("L = sum(unheard_of(A, B))", "derive list --operations"),
        ("L = sum(unheard_of(A, axis=0))", "derive list --operations"),
    ],
)
def test_a_hint_names_what_works(line, hint):
    with pytest.raises(UnknownNameError) as caught:
        loads(f"A : (m, n)\nB : (k, p)\n{line}\n")
    assert hint in caught.value.hint


def test_an_input_is_no_function_whatever_it_is_called():
    from derive.errors import ModelError

    with pytest.raises(ModelError, match="gamma is a value"):
        loads("x, gamma, mu : scalar\nL = gamma(x - mu)\n")
    assert loads("x : scalar\nL = gamma(x)\n").bindings["L"].node.name == "tgamma"
