"""A table of derivatives as programs print it: every row is true, and none is with its sign turned."""

from __future__ import annotations

import pytest

from derive.model.text import loads
from derive.verification.verify import Options, verify_formula
from tests.corpora.derivative_table import TABLE, Tabulated


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.expression)
def test_rows(row: Tabulated) -> None:
    graph = loads(row.model)
    for name, formula in row.derivatives.items():
        (right,) = verify_formula(f"dL/d{name} = {formula}", graph, options=Options(repairs=False)).results
        assert right.verdict == "true", right.diagnosis
        if "zeros_like" not in formula:
            (wrong,) = verify_formula(f"dL/d{name} = -({formula})", graph, options=Options(repairs=False)).results
            assert wrong.verdict == "false", wrong.diagnosis
