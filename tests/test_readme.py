"""Everything the README shows is what happens."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import runpy
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from derive.cli.app import COMMANDS, run

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, the file it stands for, its text, its line."""

    language: str
    file: str
    text: str
    line: int


def _fences() -> list[Fence]:
    pattern = re.compile(r"^```(\w*)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [Fence(m[1], m[2] or "", m[3], TEXT.count("\n", 0, m.start()) + 1) for m in pattern.finditer(TEXT)]


FENCES = _fences()
SESSIONS = [fence for fence in FENCES if fence.language == "console"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the files of the README."""
    monkeypatch.chdir(tmp_path)
    for fence in FENCES:
        if fence.file:
            (tmp_path / fence.file).write_text(fence.text, encoding="utf-8")
    return tmp_path


def _steady(text: str) -> str:
    """Rounding differs from machine to machine."""
    return re.sub(r"\d\.\de-\d+", "~", text)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda fence: f"line {fence.line}")
@pytest.mark.usefixtures("folder")
def test_sessions(session: Fence) -> None:
    command, _, expected = session.text.partition("\n")
    words = shlex.split(command.removeprefix("$ "))
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        if words[0] == "derive":
            run(words[1:])
        else:
            assert words[0] == "python"
            runpy.run_path(words[1])
    assert _steady(screen.getvalue()) == _steady(expected)


@pytest.mark.usefixtures("folder")
def test_the_session_in_tensors() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    expected = next(fence.text for fence in FENCES if fence.text.startswith("$ python silu.py\n"))
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        runpy.run_path("silu.py")
    assert _without_numbers(screen.getvalue()) == _without_numbers(expected.partition("\n")[2])


@pytest.mark.usefixtures("folder")
def test_the_failing_test() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_dense.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = next(fence.text for fence in FENCES if fence.text.startswith("E "))
    told = "\n".join(line for line in done.stdout.splitlines() if line.startswith("E "))
    assert _without_numbers(told) == _without_numbers(expected.rstrip("\n"))


def _without_numbers(text: str) -> str:
    """Other versions of a library round otherwise, and the number of steps hangs on it."""
    return re.sub(r"-?\d+\.\d+(e-\d+)?|\d+ forward calls", "~", text)


def test_there_are_sessions() -> None:
    assert len(SESSIONS) >= 4


def test_python_sessions() -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    text = "\n".join(fence.text for fence in FENCES if fence.language == "pycon")
    report = io.StringIO()
    runner.run(parser.get_doctest(text, {}, "README", "README.md", 0), out=report.write)
    assert runner.summarize(verbose=False).attempted >= 10
    assert report.getvalue() == ""


def test_the_commands_of_the_table_are_there() -> None:
    listed = re.findall(r"^\| `derive (\w+)", TEXT, re.MULTILINE)
    assert set(listed) == set(COMMANDS)


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_two_commands_are_single_lines() -> None:
    commands = [fence.text for fence in FENCES if fence.language == "sh"]
    assert len(commands) == 2
    assert all(command.count("\n") == 1 and command.startswith("python3 -m venv .venv && ") for command in commands)
    assert commands[0].endswith("derive demo\n")
    assert commands[1].endswith("pytest\n")
    assert "README.md" in (ROOT / ".ci" / "run").read_text()
