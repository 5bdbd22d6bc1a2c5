r"""Claims about recurrences, held against runs: loops in plain floats and central differences, no code of derive.

A model is a step, a start and a loss drawn from lists; a claim is the derivative of the loss by the shared w as a sum
over the steps, right or with one fault. What a run says decides: a claim that is called true agrees with every run, one
that is called false disagrees with some. (A fault may be none: dropping what is zero.)
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from derive import loads
from derive.verification.verify import Options, verify_formula

Run = dict[str, float]
DEPTHS = (1, 2, 5, 6)
CLAIMS = 60


@dataclass(frozen=True)
class Part:
    """A line of a model as text and as a function, and its slope by w as LaTeX and as a function."""

    text: str
    value: Callable[..., float]
    latex: str
    slope: Callable[..., float]


H, X = "h^{(t-1)}", "x^{(t)}"
STEPS = [
    Part("w*h[t-1]", lambda v, h, x: v["w"] * h, H, lambda v, h, x: h),
    Part("h[t-1] + w*x[t]**2", lambda v, h, x: h + v["w"] * x**2, f"({X})^2", lambda v, h, x: x**2),
    Part("w*h[t-1] + x[t]", lambda v, h, x: v["w"] * h + x, H, lambda v, h, x: h),
    Part("w*h[t-1]**2 - u*x[t]", lambda v, h, x: v["w"] * h**2 - v["u"] * x, f"({H})^2", lambda v, h, x: h**2),
    Part(
        "u*h[t-1] + w*w*x[t]", lambda v, h, x: v["u"] * h + v["w"] ** 2 * x, f"2 w {X}", lambda v, h, x: 2 * v["w"] * x
    ),
    Part(
        "sin(w*h[t-1]) + x[t]",
        lambda v, h, x: math.sin(v["w"] * h) + x,
        rf"\cos(w {H}) {H}",
        lambda v, h, x: math.cos(v["w"] * h) * h,
    ),
    Part(
        "tanh(w*h[t-1] + u*x[t])",
        lambda v, h, x: math.tanh(v["w"] * h + v["u"] * x),
        f"(1 - (h^{{(t)}})^2) {H}",
        lambda v, h, x: (1 - math.tanh(v["w"] * h + v["u"] * x) ** 2) * h,
    ),
]
STARTS = [
    Part("", lambda v: v["h0"], "0", lambda v: 0.0),
    Part("h[0] = u*c", lambda v: v["u"] * v["c"], "0", lambda v: 0.0),
    Part("h[0] = w*c", lambda v: v["w"] * v["c"], "c", lambda v: v["c"]),
]
LOSSES = [
    Part("h[T]", lambda v, h: h, "0", lambda v, h: 0.0),
    Part("1/2*(h[T] - c)**2", lambda v, h: (h - v["c"]) ** 2 / 2, "0", lambda v, h: 0.0),
    Part("w*h[T]", lambda v, h: v["w"] * h, "h^{(T)}", lambda v, h: h),
    Part("h[T]**2 + w**2", lambda v, h: h**2 + v["w"] ** 2, "2 w", lambda v, h: 2 * v["w"]),
]


@dataclass(frozen=True)
class Model:
    """A recurrence."""

    step: Part
    start: Part
    loss: Part

    @property
    def text(self) -> str:
        lines = ["w, u, c : scalar", "x[t] : scalar", self.start.text or "h[0] : scalar"]
        return "\n".join([*lines, "for t in 1..T:", f"    h[t] = {self.step.text}", f"J = {self.loss.text}"])

    def states(self, v: Run, depth: int, changed: dict[int, float] | None = None) -> list[float]:
        """h[0], ..., h[T]; a state that is changed is moved by so much before the rest is run."""
        made = [self.start.value(v)]
        for t in range(depth + 1):
            if t:
                made.append(self.step.value(v, made[-1], v[f"x{t}"]))
            made[-1] += (changed or {}).get(t, 0.0)
        return made

    def value(self, v: Run, depth: int, changed: dict[int, float] | None = None) -> float:
        return self.loss.value(v, self.states(v, depth, changed)[-1])

    def by_state(self, v: Run, depth: int, t: int) -> float:
        eps = 1e-5
        return (self.value(v, depth, {t: eps}) - self.value(v, depth, {t: -eps})) / (2 * eps)

    def by(self, v: Run, depth: int, name: str) -> float:
        eps = 1e-5
        up, down = ({**v, name: v[name] + s} for s in (eps, -eps))
        return (self.value(up, depth) - self.value(down, depth)) / (2 * eps)


@dataclass(frozen=True)
class Claim:
    """A sum over steps low..T+high, with the terms of the start and the loss or without."""

    low: int = 1
    high: int = 0
    lone: bool = False
    start: bool = True
    loss: bool = True
    factor: int = 1

    def latex(self, model: Model) -> str:
        adjoint, local = r"\frac{\partial J}{\partial h^{(t)}}", model.step.latex
        last = "T" if not self.high else f"T{self.high:+d}"
        body = f"{adjoint} {local}" if self.factor == 1 else f"{self.factor} {adjoint} {local}"
        if self.lone:
            total = body.replace("(t-1)", "(T-1)").replace("(t)", "(T)")
        else:
            total = rf"\sum_{{t={self.low}}}^{{{last}}} {body}"
        if self.start and model.start.latex != "0":
            total += rf" + \frac{{\partial J}}{{\partial h^{{(0)}}}} {model.start.latex}"
        if self.loss and model.loss.latex != "0":
            total += f" + {model.loss.latex}"
        return rf"\frac{{\partial J}}{{\partial w}} = {total}"

    def value(self, model: Model, v: Run, depth: int) -> float:
        states = model.states(v, depth)
        steps = [depth] if self.lone else range(self.low, depth + self.high + 1)
        total = sum(
            self.factor * model.by_state(v, depth, t) * model.step.slope(v, states[t - 1], v[f"x{t}"]) for t in steps
        )
        if self.start:
            total += model.by_state(v, depth, 0) * model.start.slope(v)
        return total + (model.loss.slope(v, states[-1]) if self.loss else 0.0)

    def agrees(self, model: Model, rng: random.Random) -> bool:
        for depth in DEPTHS:
            for _ in range(3):
                v = {name: rng.uniform(0.4, 1.2) for name in ("w", "u", "c", "h0", *(f"x{t}" for t in range(1, 7)))}
                right, claimed = model.by(v, depth, "w"), self.value(model, v, depth)
                if abs(right - claimed) > 1e-5 * (1 + abs(right)):
                    return False
        return True


WRONG = [
    Claim(lone=True),
    Claim(low=2),
    Claim(high=-1),
    Claim(start=False),
    Claim(loss=False),
    Claim(factor=2),
    Claim(factor=-1),
]


def drawn(seed: int) -> list[tuple[Model, Claim]]:
    rng = random.Random(seed)
    found = []
    for k in range(CLAIMS):
        model = Model(rng.choice(STEPS), rng.choice(STARTS), rng.choice(LOSSES))
        found.append((model, Claim() if k % 2 else rng.choice(WRONG)))
    return found


def verdict(formula: str, model: Model) -> str:
    (result,) = verify_formula(formula, loads(model.text).data, options=Options(repairs=False)).results
    return result.verdict


def test_claims_about_what_all_steps_share() -> None:
    rng = random.Random(1)
    wrong, decided = [], 0
    for model, claim in drawn(0):
        agrees = claim.agrees(model, rng)
        found = verdict(claim.latex(model), model)
        decided += found in ("true", "false")
        if found != ("true" if agrees else "false"):
            wrong.append(f"{found}, in runs {agrees}: {claim.latex(model)}\n{model.text}")
    assert not wrong, "\n\n".join(wrong)
    assert decided == CLAIMS


@pytest.mark.parametrize("step", STEPS, ids=lambda part: part.text)
def test_what_is_printed_is_read_as_true(step: Part) -> None:
    for start in STARTS:
        for loss in LOSSES[1:3]:
            model = Model(step, start, loss)
            derivation = loads(model.text).backprop()
            for name in ("w", "u"):
                if name == "w" or "u*" in step.text:
                    formula = derivation[name].latex()
                    assert verdict(formula, model) == "true", f"{formula}\n{model.text}"


@pytest.mark.parametrize("step", STEPS, ids=lambda part: part.text)
def test_emitted_code_of_a_network_agrees_with_runs(step: Part) -> None:
    rng = random.Random(2)
    for start in STARTS:
        model = Model(step, start, LOSSES[2])
        for depth in (1, 3):
            v = {name: rng.uniform(0.4, 1.2) for name in ("w", "u", "c", "h0", *(f"x{t}" for t in range(1, 7)))}
            given = {"w": v["w"], "u": v["u"], "c": v["c"], "h[0]": v["h0"]}
            given |= {f"x[{t}]": v[f"x{t}"] for t in range(1, depth + 1)}
            network = loads(model.text).instance(depth)
            run = network.backprop().lambdify()
            value, gradients = run(**{name: given[name] for name in network.inputs})
            assert value == pytest.approx(model.value(v, depth), rel=1e-9)
            assert gradients["w"] == pytest.approx(model.by(v, depth, "w"), rel=1e-5, abs=1e-8)


def test_states_are_not_refuted_by_numbers_of_no_run() -> None:
    model = Model(STEPS[1], STARTS[0], LOSSES[0])
    assert verdict(r"\frac{\partial J}{\partial h^{(t)}} = 1", model) == "true"
    assert verdict(r"\frac{\partial J}{\partial x^{(t)}} = 2 w x^{(t)}", model) == "true"
    assert verdict(r"\frac{\partial J}{\partial x^{(t)}} = w x^{(t)}", model) == "false"
