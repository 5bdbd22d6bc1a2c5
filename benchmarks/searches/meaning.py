r"""Search: pages that define names which have a built-in meaning, and then use them rightly and wrongly.

    $$\delta := 2 \frac{\partial L}{\partial z}$$    then    $$\frac{\partial L}{\partial w} = \delta x$$    is wrong

The page's definition holds, whatever the letter. It stands before the use, in its display, behind a `where`, in prose,
or later; it is made with `:=`, "let", or a bare `=`. The oracle (`worlds`) knows both sides by NumPy code of its own.

    open     two readings are legitimate and differ: a bare `=` after a mark of a derivative may be a claim
    later    wrong by a definition that stands only further down, right by the built-in meaning
    defines  the definition itself: no claim, so false is a fault
    redefines  a definition that is not the built-in meaning: true is a fault as well
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.searches.networks import entries, family, layers, regression
from benchmarks.searches.tally import BARE, Finding
from benchmarks.searches.worlds import Base, Function, Use, Values, World, constant, functions, neuron, sigmoid
from derive.verification.verify import verify

POINTS = 5
WORLDS = (
    neuron("sigmoid"),
    neuron("tanh"),
    regression(indexed=True),
    regression(indexed=False),
    layers(),
    entries(),
    family(),
    functions("sigmoid"),
    functions("tanh"),
)
PLACES = (":=", ":=", "=", "=", "let", "let", "define", "prose", "same display", "where", "where =", "later")


@dataclass(frozen=True)
class Made:
    """A page, and for each of its displays what it is, what the oracle says of it, and by which use."""

    page: str
    said: tuple[tuple[str, str, str], ...]


def _equal(left: Any, right: Any) -> bool:
    left, right = np.asarray(left), np.asarray(right)
    return left.shape == right.shape and np.allclose(left, right, rtol=1e-8, atol=1e-12)


def _holds(use: Use, given: tuple[float, int], points: Sequence[Values], meanings: Sequence[Any]) -> bool:
    """Whether a formula is right at all points, by one meaning of the name."""
    for point, meaning in zip(points, meanings, strict=True):
        v = {**point, "D": meaning}
        try:
            left, right = use.left(v), (v[use.plus] if use.plus else 0) + constant(given, v) * use.right(v)
        except (ValueError, TypeError, AttributeError):  # shapes that do not fit, a number for a function
            return False
        if not _equal(left, right):
            return False
    return True


def _builtin(world: World, spelled: str, points: Sequence[Values]) -> list[Any] | None:
    key = world.names[spelled]
    if key is None:
        return None
    if key == "sigmoid":
        return [Function(sigmoid)] * len(points)
    return [v["∂" + key[1:].format(l=v.get("l"))] if isinstance(key, str) else key for v in points]


def _scaled(constant: str, base: Base) -> str:
    return f"{constant}({base.text})" if constant and base.sum else constant + base.text


def draw_page(rng: random.Random, numbers: np.random.Generator, world: World) -> Made:
    """A page with one definition and a few uses."""
    points = [world.values(numbers) for _ in range(POINTS)]
    known = [text for text, key in world.names.items() if key is not None]
    spelled = rng.choice(known if rng.random() < 0.6 else list(world.names))
    function = isinstance(world.bases[0].value(points[0]), Function)
    base, factor = rng.choice(world.bases), "" if function else rng.choice(["", "", *world.constants])
    place = rng.choice(PLACES)
    if function:
        page_means: list[Any] = [base.value(v) for v in points]
    else:
        page_means = [constant(world.constants[factor], v) * base.value(v) for v in points]
    inherent = _builtin(world, spelled, points)
    two = place == "=" and spelled in world.marks

    def say(use: Use, given: tuple[float, int]) -> str:
        right = _holds(use, given, points, page_means)
        other = inherent is not None and _holds(use, given, points, inherent)
        if right == other:
            return "right" if right else "wrong"
        if two:
            return "open"
        if place == "later":
            return "later" if other else "open"
        return "right" if right else "wrong"

    ways = [(use, text) for use in world.uses for text in world.constants]
    uses = []
    for _ in range(rng.choice([1, 2, 2, 3])):
        rng.shuffle(ways)
        wanted = rng.choice(["right", "right", "trap", "trap", "any"] if inherent else ["right", "right", "any"])
        for use, text in ways:
            given = world.constants[text]
            held = _holds(use, given, points, page_means)
            trap = inherent is not None and _holds(use, given, points, inherent) and not held
            if wanted == "any" or (held if wanted == "right" else trap):
                break
        uses.append((_spell(use.text, spelled, text), say(use, given)))
    name = f"{spelled}(u)" if function else spelled
    body = _scaled(factor, base)
    is_so = inherent is not None and not function and all(map(_equal, inherent, page_means))
    said = "open" if two else "defines" if is_so or inherent is None or function else "redefines"
    return _laid_out(rng, world, place, (name, body, said), uses)


def _spell(text: str, spelled: str, before: str) -> str:
    squared = "_" in spelled or "^" in spelled
    text = text.replace("<D>^2", f"({spelled})^2" if squared or spelled.startswith("d") else f"{spelled}^2")
    return text.replace("<c>", before).replace("<D>", spelled)


def _laid_out(
    rng: random.Random, world: World, place: str, defined: tuple[str, str, str], uses: list[tuple[str, str]]
) -> Made:
    name, body, said = defined
    first = uses[0]
    texts = [(text, is_, "use") for text, is_ in uses]
    match place:
        case ":=" | "=":
            texts.insert(0, (f"{name} {place} {body}", said, "definition"))
        case "let":
            texts.insert(0, (rf"\text{{Let }} {name} = {body}", said, "definition"))
        case "define":
            texts.insert(0, (rf"\text{{Define }} {name} := {body}", said, "definition"))
        case "same display":
            texts[0] = (rf"{name} := {body}, \quad {first[0]}", first[1], "both")
        case "where":
            texts[0] = (rf"{first[0]}, \quad \text{{where }} {name} := {body}", first[1], "both")
        case "where =":
            texts[0] = (rf"{first[0]} \quad \text{{where }} {name} = {body}", first[1], "both")
        case "later":
            texts.insert(rng.randint(1, len(texts)), (f"{name} := {body}", said, "definition"))
            at = [kind for _, _, kind in texts].index("definition")
            after = [(text, _after(is_), kind) for text, is_, kind in texts[at + 1 :]]
            texts = [*texts[: at + 1], *after]
    prose = f"We let ${name} = {body}$ in what follows.\n\n" if place == "prose" else ""
    page = f"```derive\n{world.model}\n```\n\n{prose}" + "\n\n".join(f"$$\n{text}\n$$" for text, _, _ in texts) + "\n"
    return Made(page, tuple((text, is_, f"{place}, {kind}") for text, is_, kind in texts))


def _after(said: str) -> str:
    """What a formula behind the definition is, which before it would have had two readings."""
    return {"later": "wrong", "open": "right"}.get(said, said)


def search(draws: int, seed: int) -> Iterator[Finding]:
    """Random pages, and their displays judged, beside what the oracle says. `draws` counts the displays."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    done = 0
    while done < draws:
        made = draw_page(rng, numbers, rng.choice(WORLDS))
        results = verify(made.page, options=BARE).results
        if len(results) != len(made.said):
            raise ValueError(f"{len(results)} results for {len(made.said)} displays:\n{made.page}")
        for (text, said, kind), verdict in zip(made.said, results, strict=True):
            done += 1
            yield Finding(made.page, text, said, verdict, kind)
