"""Pages: formulas and code in order, with their lines, tags, models, macros and directives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import ClaimError
from derive.pages.page import MAX_PAGE
from derive.pages.scan import read_page
from derive.typography.layout import parse
from tests.effort import effort

TEXTBOOK = Path(__file__).parents[1] / "textbook"
ENTRIES = json.loads((TEXTBOOK / "expected.json").read_text(encoding="utf-8"))["entries"]


@pytest.mark.parametrize("page", sorted(path.name for path in (TEXTBOOK / "pages").glob("*.md")))
def test_the_textbook_pages_come_apart_into_their_entries(page: str) -> None:
    content = (TEXTBOOK / "pages" / page).read_bytes()
    read = read_page(content)
    expected = [
        (entry["tag"], entry["block"], entry.get("latex", entry.get("code")))
        for entry in ENTRIES
        if entry["file"] == page
    ]
    assert [(item.tag, item.kind, item.source) for item in read.items] == expected
    assert not read.warnings
    lines = read.text.split("\n")
    for item in read.items:
        assert lines[item.line - 1].lstrip().startswith(("$$", "```"))
        assert lines[item.first_line - 1] in item.source or item.source in lines[item.first_line - 1]


def test_every_kind_of_display() -> None:
    page = read_page(
        "$$a=1$$\n\\[ b=2 \\]\n\\begin{equation}\\label{c} c=3 \\end{equation}\n"
        "\\begin{align*} d&=4 \\\\ e&=5 \\end{align*}\n```math\nf=6\n```\n> $$\n> g=7\n> $$\n- $$h=8$$\n"
    )
    assert [item.source for item in page.items] == [
        "a=1", "b=2", "c=3", r"\begin{align*} d&=4 \\ e&=5 \end{align*}", "f=6", "g=7", "h=8",
    ]  # fmt: skip
    assert [item.line for item in page.items] == [1, 2, 3, 4, 5, 8, 11]
    assert page.items[2].tag == "c"


def test_what_is_no_formula() -> None:
    page = read_page(
        "```\n$$a$$\n```\n~~~python3\nx = '$$'\n~~~\n"
        "`$$b$$` and $c$ and \\$$ 5 \\$\n<!-- $$d$$ -->\nit costs $5\n$$e=1$$\n"
    )
    assert [(item.kind, item.source) for item in page.items] == [("code", "x = '$$'"), ("formula", "e=1")]


def test_latex_pages_have_comments_and_verbatim() -> None:
    page = read_page(
        "\\documentclass{article}\n% $$no$$\n% derive: model=neuron\n\\begin{verbatim}\n$$no$$\n\\end{verbatim}\n"
        "\\verb|$$no$$| 5\\% \\[ a = b \\]\n\\begin{comment} $$no$$ \\end{comment}\n"
    )
    assert [item.source for item in page.items] == ["a = b"]
    assert page.items[0].model is not None
    assert page.items[0].model.name == "neuron"


def test_the_nearest_model_holds_until_the_next() -> None:
    page = read_page(
        "$$a$$\n<!-- derive: model=one -->\n$$b$$\n$$c$$\n```derive\nx : scalar\n```\n$$d$$\n"
        '<!-- derive: model="my two.model" -->\n$$e$$'
    )
    models = [item.model for item in page.items]
    assert models[0] is None
    assert [model and (model.name, model.text) for model in models[1:]] == [
        ("one", None), ("one", None), (None, "x : scalar\n"), ("my two.model", None),
    ]  # fmt: skip
    assert [model.line for model in page.models] == [2, 5, 9]


def test_directives_speak_of_the_next_item_only() -> None:
    page = read_page("<!-- derive: expect=false -->\n$$a$$\n$$b$$\n<!-- derive: skip -->\n```python\n1\n```\n$$c$$")
    assert [(item.expect, item.skip) for item in page.items] == [
        ("false", False),
        (None, False),
        (None, True),
        (None, False),
    ]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("<!-- derive: run -->", "unknown directive run"),
        ("<!-- derive: modle=x -->", "unknown directive modle=x"),
        ("<!-- derive: expect=wrong -->", "names no verdict"),
        ("<!-- derive: model= -->", "cannot be read"),
        ("<!-- derive: skip -->", "no formula follows"),
        ("<!-- derive: skip", "not closed"),
        ("```python\nx", "not closed"),
        (r"\newcommand{x}{y}", "expected the name of a command"),
    ],
)
def test_what_is_not_understood_is_a_warning_with_a_line(comment: str, message: str) -> None:
    page = read_page("first\n" + comment + "\n")
    assert [warning.line for warning in page.warnings] == [2]
    assert message in page.warnings[0].message


def test_definitions_hold_from_where_they_stand() -> None:
    page = read_page("$$\\R$$\n\\newcommand{\\R}{\\mathbb{R}}\n$$\\R$$\n$$\\def\\a{b}$$\n$$\\a$$\n")
    assert len(page.items) == 3
    first, second, third = (parse(item.source, item.macros).items for item in page.items)
    assert first != second == parse(r"\mathbb{R}").items
    assert third == parse("b").items


def test_an_unclosed_display_costs_only_itself() -> None:
    page = read_page("$$\na = b\n\nprose\n\n$$\nc = d\n$$\n\\[ e\n")
    assert [item.source for item in page.items] == ["a = b", "c = d", "e"]
    assert [item.line for item in page.items if item.error] == [1, 9]
    assert page.items[0].error is not None
    assert page.items[0].error.span is not None
    assert "not closed" in page.items[0].error.message


def test_blank_lines_at_the_rims_of_a_display_are_allowed() -> None:
    page = read_page("$$\n\na = b\n\n$$\n")
    assert [(item.source, item.error) for item in page.items] == [("a = b", None)]


def test_line_ends_and_byte_order_mark() -> None:
    page = read_page("\ufeffx\r\n\r\n$$\r\na = 1 \\tag{T}\r\n$$\r\n".encode())
    assert [(item.source, item.tag, item.line, item.first_line) for item in page.items] == [("a = 1", "T", 3, 4)]


def test_bytes_that_are_no_utf8_are_replaced_with_a_warning() -> None:
    page = read_page(b"caf\xe9\n$$a$$")
    assert [item.source for item in page.items] == ["a"]
    assert "UTF-8" in page.warnings[0].message


@pytest.mark.parametrize("content", [b"\0\1binary", b"x" * 50_000_000, "x" * (MAX_PAGE + 1)])
def test_binary_and_huge_pages_are_refused_at_once(content: bytes | str) -> None:
    def refused() -> None:
        with pytest.raises(ClaimError):
            read_page(content)

    assert effort(refused) < 10_000


def test_a_page_without_formulas_is_empty() -> None:
    assert read_page("Nothing to see.\n").items == ()
    assert read_page(b"").items == ()


@pytest.mark.parametrize("piece", ["\\[ \n\n", "$ a ", "`", "```\n", "<!--", r"\begin{align}", "$$ a\n\n", "> ", "\n"])
def test_long_pages_of_openers_take_time_in_proportion(piece: str) -> None:
    def cost(size: int) -> int:
        text = (piece * (size // len(piece) + 1))[:size]
        return effort(lambda: read_page(text))

    assert cost(160_000) < 9 * cost(20_000) + 1_000


MARKS = [
    "$$",
    "$",
    r"\[",
    r"\]",
    "\n",
    "\n\n",
    "```",
    "```python\n",
    "```derive\n",
    "~~~",
    "`",
    "<!--",
    "-->",
    "> ",
    "%",
]
WORDS = [" derive: skip ", "a = b", r"\begin{align}", r"\end{align}", r"\newcommand{\a}{b}", r"\def", "\\", "\r", "é"]
PIECES = st.sampled_from([*MARKS, *WORDS])


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join), st.booleans())
def test_any_page_is_read(text: str, latex: bool) -> None:
    page = read_page(text, latex=latex)
    for item in page.items:
        assert 1 <= item.line <= item.first_line <= page.text.count("\n") + 1
        assert 0 <= item.span[0] <= item.span[1] <= len(page.text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_page_or_a_claim_error(data: bytes) -> None:
    try:
        read_page(data)
    except ClaimError as error:
        if not error.message:
            raise AssertionError("an error without words") from error


@pytest.mark.parametrize(
    "text",
    [
        r"\input{FILE}", r"\include{FILE}", r"\usepackage{FILE}", r"\RequirePackage{FILE}",
        r"\InputIfFileExists{FILE}{}{}", r"\verbatiminput{FILE}",
        r"\newcommand{\x}{\input{FILE}}", r"\openin1=FILE \read1 to \x", "<!-- include: FILE -->",
        "![](FILE)", "{% include FILE %}", "--8<-- \"FILE\"", "```python {file=FILE}\n```",
    ],
)  # fmt: skip
def test_a_page_opens_no_files(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.tex"
    secret.write_text(r"\newcommand{\x}{SECRET}", encoding="utf-8")
    names = text.replace("FILE", str(secret))
    page = f"{names}\n\n$$ {names} \\x = 1 $$\n"

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a file is opened")

    monkeypatch.setattr("builtins.open", refused)
    monkeypatch.setattr("os.open", refused)
    monkeypatch.setattr("io.open", refused)
    assert "SECRET" not in repr(read_page(page))
