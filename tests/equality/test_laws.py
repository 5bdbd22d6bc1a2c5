"""The table of laws: each holds on its whole domain, each condition is needed, and the kernel has no law beside it.

The values are those of NumPy and mpmath (`tests.equality.plain_values`), of which the kernel knows nothing.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Protocol

import mpmath
import numpy as np
import pytest

from derive.equality import (
    algebra,
    canonical,
    elementary,
    exponentials,
    exponents,
    facts,
    normal_form,
    polynomials,
    product,
    rules,
    signs,
    summands,
    unfolding,
)
from derive.equality.equality import decide
from derive.equality.laws import PLACES, Sample
from derive.equality.proof import laws, proved
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.model import loads
from tests.equality.plain_values import DIGITS, draw, value

LAWS = laws()
SAMPLES = [pytest.param(sample, id=f"{law.name}: {sample.equation}") for law in LAWS for sample in law.samples]
CONDITIONED = [
    pytest.param(sample, id=f"{law.name}: {sample.equation}")
    for law in LAWS
    for sample in law.samples
    if sample.at_large
]
POINTS = 60
COMPARED = 15
CLOSE = mpmath.mpf(10) ** -25


def comparisons(sample: Sample, declared: str) -> Iterator[str]:
    """At random points: whether the sides are `equal` or `different`, or only `one` of them or `none` has a value."""
    for number in range(POINTS):
        point = draw(declared, random.Random(f"{sample.equation} {number}"))
        left, right = np.broadcast_arrays(*(np.array(value(side, point), dtype=object) for side in sample.sides))
        with mpmath.workdps(DIGITS):
            missing = [any(mpmath.isnan(v) for v in side.ravel()) for side in (left, right)]
            if any(missing):
                yield "none" if all(missing) else "one"
                continue
            size = max([mpmath.mpf(1), *(abs(v) for v in [*left.ravel(), *right.ravel()])])
            difference = np.atleast_1d(left - right)
            yield "equal" if all(abs(v) <= CLOSE * size for v in difference.ravel()) else "different"


def stated(sample: Sample, declared: str) -> tuple[Node, Node, ComputationGraph]:
    left, right = sample.sides
    text = [*declared.split(";"), f"left_side = {left}", f"right_side = {right}"]
    graph = loads("\n".join(line.strip() for line in text) + "\n")
    bindings = dict(graph.bindings)
    members = bindings.pop("left_side").node, bindings.pop("right_side").node
    return *members, replace(graph, bindings=bindings)  # a model that computes them is defined only where they are


@pytest.mark.parametrize("sample", SAMPLES)
def test_it_holds_where_both_sides_have_a_value(sample: Sample) -> None:
    found = list(comparisons(sample, sample.declared))
    assert "different" not in found
    assert found.count("equal") >= COMPARED


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_kernel_proves_it(sample: Sample) -> None:
    assert proved(*stated(sample, sample.declared))


@pytest.mark.parametrize("sample", CONDITIONED)
def test_its_condition_is_needed(sample: Sample) -> None:
    found = list(comparisons(sample, sample.at_large))
    assert "different" in found or "one" in found


@pytest.mark.parametrize("sample", CONDITIONED)
def test_the_kernel_does_not_prove_it_without(sample: Sample) -> None:
    statement = stated(sample, sample.at_large)
    assert not proved(*statement)
    found = decide(*statement)
    assert not found.equal or found.reason.startswith("for ")  # log(xy) = log x + log y, for x > 0 and y > 0


def test_every_law_can_be_read_and_is_tried() -> None:
    assert len({law.name for law in LAWS}) == len(LAWS)
    for law in LAWS:
        assert law.name, law
        assert law.pattern, law
        assert law.samples, law
        assert law.place in PLACES
        needs_a_fact = bool(law.condition) and not law.condition.startswith("where")
        assert needs_a_fact == any(sample.at_large for sample in law.samples), law.name


# ------------------------------------------------------------------------------ nothing beside the table

KERNEL = (
    algebra, canonical, unfolding, elementary, exponentials, exponents, facts, normal_form, polynomials, product,
    rules, signs, summands,
)  # fmt: skip
VALUES = ("Poly", "Raw", "Monomial", "bool")
HELPERS = {
    "ask the table": "rewrite by_facts by_laws power exp log symbolic_power step function rebuild _logs _one _power",
    "write a value down": "number scale product factor delta raw without times with_delta joined collect _multiplied",
    "read a value at indices": "value at of rename _ref _delta _whole normal_form _of_known",
    "name the parts of a value": "content rank bounds divided _matched _assigned _components _named _refined best",
    "find a condition": "base_is_nonnegative is_nonnegative_sum _is_whole _odd _oriented _is_itself",
    "see that a matrix is definite": "_definiteness _is_definite",
    "compare by the laws of fractions": "vanishes _numerator _freed",
}


def functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions and methods that a module defines; a protocol has none."""
    for found in vars(module).values():
        if inspect.isfunction(found) and found.__module__ == module.__name__:
            yield found
        if inspect.isclass(found) and found.__module__ == module.__name__ and Protocol not in found.__bases__:
            yield from (method for method in vars(found).values() if inspect.isfunction(method))


def test_no_function_of_the_kernel_makes_a_value_beside_the_table() -> None:
    entered = {law.apply for law in LAWS}
    known = {name for names in HELPERS.values() for name in names.split()}
    makers = [
        f
        for module in KERNEL
        for f in functions(module)
        if any(v in str(f.__annotations__.get("return")) for v in VALUES)
    ]
    beside = sorted({f"{f.__module__}.{f.__name__}" for f in makers if f not in entered and f.__name__ not in known})
    assert beside == []
