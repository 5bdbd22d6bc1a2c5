"""What the check of a model found, as plain data, and as the text a person reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from derive.gradients.plain_data import Plain


@dataclass
class GradientCheck:
    """One gradient over all points.

    `differences`, `closed` and `code` are the largest relative differences of the derived gradient to finite
    differences, and of the closed form and the emitted code to the derived gradient; None where nothing was compared.
    """

    name: str
    wrt: str
    shape: str
    verdict: str = "undecided"
    differences: float | None = None
    closed: float | None = None
    code: float | None = None
    points: int = 0
    diagnosis: str = ""


@dataclass
class ModelReport(Plain):
    """The verdict on a model: false if one gradient is, else undecided if one is, else true."""

    model: str
    loss: str
    verdict: str
    gradients: list[GradientCheck] = field(default_factory=list)
    points: int = 0
    sizes: list[dict[str, int]] = field(default_factory=list)
    value: float | None = None  # largest relative difference of the code's value to the forward pass
    kinks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    one_sided: list[str] = field(default_factory=list)  # the conditions that were met from one side only, in words
    parts: list[ModelReport] = field(default_factory=list)

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        return f"check of {self.model}: {self.verdict}"

    @property
    def header(self) -> tuple[str, ...]:
        """The column names of `rows`."""
        return ("gradient", "shape", "verdict", "finite differences", "closed form", "code")

    def rows(self) -> list[tuple[str, ...]]:
        """One row of texts for each gradient."""
        return [
            (g.name, g.shape, g.verdict, _number(g.differences), _number(g.closed), _number(g.code))
            for g in self.gradients
        ]

    def remarks(self) -> list[str]:
        """What is to be said besides the table: causes first."""
        lines = [f"{g.name}: {g.diagnosis}" for g in self.gradients if g.diagnosis]
        lines += self.kinks
        lines += [f"note: {note}" for note in self.notes]
        if self.points:
            count = f"{self.points} point{'s' * (self.points > 1)}"
            lines.append(f"largest relative differences at {count}{_sizes(self.sizes)}")
        return lines

    def __str__(self) -> str:
        if self.parts:
            return "\n".join([self.headline, *map(str, self.parts)])
        lines = [self.headline]
        rows = [self.header, *self.rows()] if self.gradients else []
        widths = [max(len(row[k]) for row in rows) for k in range(len(self.header))] if rows else []
        for row in rows:
            lines.append("  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())
        return "\n".join([*lines, *(f"  {remark}" for remark in self.remarks())])


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return "0" if value == 0 else f"{value:.1e}"


def _sizes(draws: list[dict[str, int]]) -> str:
    texts = dict.fromkeys(", ".join(f"{name} = {n}" for name, n in draw.items()) for draw in draws if draw)
    return f" ({'; '.join(texts)})" if texts else ""
