"""What the guides of `docs/` show works, each in a fresh process, and touches one file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs").glob("add_*.md"))
FENCE = re.compile(r"^```python(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEW_MODULE = "import {package} as package\npackage.__path__.append({folder!r})\n"


def test_there_is_a_guide_for_each_thing_that_is_added() -> None:
    assert [guide.stem for guide in GUIDES] == [
        "add_a_cause", "add_a_code_target", "add_a_notation", "add_an_operation", "add_an_output_format",
    ]  # fmt: skip


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_example_works(guide: Path, tmp_path: Path) -> None:
    blocks = FENCE.findall(guide.read_text(encoding="utf-8"))
    assert any("assert" in code for _, code in blocks)
    text = ""
    for file, code in blocks:
        if file:
            assert not (ROOT / file).exists(), "there already"
            target = tmp_path / file
            target.parent.mkdir(parents=True)
            target.write_text(code, encoding="utf-8")
            text += NEW_MODULE.format(package=".".join(Path(file).parts[:-1]), folder=str(target.parent))
        else:
            text += code
    script = tmp_path / "example.py"
    script.write_text(text, encoding="utf-8")
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for name in re.findall(r"`((?:derive|tests|benchmarks|docs|latex_out)/[\w/.]*)`", text):
        assert (ROOT / name).exists(), name
