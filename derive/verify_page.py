"""Judging pages from Python."""

from __future__ import annotations

import re
from pathlib import Path

from derive.api import Graph, load
from derive.errors import ClaimError
from derive.judging.verdict import Report
from derive.pages.page import page_bytes
from derive.verification.verify import Options
from derive.verification.verify import verify as verify_page


def verify(
    page: str | Path,
    *,
    model: Graph | str | None = None,
    run_code: bool = False,
    proved: bool = False,
    repair: bool = True,
) -> Report:
    """Judge every formula of a page, given as a file or as text, in Markdown or LaTeX.

    `model` is a Graph or what `load` takes; a page may name its own, which then holds. `run_code` runs Python blocks,
    with the caller's rights. `proved` accepts proofs for all sizes only. `repair=False` judges without looking for
    repairs. Raises ClaimError for what is no text, ModelError and ShapeError for a model that is not accepted.
    """
    graph = load(model) if isinstance(model, str) else model
    path = _page_file(page)
    options = Options(level="proved" if proved else "any", run_code=run_code, repairs=repair)
    data = None if graph is None else graph.data
    if path is None:
        return verify_page(str(page), model=data, options=options)
    try:
        with path.open("rb") as stream:
            content = page_bytes(stream)
    except OSError as error:
        hint = "a formula alone is a text if it stands between dollar signs" if "=" in str(page) else None
        raise ClaimError(f"cannot read {path}: {error.strerror}", hint=hint) from None
    latex = True if path.suffix in (".tex", ".latex", ".ltx") else None
    return verify_page(content, page=str(path), model=data, folder=path.parent, latex=latex, options=options)


def _page_file(page: str | Path) -> Path | None:
    """The file that is meant, or None for a text: a text has line breaks or mathematics in it, a file name has not."""
    if isinstance(page, Path):
        return page
    if not isinstance(page, str):
        raise ClaimError(f"a page is a text or a path, not {type(page).__name__}")
    return None if re.search(r"[\n\\$]", page) or len(page) > 1000 else Path(page)
