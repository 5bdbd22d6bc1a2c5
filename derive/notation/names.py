r"""How names print.

A name prints as SymPy prints a symbol of that name (`W_1`, `alpha` as `\alpha`, `xhat` as `\hat{x}`, `w_12` as
`w_{12}`) unless the model spells it with `as "..."`. A member of a layer family, `z[l-1]`, carries its layer as
`z^{(l-1)}`; a size of one, `n[l]`, is `n_l`. The adjoint `∂L/∂z` of a name prints as that fraction, or as δ or dz.

A name is kept in parts, base, subscript, superscript, so that an index or a transpose finds its place:
`(W_1)_{ij}`, `z^{(l)}_i`, `W_2^\top`, `(W^{(l)})^\top`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from derive.calculus.derivation import adjoint_parts
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.model.names import parse_index, spelled_at
from derive.notation.formula import (
    ONE,
    PARTIAL,
    Concatenation,
    Fence,
    Formula,
    Glyph,
    Juxtaposition,
    Quotient,
    Script,
    plain,
)
from derive.notation.letters import letter, unicode_of
from derive.notation.style import Style
from derive.ops.record import elementwise

_MEMBER = re.compile(r"(.+)\[(.+)\]")
_BASE = re.compile(r"\s*(\\[A-Za-z]+\s*\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z]|\{[^{}]*\})")
_ATTACHED = re.compile(r"\s*([_^])\s*(\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[A-Za-z0-9])|\s*('+)")
_DELTA = Glyph(r"\delta", "δ")


@dataclass(frozen=True)
class NameParts:
    """A name in parts. `whole`: a spelling of several tokens or a fraction, which takes brackets before a script."""

    base: Formula
    sub: Formula | None = None
    sup: Formula | None = None
    primes: int = 0
    whole: bool = False

    @property
    def formula(self) -> Formula:
        """The name by itself."""
        if self.sub is None and self.sup is None and not self.primes:
            return self.base
        return Script(self.base, self.sub, self.sup, self.primes)

    def indexed(self, index: Formula) -> Formula:
        """An entry: the index after the name."""
        if self.whole or self.sub is not None:
            return Script(Fence(self.formula), index)
        if self.sup is not None or self.primes:
            # what belongs to the name comes first: z^{(l)}_i
            return Script(Script(self.base, None, self.sup, self.primes), index)
        return Script(self.base, index)

    def raised(self, exponent: Formula) -> Formula:
        """A power or a transpose."""
        if self.whole or self.sup is not None or self.primes:
            return Script(Fence(self.formula), None, exponent)
        return Script(self.base, self.sub, exponent)


def split(name: str) -> tuple[str, list[str], list[str]]:
    """Base, superscripts, subscripts by SymPy's rule: `_` lowers, `^` and `__` raise, trailing digits are lowered."""
    pieces = re.split(r"(?<=.)(__|\^|_)(?=.)", name)
    base = pieces[0]
    supers: list[str] = []
    subs: list[str] = []
    for sign, part in zip(pieces[1::2], pieces[2::2], strict=True):
        (subs if sign == "_" else supers).append(part)
    if match := re.fullmatch(r"([A-Za-z]\w*?)(\d+)", base):
        base = match[1]
        subs.insert(0, match[2])
    return base, supers, subs


def default_name(name: str) -> NameParts:
    """A name as SymPy prints a symbol of that name."""
    base, supers, subs = split(name)
    formula, primes = letter(base)
    return NameParts(formula, _glued(subs), _glued(supers), primes)


def _glued(parts: Iterable[str]) -> Formula | None:
    formulas: list[Formula] = []
    for part in parts:
        base, primes = letter(part)
        formulas += [plain(" ")] if formulas else []
        formulas.append(Script(base, primes=primes) if primes else base)
    if not formulas:
        return None
    return formulas[0] if len(formulas) == 1 else Concatenation(tuple(formulas))


def spelled_name(latex: str) -> NameParts:
    """A declared spelling, taken apart into a base and its scripts where it has that form."""
    match = _BASE.match(latex)
    if match is None:
        return NameParts(_spelled(latex), whole=True)
    name, place = NameParts(_spelled(match[1])), match.end()
    while (attached := _ATTACHED.match(latex, place)) is not None:
        sign, script, primes = attached.groups()
        place = attached.end()
        if primes:
            name = replace(name, primes=name.primes + len(primes))
            continue
        inner = _spelled(script[1:-1] if script.startswith("{") else script)
        if (name.sub if sign == "_" else name.sup) is not None:
            return NameParts(_spelled(latex), whole=True)
        name = replace(name, sub=inner) if sign == "_" else replace(name, sup=inner)
    return name if not latex[place:].strip() else NameParts(_spelled(latex), whole=True)


def _spelled(latex: str) -> Glyph:
    return Glyph(latex.strip(), unicode_of(latex))


class Names:
    """The names of one graph in one style; one object serves all formulas of a derivation."""

    def __init__(self, graph: ComputationGraph, style: Style) -> None:
        self.graph, self.style = graph, style
        self._made: dict[str, NameParts] = {}

    def formula(self, name: str) -> Formula:
        """An input, binding or adjoint by itself."""
        return self.name(name).formula

    def name(self, name: str) -> NameParts:
        """An input, binding or adjoint, in parts."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> NameParts:
        pair = self.adjoint(name)
        if pair is not None:
            return self._adjoint_name(*pair)
        declared = self.graph.latex(name)
        member = _MEMBER.fullmatch(name)
        if member is not None:
            declared = self._sibling_spelling(*member.groups()) or declared
        if declared is not None:
            return spelled_name(declared)
        if member is None:
            return default_name(name)
        layered = default_name(member[1])
        layer = Fence(_arithmetic(member[2]))
        return replace(layered, sup=layer if layered.sup is None else Concatenation((layered.sup, layer)))

    def _sibling_spelling(self, stem: str, index: str) -> str | None:
        """The spelling of a[l-1] from that of a[l]."""
        letter = re.match("[A-Za-z]*", index)
        declared = self.graph.latex(f"{stem}[{letter[0]}]") if letter and letter[0] else None
        return None if declared is None or not letter else spelled_at(declared, letter[0], parse_index(f"[{index}]"))

    def size(self, name: str) -> Formula:
        """A named size: `n[l-1]` is n_{l-1}."""
        declared = self.graph.latex(name)
        if declared is not None:
            return spelled_name(declared).formula
        member = _MEMBER.fullmatch(name)
        if member is None:
            return default_name(name).formula
        return replace(default_name(member[1]), sub=_arithmetic(member[2])).formula

    def function(self, name: str) -> NameParts | None:
        """A declared function or functional by name, or the one that was declared to be this registered operation."""
        for declared in self.graph.functions.values():
            if declared.name == name or declared.definition == name:
                return spelled_name(declared.latex) if declared.latex else default_name(declared.name)
        return None

    def adjoint(self, name: str) -> tuple[str, str] | None:
        """The loss and the variable of an adjoint `∂L/∂z`, or None for another name."""
        if not name.startswith("∂"):
            return None
        binding = self.graph.bindings.get(name)
        if binding is not None and binding.adjoint_of is not None:
            return name[1 : -len("/∂" + binding.adjoint_of)], binding.adjoint_of
        return adjoint_parts(name)

    def derivative(self, of: Formula, by: Formula, *, direct: bool = False) -> Formula:
        """The fraction of a derivative; a `direct` one, along one of several paths, is curved beside total ones."""
        d = PARTIAL if direct else self.style.d
        return Quotient(Concatenation((d, of)), Concatenation((d, by)))

    def rank(self, name: str) -> int:
        """The number of axes of an input or binding, or of a derivative by name."""
        pair = None if name in self.graph else self.adjoint(name)
        return len(self.graph.shape(name)) if pair is None else self.rank(pair[0]) + self.rank(pair[1])

    def front(self, name: str) -> int:
        """How many axes of a derivative by name count entries of what is differentiated."""
        pair = None if name in self.graph else self.adjoint(name)
        return 0 if pair is None else self.rank(pair[0])

    def is_hessian(self, name: str) -> bool:
        """Whether a name stands for the second derivative of a scalar by one vector, twice."""
        pair = self.adjoint(name) if self.front(name) == 1 else None
        first = self.adjoint(pair[0]) if pair is not None else None
        return pair is not None and first is not None and first[1] == pair[1]

    def commute(self, p: str, q: str) -> bool:
        """Whether derivatives by two names may be taken in either order: neither is made of the other."""
        return p == q or not (p in self.graph.ancestors(q) or q in self.graph.ancestors(p))

    def second_derivative(self, of: str, by: Formula, then: Formula) -> Formula:
        """The fraction of a second partial derivative of a named value."""
        sign = self.style.d
        twice = Script(Glyph(sign.latex.strip(), sign.text), None, plain("2"))
        below = Juxtaposition((Concatenation((sign, by)), Concatenation((sign, then))))
        return Quotient(Concatenation((twice, Glyph(" ", ""), self.formula(of))), below)

    def partial(self, of: str, by: str) -> Formula:
        """The partial derivative of one name by another."""
        return self.derivative(self.formula(of), self.formula(by))

    def _adjoint_name(self, loss: str, by: str) -> NameParts:
        if loss == by:
            return NameParts(ONE)
        own = loss == self.loss
        if own and self.style.adjoint == "d" and "d" not in self.graph and by in self.graph:
            name = self.name(by)
            return replace(name, base=Concatenation((plain("d"), name.base)))
        first = self.adjoint(loss)
        if first is not None and (first[1] == by or {first[1], by} <= set(self.graph.inputs)):
            return NameParts(self.second_derivative(first[0], self.formula(first[1]), self.formula(by)), whole=True)
        if own and by in self.deltas:
            return replace(self.name(by), base=_DELTA, whole=False)
        return NameParts(self.partial(loss, by), whole=True)

    @cached_property
    def index_letters(self) -> tuple[str, ...]:
        """The letters that may be indices: none that the model uses, and not those of e^x, dx and a layer."""
        taken = {*self.graph.names, *self.graph.size_names(), *self.graph.declarations, "e", "d"}
        taken |= {name.partition("[")[0] for name in self.graph.declarations}
        layers = {match[2][:1] for match in map(_MEMBER.fullmatch, self.graph.names) if match is not None}
        taken |= {"l", *layers} if layers else layers
        return tuple(letter for letter in "ijklpqrsuvhgno" if letter not in taken)

    @cached_property
    def loss(self) -> str | None:
        """What δ and d speak of: the one loss whose derivatives the graph holds, never a derivative itself."""
        pairs = [self.adjoint(name) for name, binding in self.graph.bindings.items() if binding.adjoint_of is not None]
        losses = {pair[0] for pair in pairs if pair is not None and not pair[0].startswith("∂")}
        if losses:
            return losses.pop() if len(losses) == 1 else None
        return self.graph.loss

    @cached_property
    def deltas(self) -> frozenset[str]:
        """The pre-activations whose adjoints may be called δ: their indices single them out, and δ is free."""
        if self.style.adjoint != "delta" or "delta" in self.graph:
            return frozenset()
        found: dict[tuple[Formula | None, Formula | None], list[str]] = {}
        for name in self.pre_activations:
            parts = self.name(name)
            if not parts.whole and not parts.primes:  # δ' would read as a derivative
                found.setdefault((parts.sub, parts.sup), []).append(name)
        return frozenset(names[0] for names in found.values() if len(names) == 1)

    @cached_property
    def pre_activations(self) -> list[str]:
        """Bindings of which another binding is an activation, a function nobody knows, or a softmax."""
        found: dict[str, None] = {}
        for binding in self.graph.bindings.values():
            node = binding.node
            if binding.adjoint_of is None and _is_activation(node) and node.args[0].name in self.graph.bindings:
                found[node.args[0].name] = None
        return list(found)


def _is_activation(node: Node) -> bool:
    if node.op not in ("call", "softmax") or len(node.args) != 1 or node.args[0].op != "ref":
        return False
    record = elementwise(node.name) if node.op == "call" else None
    return node.op == "softmax" or (not any(node.orders) and (record is None or record.prime))


def _arithmetic(text: str) -> Formula:
    """A layer index: `l-1`, `L`, `2`."""
    return Concatenation(
        tuple(Glyph(part, "−" if part == "-" else part) for part in re.split(r"([+-])", text.replace(" ", "")))
    )
