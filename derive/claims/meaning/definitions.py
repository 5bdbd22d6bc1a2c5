r"""Definitions on a page: `\alpha = C^{-1} t`, `\delta_k = y_k - t_k`, `f(u) = \tanh u`.

The left side is a name that neither the model nor the page knows yet. A function of the model without a definition may
be defined by the page as well. The right side is kept as it is written and read again wherever the name is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from derive.claims.meaning.claim import Definition, Value
from derive.claims.meaning.constants import CONSTANTS
from derive.claims.meaning.defined import in_layer
from derive.claims.meaning.functions import function_word, named_function
from derive.claims.meaning.gradients import delta
from derive.claims.meaning.job import Job
from derive.claims.meaning.lookup import Found, resolve, spelling_of
from derive.claims.meaning.members import formal_value
from derive.claims.meaning.scope import DELTA, NotUnderstood, Oracle, Scope
from derive.claims.meaning.scripts import Lin, text_of, tokens_of
from derive.claims.meaning.specified import Body, is_entrywise
from derive.claims.typography.nodes import Accent, Group, Node, Operator, Punct, Row, Scripts, Symbol, walk
from derive.ir.node import refs

_RESERVED = frozenset({r"\nabla", r"\partial", r"\pi", "R", "e", "d"})
_OPERATORS = re.compile(
    r"rank|dim|det|ker|im|re|span|null|tr|trace|diag|vech?|var|std|sd|cov|corr|mean|median|mode|cond|card|e|exp|log"
    r"|sup|inf|lim|arg|argmax|argmin|max|min|sign|sgn|prob|pr|kl|size|len|length|shape"
)
"""Words that every text uses for an operator: what stands behind them is claimed, and `rank(A) = n` defines nothing."""


def definition_of(job: Job, *, delta_too: bool = False) -> Definition | None:
    """The definition that a statement is, or None; with `delta_too` also of a δ that means something by itself."""
    if not job.statement.relations:
        return None
    left = job.rows[0].items
    scope = job.scope(job.context.main, Oracle(), 0, {})
    formal = _arguments(left, scope)
    head = left[0]
    if not isinstance(head, Symbol | Accent | Scripts) or (len(left) > 1 and formal is None):
        return None
    formal = formal or None  # declared names behind it are an annotation, as in J(\theta)
    base = head.base if isinstance(head, Scripts) else head
    allowed = delta_too and isinstance(base, Symbol) and base.name == DELTA
    again = job.context.bodies.get(_model_function(head, scope) or "") if formal else None
    if not allowed and not again and not _is_new(head, scope, function=formal is not None):
        return None
    spelling = spelling_of(head, scope)
    right = job.rows[1]
    if spelling is None or spelling.primes or not right.items:
        return None
    if formal is not None and _mentions(right.items, base):
        return None  # f(a) = f(b) says something of f, it does not define it
    letters = () if formal is not None else _index_letters(spelling.subs, right.items, scope)
    subs = spelling.subs[: len(spelling.subs) - len(letters)] if letters else spelling.subs
    layer = _layer_of(head, job)
    sub, sup = (
        text_of(subs),
        text_of(tokens_of(head.sup.items) if layer and isinstance(head, Scripts) and head.sup else spelling.sups),
    )
    if sub is None or sup is None:
        return None
    shown = scope.source[head.span[0] : head.span[1]]
    body = _body(head, formal or (), right, scope)
    if again is not None and body is not None and again.says(body):
        return None  # the same once more is a claim
    return Definition((spelling.bases[-1], sub, sup, 0), letters, formal or (), right, shown, body, layer)


def _layer_of(head: Node, job: Job) -> str:
    """The letter of the family if it is all that stands in the superscript, with brackets or without."""
    tokens = tokens_of(head.sup.items) if isinstance(head, Scripts) and head.sup is not None else []
    plain = [token for token in tokens if token not in ("(", ")", "[", "]")]
    return job.context.layer or "" if plain == [Lin(job.context.layer or "")] else ""


def _body(head: Node, formal: Sequence[str], right: Row, scope: Scope) -> Body | None:
    """What the right side says of a function of the model; None if the name is new."""
    name = _model_function(head, scope)
    if not formal or name is None:
        return None
    letters = tuple(f"%{letter}" for letter in formal)
    inner = replace(scope, formal={name: formal_value(letter) for name, letter in zip(formal, letters, strict=True)})
    value = inner.read(right.items, inner)
    known = {*letters, *(name for name, d in scope.frame.graph.declarations.items() if d.kind in ("input", "symbol"))}
    declared = scope.frame.graph.declarations[name]
    fits = isinstance(value, Value) and not value.letters and is_entrywise(value.node)
    if not isinstance(value, Value) or not fits or set(refs(value.node)) - known or declared.arity != len(formal):
        raise NotUnderstood(right.span, f"an expression in {', '.join(formal)}, which the function takes to one number")
    shown = f"{name}({', '.join(formal)}) = {scope.source[slice(*right.span)]}"
    return Body(name, letters, value.node, shown)


def _model_function(head: Node, scope: Scope) -> str | None:
    """The function of the model that is meant."""
    meant = resolve(head, scope)
    return meant.entry.name if isinstance(meant, Found) and meant.entry.kind == "function" else None


def _mentions(items: Sequence[Node], base: Node | None) -> bool:
    names = {node.name for node in walk(*items) if isinstance(node, Symbol)}
    return isinstance(base, Symbol) and base.name in names


def _is_new(head: Node, scope: Scope, *, function: bool) -> bool:
    base = head.base if isinstance(head, Scripts) else head
    if isinstance(base, Symbol) and ((base.name in _RESERVED and head is base) or base.font == "bb"):
        return False
    if isinstance(head, Scripts) and head.sup is not None and _is_power(base, head.sup):
        return False
    if _on_page(head, scope, function=function):
        return False
    meant = resolve(head, scope)
    if function and isinstance(meant, Found) and meant.entry.kind == "function":
        return scope.frame.graph.declarations[meant.entry.name].definition is None
    if meant is not None or named_function(head, scope) is not None:
        return False
    if isinstance(base, Symbol) and len(base.name) > 1 and function_word(base.name, scope) is not None:
        return False
    if function and isinstance(base, Symbol) and (_OPERATORS.fullmatch(base.name.lower()) or base.font == "op"):
        return False
    try:
        return delta(head, scope) is None
    except NotUnderstood:
        return True


def _is_power(base: Node | None, sup: Row) -> bool:
    """`e^{x}`, `q^{-1}`: no name has such a superscript."""
    euler = isinstance(base, Symbol) and base.name == "e"
    return euler or (bool(sup.items) and isinstance(sup.items[0], Operator))


def _arguments(left: Sequence[Node], scope: Scope) -> tuple[str, ...] | None:
    """The letters of `f(u, v)` on the left, if they are letters of their own."""
    if len(left) != 2 or not isinstance(left[1], Group) or left[1].open != "(":
        return None
    names = []
    for k, node in enumerate(left[1].items):
        if k % 2 and isinstance(node, Punct):
            continue
        if k % 2 or not isinstance(node, Symbol) or len(node.name.lstrip("\\")) < 1:
            return None
        names.append(node)
    if not names:
        return None
    meant = [resolve(node, scope) for node in names]
    if any(isinstance(m, Found) and m.entry.kind == "parameter" for m in meant):
        return ()
    return tuple(node.name for node in names)


def _index_letters(subs: Sequence[object], right: Sequence[Node], scope: Scope) -> tuple[str, ...]:
    """The letters at the end of the subscript that are free on the right as well."""
    letters = [token for token in subs if isinstance(token, Lin) and not token.offset]
    if not letters:
        return ()
    mark = len(scope.pending)
    value = scope.read(right, scope)
    free = value.letters if isinstance(value, Value) else tuple(scope.free)
    free += tuple(letter for table in scope.pending[mark:] for letter in table.letters)  # they number names
    found: list[str] = []
    for token in reversed(letters):
        if token.letter not in free and len(letters) > 2:
            break
        found.append(token.letter)
    return tuple(reversed(found)) if any(letter in free for letter in found) else ()


def _on_page(node: Node, scope: Scope, *, function: bool) -> bool:
    """Whether the page has defined the name before."""
    spelling = spelling_of(node, scope)
    if spelling is None:
        return False
    sub = text_of(spelling.subs) or ""
    return any(
        d.key[0] in spelling.bases
        and bool(d.formal) is function
        and sub.startswith(d.key[1])
        and in_layer(d, spelling.sups, scope) is not None
        for d in scope.definitions
    )


def formal_letters(job: Job) -> tuple[str, ...]:
    """Letters that nothing declares and that stand alone as the argument of a function on the left: any number."""
    left = job.rows[0].items
    scope = job.scope(job.context.main, Oracle(), 0, {})
    found: list[str] = []
    for head, behind in pairwise(left):
        letter = _only_letter(behind)
        named = letter is not None and letter.name in CONSTANTS
        if letter is not None and not named and _is_function(head, scope) and resolve(letter, scope) is None:
            found.append(letter.name)
    return tuple(dict.fromkeys(found))


def _only_letter(node: Node) -> Symbol | None:
    """The letter that stands alone in brackets, or behind a minus."""
    group = node.base if isinstance(node, Scripts) else node
    items = group.items if isinstance(group, Group) else ()
    if len(items) == 2 and isinstance(items[0], Operator) and items[0].text == "-":
        items = items[1:]
    letter = items[0] if len(items) == 1 else None
    return letter if isinstance(letter, Symbol) else None


def _is_function(node: Node, scope: Scope) -> bool:
    known = _model_function(node, scope) is not None or _on_page(node, scope, function=True)
    return known or named_function(node, scope) is not None


def argument_of_law(job: Job) -> str | None:
    """The only value that a statement names, if its left side is a function of that name and nothing else."""
    left = job.rows[0].items
    scope = job.scope(job.context.main, Oracle(), 0, {})
    letter = _only_letter(left[1]) if len(left) == 2 and isinstance(left[1], Group) else None
    if letter is None or not _is_function(left[0], scope):
        return None
    for node in walk(*job.rows):
        core = node.base if isinstance(node, Scripts) and node.sub is None and not node.primes else node
        meant = resolve(node, scope) if isinstance(node, Symbol | Scripts) else None
        other = not isinstance(core, Symbol) or core.name != letter.name
        if other and isinstance(meant, Found) and meant.entry.kind == "value":
            return None
    return letter.name
