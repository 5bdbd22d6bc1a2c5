"""The derivations in `latex_out/` are those of the gallery as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from derive.model import gallery, load
from derive.report.gallery import gallery_documents, model_document

FOLDER = Path(__file__).parents[2] / "latex_out"


def test_the_committed_derivations_are_current() -> None:
    """If not: derive latex --all -o latex_out --force."""
    texts = gallery_documents()
    assert {path.name for path in FOLDER.iterdir()} == set(texts)
    stale = [name for name, text in texts.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == []


def test_the_index_lists_every_model() -> None:
    index = gallery_documents()["README.md"]
    assert all(f"[`{name}.tex`]({name}.tex)" in index for name in gallery())


def test_documents_show_matrices_and_entries() -> None:
    text = model_document(load("two_layer_batch_rows"), standalone=True)
    assert r"\section*{Two-layer network" in text
    assert "by entries" in text
    assert "by entries" not in model_document(load("two_layer_batch_rows"), view="index")
    assert "by entries" not in model_document(load("two_layer_scalar"))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX installation")
@pytest.mark.parametrize("name", ["two_layer_batch_rows", "mlp_L_dest_first", "lee_chain_2"])
def test_documents_compile(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.tex").write_text((FOLDER / f"{name}.tex").read_text(encoding="utf-8"), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    overfull = [line for line in done.stdout.splitlines() if line.startswith("Overfull")]
    assert overfull == []
