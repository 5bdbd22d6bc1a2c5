"""Verdicts on equality: never a false proof, typical gradients proved, differences shown with small numbers."""

import random

import mpmath
import numpy as np
import pytest

from derive.calculus.jacobian import expression_jacobian, jacobian
from derive.equality.algebra import Undefined
from derive.equality.equality import Decision, decide, quick_equal
from derive.equality.probe import draw_point, points_of
from derive.equality.proof import proved, proved_at_sizes
from derive.errors import ShapeError
from derive.ir import build as b
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, substitute
from derive.model import loads
from derive.verification.verify import Options, verify_formula
from tests.effort import effort
from tests.equality.expressions import GRAPH, changed, expression

# ------------------------------------------------------------------------------------ no false proof


def _values_differ(left: Node, right: Node) -> bool | None:
    """Evaluation alone, at points that the decision does not use; None where nothing is defined."""
    seen = False
    for number in range(3):
        point = draw_point(GRAPH, {"n": 2 + number % 2}, f"independent {number}")
        assert point is not None
        a, c = point.value(left, 40), point.value(right, 40)
        if a is None or c is None:
            continue
        seen = True
        for u, v in zip(a.flat, c.flat, strict=True):
            if abs(u - v) > mpmath.mpf(10) ** -20 * max(abs(u), abs(v)) and abs(u - v) > mpmath.mpf(10) ** -30:
                return True
    return False if seen else None


@pytest.mark.parametrize("batch", range(20))
def test_distinct_expressions_are_never_proved_equal(batch: int) -> None:
    pairs = distinct = equal = 0
    for number in range(100):
        rng = random.Random(1000 * batch + number)
        rank = rng.randrange(3)
        left = expression(rng, rank, rng.choice([2, 3]))
        right = changed(rng, left) if rng.random() < 0.7 else expression(rng, rank, 2)
        if left is right:
            right = b.mul(left, b.add(b.number(1), b.mul(*[b.ref("s")] * 2)))
        pairs += 1
        try:
            claimed = proved(left, right, GRAPH, seconds=1.0)
        except Undefined:
            continue
        if claimed:
            equal += 1
            assert _values_differ(left, right) is not True, (batch, number)
        else:
            distinct += 1
    assert pairs == 100
    assert distinct > 30
    assert equal > 0


NETWORK = """
X : (m, d)
W : (d, k)
V : (k, k)
U : (k, d)
A : (d, k)
q : (k,)
z : (k,)
f : function
Z = X @ W
L = sum(f(Z @ V))
"""

WRONG = {
    "transpose": ("V.T", "V"),
    "order of factors": ("V @ (W.T @ W)", "(W.T @ W) @ V"),
    "a generic function has no law": ("f(z)", "1 - f(z)**2"),
    "sigmoid for its derivative": ("sigmoid(z)*(1 - sigmoid(z))", "sigmoid(z)"),
    "broadcast along the other axis": ("V*q", "(V.T*q).T"),
    "root of a square": ("sqrt(z*z)", "z"),
    "log of a square": ("log(z**2)", "2*log(z)"),
    "the size": ("sum(0*q + 1)", "1 + 0*sum(q)"),
    "sum of products": ("sum(q*z)", "sum(q)*sum(z)"),
}


def both(text: str, left: str, right: str) -> tuple[Node, Node, ComputationGraph]:
    """Two expressions over the letters of a model."""
    graph = loads(f"{text}\nleft_side = {left}\nright_side = {right}\n")
    return graph.bindings["left_side"].node, graph.bindings["right_side"].node, loads(text)


def decided(text: str, left: str, right: str) -> Decision:
    return decide(*both(text, left, right))


@pytest.mark.parametrize("name", list(WRONG))
def test_what_textbooks_confuse_is_told_apart(name: str) -> None:
    left, right, graph = both(NETWORK, *WRONG[name])
    assert not proved(left, right, graph)
    if name != "log of a square":
        assert decide(left, right, graph).verdict == "different"


def test_products_of_transposes_are_told_apart() -> None:
    left, right, graph = both("U : (k, d)\nA : (k, d)\ny = U", "U.T @ A", "A.T @ U")
    found = decide(left, right, graph)
    assert found.verdict == "different"
    assert not proved(left, right, graph)


def test_a_sum_that_ends_too_early_is_told_apart() -> None:
    left, right, graph = both(NETWORK, "sum(q)", "sum(q)")
    shorter = b.sub(right, b.entry(graph.ref("q"), (1,)))
    assert decide(left, shorter, graph).verdict == "different"
    assert not proved(left, shorter, graph)


def test_an_index_of_the_wrong_layer_is_told_apart() -> None:
    text = "w : (2, 2)\nx : (2,)\nz = w @ x\nL = sum(tanh(z))"
    graph = loads(text)
    derived = jacobian(graph, "L", "w")
    claim, wrong = (
        b.mul(b.call("tanh", b.entry(b.ref("z", derived.shape[:1]), (i,)), orders=(1,)), b.entry(graph.ref("x"), (j,)))
        for i, j in ((0, 1), (1, 0))
    )
    assert decide(b.entry(derived, (0, 1)), claim, graph).evidence == "proved"
    assert decide(b.entry(derived, (0, 1)), wrong, graph).verdict == "different"


# --------------------------------------------------------------------------------- identities, proved

VECTOR = "z : (n,)\nx : (n,)\ny : (n,)\np : (n,), positive\nT : (n, k), one_hot(axis=1)\nu = z"
TRUE = [
    ("sigmoid(z)", "1/(1 + exp(-z))"),
    ("1 - sigmoid(z)", "sigmoid(-z)"),
    ("tanh(z)", "2*sigmoid(2*z) - 1"),
    ("log(sigmoid(z))", "-softplus(-z)"),
    ("softmax(z)", "exp(z - logsumexp(z))"),
    ("sum(softmax(z))", "1"),
    ("log(softmax(z))", "log_softmax(z)"),
    ("log(p*exp(z))", "z + log(p)"),
    ("sqrt(p)**2", "p"),
    ("sqrt(8*p**2)", "2*sqrt(2)*p"),
    ("abs(z)**2", "z**2"),
    ("abs(z)", "maximum(z, -z)"),
    ("maximum(x, z) + minimum(x, z)", "x + z"),
    ("relu(z) - relu(-z)", "z"),
    ("sin(z)**2 + cos(-z)**2", "1 + 0*z"),
    ("1/(x - y) - 1/(x + y)", "2*y/(x**2 - y**2)"),
    ("sum((x - y)**2)", "sum(x**2) - 2*sum(x*y) + sum(y**2)"),
    ("sum(x/(1 + x**2) + y/(1 + x**2))", "sum((x + y)/(x**2 + 1))"),
    ("sum(T, axis=1)*z", "z"),
    ("T*T", "T"),
    ("(T @ T.T) * T.sum(axis=1)", "T @ T.T"),
]


@pytest.mark.parametrize(("left", "right"), TRUE)
def test_identities_are_proved(left: str, right: str) -> None:
    if "T.sum" in left:
        left = left.replace("T.sum(axis=1)", "sum(T, axis=1)")
    left_node, right_node, graph = both(VECTOR, left, right)
    found = decide(left_node, b.broadcast_to(right_node, left_node.shape), graph)
    assert (found.verdict, found.evidence) == ("equal", "proved")


# ---------------------------------------------------------------------------------- typical gradients

TWO_LAYERS = """
X   : (m, n_0)
W_1 : (n_0, n_1)
b_1 : (n_1,)
W_2 : (n_1, n_2)
b_2 : (n_2,)
Y   : (m, n_2), in (0, 1)
Z_1 = X @ W_1 + b_1
A_1 = sigmoid(Z_1)
Z_2 = A_1 @ W_2 + b_2
A_2 = sigmoid(Z_2)
L   = sum(-(Y*log(A_2) + (1 - Y)*log(1 - A_2))) / m
"""
SOFTMAX = """
X : (N, D)
W : (D, K)
T : (N, K), simplex(axis=1)
Z = X @ W
P = softmax(Z)
L = -sum(T*log(P))/N
"""
BATCH_NORM = """
x     : (m, n)
gamma : (n,)
beta  : (n,)
eps   : scalar, positive
G     : (m, n)
mu    = mean(x, axis=0)
v     = mean((x - mu)**2, axis=0)
h     = (x - mu)/sqrt(v + eps)
y     = gamma*h + beta
L     = sum(G*y)
"""
FAMILY = """
x    : (n[1],)
y    : (n[L],)
f    : function
W[l] : (n[l], n[l-1])
b[l] : (n[l],)
a[1] = x
for l in 2..L:
    z[l] = W[l] @ a[l-1] + b[l]
    a[l] = f(z[l])
J = sum((y - a[L])**2)/2
"""
RIDGE = "X : (m, n)\ny : (m,)\nw : (n,)\nlam : scalar, positive\nL = sum((X @ w - y)**2)/2 + lam*sum(w**2)/2"
GAUSSIAN = "C : (n, n), positive_definite\nt : (n,)\na = inv(C) @ t\nL = dot(t, a)/2 + logdet(C)/2"
LOGISTIC = "x : (n,)\nw : (n,)\ny : scalar, in {-1, 1}\nz = dot(w, x)\nL = log(1 + exp(-y*z))"
HINGE = "x : (n,)\nw : (n,)\ny : scalar, in {-1, 1}\nz = dot(w, x)\nL = maximum(0, 1 - y*z)"
ATTENTION = """
Q : (n, d)
K : (n, d)
V : (n, d)
G : (n, d)
P = softmax(Q @ K.T/sqrt(d))
L = sum(G*(P @ V))
"""
GRADIENTS = [
    (TWO_LAYERS, "A_2", "(A_2 - Y)/(A_2*(1 - A_2))/m"),
    (TWO_LAYERS, "Z_2", "(A_2 - Y)/m"),
    (TWO_LAYERS, "W_2", "A_1.T @ (A_2 - Y)/m"),
    (TWO_LAYERS, "b_2", "sum(A_2 - Y, axis=0)/m"),
    (TWO_LAYERS, "W_1", "X.T @ (((A_2 - Y) @ W_2.T)*A_1*(1 - A_1))/m"),
    (TWO_LAYERS, "b_1", "mean(((A_2 - Y) @ W_2.T)*(A_1 - A_1**2), axis=0)"),
    (SOFTMAX, "Z", "(P - T)/N"),
    (SOFTMAX, "W", "X.T @ (softmax(X @ W) - T)/N"),
    (RIDGE, "w", "X.T @ (X @ w - y) + lam*w"),
    (GAUSSIAN, "C", "(inv(C) - outer(a, a))/2"),
    (LOGISTIC, "w", "-y*x*sigmoid(-y*z)"),
    (HINGE, "w", "where(y*z < 1, -y*x, 0*x)"),
    (ATTENTION, "Q", "(P*(G @ V.T - sum(P*(G @ V.T), axis=1, keepdims=True))) @ K/sqrt(d)"),
    (BATCH_NORM, "gamma", "sum(G*h, axis=0)"),
    (BATCH_NORM, "x", "gamma/(m*sqrt(v + eps))*(m*G - sum(G, axis=0) - h*sum(G*h, axis=0))"),
    (BATCH_NORM, "v", "-1/2*sum(G*gamma*(x - mu), axis=0)*(v + eps)**(-3/2)"),
]


def gradient(text: str, name: str, claim: str) -> tuple[Node, Node, ComputationGraph]:
    graph = loads(text)
    return jacobian(graph, "L", name), loads(f"{text}\nclaim = {claim}").bindings["claim"].node, graph


@pytest.mark.parametrize(("text", "name", "claim"), GRADIENTS)
def test_gradients_of_the_textbooks_are_proved(text: str, name: str, claim: str) -> None:
    found = decide(*gradient(text, name, claim))
    assert (found.verdict, found.evidence) == ("equal", "proved")


@pytest.mark.parametrize(("text", "name", "claim"), GRADIENTS)
@pytest.mark.parametrize("defect", ["sign", "factor", "power"])
def test_the_same_gradients_with_a_defect_are_different(text: str, name: str, claim: str, defect: str) -> None:
    left, right, graph = gradient(text, name, claim)
    wrong = {"sign": b.neg(right), "factor": b.mul(b.number(2), right), "power": b.mul(right, right)}[defect]
    found = decide(left, wrong, graph)
    assert found.verdict == "different"
    assert found.witness is not None
    assert abs(found.witness.left - found.witness.right) > 1e-6 * abs(found.witness.left)


def test_a_gradient_without_names_for_intermediate_values_is_proved() -> None:
    graph = loads(TWO_LAYERS)
    inlined: dict[Node, Node] = {}
    for name, binding in graph.bindings.items():
        inlined[graph.ref(name)] = substitute(binding.node, inlined)
    assert graph.loss is not None
    claim = expression_jacobian(inlined[graph.ref(graph.loss)], graph.ref("W_1"))
    assert decide(jacobian(graph, graph.loss, "W_1"), claim, graph).evidence == "proved"


def test_the_recursion_over_layers_is_proved_for_every_layer() -> None:
    graph = loads(FAMILY).family
    assert graph is not None
    window = graph.interior
    assert window.loss is not None
    above, here = (jacobian(window, window.loss, name) for name in ("z[l+1]", "z[l]"))
    slope = b.call("f", window.ref("z[l]"), orders=(1,))
    claim = b.mul(b.matmul(b.transpose(window.ref("W[l+1]")), above), slope)
    assert decide(here, claim, window).evidence == "proved"
    assert decide(here, b.mul(claim, slope), window).verdict == "different"


def test_without_the_fact_there_is_no_proof() -> None:
    left, right, graph = gradient(SOFTMAX.replace(", simplex(axis=1)", ", positive"), "Z", "(P - T)/N")
    assert decide(left, right, graph).verdict == "different"
    assert not proved(left, right, graph)


def test_index_form_with_integer_sizes() -> None:
    text = "w : (2, 3)\nx : (3,)\nf : function\nz = w @ x\na = f(z)\nL = sum(a**2)"
    graph = loads(text)
    w, x, a = graph.ref("w"), graph.ref("x"), graph.ref("a")
    row = b.add(*[b.mul(b.entry(w, (1, k)), b.entry(x, (k,))) for k in range(3)])
    claim = b.mul(b.number(2), b.entry(a, (1,)), b.call("f", row, orders=(1,)), b.entry(x, (2,)))
    found = decide(b.entry(jacobian(graph, "L", "w"), (1, 2)), claim, graph)
    assert (found.verdict, found.evidence) == ("equal", "proved")


# ------------------------------------------------------------------------- verdicts and their witness


def test_a_counterexample_has_few_small_numbers() -> None:
    left, right, graph = gradient(TWO_LAYERS, "W_2", "A_1.T @ (A_2 - Y)")
    witness = decide(left, right, graph).witness
    assert witness is not None
    assert set(witness.sizes.values()) == {2}
    assert set(witness.inputs) == {"X", "W_1", "b_1", "W_2", "b_2", "Y"}
    for value in witness.inputs.values():
        assert np.allclose(np.asarray(value) * 10, np.round(np.asarray(value) * 10))
    assert witness.right == pytest.approx(2 * witness.left)


def test_a_counterexample_names_only_what_matters() -> None:
    witness = decided(VECTOR, "sum(x)", "sum(2*x)").witness
    assert witness is not None
    assert set(witness.inputs) == {"x"}


@pytest.mark.parametrize("member", ["z/(z - z)", "log(-z**2)", "sqrt(-1 - z**2)", "log(z - z)"])
def test_a_member_without_a_value_is_never_equal(member: str) -> None:
    left, right, graph = both(VECTOR, member, member.replace("z", "x").replace("x", "z"))
    assert decide(left, right, graph).verdict == "undefined"
    assert "the left member" in decide(left, graph.ref("z"), graph).reason


def test_of_a_branch_without_a_value_nothing_is_asked() -> None:
    model = "x : scalar, positive\n"
    chosen = "where(-x > 0, log(-x), x)"
    assert decided(model, chosen, "x").verdict == "equal"
    assert decided(model, chosen, "2*x").verdict == "different"
    assert decided(model, "where(x > 1, log(-x), 1/(x - x))", "x").verdict == "undefined"


def test_at_a_tie_of_any_number_there_is_no_derivative() -> None:
    graph = loads("a : (3,), positive\nb : scalar\nv = outer(a, maximum(a, b))\nw = min(v, axis=1)\nL = sum(w**2)\n")
    for formula, verdict in (("∂L/∂vᵢⱼ = 2 wᵢ 𝟙[vᵢⱼ = minₖ vᵢₖ]", "true"), ("∂L/∂vᵢⱼ = wᵢ 𝟙[vᵢⱼ = minₖ vᵢₖ]", "false")):
        (result,) = verify_formula(formula, graph, options=Options(repairs=False)).results
        assert result.verdict == verdict


def test_what_is_defined_somewhere_is_judged_there() -> None:
    assert decided(VECTOR, "x/x*z", "z").evidence == "proved"
    assert decided("s : scalar\nu = s", "exp(log(s))", "s").evidence == "proved"
    assert decided("X : (m, n)\nu = X", "log(X**2*X)", "3*log(X)").evidence == "proved"
    assert decided("s : scalar\nu = s", "exp(2*log(s))", "s").verdict == "different"


def test_a_difference_at_one_point_of_measure_zero_is_not_proved_away() -> None:
    # step(-s) is 1 - step(s) everywhere but at 0, where a derivative of relu does not exist and an indicator does
    left, right, graph = both("s : scalar\nu = s", "step(-s)", "1 - step(s)")
    assert decide(left, right, graph).verdict == "different"
    assert decide(left, right, graph, derivative=True).evidence == "probed"


def test_a_tiny_difference_is_seen_and_rounding_is_not() -> None:
    assert decided("s : scalar\nu = s", "s + 10**(-20)", "s").verdict == "different"
    assert decided("s : scalar\nu = s", "(s + 10**20) - 10**20", "s").verdict == "equal"
    assert decided("s : scalar\nu = s", "sin(s)**2 - 1 + cos(s)**2", "0*s").verdict == "equal"


def test_proved_only() -> None:
    left, right, graph = both("s : scalar\nu = s", "step(-s)", "1 - step(s)")
    assert decide(left, right, graph, level="proved").verdict == "undecided"


def test_proved_at_sizes() -> None:
    left, right, graph = gradient(SOFTMAX, "Z", "(P - T)/N")
    assert proved_at_sizes(left, right, graph, {"N": 2, "D": 3, "K": 3}, seconds=5)
    assert not proved_at_sizes(left, b.neg(right), graph, {"N": 2, "D": 3, "K": 3}, seconds=5)


def test_shapes_must_agree() -> None:
    with pytest.raises(ShapeError, match="cannot be equal"):
        decide(b.ref("s"), b.ref("x", points_of(GRAPH).graph.shape("x")), GRAPH)


# --------------------------------------------------------------------------------------------- speed


def test_candidates_cost_little() -> None:
    left, right, graph = gradient(TWO_LAYERS, "W_1", "X.T @ (((A_2 - Y) @ W_2.T)*A_1*(1 - A_1))/m")
    points = points_of(graph).first(2)
    assert quick_equal(left, right, points)
    candidates = [b.mul(b.number(k), right) for k in range(2, 302)]
    assert not any(quick_equal(left, candidate, points) for candidate in candidates)
    fresh = [b.mul(b.number(k), right) for k in range(302, 602)]
    assert effort(lambda: [quick_equal(left, candidate, points) for candidate in fresh]) < 500 * len(fresh)


def test_a_deep_chain_is_decided_without_recursion() -> None:
    graph = loads("x : scalar\nf : function\ny = x")

    def chain(name: str, last: Node) -> Node:
        value = graph.ref("x")
        for _ in range(5000):
            value = b.call(name, value)
        return b.add(value, last)

    one, other = b.mul(b.ref("x"), b.number(2)), b.add(b.ref("x"), b.ref("x"))
    for name in ("f", "sigmoid"):
        assert proved(chain(name, one), chain(name, other), graph, seconds=20)
    assert not proved(chain("f", one), b.call("f", chain("f", other)), graph, seconds=20)
    assert quick_equal(chain("f", one), chain("f", other), points_of(graph).first(1))


def test_a_product_too_long_to_expand_gives_up_in_time() -> None:
    graph = loads("x : (n,)\ny : (n,)\nu = x")
    sums = [b.add(b.ref("x", graph.shape("x")), b.mul(b.number(k), b.ref("y", graph.shape("y")))) for k in range(40)]
    left = b.mul(*[b.sum_over(s) for s in sums])
    found = decide(left, b.mul(*[b.sum_over(s) for s in reversed(sums)]), graph, time_limit=1.0)
    assert found.verdict == "equal"


def test_a_member_that_is_defined_more_often_is_equal_under_a_condition() -> None:
    graph = loads("a : scalar\nb : scalar\nc : scalar, positive\nd : scalar, positive\nL = a*b + c*d")
    free = [b.call("log", b.mul(b.ref("a"), b.ref("b"))), b.add(b.call("log", b.ref("a")), b.call("log", b.ref("b")))]
    found = decide(*free, graph)
    assert found.equal
    assert found.reason.startswith("for a > 0 and b > 0")
    positive = [
        b.call("log", b.mul(b.ref("c"), b.ref("d"))),
        b.add(b.call("log", b.ref("c")), b.call("log", b.ref("d"))),
    ]
    assert decide(*positive, graph).equal
    assert not decide(*positive, graph).reason
