"""Random expressions over one set of letters, and small changes of them, for the tests of equality."""

from __future__ import annotations

import random
from fractions import Fraction

from derive.ir import build as b
from derive.ir.graph import ComputationGraph, Declaration, Fact
from derive.ir.node import Node, rewrite, with_args
from derive.ir.size import size_of
from derive.ops.tensors import logsumexp, softmax

N = size_of("n")
_DECLARED = [
    ("A", 2, ()),
    ("B", 2, ()),
    ("S", 2, (Fact("symmetric"),)),
    ("T", 2, (Fact("one_hot", axis=1),)),
    ("Q", 2, (Fact("simplex", axis=1),)),
    ("G", 2, (Fact("diagonal"),)),
    ("x", 1, ()),
    ("y", 1, (Fact("one_of", values=(-1.0, 1.0)),)),
    ("p", 1, (Fact("positive"),)),
    ("s", 0, ()),
    ("t", 0, ()),
    ("r", 0, (Fact("positive"),)),
]
GRAPH = ComputationGraph(
    declarations={
        **{name: Declaration(name, "input", (N,) * rank, facts) for name, rank, facts in _DECLARED},
        "f": Declaration("f", "function"),
        "h": Declaration("h", "function", arity=2),
        "C": Declaration("C", "functional"),
    }
)
LETTERS = {rank: [b.ref(name, (N,) * rank) for name, r, _ in _DECLARED if r == rank] for rank in range(3)}
ONE, TWO = b.number(1), b.number(2)
UNARY = ["exp", "log", "sqrt", "sigmoid", "tanh", "relu", "abs", "sign", "step", "sin", "cos", "softplus", "silu", "f"]
BINARY = ("h", "maximum", "minimum")


def expression(rng: random.Random, rank: int, depth: int) -> Node:
    """A random expression of a rank; every axis has the size n, so that everything fits and much is nearly equal."""
    if depth == 0 or rng.random() < 0.12:
        if rng.random() < 0.12:
            return b.fill(rng.choice([ONE, TWO, b.number(-1), b.size_value(N)]), (N,) * rank)
        return rng.choice(LETTERS[rank])

    def new(rank: int) -> Node:
        return expression(rng, rank, depth - 1)

    kind = rng.random()
    if kind < 0.25:
        return b.add(new(rank), new(rank)) if kind < 0.2 else b.sub(new(rank), new(rank))
    if kind < 0.45:
        return b.mul(new(rank), new(rng.choice([0, rank]))) if kind < 0.4 else b.div(new(rank), new(rank))
    if kind < 0.5:
        return b.power(new(rank), rng.choice([2, 3, -1, Fraction(1, 2), Fraction(-1, 2)]))
    if kind < 0.68:
        name = rng.choice([*UNARY, *BINARY])
        if name in BINARY:
            return b.call(name, new(rank), new(rank))
        primed = name in ("sigmoid", "tanh", "softplus", "silu", "f") and rng.random() < 0.4
        return b.call(name, new(rank), orders=(int(primed),))
    choice = rng.randrange(5)
    if rank == 2:
        made = [
            lambda: b.matmul(new(2), new(2)),
            lambda: b.transpose(new(2)),
            lambda: b.outer(new(1), new(1)),
            lambda: b.diagonal(new(1)),
            lambda: softmax(new(2)),
        ]
    elif rank == 1:
        made = [
            lambda: b.matmul(new(2), new(1)),
            lambda: b.matmul(new(1), new(2)),
            lambda: b.diagonal(new(2)),
            lambda: b.sum_over(new(2), [rng.randrange(2)]),
            lambda: b.functional("C", new(1), new(0), wrt=(0,)),
        ]
    else:
        made = [
            lambda: b.trace(new(2)),
            lambda: b.matmul(new(1), new(1)),
            lambda: b.sum_over(new(2)),
            lambda: b.functional("C", new(1), new(0)),
            lambda: logsumexp(new(1)),
        ]
    return made[choice]()


def changed(rng: random.Random, node: Node) -> Node:
    """The expression with terms or factors exchanged, a transpose dropped, a letter replaced, an identity applied."""
    kind = rng.choice(["terms", "factors", "transpose", "order", "letter", "identity"])

    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        luck = rng.random()
        if node.op == "add" and kind == "terms":
            return b.add(*rng.sample(args, len(args)))
        if node.op == "contract" and len(args) == 2 and kind == "factors" and node.labels[0][0] == node.labels[0][1]:
            return with_args(node, (args[1], args[0]))
        if node.op == "contract" and kind == "transpose" and node.labels == (((0, 1),), (1, 0)):
            return args[0]
        if node.op == "contract" and kind == "order" and node.labels == (((0, 1), (1, 2)), (0, 2)):
            return b.matmul(args[1], args[0])
        if node.op == "ref" and kind == "letter" and luck < 0.3:
            return rng.choice(LETTERS[len(node.shape)])
        if node.op == "call" and kind == "identity" and luck < 0.6:
            return _identity(node, args)
        return with_args(node, args)

    return rewrite(node, rule)


def _identity(node: Node, args: tuple[Node, ...]) -> Node:
    """The same value in another form, for functions that have one."""
    u = args[0]
    match node.name, node.orders:
        case "sigmoid", (1,):
            return b.mul(b.call("sigmoid", u), b.sub(ONE, b.call("sigmoid", u)))
        case "tanh", (0,):
            return b.sub(b.mul(TWO, b.call("sigmoid", b.mul(TWO, u))), ONE)
        case "abs", (0,):
            return b.mul(u, b.call("sign", u))
        case "relu", (0,):
            return b.mul(u, b.call("step", u))
        case "softplus", (0,):
            return b.call("log", b.add(ONE, b.call("exp", u)))
        case "log", (0,):
            return b.neg(b.call("log", b.div(ONE, u)))
        case "sign", (0,):
            return b.neg(b.call("sign", b.neg(u)))
        case "f", (0,):
            return b.call("f", u, orders=(1,))  # not the same: a generic function has no law
    return with_args(node, args)
