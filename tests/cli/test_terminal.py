"""The terminal: encodings, colours, streams, and ends that are not ours."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys

import pytest

from derive.cli import app, terminal
from derive.cli.models import ModelParameter

DERIVE = [sys.executable, "-m", "derive"]


@pytest.mark.parametrize(
    ("character", "spelling"),
    [
        ("∂", "d"),
        ("σ", "sigma"),
        ("Σ", "sum"),
        ("₁", "_1"),
        ("²", "^2"),
        ("ᵀ", "^T"),
        ("−", "-"),
        ("Ω", "Omega"),
        ("é", "e"),
    ],
)
def test_ascii_spelling(character: str, spelling: str) -> None:
    assert terminal.ascii_spelling(character) == spelling


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_every_encoding_prints(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*DERIVE, "show", "mlp_L_dest_first"], capture_output=True, env=environment, check=True)
    shown = done.stdout.decode(encoding)
    assert "dJ/dW" in shown
    assert "?" not in shown


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen([*DERIVE, "latex", "mlp_332_dest_first"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == app.BROKEN_PIPE
    assert err == b""


def test_interruption_is_one_word() -> None:
    process = subprocess.Popen([*DERIVE, "show", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    # more than a pipe holds: when this returns, the command has started and waits for the rest of its input
    process.stdin.write(b"# \n" * 100_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == app.INTERRUPTED
    assert b"Traceback" not in err


def test_results_and_talk_are_apart(derive) -> None:
    shown = derive("code", "node_exp", "-o", "x.py")
    assert shown.out == ""
    assert "wrote x.py" in shown.err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert terminal.colours(_Terminal())
    assert not terminal.colours(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.colours(_Terminal())
    monkeypatch.delenv("TERM")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.colours(_Terminal())


def test_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    screen = _Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    terminal.table("gradients", ("name", "verdict"), [("W[2]", "true"), ("b", "false")])
    assert "W[2]" in screen.getvalue()
    assert "gradients" in screen.getvalue()


def test_faults_of_our_own_are_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def broken(_text: str) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.delenv("DERIVE_TRACEBACK", raising=False)
    monkeypatch.setattr("derive.cli.models.load", broken)
    assert app.run(["show", "node_exp"]) == 2
    assert "internal error: ZeroDivisionError: oh" in capsys.readouterr().err
    monkeypatch.setenv("DERIVE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        app.run(["show", "node_exp"])


def test_completion_knows_the_gallery() -> None:
    items = ModelParameter().shell_complete(None, None, "softmax")
    assert "softmax_ce" in [item.value for item in items]
