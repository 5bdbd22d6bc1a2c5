"""One test over the registry: whatever is registered is checked from its own record."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

import derive.ops
from derive.calculus.jacobian import expression_jacobian
from derive.ir import build
from derive.ir.node import Node, topological
from derive.ops.conditions import conditions, countless
from derive.ops.digits import Digits
from derive.ops.evaluate import Evaluator
from derive.ops.primitive import vjp
from derive.ops.record import Elementwise, Tensor, all_records, build_call
from derive.ops.sympy_bridge import NATIVE, derivative, expand, letter

assert derive.ops  # importing the package is what registers the operations

ELEMENTWISE = [record for record in all_records() if isinstance(record, Elementwise)]
TENSORS = [record for record in all_records() if isinstance(record, Tensor)]
DIGITS = Digits(60)
MP = DIGITS.context
TINY = MP.mpf(10) ** -30


def by_name(records: list[Any]) -> Any:
    return pytest.mark.parametrize("record", records, ids=lambda record: record.name)


def value_at(node: Node, sample: tuple[Any, ...]) -> Any:
    values = {f"u{k}": DIGITS.array(exact(v)) for k, v in enumerate(sample)}
    return Evaluator(values, {}, backend=DIGITS).value(node).item()


def exact(value: Any) -> Any:
    return value if isinstance(value, MP.mpf) else Fraction(str(value))


def moved(sample: tuple[Any, ...], k: int, step: Any) -> tuple[Any, ...]:
    numbers = [MP.mpf(f.numerator) / f.denominator for f in map(exact, sample)]
    return tuple(v + step * (j == k) for j, v in enumerate(numbers))


def letters(record: Elementwise) -> list[Node]:
    return [build.ref(f"u{k}") for k in range(record.arity)]


@by_name(ELEMENTWISE + TENSORS)
def test_has_samples(record: Any) -> None:
    assert record.samples, f"{record.name} has no samples, so nothing would be tested"


@by_name(ELEMENTWISE)
def test_value_is_the_expression(record: Elementwise) -> None:
    call = build.call(record.name, *letters(record))
    for sample in record.samples:
        symbols = [letter(k) for k in range(record.arity)]
        expression = written_out(record.expression(*symbols))
        wanted = expression.subs({s: sp.Rational(str(v)) for s, v in zip(symbols, sample, strict=True)})
        assert abs(value_at(call, sample) - MP.mpf(str(sp.N(wanted, 45)))) < TINY


def written_out(expression: Any) -> Any:
    """Formal functions replaced by their own expressions, until only SymPy's are left."""
    while inner := [f for f in expression.atoms(sp.Function) if hasattr(f, "derive_name")]:
        expression = expression.xreplace({f: in_sympy(f) for f in inner})
    return expression


def in_sympy(applied: Any) -> Any:
    if applied.derive_name == "step":
        return sp.Heaviside(*applied.args, 0)
    record = next(record for record in ELEMENTWISE if record.name == applied.derive_name)
    expression = sp.sign(*applied.args) if record.name == "sign" else record.expression(*applied.args)
    return NATIVE[record.name](*applied.args) if expression == applied else expression


@by_name(ELEMENTWISE)
def test_derivatives_are_slopes(record: Elementwise) -> None:
    """First and second derivatives against differences in 60 digits, away from kinks."""
    h = MP.mpf(10) ** -15
    for k in range(record.arity):
        if record.partials is not None and record.partials(*[letter(j) for j in range(record.arity + 1)])[k] is None:
            by_order = build.call(record.name, *letters(record), orders=tuple(int(j == k) for j in range(record.arity)))
            assert expand(by_order) is by_order
            continue
        for order in (0, 1):
            orders = tuple(order * (j == k) for j in range(record.arity))
            raised = tuple((order + 1) * (j == k) for j in range(record.arity))
            low = expand(build.call(record.name, *letters(record), orders=orders))
            high = expand(build.call(record.name, *letters(record), orders=raised))
            for sample in record.samples:
                up, down = (moved(sample, k, step) for step in (h, -h))
                slope = (value_at(low, up) - value_at(low, down)) / (2 * h)
                assert abs(slope - value_at(high, sample)) < MP.mpf(10) ** -22, (record.name, order, sample)


@by_name([record for record in ELEMENTWISE if record.of_output is not None])
def test_derivative_by_the_output_is_proved(record: Elementwise) -> None:
    """Substituting the output back leaves zero, exactly."""
    if record.name in ("sign", "step"):
        assert derivative(record.name, (1,)) == 0
        return
    call = build.call(record.name, *letters(record))
    if conditions([call]) or countless([call]):
        return  # between its pieces: the slopes at the samples are tested above
    u = letter(0)
    expression = written_out(record.expression(u))
    by_output = written_out(derivative(record.name, (1,)).subs(sp.Symbol("y"), expression))
    assert sp.simplify((sp.diff(expression, u) - by_output).rewrite(sp.exp)) == 0


@by_name(ELEMENTWISE)
def test_range_and_domain_hold(record: Elementwise) -> None:
    call = build.call(record.name, *letters(record))
    for sample in record.samples:
        assert record.domain[0] < sample[-1] < record.domain[1]
        assert record.range[0] <= value_at(call, sample) <= record.range[1]


# ----------------------------------------------------------------------------------------------- tensors

SIZES = {"m": 3, "k": 4, "n": 3}


@by_name(TENSORS)
def test_vjp_is_the_slope(record: Tensor) -> None:
    """<g, J dx> by differences in 50 digits against <vjp(g), dx>."""
    rng = np.random.default_rng(7)
    for make in record.samples:
        node = make()
        leaf = next(below for below in topological(node) if below.op == "ref")
        shape = [size.value(SIZES) for size in leaf.shape]
        x = DIGITS.array(rng.integers(-200, 200, shape).astype(object)) / 100
        dx = DIGITS.array(rng.integers(-200, 200, shape).astype(object)) / 100
        jacobian = expression_jacobian(node, leaf)
        h = MP.mpf(10) ** -15

        def at(values: Any, root: Node = node, name: str = leaf.name, xp: Digits = DIGITS) -> Any:
            return Evaluator({name: values}, SIZES, backend=xp).value(root)

        slope = np.asarray((at(x + h * dx) - at(x - h * dx)) / (2 * h))
        claimed = at(x, jacobian)
        claimed = (claimed * dx).sum(axis=tuple(range(slope.ndim, claimed.ndim)))
        assert np.all(np.abs(slope - claimed) < 1e-20 * (1 + np.abs(slope)))


@by_name([record for record in TENSORS if record.definition is not None])
def test_vjp_equals_that_of_the_definition(record: Tensor) -> None:
    assert record.definition is not None
    rng = np.random.default_rng(3)
    for make in record.samples:
        node = make()
        inner = next(below for below in topological(node) if below.op == record.name)
        leaf = inner.args[0]
        shape = [size.value(SIZES) for size in leaf.shape]
        x = DIGITS.array(rng.integers(-200, 200, shape).astype(object)) / 100
        written = record.definition(inner)
        evaluator = Evaluator({leaf.name: x}, SIZES, backend=DIGITS)
        assert np.all(np.abs(evaluator.value(inner) - evaluator.value(written)) < 1e-40)
        ours, theirs = (evaluator.value(expression_jacobian(n, leaf)) for n in (inner, written))
        assert np.all(np.abs(ours - theirs) < 1e-40)


def test_every_operand_gets_a_cotangent_of_its_shape() -> None:
    for record in TENSORS:
        for make in record.samples:
            node = next(below for below in topological(make()) if below.op == record.name)
            g = build.ref("g", node.shape)
            for arg, cotangent in zip(node.args, vjp(node, g), strict=True):
                assert cotangent is None or cotangent.shape == arg.shape


def test_a_leaky_relu_has_a_default_slope() -> None:
    x = build.ref("x")
    assert build_call("leaky_relu", [x], {}) is build.call("leaky_relu", x, build.number(Fraction(1, 100)))
