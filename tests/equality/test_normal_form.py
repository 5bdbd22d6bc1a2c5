"""The normal form itself: canonical indices, deltas, sums, fractions, facts, expansion of bindings, budgets."""

import itertools
import random
from fractions import Fraction

import pytest

from derive.equality.algebra import Undefined
from derive.equality.canonical import BOUND, canonical
from derive.equality.elementary import Elementary
from derive.equality.normal_form import NormalForm, normal_form
from derive.equality.polynomials import Exhausted
from derive.equality.proof import proved
from derive.ir import build as b
from derive.ir.graph import ComputationGraph, Declaration, Fact
from derive.ir.node import Node
from derive.ir.size import size_of
from derive.model import loads
from derive.ops.linear_algebra import inv
from derive.ops.record import Elementwise, all_records

M, N = size_of("m"), size_of("n")
X, Y, V, x, s = b.ref("X", (M, N)), b.ref("Y", (M, N)), b.ref("V", (N, N)), b.ref("x", (N,)), b.ref("s")
PLAIN = ComputationGraph()


def same(left: Node, right: Node, graph: ComputationGraph = PLAIN) -> bool:
    form = NormalForm(graph.declarations)
    return form.of(left) == form.of(right)


def facts(name: str, shape: tuple, *declared: Fact) -> ComputationGraph:
    return ComputationGraph(declarations={name: Declaration(name, "input", shape, declared)})


# ---------------------------------------------------------------------------------- bound indices


@pytest.mark.parametrize("seed", range(30))
def test_renaming_bound_indices_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    labels = [BOUND + k for k in range(5)]
    factors = [(rng.randrange(3), tuple(rng.choice([0, 1, *labels]) for _ in range(2)), 1) for _ in range(6)]
    factors = list({(a, i): (a, i, e) for a, i, e in factors}.values())
    used = sorted({i for _, indices, _ in factors for i in indices if i >= BOUND})
    names = dict(zip(used, rng.sample(range(2 * BOUND, 2 * BOUND + 50), len(used)), strict=True))
    other = [(a, tuple(names.get(i, i) for i in indices), e) for a, indices, e in factors]
    rng.shuffle(other)
    first = canonical(factors, dict.fromkeys(used, 0), lambda _: ())
    second = canonical(other, dict.fromkeys(names.values(), 0), lambda _: ())
    assert first == second


def test_different_graphs_of_equal_degrees_are_told_apart() -> None:
    # a cycle of six and two cycles of three: every index occurs twice in both
    def cycle(*labels: int) -> list[tuple[int, tuple[int, ...], int]]:
        return [(0, (a, c), 1) for a, c in itertools.pairwise([*labels, labels[0]])]

    six = [BOUND + k for k in range(6)]
    bounds = dict.fromkeys(six, 0)
    one = canonical(cycle(*six), bounds, lambda _: ())
    two = canonical(cycle(*six[:3]) + cycle(*six[3:]), bounds, lambda _: ())
    assert one != two
    assert canonical(cycle(*reversed(six)), bounds, lambda _: ((0, 1), (1, 0))) == canonical(
        cycle(*six), bounds, lambda _: ((0, 1), (1, 0))
    )


def test_traces_of_products_are_cyclic() -> None:
    a, c, d = (b.ref(name, (N, N)) for name in "ACD")

    def trace(*factors: Node) -> Node:
        product = factors[0]
        for factor in factors[1:]:
            product = b.matmul(product, factor)
        return b.trace(product)

    assert same(trace(a, c, d), trace(d, a, c))
    assert not same(trace(a, c, d), trace(a, d, c))
    assert same(trace(a, c, d), b.trace(b.transpose(b.matmul(b.matmul(a, c), d))))


def test_powers_of_sums_have_interchangeable_indices() -> None:
    assert same(b.power(b.sum_over(x), 6), b.mul(*[b.sum_over(x)] * 6))


# ------------------------------------------------------------------------------- deltas and sizes


def test_identity_matrices_disappear_in_products() -> None:
    assert same(b.matmul(X, b.eye(N)), X)
    assert same(b.trace(b.eye(N)), b.size_value(N))
    assert same(b.matmul(b.diagonal(x), V), b.transpose(b.mul(b.transpose(V), x)))
    assert not same(b.diagonal(x), b.outer(x, x))


def test_a_sum_over_nothing_is_the_size() -> None:
    assert same(b.sum_over(b.ones((M, N))), b.mul(b.size_value(M), b.size_value(N)))
    assert same(b.mean_over(b.fill(s, (M, N))), s)
    assert not same(b.sum_over(b.ones((M,))), b.sum_over(b.ones((N,))))


def test_axes_of_size_one_have_one_position() -> None:
    kept = b.sum_over(X, [0], keepdims=True)
    assert same(b.sum_over(kept), b.sum_over(X))
    assert same(b.sub(X, b.mean_over(X, [0], keepdims=True)), b.sub(X, b.mean_over(X, [0])))


def test_entries_arrays_and_their_adjoints() -> None:
    three = (size_of(3),)
    u = b.ref("u", three)
    items = [b.entry(u, (k,)) for k in range(3)]
    assert not same(items[0], items[1])
    assert proved(b.array(items, (3,)), u, PLAIN)
    assert proved(b.sum_over(u), b.add(*items), PLAIN)
    assert proved(b.add(*[b.placed(item, (k,), three) for k, item in enumerate(items)]), u, PLAIN)
    assert not proved(b.array(items[::-1], (3,)), u, PLAIN)


# -------------------------------------------------------------------------------------- functions


def test_generic_functions_are_independent_of_their_derivatives() -> None:
    def f(u: Node, order: int = 0) -> Node:
        return b.call("f", u, orders=(order,))

    assert same(f(b.add(x, x)), f(b.mul(b.number(2), x)))
    assert not same(f(x), f(x, 1))
    assert not same(f(x, 1), b.sub(b.number(1), b.power(f(x), 2)))
    assert not same(b.call("h", x, b.neg(x)), b.call("h", b.neg(x), x))
    assert not same(b.call("h", x, x, orders=(1, 0)), b.call("h", x, x, orders=(0, 1)))


def test_an_opaque_loss_depends_on_the_shape_of_its_arguments() -> None:
    assert not same(b.functional("C", b.ones((M,))), b.functional("C", b.ones((N,))))
    assert not same(b.functional("C", X), b.functional("C", Y))
    mixed = b.functional("C", x, X, wrt=(1, 0))
    assert same(b.transpose(mixed, (2, 0, 1)), b.functional("C", x, X, wrt=(0, 1)))


def test_a_declared_function_is_the_registered_one() -> None:
    graph = ComputationGraph(declarations={"f": Declaration("f", "function", definition="tanh")})
    claim = b.sub(b.number(1), b.power(b.call("f", x), 2))
    assert same(b.call("f", x, orders=(1,)), claim, graph)
    assert not same(b.call("f", x, orders=(1,)), claim)


@pytest.mark.parametrize("record", [r for r in all_records() if isinstance(r, Elementwise)], ids=lambda r: r.name)
def test_every_registered_function_and_its_derivatives_have_a_normal_form(record: Elementwise) -> None:
    # u and v are positive, so that every function is inside its domain
    graph = facts("x", (N,), Fact("positive"))
    args = [x, b.add(x, x)][: record.arity]
    for order in range(3):
        orders = (order,) + (0,) * (record.arity - 1)
        value = b.call(record.name, *args, orders=orders)
        assert same(value, b.call(record.name, *[b.add(arg, b.sub(x, x)) for arg in args], orders=orders), graph)
        assert not same(value, b.add(value, x), graph)


def test_roots_keep_their_sign() -> None:
    assert not same(b.call("sqrt", b.power(s, 2)), s)
    assert same(b.power(b.call("sqrt", s), 2), s)
    assert same(b.call("sqrt", b.power(s, 2)), s, facts("s", (), Fact("positive")))
    assert same(b.call("sqrt", b.number(8)), b.mul(b.number(2), b.call("sqrt", b.number(2))))
    assert not same(b.call("log", b.power(s, 2)), b.mul(b.number(2), b.call("log", s)))
    assert same(b.call("log", b.power(s, 3)), b.mul(b.number(3), b.call("log", s)))


def test_zero_denominators_are_undefined() -> None:
    for node in (b.div(X, b.sub(Y, Y)), b.power(b.sub(s, s), -2), b.call("log", b.sub(s, s))):
        with pytest.raises(Undefined):
            normal_form(node)


def test_exact_numbers() -> None:
    third = b.div(b.number(1), b.number(3))
    assert same(b.mul(third, b.number(3)), b.number(1))
    assert normal_form(b.mul(third, s)) != normal_form(b.mul(b.number(Fraction(333333, 1000000)), s))


# ------------------------------------------------------------------------------------------ facts


def test_facts_are_used_and_only_where_declared() -> None:
    symmetric = facts("V", (N, N), Fact("symmetric"))
    assert same(b.transpose(V), V, symmetric)
    assert not same(b.transpose(V), V)
    simplex = facts("X", (M, N), Fact("simplex", axis=1))
    assert same(b.sum_over(X, [1]), b.ones((M,)), simplex)
    assert not same(b.sum_over(X, [0]), b.ones((N,)), simplex)
    assert not same(b.mul(X, X), X, simplex)
    one_hot = facts("X", (M, N), Fact("one_hot", axis=1))
    assert same(b.mul(X, X), X, one_hot)
    assert same(b.matmul(b.transpose(X), X), b.diagonal(b.sum_over(X, [0])), one_hot)
    assert not same(b.matmul(X, b.transpose(X)), b.eye(M), one_hot)
    signs = facts("x", (N,), Fact("one_of", values=(-1.0, 1.0)))
    assert same(b.mul(x, x), b.ones((N,)), signs)
    assert same(b.div(b.ones((N,)), x), x, signs)
    diagonal = facts("V", (N, N), Fact("diagonal"))
    assert same(V, b.diagonal(b.diagonal(V)), diagonal)
    assert not same(V, b.diagonal(b.diagonal(V)))


def test_inverses() -> None:
    assert same(b.matmul(inv(V), V), b.eye(N))
    assert same(b.matmul(V, inv(V)), b.eye(N))
    assert same(inv(b.transpose(V)), b.transpose(inv(V)))
    assert same(b.transpose(inv(V)), inv(V), facts("V", (N, N), Fact("symmetric")))
    assert not same(b.transpose(inv(V)), inv(V))
    gram = b.add(b.matmul(b.transpose(X), X), b.eye(N))
    assert same(b.transpose(inv(gram)), inv(gram))
    assert same(b.matmul(gram, inv(gram)), b.eye(N))
    assert same(b.matmul(inv(gram), b.matmul(b.transpose(X), X)), b.sub(b.eye(N), inv(gram)))
    assert not same(b.matmul(inv(gram), b.matmul(b.transpose(X), X)), b.eye(N))


# -------------------------------------------------------------------------- bindings and budgets


def test_bindings_are_opaque_until_they_are_needed() -> None:
    graph = loads("x : scalar\nw : scalar\nz = w*x\na = z + 1\nL = a*a")
    a, z, product = graph.ref("a"), graph.ref("z"), b.mul(graph.ref("x"), graph.ref("w"))
    assert normal_form(a, graph=graph) != normal_form(b.add(z, b.number(1)), graph=graph)
    assert proved(a, b.add(z, b.number(1)), graph)
    assert proved(b.sub(a, z), b.sub(b.add(product, b.number(1)), product), graph)
    assert not proved(a, z, graph)


def test_equal_definitions_are_equal_values() -> None:
    graph = loads("x : (n,)\na = tanh(x)\nb = tanh(x)\nL = sum(a*b)")
    assert proved(graph.ref("a"), graph.ref("b"), graph)


def test_the_budget_ends_the_work() -> None:
    wide = b.add(*[b.ref(f"x_{k}") for k in range(30)])
    with pytest.raises(Exhausted):
        NormalForm(algebra=Elementary(steps=2000)).of(b.power(wide, 5))
    assert not proved(b.power(wide, 9), b.add(b.power(wide, 9), b.number(1)), PLAIN, seconds=0.3)
