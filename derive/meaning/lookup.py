r"""From a spelling in a formula to the name it means, and what is left of its scripts.

    w^{(2)}_{ij}      name `w^{(2)}`, indices i j          W^{[2]T}   name `W^{[2]}`, transposed
    a_2^2             name `a_2`, a power                  z_j        table of names z_1, z_2, ...

The longest spelling that is declared wins; what is left must make sense for the name: indices for a value with axes, a
power or a transpose, primes for a function. Fonts are dropped and a single letter changes its case only if the spelling
as it stands means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from derive.meaning.claim import Problem
from derive.meaning.frames import Frame
from derive.meaning.reading_state import PENDING, IndexRange, NotUnderstood, Scope
from derive.meaning.scripts import Lin, Token, base_of, swapped, text_of, tokens_of
from derive.meaning.vocabulary import Entry, Key
from derive.typography.nodes import Markup, Number, Offsets, Row, Scripts, Symbol

MOST_TOKENS = 64
"""Of one script. Every beginning of it is looked up, beside every name of its letter."""


@dataclass(frozen=True)
class Spelling:
    """A symbol with its scripts, as tokens."""

    bases: tuple[str, ...]
    subs: tuple[Token, ...]
    sups: tuple[Token, ...]
    primes: int
    span: Offsets
    sup: Row | None


@dataclass(frozen=True)
class Resolved:
    """What a spelling means; `indices`, `sup` and `primes` are what is left of its scripts."""

    entry: Entry
    indices: tuple[Token, ...] = ()
    sup: tuple[Token, ...] = ()
    primes: int = 0


def spelling_of(node: Markup, scope: Scope, rename: str = "") -> Spelling | None:
    """The tokens of a symbol with scripts; None if it has no base. `rename` is put behind the letters of a pattern."""
    scripts = node if isinstance(node, Scripts) else Scripts(node.span, node)
    base = base_of(scripts.base)
    if base is None:
        return None
    subs = tokens_of(scripts.sub.items) if scripts.sub else []
    sups = tokens_of(scripts.sup.items) if scripts.sup else []
    if max(len(subs), len(sups)) > MOST_TOKENS:
        raise NotUnderstood(node.span, f"a script of at most {MOST_TOKENS} signs")
    if rename:
        subs = [replace(t, letter=t.letter + rename) if isinstance(t, Lin) else t for t in subs]
        sups = [replace(t, letter=t.letter + rename) if isinstance(t, Lin) else t for t in sups]
    name, font = base
    bases = (f"{font}:{name}", name) if font else (name,)
    fixed = scope.superscript(sups)
    if not is_word(bases, subs, scope.frame):
        subs = scope.substituted(subs)
    return Spelling(bases, tuple(subs), tuple(fixed), scripts.primes, node.span, scripts.sup)


def is_word(bases: Sequence[str], subs: Sequence[Token], frame: Frame) -> bool:
    """Whether a subscript is a declared word, `w_{old}`, and no row of index letters."""
    text = text_of(subs) or ""
    return len(text) > 2 and text.isalpha() and any((base, text) in frame.lexicon.subscripts for base in bases)


def resolve(node: Markup, scope: Scope, rename: str = "") -> Resolved | Problem | None:
    """What a symbol with scripts means; None if nothing like it is declared.

    A Problem if a name of this form exists, but not with these numbers, or if its letters wait for numbers.
    """
    spelling = spelling_of(node, scope, rename)
    if spelling is None:
        return None
    found = _waiting(spelling, scope) or _stages(spelling, scope)
    if found is not None:
        return found
    similar = any(scope.frame.lexicon.resembles(key) for key in _forms(spelling))
    if similar or any(_declared(node, rename, scope, frame) for frame in scope.frame.others):
        shown = scope.source[spelling.span[0] : spelling.span[1]]
        return Problem("undefined_symbol", f"there is no {shown}", spelling.span)
    return None


def is_declared(letter: str, scope: Scope) -> bool:
    """Whether a bare letter is a name of the model or of the page."""
    by_page = any(d.key == (letter, "", "", 0) and not d.letters for d in scope.definitions)
    return by_page or isinstance(resolve(Symbol((0, 0), letter), scope), Resolved)


def _waiting(spelling: Spelling, scope: Scope) -> Problem | None:
    r"""A layer that is worked out from letters without numbers, `h^{(T-k)}`, waits for them."""
    depth = scope.frame.depth
    if depth is None or not {"+", "-"} & {token for token in spelling.sups if isinstance(token, str)}:
        return None
    letters = [t.letter for t in spelling.sups if isinstance(t, Lin) and scope.counts_layers(t.letter)]
    for letter in dict.fromkeys(letters):
        scope.pending.append(IndexRange((letter,), frozenset((n,) for n in range(depth.low, depth.layers + 1))))
    return Problem(PENDING, f"{', '.join(letters)} stand for layers", spelling.span) if letters else None


def _stages(spelling: Spelling, scope: Scope) -> Resolved | Problem | None:
    """As it stands; with the layer in other brackets or in brackets at all; in the other case."""
    if (found := _exact(spelling, scope)) is not None:
        return found
    for sups, slip in _other_layers(spelling.sups):
        found = _exact(replace(spelling, sups=sups), scope)
        if isinstance(found, Resolved) and not found.sup and slip:
            shown = scope.source[spelling.span[0] : spelling.span[1]]
            scope.note("notation", spelling.span, f"the layer of {shown} stands without its brackets")
        if found is not None:
            return found
    own = () if spelling.subs else ("E", "D")  # e is Euler's number and d a differential, e_{ij} is neither
    folded = tuple(base for base in map(swapped, spelling.bases) if base is not None and base not in own)
    if not folded:
        return None

    def total(name: str) -> bool:  # L^{(t)} may be the sum of all l^{(t)}
        return bool(spelling.sups) and spelling.bases[-1].isupper() and not scope.frame.graph.shape(name)

    for sups, _ in ((spelling.sups, False), *_other_layers(spelling.sups)):
        found = _exact(replace(spelling, bases=folded, sups=sups), scope)
        if isinstance(found, Resolved) and found.entry.kind == "value" and not total(found.entry.name):
            scope.assumed[f"{spelling.bases[-1]} is {folded[-1]}"] = None
            scope.folded.append(spelling.span)
            return found
        if isinstance(found, Problem):
            return found
    return None


def _other_layers(sups: tuple[Token, ...]) -> Iterator[tuple[tuple[Token, ...], bool]]:
    if len(sups) == 1 and isinstance(sups[0], int | Lin) and sups[0] not in (Lin("T"), Lin("t")):
        yield ("(", sups[0], ")"), True
    elif len(sups) >= 3 and sups[0] in ("(", "["):
        closing = next((k for k, token in enumerate(sups) if token in (")", "]")), 0)
        pair = ("[", "]") if sups[0] == "(" else ("(", ")")
        if closing:
            yield (pair[0], *sups[1:closing], pair[1], *sups[closing + 1 :]), False


@lru_cache(256)
def _splits(subs: int, sups: int, most: int) -> tuple[tuple[int, int, int], ...]:
    """How much of subscript, superscript and primes of these lengths belongs to the name, most first."""
    lengths = [
        (ks, kp, primes)
        for ks in range(subs, -1, -1)
        for kp in range(sups, -1, -1)
        for primes in dict.fromkeys((most, 0))
    ]
    return tuple(sorted(lengths, key=lambda split: -sum(split)))


def _beginnings(tokens: Sequence[Token]) -> list[str | None]:
    """The text of the first 0, 1, 2, ... tokens."""
    found: list[str | None] = [""]
    text = ""
    for token in tokens:
        if isinstance(token, Markup) or token == ":":
            return [*found, *[None] * (len(tokens) + 1 - len(found))]
        text += "," if token is None else str(token)
        found.append(text.strip(","))
    return found


def _exact(spelling: Spelling, scope: Scope) -> Resolved | Problem | None:
    best: Resolved | None = None
    subs, sups = _beginnings(spelling.subs), _beginnings(spelling.sups)
    for base in spelling.bases:
        for ks, kp, primes in _splits(len(spelling.subs), len(spelling.sups), spelling.primes):
            sub, sup = subs[ks], sups[kp]
            if sub is None or sup is None:
                continue
            left = _rest(spelling.subs[ks:]), spelling.sups[kp:], spelling.primes - primes
            for entry in scope.frame.lexicon.known((base, sub, sup, primes)):
                if not _fits(entry, left, scope):
                    continue
                found = Resolved(entry, *left)
                if best is None:
                    best = found
                    if not (kp == len(spelling.sups) == 1 and isinstance(spelling.sups[0], int)):
                        return best
                elif kp == 0 and found.entry != best.entry:
                    # `a^2` is declared and `a` is: a name or a power
                    return scope.choose(("power", base, sub, spelling.sups), (best, found))
            if best is None and base in scope.frame.lexicon.tabled and not _is_whole(base, spelling, scope):
                table = _tabled(base, spelling, (ks, kp, primes), left, scope)
                if table is not None:
                    return table
        if best is not None:
            return best
    return None


def _is_whole(base: str, spelling: Spelling, scope: Scope) -> bool:
    """Whether the bare letter is a value that has all these axes: then `K_{ij}` is an entry of K, not of a `K_0`."""
    left = _rest(spelling.subs), spelling.sups, spelling.primes
    entries = scope.frame.lexicon.known((base, "", "", 0))
    return any(
        _fits(entry, left, scope) and count_indices(left[0]) == len(scope.frame.graph.shape(entry.name))
        for entry in entries
        if entry.kind == "value"
    )


def _rest(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return tuple(tokens[1:] if tokens and tokens[0] is None else tokens)


def _fits(entry: Entry, left: tuple[tuple[Token, ...], tuple[Token, ...], int], scope: Scope) -> bool:
    """Whether what is left of the scripts makes sense for the name."""
    indices, sup, primes = left
    layered = bool(sup) and sup[0] in ("(", "[")
    if entry.kind in ("function", "functional", "network"):
        return not indices and not layered
    if layered or primes:
        return False
    if not indices:
        return not entry.indexed
    if entry.kind != "value":
        return False
    return indices[0] == "(" or count_indices(indices) <= len(scope.frame.graph.shape(entry.name))


def count_indices(indices: Sequence[Token]) -> int:
    """How many indices stand in a subscript; digits that touch count as one."""
    return sum(token is not None for token in indices)


def _tabled(
    base: str,
    spelling: Spelling,
    split: tuple[int, int, int],
    left: tuple[tuple[Token, ...], tuple[Token, ...], int],
    scope: Scope,
) -> Problem | None:
    """Registers the numbers that the letters of an explicit name may stand for."""
    ks, kp, primes = split
    subs = tuple(token for token in spelling.subs[:ks] if token is not None)
    sups = spelling.sups[:kp]
    if scope.frame.depth is None and scope.frame.layer and any(isinstance(token, Lin) for token in sups):
        return None
    table = scope.frame.lexicon.table(base, subs, sups, primes)
    if table is None:
        return None
    letters, rows = table
    members = any("[" in entry.name for entry in rows.values())
    if members and scope.frame.depth is not None and not all(map(scope.counts_layers, letters)):
        return None
    if not members and any(scope.frame.lexicon.has_layers(entry.name) for entry in rows.values()):
        return None
    fitting = frozenset(row for row, entry in rows.items() if _fits(entry, left, scope))
    if not fitting:
        return None
    scope.pending.append(IndexRange(letters, fitting))
    return Problem(PENDING, f"{', '.join(letters)} stand for numbers", spelling.span)


def _forms(spelling: Spelling) -> Iterator[Key]:
    for sups, _ in (*_other_layers(spelling.sups),):
        yield from _forms_of(replace(spelling, sups=sups))
    yield from _forms_of(spelling)


def _forms_of(spelling: Spelling) -> Iterator[Key]:
    subs, sups = _beginnings(spelling.subs), _beginnings(spelling.sups)
    for base in spelling.bases:
        for ks, kp, primes in _splits(len(spelling.subs), len(spelling.sups), spelling.primes):
            if kp != len(spelling.sups) and spelling.sups and spelling.sups[0] in ("(", "["):
                continue
            if ks == 0 and spelling.subs and not any(isinstance(token, Lin) for token in spelling.subs):
                continue
            sub, sup = subs[ks], sups[kp]
            if sub is not None and sup is not None and (sub or sup):
                yield base, sub, sup, primes


def _declared(node: Markup, rename: str, scope: Scope, frame: Frame) -> bool:
    """Whether another window of the family knows the spelling."""
    other = replace(scope, frame=frame, pending=[], notes={}, assumed={})
    spelling = spelling_of(node, other, rename)
    return spelling is not None and isinstance(_stages(spelling, other), Resolved)


# ----- scripts -----


def is_transpose(tokens: Sequence[Token]) -> bool:
    r"""`T`, `\top` and their like."""
    return len(tokens) == 1 and tokens[0] in (Lin("T"), Lin("t"), r"\top", r"\intercal", r"\mathsf{T}")


def number_in(row: Row | None) -> int | None:
    """The whole number that stands alone in a script."""
    if row is not None and len(row.items) == 1 and isinstance(row.items[0], Number) and row.items[0].text.isdecimal():
        return int(row.items[0].text)
    return None
