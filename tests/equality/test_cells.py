r"""Conditions: a claim is true only where every side was met, and false by a point on the side where it breaks."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

import derive
from derive.equality.climb import climb, onto_edge, shaken
from derive.equality.edges import switches_of
from derive.equality.equality import decide
from derive.equality.impossible import Conditions
from derive.equality.linear import Inequality, impossible
from derive.equality.places import SidesApart
from derive.equality.probe import Point, points_of
from derive.ir import build as b
from derive.judging.verdict import Verdict
from derive.model.text import loads

NEURON = "z = w*x + b\na = maximum(z, 0)\nL = (a - y)**2/2"


def claimed(model: str, claim: str) -> Verdict:
    return derive.loads(model).claim(claim)


@pytest.mark.parametrize("order", ["x, y, w, b", "b, w, y, x", "y, b, x, w", "w, x, b, y"])
def test_a_mask_that_is_missing_is_seen_in_any_order_of_declarations(order: str) -> None:
    model = f"{order} : scalar\n{NEURON}"
    wrong = claimed(model, r"\frac{\partial L}{\partial z} = a - y")
    assert wrong.verdict == "false"
    shown = wrong.counterexample
    assert shown is not None
    assert shown.inputs["w"] * shown.inputs["x"] + shown.inputs["b"] <= 0
    assert shown.left == 0
    assert claimed(model, r"\frac{\partial L}{\partial z} = (a - y) \mathbb{1}[z > 0]").verdict == "true"


SHIFTED = "a : scalar\nL = maximum(0, a + 3)"
CAPPED = "z : scalar\na = minimum(maximum(z, 0), 6)"
HUBER = "r : scalar\nL = where(abs(r) < 10, r**2/2, 10*(abs(r) - 5))"
TUKEY = "u : scalar\nL = where(abs(u) < 4.685, u**2, 0)"
SIZES = "x : (N,)\nL = sum(x)"
GENERIC = "f : function\na, b : scalar\nL = f(a)"
ALSO = "x : (n,)\nt : scalar, positive\ns = maximum(x - 20, 0)\nL = sum(s)"


@pytest.mark.parametrize(
    ("model", "claim"),
    [
        (SHIFTED, r"\frac{\partial L}{\partial a} = 1"),
        (SHIFTED, "L = a + 3"),
        (SHIFTED, r"\max(a, -2) = a"),
        (SHIFTED, r"\mathbb{1}[a > 7] = 0"),
        (SHIFTED, r"\mathbb{1}[a > 0] = \mathbb{1}[a \ge 0]"),
        (SHIFTED, r"\operatorname{sign}(a)^2 = 1"),
        (SHIFTED, r"\max(\mathbb{1}[a^2 > 0], a + 0.5) = \max(1, a + 0.5)"),
        (CAPPED, r"\frac{\partial a}{\partial z} = \mathbb{1}[z > 0]"),
        (CAPPED, r"\frac{\partial a}{\partial z} = \mathbb{1}[z < 6]"),
        (
            HUBER,
            r"\frac{\partial L}{\partial r} = \begin{cases} r & |r| < 10 \\ "
            r"-10\,\operatorname{sign}(r) & |r| \ge 10 \end{cases}",
        ),
        (TUKEY, r"\frac{\partial L}{\partial u} = 2 u"),
        (SIZES, r"\max(N, 2) = N"),
        (SIZES, r"\min(N, 3) = 3"),
        (GENERIC, "|f(a)| = f(a)"),
        (GENERIC, r"\max(f(a), f(b)) = f(\max(a, b))"),
        (GENERIC, "|f''(a)| = -f''(a)"),
        (GENERIC, r"|f'(a)| = f'(a)"),
        (ALSO, r"\frac{\partial L}{\partial x_i} = 0"),
        (ALSO, r"\max(t, 0.01) = t"),
        (ALSO, r"\sqrt{(t - 5)^2} = 5 - t"),
    ],
)
def test_a_branch_far_away_is_looked_at(model: str, claim: str) -> None:
    assert claimed(model, claim).verdict == "false"


@pytest.mark.parametrize(
    ("model", "claim"),
    [
        (SHIFTED, r"\frac{\partial L}{\partial a} = \mathbb{1}[a > -3]"),
        (SHIFTED, r"\frac{\partial L}{\partial a} = \mathbb{1}[a \ge -3]"),
        (SHIFTED, r"\max(a, -a) = |a|"),
        (CAPPED, r"\frac{\partial a}{\partial z} = \mathbb{1}[z > 0]\,\mathbb{1}[z < 6]"),
        (
            HUBER,
            r"\frac{\partial L}{\partial r} = \begin{cases} r & |r| < 10 \\ "
            r"10\,\operatorname{sign}(r) & |r| \ge 10 \end{cases}",
        ),
        (TUKEY, r"\frac{\partial L}{\partial u} = 2 u\,\mathbb{1}[|u| < 4.685]"),
        (SIZES, r"\max(N, 1) = N"),
        (GENERIC, r"|f(a)|^2 = f(a)^2"),
        (ALSO, r"\frac{\partial L}{\partial x_i} = \mathbb{1}[x_i > 20]"),
        (ALSO, r"\max(t, -1) = t"),
        (ALSO, r"\max(t^2, 0) = t^2"),
    ],
)
def test_what_holds_on_every_side_is_true(model: str, claim: str) -> None:
    assert claimed(model, claim).verdict == "true"


def test_a_side_that_no_point_reaches_leaves_the_claim_open_and_is_named() -> None:
    # the square of an input is 3.3 nowhere among numbers of few digits, and the indicator is 1 only there
    model = "x : scalar\nJ = x**2"
    open_ = claimed(model, r"\mathbb{1}[x^2 \ge 3.3] = \mathbb{1}[x^2 > 3.3]")
    assert open_.verdict == "undecided"
    assert "= 0" in open_.diagnosis


def test_a_power_that_has_no_value_nearly_everywhere_is_not_probed() -> None:
    open_ = claimed("a, b, c : scalar\nJ = a*b*c", "a^{bc} = (a^b)^c")
    assert open_.verdict == "undecided"
    assert claimed("a, b, c : scalar, positive\nJ = a*b*c", "a^{bc} = (a^b)^c").verdict == "true"


THREE = "x, w_1, w_2, w_3 : (n,)\nz_1 = w_1 @ x\nz_2 = w_2 @ x\nz_3 = w_3 @ x\n"
SUM = THREE + "a = maximum(z_1, 0) + maximum(z_2, 0) + maximum(z_3, 0)\nL = minimum(a, 10)"
INSIDE = r"(\mathbb 1[z_1 > 0] w_1 + \mathbb 1[z_2 > 0] w_2 + \mathbb 1[z_3 > 0] w_3)"
CLIPPED = "z = w @ x\nL = v*minimum(maximum(z, -1), 1)"
LARGEST = THREE + "L = maximum(z_1, maximum(z_2, z_3))"


@pytest.mark.parametrize(
    ("model", "claim", "verdict"),
    [
        (SUM, rf"\frac{{\partial L}}{{\partial x}} = {INSIDE} \mathbb 1[a < 10]", "true"),
        (
            SUM,
            rf"\frac{{\partial L}}{{\partial x}} = {INSIDE}"
            r"\mathbb 1[z_1 < 10] \mathbb 1[z_2 < 10] \mathbb 1[z_3 < 10]",
            "false",
        ),
        (LARGEST, r"\frac{\partial L}{\partial w_1} = \mathbb 1[z_1 > z_2] \mathbb 1[z_1 > z_3] x", "true"),
        (
            LARGEST,
            r"\frac{\partial L}{\partial w_1} = \mathbb 1[z_1 > z_2] \mathbb 1[z_1 > z_3] x"
            r"(1 - \mathbb 1[z_2 > 0] \mathbb 1[z_3 > 0] \mathbb 1[z_1 < 1])",
            "false",
        ),
        *(
            (f"{order}\n{CLIPPED}", rf"\frac{{\partial L}}{{\partial x}} = v \mathbb 1[|z| < 1] w{factor}", verdict)
            for order in ("x, w : (n,)\nv : scalar", "v : scalar\nw : (n,)\nx : (n,)")
            for factor, verdict in (("", "true"), (r"(1 - \mathbb 1[x_1 > 100] \mathbb 1[x_2 < 0])", "false"))
        ),
    ],
)
def test_cells_of_many_conditions_together(model: str, claim: str, verdict: str) -> None:
    assert claimed(model, claim).verdict == verdict


@pytest.mark.parametrize(
    "claim",
    [
        r"\tanh(30) = 1",
        r"\tanh(x + 60) = 1",
        r"\sigma(x + 100) = 1",
        "x + 10^{-27} y = x",
        r"\sqrt{x^2 + 10^{-40}} = x",
        "e^{-x - 100} = 0",
    ],
)
def test_a_difference_may_be_tiny(claim: str) -> None:
    assert claimed("x, y : scalar, positive\nJ = x*y", claim).verdict == "false"


# ------------------------------------------------------------------------------------------- symbolic powers

POWERS = "N : size\na, b : scalar\nx : (N,)\nJ = a*b"


@pytest.mark.parametrize(
    "claim",
    [
        "|a^N| = a^N",
        r"\sqrt{a^{2N}} = a^N",
        "(a^N)^{1/N} = a",
        r"\operatorname{sign}(a^N) = 1",
        "(-a)^N = -a^N",
        "(-1)^{2b} = 1",
    ],
)
def test_a_symbolic_power_has_no_sign(claim: str) -> None:
    assert claimed(POWERS, claim).verdict == "false"


@pytest.mark.parametrize(
    "claim",
    [
        "(-1)^{2N} = 1",
        "0^N = 0",
        r"\cos(\pi N) = (-1)^N",
        "a^{N + 1} = a a^N",
        "(a b)^N = a^N b^N",
        "a a^{2N} = a^{2N + 1}",
        "(-a)^{2N} = a^{2N}",
    ],
)
def test_laws_of_symbolic_powers(claim: str) -> None:
    assert claimed(POWERS, claim).verdict == "true"


# ------------------------------------------------------------------------------------------------ numerals


@pytest.mark.parametrize(
    ("model", "claim", "verdict"),
    [
        ("x : scalar\nJ = x**2/1000", r"\frac{\partial J}{\partial x} = 0.0", "false"),
        ("x : scalar\nJ = x**2/1000", r"\frac{\partial J}{\partial x} = 0.002 x", "true"),
        ("z : (n,)\nK = sum(minimum(maximum(0.2*z + 0.5, 0), 1))", r"\frac{\partial K}{\partial z_i} = 0.2", "false"),
        ("x : scalar\nJ = x/3", r"\frac{\partial J}{\partial x} = 0.333", "true"),
        ("x : scalar\nJ = x/3", r"\frac{\partial J}{\partial x} = 0.334", "false"),
        ("x : scalar\nJ = x", r"\frac13 = 0.3333", "true"),
        ("x : scalar\nJ = x", r"\frac13 = 0.3333 = \frac{3333}{10000}", "false"),
        ("x : scalar\nJ = x", r"\frac{3333}{10000} = 0.3333 = \frac13", "false"),
        ("x : scalar\nJ = x", r"\frac{1}{8} = 0.125 = \frac{125}{1000}", "true"),
        ("x : (n,)\nJ = sum(x)", r"\frac{n}{1000000} = 0.0", "false"),
    ],
)
def test_a_numeral_is_rounded_only_beside_numbers(model: str, claim: str, verdict: str) -> None:
    found = claimed(model, claim)
    assert found.verdict == verdict
    if verdict == "true" and claim.startswith((r"\frac13", r"\frac{\partial J}{\partial x} = 0.333")):
        assert found.evidence == "rounded"


# ------------------------------------------------------------------------------------- singular and too many


@pytest.mark.parametrize(
    ("model", "claim", "verdict"),
    [
        ("X : (n, k)\nL = logdet(X.T @ X)", r"\frac{\partial L}{\partial X} = 2 X (X^\top X)^{-1}", "true"),
        ("X : (n, k)\nL = logdet(X.T @ X)", r"\frac{\partial L}{\partial X} = X (X^\top X)^{-1}", "false"),
        ("X : (k, n)\nL = logdet(X @ X.T)", r"\frac{\partial L}{\partial X} = 2 (X X^\top)^{-1} X", "true"),
        ("X : (n, k)\nL = sum(X)", r"(X (X^\top X)^{-1} X^\top)^2 = X (X^\top X)^{-1} X^\top", "true"),
        ("X : (n, k)\ny : (n,)\nw = inv(X.T @ X) @ X.T @ y", r"X^\top X w = X^\top y", "true"),
        ("X : (n, k)\ny : (n,)\nL = sum(X)", r"X^\top X (X^\top X)^{-1} X^\top y = X^\top y", "true"),
    ],
)
def test_a_singular_draw_refutes_nothing(model: str, claim: str, verdict: str) -> None:
    assert claimed(model, claim).verdict == verdict


def test_readings_that_fail_do_not_multiply_and_none_is_cut_off() -> None:
    model = "x : (n,)\nW : (m, k)\nY : (p, k)\nL = sum(x) + sum(W) + sum(Y)"
    ones = " + ".join([r"\mathbf 1^\top x"] * 5)
    assert claimed(model, rf"{ones} = 5 \sum_i x_i").verdict == "true"
    many = " + ".join([r"\mathbf 1^\top \mathbf 1"] * 5)
    found = claimed(model, f"{many} = 5 n")
    assert found.verdict == "unread"
    assert "ways" in found.diagnosis


def test_what_has_a_value_only_far_away_is_judged_there() -> None:
    model = "x : scalar\nJ = x"
    assert claimed(model, r"\log((x - 5)^2) = 2 \log |x - 5|").verdict == "true"
    assert claimed(model, r"\log(x - 5) = \log x - \log 5").verdict == "false"
    assert claimed(model, r"\frac{\log(-1)}{x} = 0").verdict == "false"
    assert claimed(model, r"\frac{\partial}{\partial x} \log(-1) = 0").verdict == "false"
    assert claimed(model, r"\frac{\partial}{\partial x} \frac{1}{x - x} = 0").verdict == "false"
    assert claimed(model, r"\frac{\partial}{\partial x} \log(2) = 0").verdict == "true"


# ------------------------------------------------------------------------------------------------ reasoning


def test_linear_reasoning_agrees_with_random_search() -> None:
    """What it calls impossible has no solution among many random points; what has one it does not call so."""
    rng = random.Random(3)
    shown = 0
    for _ in range(300):
        rows = [
            Inequality(
                {v: Fraction(rng.randint(-3, 3)) for v in "xyz"}, Fraction(rng.randint(-4, 4)), rng.random() < 0.5
            )
            for _ in range(rng.randint(2, 6))
        ]
        rows = [Inequality({v: c for v, c in row.coefficients.items() if c}, row.constant, row.strict) for row in rows]
        points = [{v: rng.choice((-9, -2, -1, 0, 0.5, 1, 3, 20)) for v in "xyz"} for _ in range(300)]
        solved = any(all(_holds(row, point) for row in rows) for point in points)
        found = impossible(rows)
        assert not (found and solved)
        shown += found
    assert shown > 20


def _holds(row: Inequality, point: dict[str, float]) -> bool:
    value = float(row.constant) + sum(float(c) * point[str(v)] for v, c in row.coefficients.items())
    return value > 0 or (value == 0 and not row.strict)


def test_members_are_compared_in_every_cell_of_three_conditions() -> None:
    """A difference in one of eight cells is found in each of them."""
    graph = loads("u, v, w : scalar\nJ = u*v*w")
    u, v, w = (graph.ref(name) for name in "uvw")
    for signs in [(s, t, r) for s in (1, -1) for t in (1, -1) for r in (1, -1)]:
        parts = [
            b.call("step", b.mul(b.add(x, b.number(k)), b.number(s)))
            for x, s, k in zip((u, v, w), signs, (0, -4, 30), strict=True)
        ]
        spot = b.mul(b.mul(parts[0], parts[1]), parts[2])
        assert decide(b.add(u, spot), u, graph).verdict == "different"


# ------------------------------------------------------------------------------------------ climbing to a side

FACTS = """
x : scalar, in (0, 1)
p : scalar, positive
y : (3,)
z = 20*x + y - 19.5
q = x*p - 300
"""


@pytest.mark.parametrize(("name", "sign"), [("z", 1), ("z", -1), ("q", 1), ("q", -1)])
def test_climbing_reaches_a_far_side_inside_of_the_domain(name: str, sign: int) -> None:
    graph = loads(FACTS)
    start = points_of(graph).first(1)[0]
    node = graph.ref(name)
    for seed in range(20):
        found = climb(start, lambda point: float((sign * point.value(node)).max()), random.Random(seed))
        assert found is not None
        assert (sign * found.value(node)).max() > 0
        assert 0 < found.inputs["x"].item() < 1
        assert found.inputs["p"].item() > 0


def test_an_edge_is_met_exactly() -> None:
    graph = loads("x : scalar, positive\nw, c : scalar\nz = w*x - c - 7")
    start = points_of(graph).first(1)[0]
    whole = Point(graph, start.sizes, {name: np.asarray(Fraction(2), dtype=object) for name in start.inputs})
    edge = onto_edge(whole, lambda point: [float(point.value(graph.ref("z")))], random.Random(0))
    assert edge is not None
    assert edge.value(graph.ref("z"), 50) == 0
    assert edge.inputs["x"].item() > 0


def test_several_edges_are_met_at_once() -> None:
    graph = loads("x, y : scalar\nv : (2,)\np = x + y - 5\nq = x - y + sum(v) - 1\nr = v @ [1, -1] - 2")
    start = points_of(graph).first(1)[0]
    ones = {name: np.full_like(value, Fraction(1), dtype=object) for name, value in start.inputs.items()}
    whole = Point(graph, start.sizes, ones)
    lines = [graph.ref(name) for name in ("p", "q", "r")]
    edge = onto_edge(whole, lambda point: [float(point.value(line)) for line in lines], random.Random(0))
    assert edge is not None
    assert [edge.value(line, 50) for line in lines] == [0, 0, 0]


def test_the_signs_of_entries_by_themselves() -> None:
    graph = loads("x : (3,)\ns : scalar\nL = sum(maximum(x - 2, 0))*maximum(s, 0)")
    places = SidesApart(Conditions(switches_of([graph.bindings["L"].node]), graph), (0, 1))
    assert len(places.missing) == 6  # x > 2, x < 2 or both, beside the sides of s
    places.note([np.array([1, -1, -1]), np.array(1)])
    assert all((1, -1) in wanted for wanted in places.missing)
    assert not places.is_new([np.array([1, 1, 1]), np.array(1)])
    places.note([np.array([-1, -1, -1]), np.array(-1)])
    assert places.missing == [((0, 1), (1, -1)), ((0, -1), (0, 1), (1, -1))]


@pytest.mark.parametrize("edge", ["1.5", "0.5", "0.1"])
def test_a_derivative_is_not_compared_at_a_kink_that_a_draw_meets(edge: str) -> None:
    model = f"x : (4,)\na = minimum(x, {edge})\nL = sum(a**2/2)"
    assert claimed(model, rf"\frac{{dL}}{{dx}} = a \odot \mathbb{{1}}[x < {edge}]").verdict == "true"
    assert claimed(model, rf"\frac{{dL}}{{dx}} = a \odot \mathbb{{1}}[x \le {edge}]").verdict == "true"
    assert claimed(model, rf"\frac{{dL}}{{dx}} = a \odot \mathbb{{1}}[x > {edge}]").verdict == "false"


@pytest.mark.parametrize(
    "claim", [r"1\,000 x = 0", r"\frac{\partial L}{\partial x} = 1\,000", "1 0 x = 0", "x + 2 000 = x"]
)
def test_numerals_apart_are_no_product(claim: str) -> None:
    assert claimed("x : scalar\nL = 1000*x", claim).verdict == "unread"


def test_a_condition_that_is_0_on_a_whole_side_is_no_edge_there() -> None:
    # a + 2 - 2 is 0 for all z < 0, where relu' is 0 and the sign of 0 gives 1/2
    model = (
        "x, y : scalar\nz = 5*x - 1\na = minimum(maximum(z, 0), 6)\nq = a - 2\nh = maximum(q + 3, 0)\nL = (h - y)**2/2"
    )
    claim = r"\frac{dL}{dq} = \frac{1 + \operatorname{sgn}(q + 2)}{2} (h - y)"
    assert claimed(model, claim).verdict == "false"
    assert claimed(model, claim.replace("q + 2", "q + 3")).verdict == "true"


def test_a_cell_is_met_where_the_members_were_compared() -> None:
    # beyond a b = 6 the exponentials overflow at most of the points
    model = "a : scalar, in (-1, 1)\nb : scalar\nJ = minimum(maximum(a*b, 0), 6)"
    claim = r"e^{|\mathbb{1}[ab > 0] b|} = e^{|\frac{\partial J}{\partial a}|}"
    assert claimed(model, claim).verdict == "false"


def test_a_derivative_has_a_value_where_its_operand_has_one() -> None:
    model = "a : scalar, in (-inf, 0)\nJ = a"
    assert claimed(model, r"\frac{\partial}{\partial a} \log a = \frac{1}{a}").verdict == "undecided"
    assert claimed(model, r"\frac{\partial}{\partial a} \log(-a) = \frac{1}{a}").verdict == "true"


def test_a_value_on_a_kink_for_all_inputs_near_has_no_derivative_there() -> None:
    # q is 1 wherever z > 3: by q, h has the slopes 1 and 0 there
    model = "b, x, w : scalar\nz = w*x**2 + b\na = where(z < -2, -2, where(z > 3, 3, z))\nq = a - 2\nh = minimum(q, 1)"
    for mask in ("q < 1", r"q \le 1"):
        assert claimed(model, rf"\frac{{\partial h}}{{\partial q}} = \mathbb 1[{mask}]").verdict == "true"
    assert claimed(model, r"\frac{\partial h}{\partial q} = \mathbb 1[q < 0]").verdict == "false"
    twice = "z, y : scalar\na = relu(z)\nL = relu(a)"
    assert claimed(twice, r"\frac{\partial L}{\partial z} = \mathbb 1[z > 0]").verdict == "true"
    assert claimed(twice, r"\frac{\partial L}{\partial z} = 1").verdict == "false"
    assert claimed("z : scalar\nL = relu(relu(z))", r"\frac{\partial L}{\partial z} = 1").verdict == "false"


MAXIMUM = "x : (n,)\nX : (m, n)\nM = max(x)\nL = sum(max(X, axis=1))\nK = sum(max(X, axis=0)**2)"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial M}{\partial x_i} = \mathbb{1}[x_i \ge M]", "true"),
        (r"\frac{\partial M}{\partial x_i} = \mathbb{1}[x_i \ge M - 1]", "false"),
        (r"\frac{\partial L}{\partial X_{ij}} = \mathbb{1}[X_{ij} \ge \max_k X_{ik}]", "true"),
        (r"\frac{\partial L}{\partial X_{ij}} = \mathbb{1}[X_{ij} \ge \max_k X_{kj}]", "false"),
        (r"\frac{\partial K}{\partial X_{ij}} = 2 X_{ij} \mathbb{1}[X_{ij} \ge \max_k X_{kj}]", "true"),
        (r"\frac{\partial K}{\partial X_{ij}} = 2 X_{ij} \mathbb{1}[X_{ij} \ge \max_k X_{ik}]", "false"),
        (r"\mathbb{1}[M \ge x_i] = 1", "true"),
        (r"\mathbb{1}[M > x_i] = 1", "false"),
        (r"\sum_i x_i \mathbb{1}[x_i \ge M] = M", "false"),  # at a tie
    ],
)
def test_the_largest_entry_of_an_axis_of_any_length(claim: str, verdict: str) -> None:
    found = claimed(MAXIMUM, claim)
    assert found.verdict == verdict
    if verdict == "true":
        assert found.evidence == "probed"
        assert "up to" in found.diagnosis


@pytest.mark.parametrize("claim", [r"\min(N, 7) = N", r"\mathbb 1[N > 9] = 0", r"\max(N, 8) = 8", r"\min(N, 10) = 10"])
def test_sizes_beyond_the_numbers_of_a_claim_are_looked_at(claim: str) -> None:
    assert claimed("x : (N,)\nJ = sum(x)", claim).verdict == "false"


def test_many_conditions_are_named() -> None:
    count = range(1, 11)
    model = f"{', '.join(f'z_{k}' for k in count)} : scalar\nL = {' + '.join(f'relu(z_{k})' for k in count)}"
    halves = rf"\frac12 ({' + '.join(rf'z_{{{k}}} + |z_{{{k}}}|' for k in count)})"
    assert claimed(model, f"L = {halves}").verdict == "true"
    found = claimed(model, rf"L^3 = {halves} L^2 + \max(z_1 - 50, 0) \mathbb 1[z_2 > 20] \mathbb 1[z_3 > 20]")
    assert found.verdict == "undecided"
    assert found.diagnosis.startswith("13 conditions")
    assert all(name in found.diagnosis for name in ("z₇", "z₁ − 50", "z₂ − 20", "z₃ − 20"))


def test_a_cell_without_values_at_one_point_is_looked_at_again() -> None:
    # at most points beyond 1 the root has no value; where it has one the members differ
    model = "x : scalar\nJ = x"
    claim = r"\sqrt{9 - x^2} + \max(x, 1) = \sqrt{9 - x^2} + 1"
    assert claimed(model, claim).verdict == "false"


# -------------------------------------------------------------------------------------- where both have a value


@pytest.mark.parametrize(
    ("claim", "condition"),
    [
        (r"\frac{\partial}{\partial y} y^2 = 2 e^{\log y}", "for y > 0:"),
        (r"\frac{\partial}{\partial y} y^2 = 2 \sqrt{y}^2", "for y ≥ 0:"),
        (r"\frac{\partial}{\partial y} \log y = \frac1y", "for y > 0:"),
        (r"\frac{\partial}{\partial y} y^3 = \frac{3 y^4}{y^2}", "for y² ≠ 0:"),
        (r"\frac{\partial J}{\partial z} = \frac{y \log z}{\log z}", "for z > 0:"),
        (r"\frac{\partial J}{\partial z} = y", ""),
        (r"\frac{\partial}{\partial y} |y| = \frac{y}{|y|}", ""),  # at 0 there is no derivative
        ("e^{\\log y} = y", "for y > 0:"),
    ],
)
def test_where_alone_a_claim_says_something_is_told(claim: str, condition: str) -> None:
    found = claimed("y, z : scalar\nJ = y*z", claim)
    assert found.verdict == "true"
    assert found.diagnosis.startswith(condition) if condition else not found.diagnosis


def test_without_a_proof_the_condition_is_told_too() -> None:
    found = claimed("y, z : scalar\nJ = y*z", r"\log(yz) = \log y + \log z")
    assert (found.verdict, found.evidence) == ("true", "probed")
    assert "for y > 0 and z > 0:" in found.diagnosis


def test_a_difference_is_looked_for_although_one_member_has_a_value_more_often() -> None:
    found = claimed("x : scalar\nJ = x", r"\sqrt{x} + |x - 30| = e^{\frac12 \log x} + 30 - x")
    assert found.verdict == "false"


@pytest.mark.parametrize(
    ("model", "claim", "condition"),
    [
        ("x : (n,)\nL = norm(x)**2", r"\frac{\partial L}{\partial x} = 2 x", ""),
        ("x : (n,)\nN = norm(x)\nL = N**2", r"\frac{\partial L}{\partial x} = 2 x", ""),
        ("x, y : scalar\nL = x**y", r"\frac{\partial L}{\partial x} = \frac{y L}{x}", "for x ≠ 0:"),
    ],
)
def test_a_slope_is_its_limit_where_its_formula_has_no_value(model: str, claim: str, condition: str) -> None:
    found = claimed(model, claim)
    assert found.verdict == "true"
    assert found.diagnosis.startswith(condition) if condition else not found.diagnosis


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial L}{\partial x} = p \max(x, 0)^{p - 1} \mathbb 1[x > 0]", "true"),
        (r"\frac{\partial L}{\partial x} = \begin{cases} p x^{p - 1} & x > 0 \\ 0 & x \le 0 \end{cases}", "undecided"),
        (r"\frac{\partial L}{\partial x} = \begin{cases} p x^{p - 1} & x > 0 \\ p & x \le 0 \end{cases}", "false"),
        (r"\frac{\partial L}{\partial x} = p \max(x, 0)^{p + 1} \mathbb 1[x > 0]", "false"),
    ],
)
def test_a_power_of_what_is_never_negative_has_values_enough(claim: str, verdict: str) -> None:
    model = "x : scalar\np : scalar, positive\nL = maximum(x, 0)**p"
    assert claimed(model, claim).verdict == verdict


def test_a_point_beside_another_is_in_the_declared_domain() -> None:
    graph = loads("D : (3, 3), diagonal\nL = trace(D)")
    (point,) = points_of(graph).first(1)
    near = shaken(point).inputs["D"]
    assert not np.array_equal(near, point.inputs["D"])
    assert all(near[i, j] == 0 for i in range(3) for j in range(3) if i != j)
    assert derive.loads("D : (3, 3), diagonal\nL = trace(D)").claim(r"\det D = D_{11} D_{22} D_{33}").verdict == "true"


def test_a_side_where_no_digits_show_is_named() -> None:
    found = claimed("x : scalar\nL = x", r"\mathbb{1}[x > 1000] \tanh x = \mathbb{1}[x > 1000]")
    assert found.verdict == "undecided"
    assert "x − 1000 > 0 and values that show in 50 digits" in str(found)
