r"""Search: scalar equations in which one place is rewritten by a law that holds everywhere, in part, or nowhere.

    a, b : scalar    N : size        claimed   \frac{b}{1 + |a^{N}|} = \frac{b}{1 + a^{N}}

The generator does not know which of its laws hold: the oracle (`reals`) compares both sides at many points of the
declared domain, zeros, ones, negative, tiny and huge values among them, and for several functions f.

    part      equal wherever both sides are defined, and somewhere exactly one is
    nowhere   no point has both sides
    rounded   no free variables, and equal to the printed place
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from mpmath import mpf

from benchmarks.searches.law_table import AROUND, FAMILIES
from benchmarks.searches.reals import FUNCTIONS, Open, Reals, Undefined, compare
from benchmarks.searches.tally import Finding, judged
from benchmarks.searches.terms import Style, Term, latex, name, replaced, term

POINTS = 80
PLAIN = ("0", "1", "-1", "2", "-2", "0.5", "-0.5", "3", "-3", "0.001", "-0.001", "1000", "-1000", "1000000", "-1000000")
INF = float("inf")
GENERIC: dict[bool, list[str]] = {True: ["f : function"], False: []}


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


APART = "apart"


def draw_letters(rng: random.Random) -> list[Letter]:
    """Three scalars, some with facts, and a size."""
    ranges = [(-INF, INF)] * 5 + [(0.0, INF)] * 2 + [(0.0, 1.0), (-1.0, 1.0), (-INF, 0.0), (1.0, 4.0)]
    scalars = [Letter(text, *rng.choice(ranges)) for text in "abc"]
    return [*scalars, Letter("N", 0.0, size=True)]


def _small(rng: random.Random) -> Term:
    one, other = (name(text) for text in rng.sample("abc", 2))
    k = term(rng.choice([1, 2, 3]))
    return rng.choice(
        [one, one, one, one, one + other, one - other, one * other, one + k, one - k, k * one, one**2, -one]
    )


def _around(rng: random.Random, depth: int) -> Term:
    """What stands around the place u: the same on both sides."""
    if depth == 0:
        return name("u")
    inner, more = _around(rng, depth - 1), name(rng.choice("abc"))
    return replaced(rng.choice(AROUND), {"u": inner, "v": more})


def _generic(*sides: Term) -> bool:
    return any(part.op in FUNCTIONS[0] for side in sides for part in side.parts())


def oracle(left: Term, right: Term, letters: list[Letter], rng: random.Random) -> tuple[str, str]:
    """What the equation is, and a point that shows it."""
    used = [letter for letter in letters if letter.name in {*left.names(), *right.names()}]
    if not used:
        return _closed(left, right)
    points = [{letter.name: letter.value(rng) for letter in used} for _ in range(POINTS)]
    generic = _generic(left, right)
    small = [[k for k in map(mpf, (0, 1, -1, 2, -3)) if letter.low < k < letter.high] for letter in used]
    points += [dict(zip([letter.name for letter in used], values, strict=True)) for values in product(*small)]
    seen: dict[str, str] = {}
    for k, point in enumerate(points):
        point = {**point, "f": mpf(k % len(FUNCTIONS))} if generic else point
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
                gap = abs(Reals({})(numeral) - Reals({})(other))
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
        letters_of_law = {"u": _small(rng), "v": _small(rng), "n": name("N")}
        around = _around(rng, rng.choice([0, 0, 0, 1, 1, 2]))
        left, right = (replaced(around, {"u": replaced(side, letters_of_law)}) for side in FAMILIES[family][number])
        if rng.random() < 0.3:
            left, right = right, left
        letters = draw_letters(rng)
        rng.shuffle(letters)
        style = Style(log=rng.choice([r"\log", r"\ln"]), exp=rng.choice(["e", "e", r"\exp"]))
        model = "\n".join([*(letter.declared for letter in letters), *GENERIC[_generic(left, right)], "J = a*b*c"])
        claim = f"{latex(left, style)} = {latex(right, style)}"
        said, shown = oracle(left, right, letters, rng)
        verdict = judged(model, claim)
        bad = _witness(left, right, letters, verdict.counterexample) if verdict.verdict == "false" else ""
        if bad == APART:  # on an edge, which random points do not meet
            said, shown, bad = ("wrong" if said == "right" else said), (shown or "at the counterexample"), ""
        yield Finding(model, claim, said, verdict, f"{family} {number}", shown, bad)


def _witness(left: Term, right: Term, letters: list[Letter], found: Any) -> str:
    """What the oracle says of a counterexample: APART if the members differ there, `""` if it cannot tell."""
    used = {*left.names(), *right.names()}
    if found is None or _generic(left, right) or not used <= set(found.inputs):
        return ""
    point = {letter.name: mpf(found.inputs[letter.name]) for letter in letters if letter.name in used}
    for letter in letters:
        if letter.name in used and not letter.low < point[letter.name] < letter.high:
            return f"outside the domain of {letter.name}"
    seen = compare(left, right, point)
    return APART if seen == "different" else "" if seen == "open" else f"there: {seen}"
