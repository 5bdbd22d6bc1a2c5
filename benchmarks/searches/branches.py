r"""Search: models with branches, and claims in which all branches are right, or one is wrong.

    z = w*x + b    a = maximum(z, 0)    L = (a - y)**2/2    claimed    \frac{\partial L}{\partial z} = a - y

One to three neurons, scalars or vectors, declared in any order, some with facts. A slope or a value is kept as
thresholds and what holds between them; a wrong claim changes one piece or moves one threshold. How it is written
(masks, cases, steps, signs; by entries or by arrays) is drawn. The generator's intent decides nothing: the oracle
compares both members at many points of all scales (`floats`), and looks at the counterexample of the verdict.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
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
from benchmarks.searches.pieces import Pieces, product, written, wrong
from benchmarks.searches.tally import Finding, judged
from benchmarks.searches.terms import MASKS, Style, Term, call, latex, name, replaced, term
from derive.judging.verdict import Verdict

POINTS = 1200
TRIES = 12
SIGNS = (r"\operatorname{sign}", r"\operatorname{sgn}", r"\mathrm{sign}")
ENTRIES_ONLY = ("pow", "div", "total", "abs")
"""What means something else of an array."""
SIMPLE = ACTIVATIONS[:8]
CONDITIONS = ("{}", r"\text{{if }} {}", r"\text{{if }} {},", "{},")


@dataclass(frozen=True)
class Claim:
    """Both members: a derivative or the name of a binding, and a term."""

    of: str
    by: str
    right: Term
    text: str
    intent: str


@dataclass(frozen=True)
class Neuron:
    """A pre-activation with its derivatives, what is applied to it, and the neuron that this is the input of."""

    z: str
    a: str
    pre: Term
    by: Mapping[str, Term]
    activation: Activation
    above: Term
    """What stands in dL/da beside the slopes of branches."""
    next: Neuron | None = None

    @property
    def slopes(self) -> Pieces:
        """da/dz."""
        return Pieces(name(self.z), self.activation.thresholds, self.at_z(self.activation.slopes))

    @property
    def values(self) -> Pieces:
        """a."""
        return Pieces(name(self.z), self.activation.thresholds, self.at_z(self.activation.values))

    def at_z(self, terms: Sequence[Term]) -> tuple[Term, ...]:
        """Terms in z of this neuron's pre-activation."""
        return tuple(replaced(made, {"z": name(self.z)}) for made in terms)


X, W, B, Y, V, C, ONE = *(name(text) for text in "xwbyvc"), term(1)


def _first(rng: random.Random) -> tuple[Term, dict[str, Term]]:
    k = term(rng.choice([3, 2, 0.5, 5, 20]))
    return rng.choice(
        [
            (W * X + B, {"w": X, "x": W, "b": ONE}),
            (X * W + B, {"w": X, "x": W, "b": ONE}),
            (W * X, {"w": X, "x": W}),
            (W * X - k, {"w": X, "x": W}),
            (W * X + B + k, {"w": X, "x": W, "b": ONE}),
            (X - k, {"x": ONE}),
            (k * X - 1, {"x": k}),
            (X - B, {"x": ONE, "b": term(-1)}),
            (X**2 - k, {"x": 2 * X}),
            (X**2 - B, {"x": 2 * X, "b": term(-1)}),
            (W * X**2 + B, {"x": 2 * W * X, "w": X**2, "b": ONE}),
            (1 - W * X, {"w": -X, "x": -W}),
            (X, {"x": ONE}),
        ]
    )


@dataclass(frozen=True)
class Case:
    """A model with the derivatives of its parts, known by hand."""

    model: Model
    neurons: tuple[Neuron, ...]


def _leaf(rng: random.Random, text: str, *, vector: bool = False) -> Leaf:
    low, high = rng.choice([(-np.inf, np.inf)] * 8 + [(0.0, np.inf), (0.0, 1.0), (-np.inf, 0.0), (-2.0, 5.0)])
    return Leaf(text, vector, low, high)


def draw_case(rng: random.Random) -> Case:
    """One neuron, one above it or beside it, or both; scalars or vectors."""
    vector = rng.random() < 0.35
    shape = rng.choice(["one", "one", "one", "chain", "side", "three"])
    top, side = name("h" if shape in ("chain", "three") else "a"), name("s") if shape in ("side", "three") else ONE
    whole = product(top, side)
    loss, slope = rng.choice(
        [
            ((whole - Y) ** 2 / 2, whole - Y),
            (whole**2, 2 * whole),
            (whole * Y, Y),
            (whole**2 / 2, whole),
            (Y * whole**2, 2 * Y * whole),
            *([] if vector else [(whole, ONE)]),
        ]
    )
    upper, beside, factor = None, [], ONE
    if shape in ("chain", "three"):
        pre, by = rng.choice(
            [(V * name("a") + C, {"v": name("a"), "c": ONE}), (name("a") - rng.choice([1, 2, 0.5]), {})]
        )
        factor = V if "v" in by else ONE
        upper = Neuron("q", "h", pre, by, rng.choice(SIMPLE), product(slope, side))
    if shape in ("side", "three"):
        pre, by = rng.choice([(V * X - C, {"v": X, "c": term(-1)}), (X - V, {"v": term(-1)})])
        beside = [Neuron("r", "s", pre, by, rng.choice(SIMPLE), product(slope, top))]
    above = product(slope, side, factor)
    lowest = Neuron("z", "a", *_first(rng), rng.choice(ACTIVATIONS), above, upper)
    neurons = [lowest, *([upper] if upper else []), *beside]
    bindings = []
    for neuron in neurons:
        bindings += [(neuron.z, neuron.pre), (neuron.a, rng.choice(neuron.at_z(neuron.activation.forms)))]
    bindings.append(("L", call("total", loss) if vector else loss))
    used = sorted({n for _, made in bindings for n in made.names()} - {bound for bound, _ in bindings})
    wide = {"x", "y"} | ({"b"} if rng.random() < 0.3 else set())
    leaves = [_leaf(rng, n, vector=vector and n in wide) for n in used]
    rng.shuffle(leaves)
    return Case(Model(tuple(leaves), tuple(bindings)), tuple(neurons))


def draw_claim(rng: random.Random, case: Case) -> Claim:
    """A claim about one name of the model; half of them are made wrong in one branch."""
    neuron, spoil = rng.choice(case.neurons), rng.random() < 0.5
    vectors = case.model.vectors
    style = Style(
        mask=rng.choice(MASKS),
        index="i" if neuron.z in vectors and rng.random() < 0.7 else "",
        vectors=vectors,
        sign=rng.choice(SIGNS),
        conditions=rng.choice(CONDITIONS),
        bars=rng.choice([("|", "|"), (r"\left|", r"\right|"), (r"\lvert ", r" \rvert")]),
    )
    of, by, right, intent = rng.choice([_value, _slope, _slope, _slope, _slope])(rng, case, neuron, spoil)
    if not style.index and any(part.op in ENTRIES_ONLY for part in right.parts()):
        style = replace(style, index="i" if neuron.z in vectors else "")
    left = latex(name(of), style)
    if by:
        sign = rng.choice([r"\partial ", r"\partial ", "d"]) if of == "L" else r"\partial "
        left = rf"\frac{{{sign}{left}}}{{{sign}{latex(name(by), style)}}}"
    return Claim(of, by, right, f"{left} = {latex(right, style)}", intent)


def _value(rng: random.Random, case: Case, neuron: Neuron, spoil: bool) -> tuple[str, str, Term, str]:
    """What a is, in terms of z."""
    del case
    act = neuron.activation
    if rng.random() < 0.5:
        wrongly = spoil and bool(act.wrong)
        form = rng.choice(neuron.at_z(act.wrong if wrongly else act.forms))
        return neuron.a, "", form, "wrong form" if wrongly else ""
    pieces, intent = wrong(rng, neuron.values) if spoil else (neuron.values, "")
    return neuron.a, "", written(rng, pieces), intent


def _slope(rng: random.Random, case: Case, neuron: Neuron, spoil: bool) -> tuple[str, str, Term, str]:
    """The derivative of a by z, of the loss by z, or of the loss by an input of z."""
    kind = rng.choice(["local", "loss", "loss", "input", "input"])
    path = [neuron] if kind == "local" or neuron.next is None else [neuron, neuron.next]
    spoiled = rng.choice(path) if spoil else None
    intent, factors = "", []
    for one in path:
        pieces = one.slopes
        if one is spoiled:
            pieces, intent = wrong(rng, pieces)
        factors.append(written(rng, pieces))
    if kind == "local":
        return neuron.a, neuron.z, product(*factors), intent
    factors.append(neuron.above)
    by = neuron.z
    owned = [n for n in neuron.by if sum(n in other.pre.names() for other in case.neurons) == 1]
    if kind == "input" and owned:
        by = rng.choice(owned)
        factors.append(neuron.by[by])
    rng.shuffle(factors)
    right = product(*factors)
    vectors = case.model.vectors
    return "L", by, call("total", right) if neuron.z in vectors and by not in vectors else right, intent


def members(model: Model, claim: Claim, leaves: Values, arithmetic: Arithmetic = FLOATS) -> tuple[Array, Array, Array]:
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


def witness(model: Model, claim: Claim, verdict: Verdict) -> tuple[bool, str]:
    """What the oracle says of the counterexample: whether the members differ there, and what is wrong with it."""
    found = verdict.counterexample
    leaves = {}
    for leaf in model.leaves:
        if found is None:
            return False, ""
        shown_value = found.inputs.get(leaf.name, leaf.somewhere)  # the members do not depend on what is not told
        value = np.atleast_1d(np.asarray(shown_value, dtype=float))[np.newaxis]
        if not np.all((value > leaf.low) & (value < leaf.high)):
            return False, f"outside the domain of {leaf.name}"
        leaves[leaf.name] = value
    apart, shown = differ(model, claim, precise(leaves, 0))
    if claim.by and not apart and not shown:  # on an edge
        apart = outside(model, claim, precise(leaves, 0))
    return apart, f"the members are equal there: {shown}" if shown and not apart else ""


def outside(model: Model, claim: Claim, leaves: Values) -> bool:
    """Whether what is claimed of a derivative is none of the values between those from below and from above."""
    with mpmath.workdps(DIGITS):
        _, right, _ = members(model, claim, leaves, PRECISE)
        below, above = model.one_sided(leaves, claim.of, claim.by, PRECISE)
        low, high = np.minimum(below, above), np.maximum(below, above)
        least = 1e-6 * np.maximum(1, np.maximum(np.abs(low), np.abs(high)))
        return bool(np.any((right < low - least) | (right > high + least)))


def search(draws: int, seed: int) -> Iterator[Finding]:
    """Random claims about random models, judged, beside what the oracle says."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    for _ in range(draws):
        case = draw_case(rng)
        claim = draw_claim(rng, case)
        said, shown = oracle(case.model, claim, numbers)
        verdict = judged(case.model.text(), claim.text)
        apart, bad = witness(case.model, claim, verdict) if verdict.verdict == "false" else (False, "")
        if apart and said == "right":  # on an edge, which random points do not meet
            said, shown = "wrong", "at the counterexample"
        note = ", ".join(dict.fromkeys(neuron.activation.title for neuron in case.neurons))
        yield Finding(case.model.text(), claim.text, said, verdict, claim.intent or "right", shown, bad, note)
