"""What a gradient check found, as plain data, and as the text a person reads.

The text follows one order: the verdict and its cause in a sentence, then what was compared (group, shape), then
the worst coordinate with both values and the error estimate, then what was left out and why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from derive.gradients.plain_data import Plain, overall


@dataclass(frozen=True)
class Worst:
    """The place of the greatest difference, measured in its own error estimate.

    `coordinate` is None where the difference was only measured along a random direction of the whole group.
    """

    group: str
    coordinate: tuple[int, ...] | None
    claimed: float
    numeric: float
    estimate: float

    def __str__(self) -> str:
        place = "along a random direction" if self.coordinate is None else f"at {_index(self.coordinate)}"
        return (
            f"{self.group} {place}: claimed {_number(self.claimed)}, "
            f"numeric {_number(self.numeric)} ± {self.estimate:.1e}"
        )


@dataclass(frozen=True)
class Kink:
    """A place where the one-sided slopes differ, so that there is no derivative to compare with."""

    group: str
    coordinate: tuple[int, ...] | None
    left: float
    right: float
    claimed: float

    def __str__(self) -> str:
        place = "along a random direction" if self.coordinate is None else f"at {_index(self.coordinate)}"
        between = min(self.left, self.right) <= self.claimed <= max(self.left, self.right)
        return (
            f"kink in {self.group} {place}: slope {_number(self.left)} on the left, {_number(self.right)} on the "
            f"right, claimed {_number(self.claimed)}{' (between them)' if between else ''}"
        )


@dataclass(frozen=True)
class Beside:
    """One coordinate of the claimed gradient and of the derived one, and how far they are apart as a whole."""

    coordinate: tuple[int, ...]
    claimed: float
    derived: float
    difference: float


@dataclass
class GroupResult:
    """The verdict on the gradient of one parameter group; with a model its formula and a derived number."""

    name: str
    shape: tuple[int, ...]
    verdict: str
    diagnosis: str = ""
    defects: list[str] = field(default_factory=list)
    worst: Worst | None = None
    located: dict[str, Any] | None = None
    formula: str = ""
    latex: str = ""
    beside: Beside | None = None

    def derived_lines(self) -> list[str]:
        """The derived formula, and the number it gives where the claim is worst."""
        lines = [f"derived  {self.formula}"] if self.formula else []
        if self.beside is not None and self.verdict == "false":
            b = self.beside
            text = f"at {_index(b.coordinate)}: claimed {_number(b.claimed)}, derived {_number(b.derived)}"
            if self.worst is not None and (self.worst.coordinate, self.worst.claimed) == (b.coordinate, b.claimed):
                text += f", numeric {_number(self.worst.numeric)}"
            lines.append(text)
        elif self.beside is not None:
            lines.append(f"claimed and derived differ by {self.beside.difference:.1e} of their size")
        return lines


@dataclass
class GradientReport(Plain):
    """The verdict on all gradients together: false if one is, else undecided if one is, else true."""

    verdict: str
    diagnosis: str
    defects: list[str] = field(default_factory=list)
    worst: Worst | None = None
    groups: list[GroupResult] = field(default_factory=list)
    kinks: list[Kink] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    points: int = 0
    forward_calls: int = 0
    model: str = ""
    correction: str = ""
    """With a model: a NumPy module with the right gradients of the groups that are false."""
    one_sided: list[str] = field(default_factory=list)
    """With a model: its conditions that were met from one side only, in words."""

    def group(self, name: str) -> GroupResult:
        """The result of one group by name."""
        return next(group for group in self.groups if group.name == name)

    def __str__(self) -> str:
        lines = [f"gradient {self.verdict}: {self.diagnosis}"]
        width = max((len(group.name) for group in self.groups), default=0)
        for group in self.groups:
            line = f"  {group.name:<{width}}  {_shape(group.shape):<12} {group.verdict}"
            if group.diagnosis and group.verdict != "true":
                line += f": {group.diagnosis}"
            lines += [line.rstrip(), *(f"  {'':<{width}}  {more}" for more in group.derived_lines())]
        if self.worst is not None:
            lines.append(f"  worst: {self.worst}")
        lines += [f"  {kink}" for kink in self.kinks]
        lines += [f"  condition: {told}" for told in self.one_sided]
        lines += [f"  note: {note}" for note in self.notes]
        lines.append(f"  compared at {_count(self.points, 'point')} with {_count(self.forward_calls, 'forward call')}")
        if self.correction:
            lines += ["", f"A right one, written from the model {self.model}:", "", self.correction.rstrip()]
        return "\n".join(lines)


def severity(worst: Worst) -> float:
    """How many error estimates the difference amounts to."""
    difference = abs(worst.claimed - worst.numeric)
    if not math.isfinite(difference):
        return math.inf
    return difference / worst.estimate if worst.estimate > 0 else (math.inf if difference else 0.0)


def sentence(groups: list[GroupResult], verdict: str) -> str:
    """One sentence for all groups: each cause once, with the groups it concerns."""
    if verdict == "true":
        return f"right for {', '.join(g.name for g in groups)}"
    concerned = [g for g in groups if g.verdict == verdict]
    if not concerned:
        return "there is nothing to compare"
    texts = {g.diagnosis for g in concerned}
    if len(texts) == 1 and len(concerned) > 1 and not any(g.name in concerned[0].diagnosis for g in concerned):
        return f"{', '.join(g.name for g in concerned)}: {concerned[0].diagnosis}"
    return "; ".join(f"{g.name}: {g.diagnosis}" for g in concerned)


def summary(groups: list[GroupResult], kinks: list[Kink], findings: list[tuple[str, str]]) -> GradientReport:
    """The report on these groups, and on what else was found out (defect key, sentence)."""
    verdict = overall(g.verdict for g in groups)
    wrong = [g for g in groups if g.verdict == "false"]
    defects = list(dict.fromkeys([d for g in wrong for d in g.defects] + [d for d, _ in findings]))
    worsts = [g.worst for g in groups if g.verdict == verdict and g.worst is not None]
    report = GradientReport(verdict, "", defects, max(worsts, key=severity, default=None), groups, kinks)
    report.diagnosis = sentence(groups, verdict)
    if findings:
        first = "; ".join(text for _, text in findings)
        prefix = {"true": "the numbers are right, but ", "undecided": ""}.get(verdict, f"{report.diagnosis}; ")
        report.diagnosis, report.verdict = prefix + first, "false"
    return report


def _index(coordinate: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, coordinate))}]" if coordinate else "its value"


def _shape(shape: tuple[int, ...]) -> str:
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def _number(value: float) -> str:
    return f"{value:.10g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
