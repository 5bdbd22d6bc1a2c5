r"""What a name stands for that the page defines: its right side, read again for its indices and its layer.

A letter that the page defines means nothing else from there on: a use that does not fit the definition, and every use
of a definition that was not understood, is unread. No meaning that the letter has by itself takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace

from derive.calculus.jacobian import expression_jacobian
from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.node import substitute
from derive.meaning import values
from derive.meaning.axes import axes_of
from derive.meaning.claim import Definition, Denotation, Problem, Result
from derive.meaning.frames import Depth
from derive.meaning.jacobians import diagonal_of
from derive.meaning.lookup import Resolved, Spelling, is_transpose, resolve, spelling_of
from derive.meaning.powers import raised
from derive.meaning.reading_state import DELTA, PENDING, IndexRange, NotUnderstood, Scope
from derive.meaning.scripts import Lin, Token, text_of
from derive.meaning.specified import Body
from derive.meaning.usage import show_axes
from derive.meaning.vocabulary import Entry
from derive.typography.nodes import Group, Markup, Offsets, Punct, Relation, Scripts, Symbol

Step = tuple[Result, int]
BY_PAGE = ", as the page defines it"
"""What is said behind a definition that takes a meaning from a name."""


def defined(node: Markup, items: Sequence[Markup], at: int, scope: Scope) -> Step | None:
    """The value of a letter that stands for an argument, or of a name that the page defines."""
    if isinstance(node, Symbol) and node.name in scope.formal:
        return scope.formal[node.name], at + 1
    spelling = spelling_of(node, scope)
    if spelling is None:
        return None
    for definition in _latest_first(scope):
        base, sub, sup, primes = definition.key
        if not definition.understood:
            continue
        indices = _left(spelling.subs, sub)
        component = bool(indices) and base.removeprefix("bf:") in spelling.bases
        if (base not in spelling.bases and not component) or (primes != spelling.primes and not definition.formal):
            continue
        if definition.formal:
            if text_of(spelling.subs) == sub and text_of(spelling.sups) == sup:
                return _called(definition, items, at, scope, spelling.primes)
            continue
        if indices is None or (definition.letters and len(indices) not in (0, len(definition.letters))):
            continue
        there = in_layer(definition, spelling.sups, scope)
        if isinstance(there, IndexRange):
            scope.pending.append(there)
            return Problem(PENDING, "a letter stands for layers", node.span), at + 1
        if there is not None:
            value = _placed(definition, indices, node.span, there)
            shown = definition.text if not definition.layer else scope.source[slice(*node.span)]
            return (value if isinstance(value, Problem) else replace(value, text=shown)), at + 1
        if isinstance(node, Scripts) and _behind(definition, spelling.sups):
            return raised(_placed(definition, indices, node.span, scope), spelling.sups, node, scope), at + 1
    return None


def _latest_first(scope: Scope) -> list[Definition]:
    """The definitions, later ones first; with layers in numbers those of one layer before those of every layer."""
    found = list(reversed(scope.definitions))
    return found if scope.frame.depth is None else sorted(found, key=lambda definition: bool(definition.layer))


def _behind(definition: Definition, sups: Sequence[Token]) -> bool:
    """Whether a superscript stands behind the name and does not belong to it: a transpose or a power."""
    if definition.key[2] or definition.layer:
        return False
    return is_transpose(sups) or (sups[0] not in ("(", "[") and definition.key[0] != DELTA)


def refuse_taken(node: Markup, scope: Scope) -> None:
    """Raises NotUnderstood for a letter that the page defines otherwise than it is used here."""
    spelling = spelling_of(node, scope) if scope.definitions else None
    if spelling is None:
        return
    quiet = replace(scope, pending=[], notes={}, assumed={})
    meant = resolve(node, quiet)
    folded = meant is not None and bool(quiet.assumed)  # x is X only where the page says nothing of x
    for definition in scope.definitions if meant is None or folded else []:
        if definition.key[0] in spelling.bases and (folded or _takes(definition, spelling)):
            clear = "" if definition.understood else ", which could not be read"
            raise NotUnderstood(node.span, f"{definition.text} as the page defines it{clear}")


def takes_delta(definition: Definition) -> bool:
    """Whether the page uses the letter δ for something else than it means by itself."""
    return definition.key[0] == DELTA and bool(definition.over) and not definition.doubtful


def _takes(definition: Definition, spelling: Spelling) -> bool:
    """Whether a letter means nothing but what the page defines, whatever its scripts are."""
    if not definition.understood:
        return True
    if definition.key[0] == DELTA:
        kronecker = len(spelling.subs) > 1 and not spelling.sups
        return takes_delta(definition) and not kronecker
    return definition.key[1:3] == ("", "") and not definition.letters


def in_layer(definition: Definition, sups: Sequence[Token], scope: Scope) -> Scope | IndexRange | None:
    """The scope in which the letter of the layer is what stands in its place: m+1 for `s^{m+1}` of an `s^m`.

    None if the superscript is another one than that of the definition; the layers that a letter without a number may
    stand for if the layers have numbers.
    """
    depth = scope.frame.depth
    if not definition.layer:
        return scope if text_of(sups) == _numbered(definition.key[2], depth) else None
    base = scope.frame.layer.get(definition.layer) if depth is None else Lin("")
    plain = [token for token in sups if token not in ("(", ")", "[", "]")]
    brackets = "".join(token for token in sups if isinstance(token, str))
    if base is None or len(plain) != 1 or brackets != "".join(c for c in definition.key[2] if c in "()[]"):
        return None
    (token,) = plain
    if depth is not None and isinstance(token, Lin):
        return IndexRange((token.letter,), frozenset((n - token.offset,) for n in range(depth.low, depth.layers + 1)))
    here = Lin("", token) if isinstance(token, int) else token
    if not isinstance(here, Lin) or here.letter != base.letter:
        return None
    frame = copy(scope.frame)
    frame.layer = {**scope.frame.layer, definition.layer: here}
    return replace(scope, frame=frame)


def _numbered(sup: str, depth: Depth | None) -> str:
    """The superscript of a definition with the number of the last layer in it."""
    if depth is None:
        return sup
    last = rf"(?<![A-Za-z]){re.escape(depth.high)}([+-]\d+)?(?![A-Za-z])"
    return re.sub(last, lambda found: str(depth.layers + int(found[1] or 0)), sup) if sup != "T" else sup


def _left(tokens: Sequence[Token], sub: str) -> list[Token] | None:
    for k in range(len(tokens) + 1):
        if text_of(tokens[:k]) == sub:
            return [token for token in tokens[k:] if token is not None]
    return None


def _inside(definition: Definition, scope: Scope) -> Scope:
    """Where the right side of a definition is read: only what was defined before it is known."""
    at = scope.definitions.index(definition)
    return replace(
        scope,
        definitions=scope.definitions[:at],
        formal={},
        env={},
        sizes={},
        bound={},
        free={},
        closed={},
        letters=None,
    )


def _say(definition: Definition, scope: Scope) -> None:
    """A name that means something by itself is told with what the page makes of it."""
    if definition.over:
        scope.assumed[f"{definition.over}{BY_PAGE}"] = None


def _placed(definition: Definition, indices: Sequence[Token], span: Offsets, scope: Scope) -> Result:
    inner = _inside(definition, scope)
    _say(definition, scope)
    if indices and not definition.letters:
        return _entries(definition, indices, inner, span, scope)
    given = list(zip(definition.letters, indices, strict=bool(indices)))
    inner.env = {letter: token for letter, token in given if isinstance(token, int)}
    inner.pending = []
    value = inner.read(definition.row.items, inner)
    if isinstance(value, Problem):
        if value.defect == PENDING:
            scope.pending += [_as_used(table, dict(given), span) for table in inner.pending]
        return Problem(value.defect, value.message, span)
    if not indices and definition.letters:
        order = [value.letters.index(letter) for letter in definition.letters if letter in value.letters]
        if len(order) != len(value.letters) or value.shape:
            raise NotUnderstood(span, "the indices of the definition")
        return Denotation(build.transpose(value.node, tuple(order)), text=definition.text)
    names: dict[str, str | int] = {}
    for letter, token in zip(definition.letters, indices, strict=True):
        if letter not in value.letters:
            continue
        size = value.node.shape[value.letters.index(letter)]
        made = scope.axis(token, size, span)
        if isinstance(made, Problem):
            return made
        names[letter] = made
    return replace(values.relabelled(value, names), column=False, text=definition.text)


def _entries(definition: Definition, indices: Sequence[Token], inner: Scope, span: Offsets, scope: Scope) -> Result:
    """Entries of an array that the page defines as a whole."""
    whole = inner.read(definition.row.items, inner)
    if isinstance(whole, Problem):
        return replace(whole, span=span)
    if whole.letters or whole.jacobian or len(indices) > len(whole.shape):
        raise NotUnderstood(span, "the indices of the definition")
    axes = axes_of(Resolved(Entry("value", ""), tuple(indices)), len(whole.shape), whole.shape, scope, span)
    if isinstance(axes, Problem):
        return axes
    return replace(values.indexed(whole.node, axes), text=definition.text + show_axes(axes))


def _as_used(table: IndexRange, given: Mapping[str, Token], span: Offsets) -> IndexRange:
    """For which numbers in the place of the letters of a use the names of a definition exist."""
    tokens = [given.get(letter) for letter in table.letters]
    if not all(isinstance(token, Lin) for token in tokens):
        raise NotUnderstood(span, "the indices of the definition")
    used = [token for token in tokens if isinstance(token, Lin)]
    rows = {tuple(n - t.offset for n, t in zip(row, used, strict=True)) for row in table.rows}
    return IndexRange(tuple(token.letter for token in used), frozenset(rows))


def _called(definition: Definition, items: Sequence[Markup], at: int, scope: Scope, primes: int) -> Step | None:
    group = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(group, Group):
        # `L(y, a) = ...` and then L by itself: the arguments are what the model calls so
        meant = [resolve(Symbol(items[at].span, name), scope) for name in definition.formal]
        if not all(isinstance(m, Resolved) and m.entry.kind == "value" for m in meant):
            return None
        inner = _inside(definition, scope)
        return inner.read(definition.row.items, inner), at + 1
    parts: list[list[Markup]] = [[]]
    for node in group.items:
        if isinstance(node, Punct) and node.text == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    if len(parts) != len(definition.formal) or any(isinstance(node, Relation) for node in group.items):
        raise NotUnderstood(group.span, f"{len(definition.formal)} arguments")
    _say(definition, scope)
    arguments = [scope.read(part, scope) for part in parts]
    broken = values.problem_in(*arguments)
    if broken is not None:
        return broken, at + 2
    inner = _inside(definition, scope)
    known = [argument for argument in arguments if isinstance(argument, Denotation)]
    if definition.body is not None:
        return _of_body(definition, definition.body, known, primes, inner, items[at].span), at + 2
    if primes:
        if primes > 1 or len(known) != 1:
            raise NotUnderstood(items[at].span, "the first derivative of a function of one argument")
        return _derivative(definition, known[0], inner, items[at].span), at + 2
    inner.formal = dict(zip(definition.formal, known, strict=True))
    result = inner.read(definition.row.items, inner)
    shown = f"{definition.text}({', '.join(argument.text for argument in known)})"
    return (result if isinstance(result, Problem) else replace(result, text=shown)), at + 2


def _of_body(
    definition: Definition, body: Body, arguments: Sequence[Denotation], primes: int, inner: Scope, span: Offsets
) -> Result:
    """A function of the model that the page specifies, entry by entry."""
    if primes and len(arguments) != 1:
        raise NotUnderstood(span, "the derivative of a function of one argument")

    def combine(nodes: list[Term]) -> Term:
        made = body.applied(nodes, (primes,) if primes else None)
        if made is None:
            raise NotUnderstood(span, "a lower derivative of the function")
        whole = body.applied(nodes, (primes - 1,) if primes > 1 else None) if primes else None
        if whole is not None:
            inner.prime(whole, made, nodes[0])
        return made

    made = values.together(arguments, span, f"apply {definition.text} to", combine)
    shown = ", ".join(argument.text for argument in arguments)
    text = f"{definition.text}{chr(39) * primes}({shown})"
    return made if isinstance(made, Problem) else replace(made, text=text)


def _derivative(definition: Definition, argument: Denotation, inner: Scope, span: Offsets) -> Result:
    """f'(u) of a function that the page defines: its derivative entry by entry, at the argument."""
    letter = build.ref("%argument", argument.node.shape)
    inner.formal = {definition.formal[0]: replace(argument, node=letter, chain=None)}
    result = inner.read(definition.row.items, inner)
    if isinstance(result, Problem):
        return result
    if result.node.shape != argument.node.shape:
        raise NotUnderstood(span, "a function that acts entry by entry")
    slope = diagonal_of(expression_jacobian(result.node, letter), 0)
    if slope is None:
        raise NotUnderstood(span, "a function that acts entry by entry")
    node = substitute(slope, {letter: argument.node})
    inner.prime(substitute(result.node, {letter: argument.node}), node, argument.node)
    return replace(argument, node=node, chain=None, text=f"{definition.text}'({argument.text})")
