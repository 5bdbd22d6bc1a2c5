r"""The vocabulary of a graph: which spelling means which name.

A name is known by a key, its base, subscript, superscript and primes as plain text: `W^{(2)}_{11}` is
`("W", "11", "(2)", 0)`. Keys come from the declared spelling of a name, from its aliases, and otherwise from the way it
prints. Names that differ only in whole numbers (`w_12`, `w_13`, ...) also form a table, so that `w_{ij}` can range over
what exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import product
from typing import Literal

from derive.errors import ClaimError
from derive.ir.graph import ComputationGraph
from derive.ir.node import topological
from derive.meaning.scripts import Lin, Token, base_of, text_of, tokens_of
from derive.notation.latex import latex
from derive.notation.names import Names
from derive.notation.style import Style
from derive.ops.record import elementwise
from derive.typography.layout import parse
from derive.typography.nodes import Group, Markup, Number, Scripts, Symbol, word_run

Key = tuple[str, str, str, int]
EntryKind = Literal["value", "size", "symbol", "parameter", "function", "functional", "network", "generic"]


@dataclass(frozen=True)
class Entry:
    """What a spelling means. `pattern` is the spelling that a generic alias (`x = x_k`) stands for.

    `indexed`: with indices only, `t_n` for the components of a `\\mathbf{t}`.
    """

    kind: EntryKind
    name: str
    pattern: Markup | None = None
    indexed: bool = False


@dataclass
class Lexicon:
    """The spellings of one graph."""

    graph: ComputationGraph
    entries: dict[Key, list[Entry]] = field(default_factory=dict)
    numbered: dict[tuple[str, int, int, int], list[tuple[tuple[Token, ...], tuple[Token, ...], Entry]]] = field(
        default_factory=dict
    )
    tabled: set[str] = field(default_factory=set)
    forms: set[Key] = field(default_factory=set)
    subscripts: set[tuple[str, str]] = field(default_factory=set)
    words: dict[str, Entry] = field(default_factory=dict)
    adjoint_of: dict[Key, list[str]] = field(default_factory=dict)

    def add(self, key: Key, entry: Entry) -> None:
        found = self.entries.setdefault(key, [])
        if entry in found:
            return
        found.append(entry)
        self.forms.add(form_of(key))
        base, sub, sup, primes = key
        self.subscripts.add((base, sub))
        if len(base) > 1 and base.isalnum():
            self.words[base] = entry
        if any(ch.isdigit() for ch in sub + sup):
            self.tabled.add(base)
            for subs, sups in product(_tokenisations(sub), _tokenisations(sup)):
                self.numbered.setdefault((base, len(subs), len(sups), primes), []).append((subs, sups, entry))

    @cached_property
    def beside(self) -> frozenset[tuple[str, str]]:
        """The names `W_2` that nothing called `W` forbids to write `W2`."""
        return frozenset(
            (base, sub)
            for base, sub, sup, primes in self.entries
            if sub.isdecimal() and not primes and not sup and (base, "", "", 0) not in self.entries
        )

    def known(self, key: Key) -> list[Entry]:
        """What a spelling means, values before functions."""
        return self.entries.get(key, [])

    def resembles(self, key: Key) -> bool:
        """Whether a name of this form is declared, with other numbers or another layer: `a_3` where there is `a_2`."""
        return form_of(key) in self.forms

    def has_layers(self, name: str) -> bool:
        """Whether layers are called like a numbered name: beside `h[t]` an input `h_0` is not all that h_k may be."""
        stem = name.rstrip("0123456789").rstrip("_")
        return any(other.startswith(f"{stem}[") for other in self.graph.names)

    def table(
        self, base: str, subs: tuple[Token, ...], sups: tuple[Token, ...], primes: int
    ) -> tuple[tuple[str, ...], dict[tuple[int, ...], Entry]] | None:
        """The letters in the scripts, and for which numbers in their place there is a name."""
        candidates = self.numbered.get((base, len(subs), len(sups), primes))
        letters = tuple(sorted({token.letter for token in (*subs, *sups) if isinstance(token, Lin)}))
        if not candidates or not letters:
            return None
        found: dict[tuple[int, ...], Entry] = {}
        for own_subs, own_sups, entry in candidates:
            values = _unified((*subs, *sups), (*own_subs, *own_sups))
            if values is not None:
                found.setdefault(tuple(values[letter] for letter in letters), entry)
        return (letters, found) if found else None


@lru_cache(4096)
def form_of(key: Key) -> Key:
    """A key without its numbers and layer letters."""
    base, sub, sup, primes = key
    return base, re.sub(r"\d+", "#", sub), re.sub(r"^([(\[]).*([)\]])$", r"(#)", re.sub(r"\d+", "#", sup)), primes


def _tokenisations(text: str) -> list[tuple[Token, ...]]:
    """The tokens of a script in a key: digits that touch are one number, or an index each."""
    whole: list[Token] = [int(p) if p.isdecimal() else p for p in re.findall(r"\d+|[^\d,]", text)]
    single: list[Token] = [int(p) if p.isdecimal() else p for p in re.findall(r"\d|[^\d,]", text)]
    return [tuple(whole)] if whole == single else [tuple(whole), tuple(single)]


def _unified(pattern: tuple[Token, ...], tokens: tuple[Token, ...]) -> dict[str, int] | None:
    values: dict[str, int] = {}
    for want, have in zip(pattern, tokens, strict=True):
        if isinstance(want, Lin):
            if not isinstance(have, int) or values.setdefault(want.letter, have - want.offset) != have - want.offset:
                return None
        elif want != have:
            return None
    return values


# ----- building -----


def lexicon(graph: ComputationGraph) -> Lexicon:
    """The vocabulary of a graph."""
    made = Lexicon(graph)
    names = Names(graph, Style())
    for name in graph.names:
        _add_name(made, names, name, Entry("value", name))
    for name in _size_names(graph):
        _add_latex(made, latex(names.size(name)), Entry("size", name))
    for declaration in graph.declarations.values():
        kind = declaration.kind
        if kind in ("symbol", "parameter", "function", "functional"):
            _add_name(made, names, declaration.name, Entry(kind, declaration.name))
    for spelling, target in (*graph.aliases.items(), *graph.patterns.items()):
        _add_alias(made, spelling, target)
    _add_components(made)
    for name in pre_activations(graph):
        for key, entries in list(made.entries.items()):
            if Entry("value", name) in entries and name not in made.adjoint_of.setdefault(("", *key[1:]), []):
                made.adjoint_of[("", *key[1:])].append(name)
    return made


def _add_components(made: Lexicon) -> None:
    """Components of what is spelled in bold or with an arrow are plain, unless the plain letter is a name itself."""
    letters = {key[0] for key in made.entries}
    for (base, sub, sup, primes), entries in list(made.entries.items()):
        plain = base.removeprefix("bf:").removeprefix("vec:")
        if plain not in letters:
            for entry in entries:
                if entry.kind == "value" and made.graph.shape(entry.name):
                    made.add((plain, sub, sup, primes), replace(entry, indexed=True))


def _size_names(graph: ComputationGraph) -> list[str]:
    found = dict.fromkeys(name for name, d in graph.declarations.items() if d.kind == "size")
    found.update(dict.fromkeys(graph.size_names()))
    for binding in graph.bindings.values():
        for size in binding.node.shape:
            found.update(dict.fromkeys(sorted(size.names)))
    return list(found)


def _add_name(made: Lexicon, names: Names, name: str, entry: Entry) -> None:
    _add_latex(made, latex(names.formula(name)), entry)
    if len(name) > 1 and name.isalpha():
        made.words.setdefault(name, entry)
    stem, _, index = name.partition("[")
    if index and "_" not in stem:  # the layer is always understood in brackets, whatever the declared spelling is
        made.add((stem if len(stem) == 1 else f"\\{stem}", "", f"({index[:-1]})", 0), entry)


def _add_latex(made: Lexicon, spelling: str, entry: Entry) -> None:
    key = key_of(spelling)
    if key is not None:
        made.add(key, entry)


def _add_alias(made: Lexicon, spelling: str, target: str) -> None:
    layout = _items(spelling)
    entry = _entry_for(made, target)
    if len(layout) == 2 and isinstance(layout[1], Group) and entry is not None:
        key = key_of_node(layout[0])
        inner = key_of(layout[1].items)
        argument = made.known(inner) if inner is not None else []
        if key is not None and argument:
            made.add(key, Entry("network", f"{entry.name}({argument[0].name})"))
        return
    pattern = _items(target)
    if entry is None and len(pattern) == 1:
        entry = Entry("generic", target, pattern[0])
    if entry is None:
        return
    if re.fullmatch(r"[A-Za-z]\w*", spelling) and "_" in spelling:
        stem, _, rest = spelling.partition("_")
        spelling = f"{stem}_{{{rest}}}"
    _add_latex(made, spelling, entry)
    if len(spelling) > 1 and spelling.isalpha():
        made.words.setdefault(spelling, entry)


def _entry_for(made: Lexicon, name: str) -> Entry | None:
    for entries in made.entries.values():
        for entry in entries:
            if entry.name == name:
                return entry
    return None


@lru_cache(4096)
def _items(spelling: str) -> tuple[Markup, ...]:
    try:
        return parse(spelling).items
    except ClaimError:
        return ()


def key_of(spelling: str | tuple[Markup, ...]) -> Key | None:
    """The key of a spelling, or None if it is not that of a name."""
    items = _items(spelling) if isinstance(spelling, str) else spelling
    if len(items) > 1:
        word = word_run(items, 0)
        if len(word) == len(items) and isinstance(items[-1], Symbol | Scripts):
            last = key_of_node(items[-1])
            return None if last is None else (word, *last[1:])
        if len(items) == 2 and isinstance(items[0], Symbol) and isinstance(items[1], Number):
            return items[0].name, items[1].text, "", 0  # W2
        return _glued(items)
    return key_of_node(items[0]) if items else None


def _glued(items: tuple[Markup, ...]) -> Key | None:
    r"""A spelling of several tokens, `\delta h`: its base is the tokens one after the other."""
    keys = [key_of_node(item) for item in items]
    last = keys[-1]
    if last is None or any(key is None or key[1:] != ("", "", 0) for key in keys[:-1]):
        return None
    return (" ".join(key[0] for key in keys if key is not None), *last[1:])


def key_of_node(node: Markup) -> Key | None:
    """The key of a symbol with its scripts."""
    sub: str | None = ""
    sup: str | None = ""
    primes = 0
    if isinstance(node, Scripts):
        sub = text_of(tokens_of(node.sub.items)) if node.sub else ""
        sup = text_of(tokens_of(node.sup.items)) if node.sup else ""
        primes = node.primes
        inner = node.base
    else:
        inner = node
    base = base_of(inner)
    if base is None or sub is None or sup is None:
        return None
    return f"{base[1]}:{base[0]}" if base[1] else base[0], sub, sup, primes


def pre_activations(graph: ComputationGraph) -> list[str]:
    """Bindings that a later binding sends through an activation, an unknown function or a softmax, and nothing else."""
    found: dict[str, None] = {}
    for binding in graph.bindings.values():
        for node in topological(binding.node):
            activates = node.op in ("softmax", "log_softmax", "logsumexp")
            if node.op == "call" and len(node.args) == 1 and not any(node.orders):
                record = elementwise(node.name)
                activates = node is binding.node or record is None or record.prime
            if activates and node.args[0].op == "ref" and node.args[0].name in graph.bindings:
                found[node.args[0].name] = None
    return list(found)
