"""The lowest versions that pyproject.toml declares, as constraints for pip: one pin a line, `>=` read as `==`."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path


def pins(project: dict[str, object]) -> list[str]:
    """A pin for each dependency and each one of an extra. SystemExit names one that has no lower bound alone."""
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    found = []
    for requirement in [*project["dependencies"], *(each for extra in extras.values() for each in extra)]:
        bound = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
        if bound is None:
            raise SystemExit(f"pyproject.toml: {requirement!r} is no NAME>=VERSION")
        found.append(f"{bound[1]}=={bound[2]}")
    return found


if __name__ == "__main__":
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    sys.stdout.write("\n".join(pins(tomllib.loads(text)["project"])) + "\n")
