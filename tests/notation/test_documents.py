"""Documents: fragments, standalone pages, line breaks, and nothing that only some renderers know."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from derive.calculus.reverse import backprop
from derive.model.text import loads
from derive.notation import Style, document, print_derivation, print_forward
from derive.notation.lines import Line

MODEL = """
X : (m, n)
W_1 : (n, k)
b_1 : (k,)
W_2 : (k, c)
Y : (m, c), one_hot(axis=1)
Z_1 = X @ W_1 + b_1
A_1 = relu(Z_1)
Z_2 = A_1 @ W_2
P = softmax(Z_2)
L = -sum(Y*log(P))/m
"""
BANNED = (r"\operatorname", r"\mbox", r"\phantom", r"\text{", r"\newcommand", r"\resizebox")


def lines(view: str = "matrix", style: Style | None = None) -> list[Line]:
    graph = loads(MODEL)
    return [*print_forward(graph, view, style), *print_derivation(backprop(graph), None, view, style)]


def test_a_fragment_is_one_aligned_block() -> None:
    text = document(lines())
    assert text.startswith("\\begin{align*}\nZ_1 &= X W_1 + \\mathbf{1} b_1^\\top \\\\\n")
    assert text.endswith("\\end{align*}\n")
    assert text.count("\\begin") == 1


def test_numbered_lines_have_labels() -> None:
    text = document(lines(), environment="align")
    assert r"\label{eq:W-1}" in text
    assert text.count(r"\label") == len(lines())


def test_display_brackets_for_renderers_without_environments() -> None:
    assert document(lines(), environment="aligned").startswith("\\[\n\\begin{aligned}\n")


def test_groups_have_headings_and_text_is_escaped() -> None:
    text = document(
        [("Forward_pass", lines()[:2]), ("empty", []), ("50 %", lines()[2:])], standalone=True, title="a & b"
    )
    assert r"\section*{a \& b}" in text
    assert r"\subsection*{Forward\_pass}" in text
    assert r"\subsection*{50 \%}" in text
    assert "empty" not in text


def test_long_lines_are_broken_and_every_row_is_aligned() -> None:
    rows = re.findall(r"^(.*?)(?: \\\\)?$", document(lines("index")), re.MULTILINE)[1:-2]
    assert all(row.count("&") == 1 for row in rows)
    assert max(len(row) for row in rows) < 400


@pytest.mark.parametrize("view", ["matrix", "index"])
@pytest.mark.parametrize("style", [Style(), Style(adjoint="delta", hadamard="odot", limits=True)])
def test_only_what_every_renderer_knows(view: str, style: Style) -> None:
    text = document(lines(view, style), standalone=False)
    assert not [banned for banned in BANNED if banned in text]
    assert text.count("{") == text.count("}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX installed")
def test_a_standalone_document_compiles(tmp_path: Path) -> None:
    (tmp_path / "d.tex").write_text(document(lines(), standalone=True, title="A network"), encoding="utf-8")
    command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", "-draftmode", "d.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, (tmp_path / "d.log").read_text(errors="replace")[-2000:]
