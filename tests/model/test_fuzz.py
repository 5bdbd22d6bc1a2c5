"""Whatever the text, the only thing that is ever raised is a DeriveError with a place."""

from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import DeriveError
from derive.model import loads

WORDS = """x y z W X b f C L l m n pi e lambda alias loss for in scalar size symbol function functional positive
simplex any parameter sum mean softmax exp where T axis keepdims True None ( ) [ ] { } , . : = + - * / ** @ < > <= ==
" ' \\ _ ^ # 0 1 2 0.5 1e3 .. as [l] [l-1] [L] [2] -1 é ² ﬁ"""
JOINTS = ["\n", "\n    ", "\t", " ", " : ", " = ", "for l in 2..L:\n", "x : (m, n)\n", 'as "z\'"']
PIECES = st.sampled_from([*WORDS.split(), *JOINTS])
MODEL = "x, y : scalar\nX : (m, n)\nf : function\nC : functional\n"


def check(text: str) -> None:
    try:
        loads(text)
    except DeriveError as error:
        refused = error
    else:
        return
    assert refused.span is not None
    assert refused.span.line >= 1
    assert refused.span.column >= 1
    assert refused.render()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_text(text):
    check(text)
    check(MODEL + "y = " + text)


@settings(max_examples=700, deadline=None)
@given(st.lists(PIECES, max_size=25))
def test_any_pieces_of_the_language(pieces):
    check("".join(pieces))
    check(MODEL + " ".join(pieces))


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=12))
def test_any_right_side(pieces):
    check(MODEL + "q = " + " ".join(pieces).replace("\n", " "))


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=12))
def test_any_line_of_a_layer(pieces):
    check(MODEL + "a[1] = x\nfor l in 2..L:\n    a[l] = " + " ".join(pieces).replace("\n", " ") + "\nJ = a[L]\n")
