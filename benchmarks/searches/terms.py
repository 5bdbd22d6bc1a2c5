r"""Terms of our own: what a generator makes, an oracle gives values to, and `derive` sees as text alone.

    Term("max", (z, 0))    is written    maximum(z, 0)    in a model and    \max\left(z, 0\right)    in a claim

Comparisons stand in `mask` (1 where l < r, else 0) and `where` (the first of two terms where l < r, else the second).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
MODEL_NAMES = {"max": "maximum", "min": "minimum", "total": "sum"}
COMPARED = {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge"}


@dataclass(frozen=True)
class Term:
    """An operation on terms; `text` is the name, the number, or the comparison."""

    op: str
    args: tuple[Term, ...] = ()
    text: str = ""

    def __add__(self, other: Term | float) -> Term:
        return Term("add", (self, term(other)))

    def __radd__(self, other: float) -> Term:
        return Term("add", (term(other), self))

    def __sub__(self, other: Term | float) -> Term:
        return Term("sub", (self, term(other)))

    def __rsub__(self, other: float) -> Term:
        return Term("sub", (term(other), self))

    def __mul__(self, other: Term | float) -> Term:
        return Term("mul", (self, term(other)))

    def __rmul__(self, other: float) -> Term:
        return Term("mul", (term(other), self))

    def __truediv__(self, other: Term | float) -> Term:
        return Term("div", (self, term(other)))

    def __rtruediv__(self, other: float) -> Term:
        return Term("div", (term(other), self))

    def __pow__(self, other: Term | float) -> Term:
        return Term("pow", (self, term(other)))

    def __neg__(self) -> Term:
        return Term("neg", (self,))

    def parts(self) -> Iterator[Term]:
        """The term, and all terms in it."""
        yield self
        for part in self.args:
            yield from part.parts()

    def names(self) -> Iterator[str]:
        """The names in it, one by one."""
        return (part.text for part in self.parts() if part.op == "name")

    def __str__(self) -> str:
        return model_text(self)


def term(value: Term | float | str) -> Term:
    """A number as a term, from a float or its digits."""
    if isinstance(value, Term):
        return value
    number = value if isinstance(value, str) else f"{value:g}"
    return -Term("num", text=number[1:]) if number.startswith("-") else Term("num", text=number)


def name(text: str) -> Term:
    """A name as a term."""
    return Term("name", text=text)


def call(op: str, *args: Term | float) -> Term:
    """A function of terms."""
    return Term(op, tuple(map(term, args)))


def mask(left: Term | float, relation: str, right: Term | float) -> Term:
    """1 where the comparison holds, else 0."""
    return Term("mask", (term(left), term(right)), relation)


def where(left: Term | float, relation: str, right: Term | float, then: Term | float, other: Term | float) -> Term:
    """One of two terms, by a comparison."""
    return Term("where", (term(left), term(right), term(then), term(other)), relation)


def replaced(made: Term, terms: Mapping[str, Term]) -> Term:
    """The term with names replaced by terms."""
    if made.op == "name":
        return terms.get(made.text, made)
    return replace(made, args=tuple(replaced(part, terms) for part in made.args))


def model_text(made: Term) -> str:
    """The term as a right side in model text."""
    return _model(made)[0]


def _model(made: Term) -> tuple[str, int]:
    parts = [_model(part) for part in made.args]
    match made.op:
        case "name" | "num" | "const":
            return made.text, ATOM
        case "add" | "sub":
            sign = "+" if made.op == "add" else "-"
            return f"{parts[0][0]} {sign} {_within(parts[1], PRODUCT)}", SUM
        case "mul" | "div":
            sign = "*" if made.op == "mul" else "/"
            return f"{_within(parts[0], PRODUCT)}{sign}{_within(parts[1], POWER)}", PRODUCT
        case "neg":
            return f"-{_within(parts[0], PRODUCT)}", SUM
        case "pow":
            return f"{_within(parts[0], ATOM)}**{_within(parts[1], ATOM)}", POWER
        case "where":
            left, right, then, other = (text for text, _ in parts)
            return f"where({left} {made.text} {right}, {then}, {other})", ATOM
    return f"{MODEL_NAMES.get(made.op, made.op)}({', '.join(text for text, _ in parts)})", ATOM


def _within(part: tuple[str, int], least: int) -> str:
    return part[0] if part[1] >= least else f"({part[0]})"


MASKS = (r"\mathbb{{1}}[{}]", r"\mathbb{{1}}\{{{}\}}", r"\mathbf{{1}}_{{{}}}", "[{}]", r"\mathbb{{1}}_{{\{{{}\}}}}")
OPEN_TO_THE_RIGHT = ("where", "total", "slope", "log", "exp", "tanh", "max", "min")
BACKSLASH = "\\"
CALLS = {
    "sign": r"\operatorname{sign}",
    "step": r"\operatorname{step}",
    "relu": r"\operatorname{relu}",
    "sigmoid": r"\sigma",
    **{prime: prime for prime in ("f", "f'", "f''")},
}


@dataclass(frozen=True)
class Style:
    r"""How an author writes: masks, functions, `\odot` between vectors or entries with an index."""

    mask: str = MASKS[0]
    index: str = ""
    vectors: Set[str] = field(default_factory=frozenset)
    log: str = r"\log"
    exp: str = "e"
    sign: str = r"\operatorname{sign}"
    bars: tuple[str, str] = ("|", "|")
    conditions: str = "{}"


def latex(made: Term, style: Style | None = None) -> str:
    """The term as its author writes it."""
    return _Writer(style or Style()).write(made)[0]


@dataclass(frozen=True)
class _Writer:
    style: Style

    def vector(self, made: Term) -> bool:
        return made.op != "total" and not self.style.index and any(n in self.style.vectors for n in made.names())

    def write(self, made: Term) -> tuple[str, int]:
        match made.op:
            case "name":
                entry = self.style.index and made.text in self.style.vectors
                return made.text + (f"_{self.style.index}" if entry else ""), ATOM
            case "num" | "const":
                return made.text, ATOM
            case "add" | "sub":
                sign = "+" if made.op == "add" else "-"
                return f"{self.write(made.args[0])[0]} {sign} {self.inside(made.args[1], PRODUCT)}", SUM
            case "mul":
                return self.product(*made.args), PRODUCT
            case "div":
                return rf"\frac{{{self.write(made.args[0])[0]}}}{{{self.write(made.args[1])[0]}}}", PRODUCT
            case "neg":
                return f"-{self.inside(made.args[0], PRODUCT)}", SUM
            case "pow":
                return f"{self.inside(made.args[0], ATOM)}^{{{self.write(made.args[1])[0]}}}", POWER
            case "mask":
                return self.style.mask.format(self.compared(made)), PRODUCT
            case "where":
                return self.cases(made), PRODUCT
            case "slope":
                inner = self.write(made.args[0])[0]
                return rf"\frac{{\partial}}{{\partial {made.args[1].text}}} \left({inner}\right)", PRODUCT
            case "total":
                return rf"\sum_{self.style.index or 'i'} {self.inside(made.args[0], PRODUCT)}", PRODUCT
        return self.function(made)

    def function(self, made: Term) -> tuple[str, int]:
        inner = [self.write(part)[0] for part in made.args]
        match made.op:
            case "abs":
                return f"{self.style.bars[0]}{inner[0]}{self.style.bars[1]}", ATOM
            case "sqrt":
                return rf"\sqrt{{{inner[0]}}}", ATOM
            case "exp" if self.style.exp == "e":
                return f"e^{{{inner[0]}}}", POWER
        heads = {**CALLS, "log": self.style.log, "sign": self.style.sign}
        return rf"{heads.get(made.op, BACKSLASH + made.op)}\left({', '.join(inner)}\right)", PRODUCT

    def inside(self, made: Term, least: int) -> str:
        text, strength = self.write(made)
        return text if strength >= least else rf"\left({text}\right)"

    def product(self, left: Term, right: Term) -> str:
        first, second = self.inside(left, PRODUCT), self.inside(right, PRODUCT)
        if left.op in ("where", "total", "slope") or (
            left.op in CALLS or left.op in ("log", "exp", "tanh", "max", "min")
        ):
            first = rf"\left({first}\right)"
        if right.op in ("neg", "where", "slope"):
            second = rf"\left({self.write(right)[0]}\right)"
        if self.vector(left) and self.vector(right):
            return rf"{first} \odot {second}"
        digits = second[0].isdigit() or second.startswith(r"\frac") or second[0] == "["
        return rf"{first} \cdot {second}" if digits else rf"{first} \, {second}"

    def compared(self, made: Term) -> str:
        left, right = (self.write(part)[0] for part in made.args[:2])
        return f"{left} {COMPARED[made.text]} {right}"

    def cases(self, made: Term) -> str:
        rows = []
        while made.op == "where":
            rows.append(f"{self.write(made.args[2])[0]} & {self.style.conditions.format(self.compared(made))}")
            made = made.args[3]
        rows.append(rf"{self.write(made)[0]} & \text{{otherwise}}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
