"""`derive verify` and `derive model` as a user meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Derive = Callable[..., Any]
RIGHT = "$$ \\frac{\\partial L}{\\partial z_2} = a_2 - y \\tag{1} $$\n"
WRONG = "$$ \\frac{\\partial L}{\\partial z_2} = y - a_2 \\tag{2} $$\n"
OPEN = "$$ \\frac{\\partial L}{\\partial z_2} = q + 1 \\tag{3} $$\n"
MODEL = "<!-- derive: model=two_layer_scalar -->\n\n"


def page(tmp_path: Path, text: str, name: str = "notes.md") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (RIGHT, (), 0),
        (WRONG, (), 1),
        (OPEN, (), 3),
        (OPEN, ("--lenient",), 0),
        (WRONG + "\n" + OPEN, ("--lenient",), 1),
        ("nothing here\n", (), 0),
    ],
)
def test_the_exit_code(derive: Derive, tmp_path: Path, text: str, arguments: tuple[str, ...], code: int) -> None:
    assert derive("verify", page(tmp_path, MODEL + text), *arguments).code == code


def test_the_text_shows_place_reason_repair_and_numbers(derive: Derive, tmp_path: Path) -> None:
    result = derive("verify", page(tmp_path, MODEL + WRONG))
    assert "(2)" in result.out
    assert "false" in result.out
    assert "^" in result.out
    assert "wrong_sign" in result.out
    assert "correct" in result.out
    assert "left" in result.out


def test_one_formula_from_the_command_line(derive: Derive) -> None:
    result = derive("verify", "-e", r"\frac{\partial L}{\partial z_2} = a_2 - y", "--model", "two_layer_scalar")
    assert (result.code, "true [proved]" in result.out) == (0, True)
    assert derive("verify", "-e", "1 + 1 = 3").code == 1


def test_no_repair(derive: Derive, tmp_path: Path) -> None:
    full, bare = derive("verify", page(tmp_path, MODEL + WRONG)), derive("verify", "notes.md", "--no-repair")
    assert (full.code, bare.code) == (1, 1)
    assert "correct" in full.out
    assert "false" in bare.out
    assert "left" in bare.out
    assert not any(word in bare.out for word in ("correct", "repair", "wrong_sign"))


def test_standard_input(derive: Derive) -> None:
    assert derive("verify", "-", stdin=MODEL + RIGHT).code == 0


def test_json_of_one_page_and_of_several(derive: Derive, tmp_path: Path) -> None:
    first, second = page(tmp_path, MODEL + RIGHT), page(tmp_path, MODEL + WRONG, "more.md")
    one = json.loads(derive("verify", first, "--format", "json").out)
    assert (one["schema"], one["results"][0]["verdict"]) == (1, "true")
    many = derive("verify", first, second, "--format", "json", "--jobs", "2")
    assert [report["results"][0]["verdict"] for report in json.loads(many.out)] == ["true", "false"]
    assert many.code == 1


def test_json_of_a_model_that_is_not_accepted(derive: Derive, tmp_path: Path) -> None:
    path = page(tmp_path, "```derive\ny = q\n```\n\n" + RIGHT)
    result = derive("verify", path, "--format", "json")
    data = json.loads(result.out)
    assert result.code == 2
    assert set(data) == {"schema", "page", "error"}
    assert set(data["error"]) == {"message", "file", "line", "column"}
    assert data["error"]["line"] == 2


def test_junit(derive: Derive, tmp_path: Path) -> None:
    result = derive("verify", page(tmp_path, MODEL + RIGHT + "\n" + WRONG + "\n" + OPEN), "--format", "junit")
    suite = ElementTree.fromstring(result.out.encode())[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")


def test_github(derive: Derive, tmp_path: Path) -> None:
    result = derive("verify", page(tmp_path, MODEL + RIGHT + "\n" + WRONG), "--format", "github")
    (line,) = result.out.strip().splitlines()
    assert line.startswith("::error file=")
    assert "line=5" in line
    assert "%0Acorrect" in line


def test_markdown(derive: Derive, tmp_path: Path) -> None:
    result = derive("verify", page(tmp_path, MODEL + RIGHT + "\n" + WRONG), "--format", "markdown")
    assert "| (2) | 5 | false |" in result.out
    assert "$$" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("verify",), "name a page"),
        (("verify", "nowhere.md"), "no page"),
        (("verify", "-e", "a = b", "--model", "nothing"), "no model"),
        (("model", "nowhere.md"), "no page"),
    ],
)
def test_unusable_input(derive: Derive, arguments: tuple[str, ...], message: str) -> None:
    result = derive(*arguments)
    assert result.code == 2
    assert message in result.err


def test_a_binary_page(derive: Derive, tmp_path: Path) -> None:
    path = tmp_path / "binary.md"
    path.write_bytes(b"\x00\x01")
    assert derive("verify", path).code == 2


def test_a_drafted_model_is_a_model_that_verifies_its_page(derive: Derive, tmp_path: Path) -> None:
    forward = "$$ z = w x + b \\tag{1} $$\n\n$$ a = \\sigma(z), \\qquad E = \\frac{1}{2} (a - t)^2 \\tag{2} $$\n"
    path = page(tmp_path, forward + "\n$$ \\frac{\\partial E}{\\partial w} = (a - t) a (1 - a) x \\tag{3} $$\n")
    drafted = derive("model", path)
    assert drafted.code == 0
    (tmp_path / "net.derive").write_text(drafted.out)
    assert derive("verify", path, "--model", "net.derive").code == 0


def test_where_a_formula_holds_is_no_line_of_a_draft(derive: Derive, tmp_path: Path) -> None:
    drafted = derive("model", page(tmp_path, "$$ a_2 = \\sigma(z_2), \\quad l = 2,3 $$\n"))
    assert (drafted.code, drafted.out.splitlines()[-1]) == (0, "a_2 = sigmoid(z_2)")


def test_a_page_without_forward_formulas_has_no_draft(derive: Derive, tmp_path: Path) -> None:
    result = derive("model", page(tmp_path, "no formula"))
    assert (result.code, result.out) == (2, "")


# ---------------------------------------------------------------------------------------------- files that a page names

NET = "x : scalar\ny = x**2\n"
SLOPE = "$$ \\frac{dy}{dx} = 2 x $$\n"


def named(name: str) -> str:
    return f"A page.\n\n<!-- derive: model={name} -->\n\n{SLOPE}"


def test_a_page_names_a_model_beside_or_below_it(derive: Derive, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "net.derive").write_text(NET)
    page(tmp_path, named("below/net.derive"))
    page(tmp_path / "below", named("net.derive"))
    assert derive("verify", "notes.md", "below/notes.md", tmp_path / "notes.md").code == 0
    assert derive("verify", "-", stdin=named("below/net.derive")).code == 0


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../net.derive", "out.derive", "below", ".env", "key.txt", "bytes.txt"]
)
def test_a_page_opens_no_other_file(derive: Derive, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "pages"
    (folder / "below").mkdir(parents=True)
    (tmp_path / "net.derive").write_text(NET)
    (folder / "out.derive").symlink_to("../net.derive")
    (folder / "bytes.txt").write_bytes(b"\xe4\xf6")
    for secret in (".env", "key.txt"):
        (folder / secret).write_text("KEY = hunter2\n")
    notes = page(folder, named(name))
    result = derive("verify", notes)
    assert result.code == 2
    assert "notes.md:3:1" in result.err
    assert name in result.err
    assert "hint" in result.err
    assert not any(word in result.out + result.err for word in ("hunter2", "KEY", "root:", "0xe4"))
    error = json.loads(derive("verify", notes, "--format", "json").out)["error"]
    assert error["line"] == 3


def test_a_latex_page_is_held_to_the_same(derive: Derive, tmp_path: Path) -> None:
    result = derive("verify", page(tmp_path, "% derive: model=/etc/passwd\n\\[ y = x \\]\n", "notes.tex"))
    assert (result.code, "not below the folder of the page" in result.err) == (2, True)


def _run(tmp_path: Path, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "derive", *map(str, arguments)]
    return subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, **options,
    )  # fmt: skip


def test_a_pipe_beside_the_page_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.derive")
    result = _run(tmp_path, "verify", page(tmp_path, named("pipe.derive")), stdin=subprocess.DEVNULL)
    assert result.returncode == 2
    assert "no regular file" in result.stderr


def test_an_endless_or_huge_page_is_refused(derive: Derive, tmp_path: Path) -> None:
    with (tmp_path / "huge.md").open("wb") as stream:
        stream.truncate(100_000_000)
    for name in ("huge.md", "/dev/zero"):
        result = derive("verify", name)
        assert (result.code, "too long" in result.err) == (2, True)


def test_the_model_of_the_command_line_may_be_anywhere(derive: Derive, tmp_path: Path) -> None:
    home = tmp_path / "pages"
    home.mkdir()
    (tmp_path / "net.txt").write_text(NET)
    notes = page(home, SLOPE)
    assert derive("verify", notes, "--model", tmp_path / "net.txt").code == 0
    assert derive("verify", notes, "--model", "-", stdin=NET).code == 0
    read, write = os.pipe()  # as `--model <(...)` makes it
    os.write(write, NET.encode())
    os.close(write)
    assert _run(tmp_path, "verify", notes, "--model", f"/dev/fd/{read}", pass_fds=(read,)).returncode == 0
    os.close(read)
    assert _run(tmp_path, "verify", notes, "--model", "/dev/stdin", input=NET).returncode == 0


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("dL/dz_2 = a_2 - y", 0),
        ("dL/dz_2 = (y - a_2)*1", 1),
        ("dL/dw_2 = (a_2 - y)*a_1", 0),
        ("dL/dw_2 == 2*(a_2 - y)*a_1", 1),
        ("∂L/∂w_2 = (a_2 − y)*a_1", 0),
        ("dL/dw_2 = np.load('x')*a_1", 3),
    ],
)
def test_a_formula_as_it_is_typed(derive: Derive, formula: str, code: int) -> None:
    assert derive("verify", "-e", formula, "--model", "two_layer_scalar").code == code
