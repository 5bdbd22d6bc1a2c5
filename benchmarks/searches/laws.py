r"""Search: scalar equations in which one place is rewritten by a law that holds everywhere, in part, or nowhere.

    a, b : scalar    N : size        claimed   \frac{b}{1 + |a^{N}|} = \frac{b}{1 + a^{N}}

The generator does not know which of its laws hold: the oracle (`reals`) compares both sides at many points of the
declared domain, zeros, ones, negative, tiny and huge values among them. `part`: equal wherever both sides are defined,
and somewhere exactly one is. `nowhere`: no point has both. `rounded`: no free variables, and equal to the printed place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from mpmath import mpf

from benchmarks.searches.reals import Open, Undefined, compare, value
from benchmarks.searches.tally import Finding, judged
from benchmarks.searches.terms import Style, Term, call, latex, name, term

POINTS = 80
PLAIN = ("0", "1", "-1", "2", "-2", "0.5", "-0.5", "3", "-3", "0.001", "-0.001", "1000", "-1000", "1000000", "-1000000")
E, PI = Term("const", text="e"), Term("const", text=r"\pi")
INF = float("inf")

Law = Callable[[Term, Term, Term], tuple[Term, Term]]
"""From two terms and a size: what stands at the place, and what is put there."""


def _f(op: str) -> Callable[..., Term]:
    return lambda *args: call(op, *args)


absolute, sign, step, log, exp, sqrt = (_f(op) for op in ("abs", "sign", "step", "log", "exp", "sqrt"))
largest, least, sin, cos, tanh, sigmoid = (_f(op) for op in ("max", "min", "sin", "cos", "tanh", "sigmoid"))

POWERS: tuple[Law, ...] = (
    lambda u, v, n: (sqrt(u**2), u),
    lambda u, v, n: (sqrt(u**2), absolute(u)),
    lambda u, v, n: (sqrt(u) ** 2, u),
    lambda u, v, n: ((u**2) ** term("0.5"), u),
    lambda u, v, n: ((u**3) ** (term(1) / 3), u),
    lambda u, v, n: ((u**4) ** (term(1) / 2), u**2),
    lambda u, v, n: ((u**6) ** (term(1) / 2), u**3),
    lambda u, v, n: (sqrt(u * v), sqrt(u) * sqrt(v)),
    lambda u, v, n: (sqrt(u / v), sqrt(u) / sqrt(v)),
    lambda u, v, n: (sqrt(u + v), sqrt(u) + sqrt(v)),
    lambda u, v, n: (sqrt(u**2 * v), u * sqrt(v)),
    lambda u, v, n: (sqrt(u**2 * v), absolute(u) * sqrt(v)),
    lambda u, v, n: (sqrt(u**2 + v**2), absolute(u) + absolute(v)),
    lambda u, v, n: ((u * v) ** 2, u**2 * v**2),
    lambda u, v, n: ((u + v) ** 2, u**2 + 2 * u * v + v**2),
    lambda u, v, n: ((u + v) ** 2, u**2 + v**2),
    lambda u, v, n: ((u**2 - v**2) / (u - v), u + v),
    lambda u, v, n: (u / u, term(1)),
    lambda u, v, n: (u / v * v, u),
    lambda u, v, n: (u**2 / u, u),
    lambda u, v, n: (1 / (1 / u), u),
    lambda u, v, n: (u / v + 1, (u + v) / v),
    lambda u, v, n: (1 / u + 1 / v, (u + v) / (u * v)),
    lambda u, v, n: (1 / (u + v), 1 / u + 1 / v),
    lambda u, v, n: (u ** term(-1), 1 / u),
    lambda u, v, n: (u ** (term(3) / 2), u * sqrt(u)),
    lambda u, v, n: (u / sqrt(u), sqrt(u)),
    lambda u, v, n: (1 / sqrt(u), sqrt(u) / u),
    lambda u, v, n: (sqrt(-u), sqrt(u)),
    lambda u, v, n: (u - u, term(0)),
    lambda u, v, n: (0 * log(u), term(0)),
    lambda u, v, n: ((-u) ** 3, -(u**3)),
)
EXPONENTS: tuple[Law, ...] = (
    lambda u, v, n: (u**n * u, u ** (n + 1)),
    lambda u, v, n: (absolute(u**n), u**n),
    lambda u, v, n: (absolute(u**n), absolute(u) ** n),
    lambda u, v, n: (sqrt(u ** (2 * n)), u**n),
    lambda u, v, n: (sqrt(u ** (2 * n)), absolute(u) ** n),
    lambda u, v, n: ((u**n) ** (1 / n), u),
    lambda u, v, n: (sign(u**n), term(1)),
    lambda u, v, n: (sign(u**n), sign(u)),
    lambda u, v, n: (sign(u ** (2 * n)), term(1)),
    lambda u, v, n: (absolute(u ** (2 * n)), u ** (2 * n)),
    lambda u, v, n: ((-u) ** n, -(u**n)),
    lambda u, v, n: ((-u) ** (2 * n), u ** (2 * n)),
    lambda u, v, n: ((u * v) ** n, u**n * v**n),
    lambda u, v, n: ((u**2) ** n, u ** (2 * n)),
    lambda u, v, n: ((u**n) ** 2, u ** (2 * n)),
    lambda u, v, n: (u ** (2 * n), (u**n) * 2),
    lambda u, v, n: (log(u**n), n * log(u)),
    lambda u, v, n: (exp(n * log(u)), u**n),
    lambda u, v, n: (exp(u) ** n, exp(n * u)),
    lambda u, v, n: (u**v * u**n, u ** (v + n)),
    lambda u, v, n: ((u**v) ** n, u ** (v * n)),
    lambda u, v, n: ((u**n) ** v, u ** (n * v)),
    lambda u, v, n: (u**v * u ** (-v), term(1)),
    lambda u, v, n: (u ** (v + 1), u * u**v),
    lambda u, v, n: (exp(u) ** v, exp(u * v)),
    lambda u, v, n: (term(-1) ** (2 * n), term(1)),
    lambda u, v, n: (term(-1) ** n, term(1)),
    lambda u, v, n: (term(-1) ** n, term(-1)),
    lambda u, v, n: (cos(PI * n), term(-1) ** n),
    lambda u, v, n: (sin(PI * n), term(0)),
    lambda u, v, n: (cos(2 * PI * n), term(1)),
    lambda u, v, n: (term(0) ** n, term(0)),
    lambda u, v, n: (term(1) ** n, term(1)),
    lambda u, v, n: (term(1) ** u, term(1)),
    lambda u, v, n: (largest(n, 2), n),
    lambda u, v, n: (largest(n, 1), n),
    lambda u, v, n: (absolute(n), n),
    lambda u, v, n: (sign(n), term(1)),
    lambda u, v, n: (sqrt(n**2), n),
    lambda u, v, n: (step(n - 1), term(1)),
    lambda u, v, n: (u**n / u, u ** (n - 1)),
    lambda u, v, n: (largest(u, 0) ** n, largest(u**n, 0)),
)
LOGARITHMS: tuple[Law, ...] = (
    lambda u, v, n: (log(u * v), log(u) + log(v)),
    lambda u, v, n: (log(u / v), log(u) - log(v)),
    lambda u, v, n: (log(u**2), 2 * log(u)),
    lambda u, v, n: (log(u**2), 2 * log(absolute(u))),
    lambda u, v, n: (log(u**3), 3 * log(u)),
    lambda u, v, n: (log(sqrt(u)), log(u) / 2),
    lambda u, v, n: (log(1 / u), -log(u)),
    lambda u, v, n: (log(u + v), log(u) + log(v)),
    lambda u, v, n: (log(u * v), log(u) * log(v)),
    lambda u, v, n: (exp(log(u)), u),
    lambda u, v, n: (log(exp(u)), u),
    lambda u, v, n: (exp(u + v), exp(u) * exp(v)),
    lambda u, v, n: (exp(u + v), exp(u) + exp(v)),
    lambda u, v, n: (exp(u) ** 2, exp(2 * u)),
    lambda u, v, n: (exp(-u), 1 / exp(u)),
    lambda u, v, n: (exp(u - v), exp(u) / exp(v)),
    lambda u, v, n: (log(exp(u) + exp(v)), u + log(1 + exp(v - u))),
    lambda u, v, n: (log(exp(u) + exp(v)), largest(u, v)),
    lambda u, v, n: (log(1 + u), u),
    lambda u, v, n: (exp(v * log(u)), u**v),
    lambda u, v, n: (exp(2 * log(u)), u**2),
    lambda u, v, n: (log(sigmoid(u)), -log(1 + exp(-u))),
    lambda u, v, n: (sigmoid(-u), 1 - sigmoid(u)),
    lambda u, v, n: (sigmoid(u), (1 + tanh(u / 2)) / 2),
    lambda u, v, n: (tanh(-u), -tanh(u)),
    lambda u, v, n: (tanh(u), 2 * sigmoid(2 * u) - 1),
    lambda u, v, n: (tanh(u), 2 * sigmoid(u) - 1),
    lambda u, v, n: (sin(u) ** 2 + cos(u) ** 2, term(1)),
    lambda u, v, n: (log(u) - log(u), term(0)),
)
SIGNS: tuple[Law, ...] = (
    lambda u, v, n: (largest(u, v), (u + v + absolute(u - v)) / 2),
    lambda u, v, n: (largest(u, v), (u + v - absolute(u - v)) / 2),
    lambda u, v, n: (largest(u, v), u),
    lambda u, v, n: (largest(u, -2), u),
    lambda u, v, n: (largest(u, v), largest(v, u)),
    lambda u, v, n: (largest(u, v) + least(u, v), u + v),
    lambda u, v, n: (largest(u, v) * least(u, v), u * v),
    lambda u, v, n: (least(u, v), -largest(-u, -v)),
    lambda u, v, n: (largest(u, v) * 2, largest(2 * u, 2 * v)),
    lambda u, v, n: (v * largest(u, 0), largest(u * v, 0)),
    lambda u, v, n: (v**2 * largest(u, 0), largest(u * v**2, 0)),
    lambda u, v, n: (largest(u + v, 0), largest(u, 0) + largest(v, 0)),
    lambda u, v, n: (largest(u, 0) ** 2, largest(u**2, 0)),
    lambda u, v, n: (largest(u, 0) - largest(-u, 0), u),
    lambda u, v, n: (largest(largest(u, 0), 3), largest(u, 3)),
    lambda u, v, n: (least(largest(u, 0), 6), largest(u, 0)),
    lambda u, v, n: (absolute(u * v), absolute(u) * absolute(v)),
    lambda u, v, n: (absolute(u + v), absolute(u) + absolute(v)),
    lambda u, v, n: (absolute(u - v), absolute(v - u)),
    lambda u, v, n: (absolute(u), u),
    lambda u, v, n: (absolute(u + 7), u + 7),
    lambda u, v, n: (absolute(u**2), u**2),
    lambda u, v, n: (absolute(u) ** 2, u**2),
    lambda u, v, n: (absolute(u) ** 3, u**3),
    lambda u, v, n: (absolute(exp(u)), exp(u)),
    lambda u, v, n: (sign(u) * absolute(u), u),
    lambda u, v, n: (sign(u) * u, absolute(u)),
    lambda u, v, n: (u / absolute(u), sign(u)),
    lambda u, v, n: (sign(u * v), sign(u) * sign(v)),
    lambda u, v, n: (sign(u + v), sign(u) + sign(v)),
    lambda u, v, n: (sign(u) ** 2, term(1)),
    lambda u, v, n: (sign(u) ** 3, sign(u)),
    lambda u, v, n: (sign(-u), -sign(u)),
    lambda u, v, n: (sign(1 + u**2), term(1)),
    lambda u, v, n: (step(u) + step(-u), term(1)),
    lambda u, v, n: (step(u) - step(-u), sign(u)),
    lambda u, v, n: (step(u), (1 + sign(u)) / 2),
    lambda u, v, n: (step(u) ** 2, step(u)),
    lambda u, v, n: (step(u) * u, largest(u, 0)),
    lambda u, v, n: (step(u) * step(v), step(u * v)),
    lambda u, v, n: (step(u) * step(-u), term(0)),
    lambda u, v, n: (step(u - 5), term(0)),
    lambda u, v, n: (step(exp(u)), term(1)),
)
CONSTANTS: tuple[Law, ...] = (
    lambda u, v, n: (log(E), term(1)),
    lambda u, v, n: (log(E**2), term(2)),
    lambda u, v, n: (log(E * u), 1 + log(u)),
    lambda u, v, n: (sin(PI), term(0)),
    lambda u, v, n: (cos(PI), term(-1)),
    lambda u, v, n: (cos(PI), term(1)),
    lambda u, v, n: (sin(u + PI), -sin(u)),
    lambda u, v, n: (sin(u + 2 * PI), sin(u)),
    lambda u, v, n: (log(term(1)), term(0)),
    lambda u, v, n: (exp(term(0)), term(1)),
    lambda u, v, n: (log(term(0)), term(0)),
    lambda u, v, n: (log(term(-1)), term(0)),
    lambda u, v, n: (sqrt(term(-4)), term(2)),
    lambda u, v, n: (1 / (u - u), term(0)),
    lambda u, v, n: (sqrt(term(4)), term(2)),
    lambda u, v, n: (sqrt(term(4)), term(-2)),
    lambda u, v, n: (term(1) / 3, term("0.3333")),
    lambda u, v, n: (term(2) / 3, term("0.667")),
    lambda u, v, n: (term(2) / 3, term("0.666")),
    lambda u, v, n: (term(1) / 2, term("0.5")),
    lambda u, v, n: (term(1) / 2, term("0.50")),
    lambda u, v, n: (u / 3, term("0.3333") * u),
    lambda u, v, n: (u / 4, term("0.25") * u),
    lambda u, v, n: (u / 1000, term("0.001") * u),
    lambda u, v, n: (u / 1000, term("0.0")),
    lambda u, v, n: (u + term("0.1"), u + term(1) / 10),
    lambda u, v, n: (PI, term("3.14")),
    lambda u, v, n: (PI * u, term("3.14159") * u),
    lambda u, v, n: (sqrt(term(2)), term("1.414")),
    lambda u, v, n: (sqrt(term(2)), term("1.4142")),
    lambda u, v, n: (sqrt(term(2)) * u, term("1.4142") * u),
    lambda u, v, n: (log(term(2)), term("0.693")),
    lambda u, v, n: (u + term("0.000001"), u),
    lambda u, v, n: (term("0.999") * u, u),
    lambda u, v, n: (term("0.1") + term("0.2"), term("0.3")),
)
FAMILIES = {"powers": POWERS, "exponents": EXPONENTS, "logarithms": LOGARITHMS, "signs": SIGNS, "constants": CONSTANTS}


@dataclass(frozen=True)
class Letter:
    """A declared scalar with its open interval, or a size."""

    name: str
    low: float = -INF
    high: float = INF
    size: bool = False

    @property
    def declared(self) -> str:
        """Its line of the model."""
        if self.size:
            return f"{self.name} : size"
        if (self.low, self.high) == (-INF, INF):
            return f"{self.name} : scalar"
        positive = (self.low, self.high) == (0.0, INF)
        return f"{self.name} : scalar, " + ("positive" if positive else f"in ({self.low:g}, {self.high:g})")

    def value(self, rng: random.Random) -> Any:
        """A value in its domain, often a special one."""
        if self.size:
            return mpf(rng.choice([1, 1, 2, 3, 4, 5, 6, 7]))
        for _ in range(60):
            drawn = mpf(rng.choice(PLAIN)) if rng.random() < 0.6 else mpf(rng.uniform(-1, 1) * 10 ** rng.uniform(-3, 4))
            if self.low < drawn < self.high:
                return drawn
        return mpf(rng.uniform(max(self.low, -9), min(self.high, 9)))


def draw_letters(rng: random.Random) -> list[Letter]:
    """Three scalars, some with facts, and a size."""
    ranges = [(-INF, INF)] * 5 + [(0.0, INF)] * 2 + [(0.0, 1.0), (-1.0, 1.0), (-INF, 0.0), (1.0, 4.0)]
    scalars = [Letter(text, *rng.choice(ranges)) for text in "abc"]
    return [*scalars, Letter("N", size=True)]


def _small(rng: random.Random) -> Term:
    one, other = (name(text) for text in rng.sample("abc", 2))
    k = term(rng.choice([1, 2, 3]))
    return rng.choice([one, one, one, one, one + other, one - other, one * other, one + k, one - k, k * one, one**2, -one])


def _around(rng: random.Random, depth: int) -> Callable[[Term], Term]:
    """What stands around the place: the same on both sides."""
    if depth == 0:
        return lambda t: t
    inner, more = _around(rng, depth - 1), name(rng.choice("abc"))
    ways: list[Callable[[Term], Term]] = [
        lambda t: t + more,
        lambda t: t - more,
        lambda t: more - t,
        lambda t: more * t,
        lambda t: t * 2,
        lambda t: t / 2,
        lambda t: t**2,
        lambda t: more / (2 + t**2),
        lambda t: tanh(t),
        lambda t: sigmoid(t),
        lambda t: exp(t),
        lambda t: largest(t, more),
        lambda t: absolute(t),
        lambda t: sqrt(1 + t**2),
        lambda t: log(1 + t**2),
    ]
    chosen = rng.choice(ways)
    return lambda t: chosen(inner(t))


def oracle(left: Term, right: Term, letters: list[Letter], rng: random.Random) -> tuple[str, str]:
    """What the equation is, and a point that shows it."""
    used = [letter for letter in letters if letter.name in {*left.names(), *right.names()}]
    if not used:
        return _closed(left, right)
    points = [{letter.name: letter.value(rng) for letter in used} for _ in range(POINTS)]
    small = [[mpf(k) for k in ("0", "1", "-1", "2", "-3") if letter.low < mpf(k) < letter.high and not (letter.size and mpf(k) < 1)] for letter in used]
    points += [dict(zip([letter.name for letter in used], values, strict=True)) for values in product(*small)]
    seen: dict[str, str] = {}
    for point in points:
        seen.setdefault(compare(left, right, point), ", ".join(f"{key}={float(v):g}" for key, v in point.items()))
    return _said(seen)


def _said(seen: dict[str, str]) -> tuple[str, str]:
    one_sided = seen.get("left only") or seen.get("right only")
    if "different" in seen:
        return "wrong", f"at {seen['different']}"
    if "equal" not in seen:
        return ("nowhere", "") if "undefined" in seen or one_sided else ("open", "")
    return ("part", f"one side only at {one_sided}") if one_sided else ("right", "")


def _closed(left: Term, right: Term) -> tuple[str, str]:
    """Without variables: a numeral may be rounded to its last place."""
    found = compare(left, right, {})
    for numeral, other in ((right, left), (left, right)):
        digits = numeral.args[0] if numeral.op == "neg" else numeral
        if found == "different" and digits.op == "num" and "." in digits.text and other.op != "num":
            try:
                gap = abs(value(numeral, {})[0] - value(other, {})[0])
            except (Undefined, Open):
                continue
            if gap <= mpf(10) ** -len(digits.text.partition(".")[2]) / 2:
                return "rounded", ""
    return _said({found: "any values"})


def search(draws: int, seed: int) -> Iterator[Finding]:
    """Random equations, judged, beside what the oracle says."""
    rng = random.Random(seed)
    for _ in range(draws):
        family = rng.choice(list(FAMILIES))
        number = rng.randrange(len(FAMILIES[family]))
        here, there = FAMILIES[family][number](_small(rng), _small(rng), name("N"))
        around = _around(rng, rng.choice([0, 0, 0, 1, 1, 2]))
        left, right = around(here), around(there)
        if rng.random() < 0.3:
            left, right = right, left
        letters = draw_letters(rng)
        rng.shuffle(letters)
        style = Style(log=rng.choice([r"\log", r"\ln"]), exp=rng.choice(["e", "e", r"\exp"]))
        model = "\n".join([*(letter.declared for letter in letters), "J = a*b*c"])
        claim = f"{latex(left, style)} = {latex(right, style)}"
        said, shown = oracle(left, right, letters, rng)
        verdict = judged(model, claim)
        bad = _witness(left, right, letters, verdict.counterexample) if verdict.verdict == "false" else ""
        yield Finding(model, claim, said, verdict, f"{family} {number}", shown, bad)


def _witness(left: Term, right: Term, letters: list[Letter], found: Any) -> str:
    """What the oracle says of a counterexample: `""` if it shows what it should."""
    used = {*left.names(), *right.names()}
    if found is None or not used <= set(found.inputs):
        return ""
    point = {letter.name: mpf(found.inputs[letter.name]) for letter in letters if letter.name in used}
    for letter in letters:
        if letter.name in used and not letter.low < point[letter.name] < letter.high:
            return f"outside the domain of {letter.name}"
    seen = compare(left, right, point)
    return "" if seen in ("different", "open") else f"there: {seen}"
