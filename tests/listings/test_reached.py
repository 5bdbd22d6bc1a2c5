"""A branch that no numbers lead into is told, and what holds but for it is not true."""

from __future__ import annotations

import ast

import pytest

from derive.listings.attempt import attempt
from derive.listings.reached import branches, unreached
from derive.model.text import loads

MODEL = "x, w, t : scalar\nz = w*x\na = relu(z)\nL = (a - t)**2/2"
FUNCTION = """
def backward(x, w, t):
    z = w*x
    if z is None:
        raise ValueError("no numbers")
    a = max(z, 0)
    if z > 0:
        dz = a - t
    else:
        dz = 0
{}    dw = dz*x
    return dw
"""


@pytest.mark.parametrize("strange", ["", "    if x > 1e9:\n        dz = 7\n"])
def test_a_branch_that_is_never_taken_leaves_a_listing_open(strange: str) -> None:
    trial = attempt(FUNCTION.format(strange), loads(MODEL))
    assert trial.good
    assert trial.checked
    assert trial.open == ("line 12 was not judged: the branch that it stands in was never taken" if strange else "")


def test_what_makes_nothing_and_what_is_not_called_is_no_branch() -> None:
    tree = ast.parse(
        "def unused(u):\n    if u:\n        return 1\n    return 2\n"
        "if x:\n    print(x)\nif y:\n    raise ValueError\nif __name__ == '__main__':\n    z = 1\n"
    )
    assert unreached(tree, ()) is None
    assert branches(tree) == [(2, 4), (3, 8)]
    assert unreached(tree, {(2, 4)}) == (3, 8)


@pytest.mark.parametrize(
    ("test", "counts"),
    [("len(x) == 0", False), ("x.ndim == 1", False), ("x is None", False), ("isinstance(x, float)", False),
     ("__name__ == '__main__'", False), ("x > 0", True), ("len(x) and x[0] > 0", True), ("np.any(x > 3)", True)],
)  # fmt: skip
def test_conditions_in_sizes_and_types_are_for_other_models(test: str, counts: bool) -> None:
    assert bool(branches(ast.parse(f"if {test}:\n    z = 1\n"))) == counts
