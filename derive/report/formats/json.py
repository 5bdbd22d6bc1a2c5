"""Verdicts as JSON, as `Report.to_dict` has them: one page is an object, several are a list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from derive.judging.verdict import Report


def render(reports: Sequence[Report]) -> str:
    """The JSON text."""
    return text([report.to_dict() for report in reports])


def text(pages: Sequence[dict[str, Any]]) -> str:
    """The JSON text of what is known of each page."""
    return json.dumps(pages[0] if len(pages) == 1 else list(pages), indent=2, ensure_ascii=False, allow_nan=False)
