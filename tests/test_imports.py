"""What is imported when: start-up pays for nothing it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import derive

HEAVY = ("sympy", "numpy", "mpmath", "rich")
PROBE = f"; import sys; print([m for m in {HEAVY!r} if m in sys.modules])"


def python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import derive",
        "import derive.errors; derive.DeriveError",
        "from derive.cli.app import run; run(['--help'])",
        "from derive.cli.app import run; run(['--version'])",
        "from derive.cli.app import run; run(['no-such-command'])",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert python("-c", code + PROBE).splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", derive.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(derive, name) is not None
    assert name in dir(derive)


def test_operations_are_functions_of_the_package() -> None:
    assert derive.sigmoid.__name__ == "sigmoid"
    assert "softmax" in dir(derive)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sigmoyd'"):
        _ = derive.sigmoyd
    assert not hasattr(derive, "__wrapped__")
