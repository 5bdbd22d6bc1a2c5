r"""Search: models with branches, and claims in which all branches are right, or one is wrong.

    x : scalar ... z = w*x + b    a = maximum(z, 0)    L = (a - y)**2/2        claimed   \frac{\partial L}{\partial z} = a - y

One to three neurons, scalars or vectors, declared in any order, some with facts. A slope or a value is kept as
thresholds and what holds between them; a wrong claim changes one piece or moves one threshold. How it is written (masks,
cases, steps, signs) is drawn. The generator's intent decides nothing: the oracle compares both members at many points
of all scales (`floats`), and looks at the counterexample that came with the verdict.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import mpmath
import numpy as np

from benchmarks.searches.activations import ACTIVATIONS, Activation
from benchmarks.searches.floats import (
    DIGITS,
    FLOATS,
    PRECISE,
    Arithmetic,
    Array,
    Floats,
    Leaf,
    Model,
    Values,
    conclusive,
    differs,
    plain,
    precise,
)
from benchmarks.searches.tally import Finding, judged
from benchmarks.searches.terms import MASKS, Style, Term, call, latex, mask, name, term, where
from derive.check.verdict import Verdict

POINTS = 1200
TRIES = 12
SIGNS = (r"\operatorname{sign}", r"\operatorname{sgn}", r"\mathrm{sign}")
CONDITIONS = ("{}", r"\text{{if }} {}", r"\text{{if }} {},", "{},")


@dataclass(frozen=True)
class Pieces:
    """A function of z by pieces: one more than there are thresholds."""

    z: Term
    thresholds: tuple[float, ...]
    pieces: tuple[Term, ...]


@dataclass(frozen=True)
class Claim:
    """Both members: a derivative or the name of a binding, and a term."""

    of: str
    by: str
    right: Term
    text: str
    intent: str


def wrong(rng: random.Random, right: Pieces) -> tuple[Pieces, str]:
    """The pieces with exactly one thing wrong."""
    pieces, places = list(right.pieces), list(right.thresholds)
    at = rng.randrange(len(pieces))
    match rng.choice(["mask missing", "mask missing", "sign", "constant", "threshold", "one branch only"]):
        case "mask missing":
            other = at + 1 if at == 0 or (at + 1 < len(pieces) and rng.random() < 0.5) else at - 1
            pieces[at] = pieces[other]
            intent = f"branch {at} as {other}"
        case "sign" if pieces[at] != term(0):
            pieces[at] = -pieces[at] if pieces[at].op != "neg" else pieces[at].args[0]
            intent = f"sign of branch {at}"
        case "threshold":
            k = rng.randrange(len(places))
            elsewhere = [places[k] + 1, places[k] - 1, places[k] + 0.5, -places[k], 0.0]
            places[k] = rng.choice([place for place in elsewhere if place != places[k]])
            places.sort()
            intent = f"threshold {k} moved"
        case "one branch only":
            pieces = [pieces[at]] * len(pieces)
            intent = f"branch {at} everywhere"
        case _:
            pieces[at] = 2 * pieces[at] if pieces[at] != term(0) else term(rng.choice([1, -1, 0.5]))
            intent = f"constant of branch {at}"
    return replace(right, thresholds=tuple(places), pieces=tuple(pieces)), intent


def written(rng: random.Random, given: Pieces) -> Term:
    """One of the ways to write a function by pieces."""
    z, places, pieces = given.z, list(given.thresholds), list(given.pieces)
    for k in reversed(range(len(places))):
        if pieces[k] == pieces[k + 1]:
            del places[k], pieces[k + 1]
    if not places:
        return pieces[0]
    ways = ["cases up", "cases down", "masks", "masks", "steps"]
    if len(places) == 1:
        ways += ["sign", "mask and rest"]
    match rng.choice(ways):
        case "cases up":
            made = pieces[-1]
            for place, piece in reversed(list(zip(places, pieces[:-1], strict=True))):
                made = where(z, rng.choice(["<", "<="]), place, piece, made)
            return made
        case "cases down":
            made = pieces[0]
            for place, piece in zip(places, pieces[1:], strict=True):
                made = where(z, rng.choice([">", ">="]), place, piece, made)
            return made
        case "sign":
            middle = (pieces[0] + pieces[1]) / 2
            if _negated(pieces[0]) == pieces[1]:
                return _times(pieces[1], call("sign", _from(z, places[0])))
            return middle + (pieces[1] - pieces[0]) / 2 * call("sign", _from(z, places[0]))
        case "mask and rest":
            return _times(pieces[1], mask(z, ">", places[0])) + _times(pieces[0], 1 - mask(z, ">", places[0]))
        case "steps":
            made = pieces[0]
            for place, before, after in zip(places, pieces, pieces[1:], strict=False):
                jump = call("step", _from(z, place))
                rise = after if before == term(0) else after - before
                made = _times(rise, jump) if made == term(0) else made + _times(rise, jump)
            return made
    found = [_times(piece, _inside(z, k, places)) for k, piece in enumerate(pieces) if piece != term(0)]
    made = found[0] if found else term(0)
    for more in found[1:]:
        made = made + more
    return made


def _inside(z: Term, k: int, places: Sequence[float]) -> Term:
    if 0 < k < len(places):
        low, high = places[k - 1], places[k]
        return mask(call("abs", z), "<", high) if low == -high else mask(z, ">=", low) * mask(z, "<", high)
    return mask(z, "<", places[0]) if k == 0 else mask(z, ">=", places[-1])


def _times(factor: Term, other: Term) -> Term:
    return other if factor == term(1) else -other if factor == term(-1) else factor * other


def _negated(made: Term) -> Term:
    return made.args[0] if made.op == "neg" else -made


def _from(z: Term, place: float) -> Term:
    return z if place == 0 else z - place if place > 0 else z + -place


def _product(*factors: Term) -> Term:
    made = term(1)
    for factor in factors:
        made = factor if made == term(1) else _times(factor, made) if factor.op in ("num", "neg") else made * factor
    return made


@dataclass(frozen=True)
class Neuron:
    """A pre-activation with its derivatives, and what is applied to it."""

    z: str
    a: str
    pre: Term
    by: dict[str, Term]
    activation: Activation


def _pre(rng: random.Random, x: Term, w: Term, b: Term) -> tuple[Term, dict[str, Term]]:
    one = term(1)
    k = term(rng.choice([3, 2, 0.5, 5, 20]))
    return rng.choice(
        [
            (w * x + b, {"w": x, "x": w, "b": one}),
            (x * w + b, {"w": x, "x": w, "b": one}),
            (w * x, {"w": x, "x": w}),
            (w * x - k, {"w": x, "x": w}),
            (w * x + b + k, {"w": x, "x": w, "b": one}),
            (x - k, {"x": one}),
            (k * x - 1, {"x": k}),
            (x - b, {"x": one, "b": term(-1)}),
            (x**2 - k, {"x": 2 * x}),
            (x**2 - b, {"x": 2 * x, "b": term(-1)}),
            (w * x**2 + b, {"x": 2 * w * x, "w": x**2, "b": one}),
            (1 - w * x, {"w": -x, "x": -w}),
            (x, {"x": one}),
        ]
    )


@dataclass(frozen=True)
class Case:
    """A model with the derivatives of its parts, known by hand."""

    model: Model
    neurons: tuple[Neuron, ...]
    above: tuple[Term, ...]
    """For each neuron, the factors of dL/da that are no branches."""
    later: tuple[int | None, ...]
    """For each neuron, the neuron above it, if there is one."""


def _leaf(rng: random.Random, text: str, *, vector: bool = False) -> Leaf:
    low, high = rng.choice([(-np.inf, np.inf)] * 8 + [(0.0, np.inf), (0.0, 1.0), (-np.inf, 0.0)])
    return Leaf(text, vector, low, high)


def draw_case(rng: random.Random) -> Case:
    """One to three neurons, scalars or vectors."""
    vector = rng.random() < 0.35
    x, w, b, y, v, c = (name(n) for n in "xwbyvc")
    pre, by = _pre(rng, x, w, b)
    first = Neuron("z", "a", pre, by, rng.choice(ACTIVATIONS))
    neurons, later, bindings = [first], [None], [("z", pre), ("a", rng.choice(first.activation.forms)(name("z")))]
    top, factors = name("a"), [term(1)]
    shape = rng.choice(["one", "one", "one", "chain", "side", "three"])
    if shape in ("chain", "three"):
        inner = v * name("a") + c if rng.random() < 0.6 else name("a") - term(rng.choice([1, 2, 0.5]))
        down = v if inner.op == "add" else term(1)
        second = Neuron("q", "h", inner, {"v": name("a"), "c": term(1)} if inner.op == "add" else {}, _second(rng))
        neurons.append(second)
        later = [1, None]
        bindings += [("q", inner), ("h", rng.choice(second.activation.forms)(name("q")))]
        top, factors = name("h"), [down, term(1)]
    if shape in ("side", "three"):
        inner = v * x - c if rng.random() < 0.6 else x - v
        third = Neuron("r", "s", inner, {"v": x, "c": term(-1)} if inner.args[0].op == "mul" else {"v": term(-1)}, _second(rng))
        neurons.append(third)
        later.append(None)
        bindings += [("r", inner), ("s", rng.choice(third.activation.forms)(name("r")))]
        factors.append(name(top.text))
        for k, above in enumerate(later[:-1]):
            if above is None:
                factors[k] = _product(factors[k], name("s"))
        top = top * name("s")
    loss, slope = rng.choice(
        [((top - y) ** 2 / 2, top - y), (top**2, 2 * top), (top * y, y), (top**2 / 2, top), (y * top**2, 2 * y * top)]
        + ([(top, term(1))] if not vector else [])
    )
    bindings.append(("L", call("total", loss) if vector else loss))
    above = tuple(_product(slope, f) if up is None else f for f, up in zip(factors, later, strict=True))
    used = sorted({n for _, made in bindings for n in made.names()} - {bound for bound, _ in bindings})
    wide = {"x", "y"} | ({"b"} if rng.random() < 0.3 else set())
    leaves = [_leaf(rng, n, vector=vector and n in wide) for n in used]
    rng.shuffle(leaves)
    return Case(Model(tuple(leaves), tuple(bindings)), tuple(neurons), above, tuple(later))


def _second(rng: random.Random) -> Activation:
    return rng.choice(ACTIVATIONS[:8])


def draw_claim(rng: random.Random, case: Case) -> Claim:
    """A claim about one name of the model; half of them are made wrong in one branch."""
    k = rng.randrange(len(case.neurons))
    neuron = case.neurons[k]
    spoil = rng.random() < 0.5
    kind = rng.choice(["local", "loss", "loss", "leaf", "leaf", "forward"])
    z = name(neuron.z)
    vectors = case.model.vectors
    indexed = bool(vectors) and neuron.z in vectors
    style = Style(
        mask=rng.choice(MASKS),
        index="i" if indexed else "",
        vectors=vectors,
        sign=rng.choice(SIGNS),
        conditions=rng.choice(CONDITIONS),
        bars=rng.choice([("|", "|"), (r"\left|", r"\right|"), (r"\lvert ", r" \rvert")]),
    )
    act = neuron.activation
    if kind == "forward":
        if rng.random() < 0.5:
            forms = act.wrong if spoil and act.wrong else act.forms
            right, intent = rng.choice(forms)(z), "wrong form" if spoil and act.wrong else ""
        else:
            pieces = Pieces(z, act.thresholds, tuple(v(z) for v in act.values))
            pieces, intent = wrong(rng, pieces) if spoil else (pieces, "")
            right = written(rng, pieces)
        return Claim(neuron.a, "", right, f"{latex(name(neuron.a), style)} = {latex(right, style)}", intent)
    path = [k] if kind == "local" else [k] + ([case.later[k]] if case.later[k] is not None else [])  # type: ignore[list-item]
    spoiled = rng.choice(path) if spoil else -1
    intent, factors = "", []
    for j in path:
        one = case.neurons[j].activation
        pieces = Pieces(name(case.neurons[j].z), one.thresholds, tuple(s(name(case.neurons[j].z)) for s in one.slopes))
        if j == spoiled:
            pieces, intent = wrong(rng, pieces)
        factors.append(written(rng, pieces))
        if kind != "local":
            factors.append(case.above[j])
    of, by = (neuron.a if kind == "local" else "L"), neuron.z
    total = False
    owned = [n for n in neuron.by if sum(n in other.pre.names() for other in case.neurons) == 1]
    if kind == "leaf" and owned:
        by = rng.choice(owned)
        factors.append(neuron.by[by])
        total = indexed and by not in vectors
    rng.shuffle(factors)
    right = _product(*factors)
    right = call("total", right) if total else right
    sign = rng.choice([r"\partial ", r"\partial ", "d"]) if of == "L" else r"\partial "
    left = rf"\frac{{{sign}{latex(name(of), style)}}}{{{sign}{latex(name(by), style)}}}"
    return Claim(of, by, right, f"{left} = {latex(right, style)}", intent)


def members(
    model: Model, claim: Claim, leaves: Values, arithmetic: Arithmetic = FLOATS
) -> tuple[Array, Array, Array]:
    """Both members at the points, and the error of the first; infinite at a kink."""
    values, _ = model.run(leaves, None, arithmetic)
    with np.errstate(all="ignore"):
        right = Floats(values, arithmetic)(claim.right)
    left, error = values[claim.of], np.zeros((1, 1))
    if claim.by:
        left, error = model.slope(leaves, claim.of, claim.by, arithmetic)
    shape = np.broadcast_shapes(left.shape, right.shape)
    return np.broadcast_to(left, shape), np.broadcast_to(right, shape), error


def differ(model: Model, claim: Claim, leaves: Values) -> tuple[bool, str]:
    """Whether the members differ at one point in 80 digits, and whether it is known at all that they do not."""
    with mpmath.workdps(DIGITS):
        left, right, error = members(model, claim, leaves, PRECISE)
        apart = bool(differs(left, right, error)[0])
        known = apart or bool(conclusive(left, right, error)[0])
    shown = f"{left.astype(float)[0].tolist()} against {right.astype(float)[0].tolist()}"
    return apart, shown if known else ""


def oracle(model: Model, claim: Claim, rng: np.random.Generator) -> tuple[str, str]:
    """Whether the claim is right, and a point that shows that it is not."""
    leaves = model.points(rng, POINTS)
    left, right, error = members(model, claim, leaves)
    found = [int(at) for at in np.flatnonzero(differs(left, right, error))]
    for at in sorted(found, key=lambda k: max(float(np.abs(v[k]).max()) for v in leaves.values()))[:TRIES]:
        apart, shown = differ(model, claim, precise(leaves, at))
        if apart:
            return "wrong", f"at {plain(leaves, at)}: {shown}"
    return ("right" if conclusive(left, right, error).sum() > POINTS // 20 else "open"), ""


def witness(model: Model, claim: Claim, verdict: Verdict) -> str:
    """What the oracle says of the counterexample: `""` if it shows what it should."""
    found = verdict.counterexample
    if found is None:
        return ""
    leaves = {}
    for leaf in model.leaves:
        if leaf.name not in found.inputs:
            return ""
        value = np.atleast_1d(np.asarray(found.inputs[leaf.name], dtype=float))[np.newaxis]
        if not np.all((value > leaf.low) & (value < leaf.high)):
            return f"outside the domain of {leaf.name}"
        leaves[leaf.name] = value
    apart, shown = differ(model, claim, precise(leaves, 0))
    return f"the members are equal there: {shown}" if shown and not apart else ""


def search(draws: int, seed: int) -> Iterator[Finding]:
    """Random claims about random models, judged, beside what the oracle says."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    for _ in range(draws):
        case = draw_case(rng)
        claim = draw_claim(rng, case)
        said, shown = oracle(case.model, claim, numbers)
        verdict = judged(case.model.text(), claim.text)
        bad = witness(case.model, claim, verdict) if verdict.verdict == "false" else ""
        note = ", ".join(dict.fromkeys(neuron.activation.title for neuron in case.neurons))
        yield Finding(case.model.text(), claim.text, said, verdict, claim.intent or "right", shown, bad, note)
