"""Property tests draw the same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones.

What is not quick is marked slow: `pytest -m "not slow"` is for work, all tests are for a change.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

QUICK = (
    "tests/calculus",
    "tests/gallery",
    "tests/ir",
    "tests/model",
    "tests/notation/test_derivations.py",
    "tests/notation/test_documents.py",
    "tests/notation/test_formulas.py",
    "tests/notation/test_names.py",
    "tests/notation/test_round_trip.py",
    "tests/ops",
    "tests/report",
    "tests/test_imports.py",
    "tests/test_structure.py",
)
"""Folders and modules, by measured time: together under a minute on two cores."""

WORKING = "not slow"


def _is_quick(path: Path) -> bool:
    name = path.relative_to(Path(__file__).parent.parent).as_posix()
    return any(name == quick or name.startswith(quick + "/") for quick in QUICK)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is not going to run is not imported either: that alone takes longer than the quick tests."""
    module = collection_path.suffix == ".py" and collection_path.name.startswith("test_")
    return True if config.option.markexpr == WORKING and module and not _is_quick(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything that is not quick is slow."""
    for item in items:
        if not _is_quick(item.path):
            item.add_marker(pytest.mark.slow)
