r"""A first draft of a model, from the forward formulas of a page.

    z_1 = w_1 x + b_1          z_1 = w_1*x + b_1
    a_1 = \sigma(z_1)          a_1 = sigmoid(z_1)

A statement is taken if its left side is one name that nothing defined before, and its right side is built of names,
numbers, fractions, powers, transposes, products and functions. What is used and never defined becomes an input. Shapes
cannot be seen in a formula: capital letters are guessed to be matrices, all else scalars, and every guess is marked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from derive.errors import ClaimError
from derive.pages.page import Page
from derive.pages.scan import read_page
from derive.repair.tree import PRODUCT_SIGNS, base_symbol, factors, is_partial, terms
from derive.typography.layout import Layout, parse
from derive.typography.nodes import (
    Fraction,
    Group,
    Markup,
    Number,
    Operator,
    Punct,
    Root,
    Row,
    Scripts,
    Symbol,
    word_run,
)
from derive.typography.statements import Statement, statements

_SPELLED = (r"\log", r"\exp", r"\tanh", r"\sin", r"\cos", "exp", "log", "tanh", "softmax")
FUNCTIONS = {**{name: name.strip("\\") for name in _SPELLED}, r"\sigma": "sigmoid", r"\ln": "log", "ln": "log"}
GENERIC = frozenset("fgh")
MOST_NAMES = 2_000


@dataclass(frozen=True)
class Draft:
    """The model text, and what is to be said about it."""

    text: str
    remarks: tuple[str, ...]


class _Unclear(Exception):
    """A formula that is not plain forward arithmetic."""


@dataclass
class _Drafter:
    """Names seen so far: identifier to spelling, in order; the lines; and the functions that are left open."""

    lines: dict[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    functions: dict[str, None] = field(default_factory=dict)
    skipped: int = 0
    layout: Layout = field(default_factory=lambda: Layout("", ()))

    def add(self, statement: Statement, layout: Layout) -> None:
        """Take a statement, if it defines a name."""
        self.layout = layout
        left, right = statement.members[0], statement.members[-1]
        annotated = len(left.items) == 2 and isinstance(left.items[1], Group)
        if len(statement.members) < 2 or any(relation.text != "=" for relation in statement.relations):
            return
        if any(isinstance(node, Punct) for member in statement.members for node in member.items):
            return  # `l = 2, 3` says where a formula holds
        base = base_symbol(left.items[0]) if len(left.items) == 1 or annotated else None
        if base is None or base.name in FUNCTIONS or base.name in GENERIC or len(self.used) > MOST_NAMES:
            return
        known = dict(self.used), dict(self.functions)
        try:
            name = self.name(left.items[0])
            expression = self.expression(statement.members[1].items or right.items)
        except _Unclear:
            self.used, self.functions = known
            self.skipped += 1
            return
        if not _uses(expression, name):
            self.lines.setdefault(name, expression)

    def expression(self, items: Sequence[Markup]) -> str:
        found = terms(tuple(items))
        if not found:
            raise _Unclear
        text = ""
        for number, term in enumerate(found):
            sign = term.sign.text if term.sign is not None else ""
            text += f" {sign} " if number else sign
            text += self.product(term.nodes)
        return text

    def product(self, nodes: tuple[Markup, ...]) -> str:
        text = ""
        before = ""
        for piece in factors(nodes, frozenset({*FUNCTIONS, *GENERIC})):
            made = self.factor(piece.nodes)
            if piece.sign is not None and piece.sign.text not in PRODUCT_SIGNS:
                raise _Unclear
            entrywise = piece.sign is not None and piece.sign.text in (r"\odot", r"\circ")
            matrices = _is_matrix(before) and _is_matrix(made) and not entrywise
            text += (" @ " if matrices else "*") + made if text else made
            before = made
        return text

    def factor(self, nodes: tuple[Markup, ...]) -> str:
        node = nodes[0]
        if len(nodes) > 1:
            return self.call(nodes)
        match node:
            case Number(text=text):
                return text
            case Fraction() if not is_partial(node):
                return f"({self.expression(node.num.items)})/({self.expression(node.den.items)})"
            case Root(radicand=inner, index=None):
                return f"sqrt({self.expression(inner.items)})"
            case Group(open=opening, items=items) if opening in ("(", "[", r"\{"):
                return f"({self.expression(items)})"
            case Row(items=items):
                return f"({self.expression(items)})"
            case Scripts():
                return self.scripts(node)
            case Symbol():
                return self.name(node)
        raise _Unclear

    def scripts(self, node: Scripts) -> str:
        if node.sup is not None and node.base is not None:
            text = self.layout.text(node.sup).strip("{} ")
            if isinstance(node.base, Symbol) and node.base.name == "e":
                return f"exp({self.expression(node.sup.items)})"
            if text in ("T", r"\top"):
                return f"{self.factor((_without_sup(node),))}.T"
            if re.fullmatch(r"\d+", text) and _identifier(self.layout.text(node)) not in self.lines:
                return f"{self.factor((_without_sup(node),))}**{text}"
        return self.name(node)

    def call(self, nodes: tuple[Markup, ...]) -> str:
        word = word_run(nodes, 0)
        base = base_symbol(nodes[0])
        head = word if len(word) > 1 else base.name if base is not None else ""
        argument = nodes[len(word) :] if len(word) > 1 else nodes[1:]
        if (head not in FUNCTIONS and head not in GENERIC) or (isinstance(nodes[0], Scripts) and nodes[0].primes):
            raise _Unclear
        if head in GENERIC:
            self.functions[head] = None
        inner = argument[0].items if len(argument) == 1 and isinstance(argument[0], Group) else argument
        return f"{FUNCTIONS.get(head, head)}({self.expression(inner)})"

    def name(self, node: Markup) -> str:
        """The identifier of a name; what it is spelled like is kept."""
        spelled = (
            self.layout.text(node).strip().strip("{}") if isinstance(node, Row) else self.layout.text(node).strip()
        )
        if isinstance(node, Symbol) and (not node.known or node.font == "op"):
            raise _Unclear
        made = _identifier(spelled)
        if not re.match(r"[A-Za-z]", made):
            raise _Unclear
        self.used.setdefault(made, spelled)
        return made

    def text(self) -> str:
        """The model text."""
        inputs = [name for name in self.used if name not in self.lines and name not in self.functions]
        rows = ["# drafted from the forward formulas of a page: correct the shapes before use"]
        for name in inputs:
            shape = f"({name}_rows, {name}_columns)" if _is_matrix(name) else "scalar"
            rows.append(f"{name} : {shape}{self.spelling(name)}  # guess")
        rows += [f"{name} : function" for name in self.functions]
        rows += [f"{name} = {self.lines[name]}{self.spelling(name)}" for name in self.ordered()]
        return "\n".join(rows)

    def ordered(self) -> list[str]:
        """The lines, each behind those it uses; what goes round in a circle stays where it was."""
        done: list[str] = []
        waiting = list(self.lines)
        while waiting:
            free = (n for n in waiting if not any(_uses(self.lines[n], other) for other in waiting if other != n))
            done.append(next(free, waiting[0]))
            waiting.remove(done[-1])
        return done

    def spelling(self, name: str) -> str:
        spelled = self.used[name]
        plain = re.sub(r"[{}\\]", "", spelled) == name
        return "" if plain or '"' in spelled else f' as "{spelled}"'


def _identifier(spelled: str) -> str:
    plain = re.sub(r"\\([A-Za-z]+)", r"\1", spelled)
    return re.sub(r"[^A-Za-z0-9]+", "_", plain.replace("'", "p")).strip("_")


def _uses(expression: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression) is not None


def _is_matrix(name: str) -> bool:
    return name[:1].isupper() and name[:1] not in "LJEC"


def _without_sup(node: Scripts) -> Markup:
    assert node.base is not None
    return node.base if node.sub is None else Scripts((node.span[0], node.sub.span[1]), node.base, node.sub)


def draft(content: str | bytes, *, latex: bool | None = None) -> Draft:
    """Draft the model of a page. Raises ClaimError for what is no text, or has no forward formula."""
    page: Page = read_page(content, latex=latex)
    drafter = _Drafter()
    for item in page.items:
        if item.kind != "formula" or item.error is not None:
            continue
        try:
            layout = parse(item.source, item.macros)
        except ClaimError:
            continue
        for statement in statements(layout):
            if not any(isinstance(node, Operator) and node.text == "!" for node in statement.members[-1].items):
                drafter.add(statement, layout)
    if not drafter.lines:
        raise ClaimError(
            "no forward formula was found", hint="a line such as $$ z = w x + b $$ defines a name by others"
        )
    remarks = [f"{len(drafter.lines)} lines drafted; shapes are guesses"]
    if drafter.skipped:
        remarks.append(f"{drafter.skipped} formulas were not understood as forward formulas")
    return Draft(drafter.text(), tuple(remarks))
