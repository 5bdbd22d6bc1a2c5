"""Layout: what belongs to what, with places, for printed formulas and for any input at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from derive.errors import ClaimError
from derive.typography.layout import parse, replaced
from derive.typography.nodes import (
    BigOperator,
    Cases,
    Ellipsis,
    Fraction,
    Group,
    Markup,
    Matrix,
    Number,
    Operator,
    Relation,
    Scripts,
    Stray,
    Symbol,
    Text,
    walk,
    word_run,
)
from derive.typography.rows import MAX_DEPTH
from derive.typography.statements import bracketed, statements

ENTRIES = [
    entry
    for entry in json.loads((Path(__file__).parents[1] / "textbook/expected.json").read_text(encoding="utf-8"))[
        "entries"
    ]
    if entry["block"] == "formula"
]


def only(source: str) -> Markup:
    items = parse(source).items
    assert len(items) == 1
    return items[0]


# ----- the corpus -----


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["tag"])
def test_every_formula_of_the_textbook_pages_has_a_layout(entry: dict[str, str]) -> None:
    for source in (entry["latex"], entry["correct_latex"]):
        layout = parse(source)
        assert all(symbol.known for symbol in walk(*layout.items) if isinstance(symbol, Symbol))
        assert all(0 <= node.span[0] <= node.span[1] <= len(source) for node in walk(*layout.items))
        assert sum(len(statement.members) for statement in statements(layout)) >= 1


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "links" in e], ids=lambda entry: entry["tag"])
def test_a_chain_has_as_many_relations_as_the_corpus_counts_links(entry: dict[str, list[str]]) -> None:
    found = statements(parse(str(entry["latex"])))
    assert sum(len(statement.relations) for statement in found) == len(entry["links"])


# ----- shapes -----


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("w^{(l)}_{ij}", "w_{ij}^{(l)}"),
        ("{a^1}", "a^1"),
        ("a_{}^{2}", "a^2"),
        (r"f^\prime", "f'"),
        (r"z^{\prime\prime}", "z''"),
        (r"\frac12", r"\frac{1}{2}"),
        (r"\tfrac{a}{b}", r"{a \over b}"),
        (r"\left( x \right)", r"\bigl(x\bigr)"),
        (r"\parallel y - o \parallel^2", r"\lVert y-o\rVert^2"),
        ("||x||", r"\|x\|"),
        (r"\sum\limits_{i=1}^{n} x", r"\sum^{n}_{i=1}\,x"),
        (r"\displaystyle a \! b~c", "a b c"),
        (r"{\rm diag}(x)", r"\mathrm{diag}(x)"),
        (r"\textcolor{red}{x}", "x"),
        (r"\boxed{a = b}", "{a = b}"),
        (r"a \le b", r"a \leq b"),
        (r"\mathbf 1", r"\bm{1}"),
        ("1, ..., n", r"1, \dots, n"),
    ],
)
def test_spellings_of_the_same_layout(one: str, other: str) -> None:
    assert parse(one).items == parse(other).items


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("w_{ij}", "w_{ji}"),
        ("XW", "WX"),
        (r"\sigma'(z)", r"\sigma(z)"),
        ("W^T", "W_T"),
        ("x^{23}", "x^23"),
        ("(a+b)c", "a+bc"),
        (r"\epsilon", r"\varepsilon"),
        (r"\mathbf{w}", "w"),
        (r"|a|b|c|", r"|ab||c|"),
        ("f(x)", "f[x]"),
    ],
)
def test_different_layouts_stay_different(one: str, other: str) -> None:
    assert parse(one).items != parse(other).items


def test_scripts_and_primes() -> None:
    node = only("f_i'^{2}{}")
    assert isinstance(node, Scripts)
    assert node.primes == 1
    assert [node.sub and node.sub.items, node.sup and node.sup.items] == [
        (Symbol((2, 3), "i"),),
        (Number((6, 7), "2"),),
    ]
    assert only("{}^T x"[:4]) == Scripts((0, 4), None, sup=parse("x^T").items[0].sup)  # type: ignore[attr-defined]


def test_numbers_keep_their_digits_and_scripts_take_one() -> None:
    assert parse("0.98 .5 12.").items[:3] == (Number((0, 4), "0.98"), Number((5, 7), ".5"), Number((8, 10), "12"))
    layout = parse("x^10")
    assert layout.items[1] == Number((3, 4), "0")
    assert [slip.kind for slip in layout.slips] == ["notation"]


@pytest.mark.parametrize("text", ["9" * 5001, "1." + "0" * 5000, "z_{" + "0" * 5001 + "}", "x^{(" + "3" * 5001 + ")}"])
def test_a_number_has_so_many_digits(text: str) -> None:
    with pytest.raises(ClaimError, match="more than 200 digits"):
        parse(text)


def test_words_without_a_backslash_can_be_recovered() -> None:
    items = parse("1 + exp(-x) + d a + tr^2").items
    assert word_run(items, 2) == "exp"
    assert word_run(items, 5 + 2) == "d"
    assert word_run(items, len(items) - 2) == "tr"
    assert word_run(items, 0) == ""
    assert word_run(parse(r"\def\s#1{1 + exp(-#1)} \s{x}").items, 2) == "exp"
    assert word_run(parse("e x p").items, 0) == "e"


def test_bars_face_the_right_way() -> None:
    assert [type(node) for node in parse("|a||b|").items] == [Group, Group]
    assert isinstance(parse("p(y|x)").items[1], Group)
    assert Operator((0, 0), "|") in parse("p(y|x)").items[1].items  # type: ignore[attr-defined]
    absolute = only("|a - |b||")
    assert isinstance(absolute, Group)
    assert isinstance(absolute.items[-1], Group)


def test_half_open_intervals_are_groups() -> None:
    node = only("(0, 1]")
    assert isinstance(node, Group)
    assert (node.open, node.close) == ("(", "]")


def test_environments() -> None:
    matrix = only(r"\begin{bmatrix} 1 & -2 \\[6pt] -1 & 1 \\ \end{bmatrix}")
    assert isinstance(matrix, Matrix)
    assert matrix.env == "bmatrix"
    assert [len(row) for row in matrix.rows] == [2, 2]
    assert isinstance(only(r"\begin{array}{cc} a & b \end{array}"), Matrix)
    cases = only(r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}")
    assert isinstance(cases, Cases)
    assert isinstance(cases.rows[1][1].items[0], Text)
    assert isinstance(only(r"\left\{ {\begin{matrix}{} {a}\\ {b} \end{matrix}} \right."), Cases)


def test_what_stands_in_a_sum() -> None:
    big = parse(r"\sum_{i\in in(j)}^n w").items[0]
    assert isinstance(big, BigOperator)
    assert big.lower is not None
    assert word_run(big.lower.items, 2) == "in"


def test_slips_are_reported_and_nothing_is_swallowed() -> None:
    stray = parse(r"\begin{matrix}{l} y = 1 \\ z = 2 \end{matrix}")
    assert [(slip.kind, stray.source[slice(*slip.span)]) for slip in stray.slips] == [("stray_token", "{l}")]
    assert not parse(r"\begin{matrix}{l} & y \end{matrix}").slips  # a cell of its own
    assert not parse(r"\begin{matrix}{} y \end{matrix}").slips
    question = parse(r"a =?+ b")
    assert Stray((3, 5), "?+") in question.items
    assert [slip.kind for slip in question.slips] == ["stray_token"]
    nabla = parse(r"\bigtriangledown_b J")
    assert [slip.kind for slip in nabla.slips] == ["notation"]
    assert nabla.items == parse(r"\nabla_b J").items


def test_annotations_are_dropped_and_recorded() -> None:
    layout = parse(r"\underbrace{a + b}_{\text{signal}} \overset{!}{=} c")
    assert [layout.source[slice(*slip.span)] for slip in layout.dropped] == [r"\text{signal}", "!"]
    assert any(isinstance(node, Relation) for node in layout.items)


def test_unknown_commands_say_so() -> None:
    node = only(r"\frobnicate")
    assert node == Symbol((0, 0), r"\frobnicate", known=False)


def test_tags_and_labels() -> None:
    layout = parse(r"a = b \tag{8-14} \label{eq:x}")
    assert (layout.tag, layout.label) == ("8-14", "eq:x")
    assert len(layout.items) == 3


def test_ellipsis() -> None:
    assert isinstance(parse("a, ..., b").items[2], Ellipsis)


# ----- places and edits -----


def test_nodes_cover_the_authors_text() -> None:
    source = r"\frac{\partial J}{w^{(L)}_{ij}} = \delta^{(L)}_i\,a_i"
    layout = parse(source)
    fraction = layout.items[0]
    assert isinstance(fraction, Fraction)
    assert layout.text(fraction) == r"\frac{\partial J}{w^{(L)}_{ij}}"
    assert layout.text(fraction.den) == r"w^{(L)}_{ij}"
    assert layout.text(layout.items[2]) == r"\delta^{(L)}_i"
    assert layout.replaced(fraction.den, r"\partial w").startswith(r"\frac{\partial J}{\partial w}")


def test_an_edit_keeps_commands_apart_and_braces_arguments() -> None:
    assert replaced("ab", [((0, 1), r"\sigma")]) == r"\sigma b"
    half = parse(r"\frac12")
    fraction = half.items[0]
    assert isinstance(fraction, Fraction)
    assert half.replaced(fraction.den, "2m") == r"\frac1{2m}"
    with pytest.raises(ValueError, match="overlap"):
        replaced("abc", [((0, 2), "x"), ((1, 3), "y")])


# ----- statements -----


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        ("a = b = c", [["a", "b", "c"]]),
        (r"x = g(s), \quad y = h(s)", [["x", "g(s)"], ["y", "h(s)"]]),
        (r"z_j = w x_1, \qquad j = 1,2,3", [["z_j", "w x_1"], ["j", "1,2,3"]]),
        ("i, j = 1", [["i, j", "1"]]),
        (
            r"\begin{aligned} a &= b \\ &= c \\ &\quad + d \\ e &= f \end{aligned}",
            [["a", "b", r"c \\ &\quad + d"], ["e", "f"]],
        ),
        (r"a &= b \\ c &= d", [["a", "b"], ["c", "d"]]),
        (r"\begin{matrix} y = g(x)\\ z = h(y) \end{matrix}", [["y", "g(x)"], ["z", "h(y)"]]),
        (r"w : (l-1,\ i) \to (l,\ j)", [["w", r"(l-1,\ i)", r"(l,\ j)"]]),
        (r"-\frac{a}{b}.", [[r"-\frac{a}{b}"]]),
        (r"x = 1 \text{ and } y = 2", [["x", "1"], ["y", "2"]]),
        (
            r"f(x) = \begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}",
            [["f(x)", r"\begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}"]],
        ),
        (r"\begin{multline} a = b + \\ c \end{multline}", [["a", r"b + \\ c"]]),
        (r"a_i = b \quad \forall i", [["a_i", "b"], [r"\forall i"]]),
        (r"a_i = b \forall i", [["a_i", "b"], [r"\forall i"]]),
        (r"a_i = b (i = 1, \dots, n)", [["a_i", "b"], [r"(i = 1, \dots, n)"]]),
        (r"i = j: a_i = b", [["i", "j"], ["a_i", "b"]]),
        (r"a_i = b: \forall i, j", [["a_i", "b"], [r"\forall i, j"]]),
        ("= b", [["", "b"]]),
        ("", []),
    ],
)
def test_statements_and_members(source: str, shape: list[list[str]]) -> None:
    layout = parse(source)
    found = statements(layout)
    assert [[layout.text(member) for member in statement.members] for statement in found] == shape
    assert all(len(statement.members) == len(statement.relations) + 1 for statement in found)


def test_each_row_keeps_its_tag_and_words_lead() -> None:
    found = statements(parse(r"\begin{align} a &= b \tag{1} \\ c &= d \tag{2} \end{align}"))
    assert [statement.tag for statement in found] == ["1", "2"]
    assert statements(parse(r"y = x \text{ where } x = 2"))[1].lead == "where"


def test_a_relation_in_brackets_is_a_statement_and_rows_are_counted() -> None:
    layout = parse(r"a = b \quad \text{if} \quad (x > 0) \\ c = d \quad [i = j]")
    found = [made for statement in statements(layout) for made in bracketed(statement, layout)]
    assert [[layout.text(member) for member in statement.members] for statement in found] == [
        ["a", "b"], ["x", "0"], ["c", "d"], ["i", "j"]
    ]  # fmt: skip
    assert [statement.line for statement in found] == [0, 0, 1, 1]
    assert found[1].lead == "if"


# ----- bad input -----


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        ("{a", "expected }", 1),
        ("a}", "nothing is open", 2),
        ("(a", r"expected \)", 1),
        ("a)", "nothing is open", 2),
        (r"\left( a", r"expected \\right", 1),
        (r"\left a", "expected a bracket", 7),
        (r"\frac{1}", "expected an argument", 1),
        ("x^", "expected an argument", 2),
        ("x_1_2", "second subscript", 4),
        (r"\begin{matrix} a", r"expected \\end", 1),
        (r"\begin{matrix} a \end{cases}", r"expected \\end\{matrix\}", 18),
        (r"\begin{foo} a \end{foo}", "environment foo", 1),
        (r"a \over b \over c", "second", 11),
        (r"\not a", "relation", 1),
    ],
)
def test_cut_off_and_unbalanced_formulas(source: str, message: str, column: int) -> None:
    with pytest.raises(ClaimError, match=message) as caught:
        parse(source)
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.column) == (1, column)


NESTINGS = [
    ("{", "}"),
    ("(", ")"),
    (r"\frac{1}{", "}"),
    ("x^{", "}"),
    (r"\left[", r"\right]"),
    (r"\sqrt[", "]x"),
    (r"\begin{matrix}", r"\end{matrix}"),
    (r"\hat ", "x"),
    (r"\mathbf{", "}"),
    (r"\substack{", "}"),
]


@pytest.mark.parametrize(("opening", "closing"), NESTINGS)
def test_deep_nesting_is_refused_not_crashed(opening: str, closing: str) -> None:
    for count in (MAX_DEPTH + 1, 3_000):
        with pytest.raises(ClaimError, match="nested deeper"):
            parse(opening * count + "x" + closing * count)
    parse(opening * (MAX_DEPTH // 2 - 1) + "x" + closing * (MAX_DEPTH // 2 - 1))


def test_a_hundred_thousand_braces_are_refused() -> None:
    with pytest.raises(ClaimError, match="nested deeper"):
        parse("{" * 100_000)


SPELLINGS = (
    r"a x \sigma W ^ _ { } ( ) [ ] | \| ' = + - , \\ & \frac \sqrt \left \right \begin{matrix} \end{matrix} \text{if}"
    r" \mathrm{ \sum 1 2 . ?+ \over \quad \hat \tag{1} ½ ᵀ ŷ % # $ ~ \newcommand{\a}[1]{#1x} \a \def \let \not"
)
SIGNS = st.sampled_from(SPELLINGS.split(" "))


def survives(source: str) -> None:
    try:
        layout = parse(source)
    except ClaimError as error:
        if error.span is None:
            raise AssertionError("an error without a place") from error
        return
    for node in walk(*layout.items):
        assert 0 <= node.span[0] <= node.span[1] <= len(source)
    for statement in statements(layout):
        assert len(statement.members) == len(statement.relations) + 1


@settings(max_examples=300, deadline=None)
@given(st.lists(SIGNS, max_size=25).map("".join))
@example(r"\begin{matrix}{l}")
def test_any_sequence_of_signs_is_a_layout_or_a_claim_error(source: str) -> None:
    survives(source)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
@example("\\")
@example("\ud800\x00")
def test_any_text_is_a_layout_or_a_claim_error(source: str) -> None:
    survives(source)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ENTRIES), st.data())
def test_damaged_formulas_are_a_layout_or_a_claim_error(entry: dict[str, str], data: st.DataObject) -> None:
    source = entry["latex"]
    start = data.draw(st.integers(0, len(source)))
    survives(source[:start] + data.draw(SIGNS) + source[data.draw(st.integers(start, len(source))) :])
