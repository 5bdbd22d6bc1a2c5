r"""Definitions on a page: `\alpha = C^{-1} t`, `\delta_k = y_k - t_k`, `f(u) = \tanh u`.

What may stand on the left is decided in `heads`. The right side is kept as it is written and read again wherever the
name is used: a definition is an abbreviation, and says nothing of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from derive.ir.node import refs
from derive.meaning.claim import Definition, Denotation
from derive.meaning.functions import named_function
from derive.meaning.heads import Head, letter_of, model_function, on_page
from derive.meaning.lookup import Resolved, resolve, spelling_of
from derive.meaning.members import formal_value
from derive.meaning.reading_state import NotUnderstood, Oracle, Scope
from derive.meaning.scripts import Lin, text_of, tokens_of
from derive.meaning.specified import Body, is_entrywise
from derive.meaning.statement import Job
from derive.meaning.undeclared import constant
from derive.meaning.vocabulary import key_of_node
from derive.typography.nodes import Accent, Group, Markup, Number, Operator, Row, Scripts, Symbol, walk


def definition_of(job: Job, head: Head) -> Definition | None:
    """The definition that a statement is, if its left side is to be defined; None if its right side does not define."""
    scope = job.scope(job.context.main, Oracle(), 0, {})
    node, formal = head.node, head.formal
    spelling = spelling_of(node, scope)
    right = job.rows[1]
    if spelling is None or spelling.primes or not right.items:
        return None
    if formal and _mentions(right.items, head.base):
        return None  # f(a) = f(b) says something of f, it does not define it
    letters = () if formal else _index_letters(spelling.subs, right.items, scope)
    subs = spelling.subs[: len(spelling.subs) - len(letters)] if letters else spelling.subs
    layer = _layer_of(node, job)
    sub, sup = (
        text_of(subs),
        text_of(tokens_of(node.sup.items) if layer and isinstance(node, Scripts) and node.sup else spelling.sups),
    )
    if sub is None or sup is None:
        return None
    again = job.context.bodies.get(model_function(node, scope) or "") if formal else None
    body = _body(node, formal, right, scope)
    if again is not None and body is not None and again.says(body):
        return None  # the same once more is a claim
    shown = scope.source[slice(*node.span)]
    key = spelling.bases[0 if isinstance(head.base, Number) else -1], sub, sup, 0  # no other 1 than this one
    return Definition(key, letters, formal, right, shown, body, layer, _over(job) if head.meaning != "new" else "")


def _over(job: Job) -> str:
    """A definition as it is written."""
    left, right = (job.layout.source[slice(*row.span)] for row in job.rows[:2])
    return " ".join(f"{left} {job.statement.relations[0].text} {right}".replace("&", " ").split())


def not_understood(job: Job, head: Head) -> Definition | None:
    """What is known of a definition that cannot be read: its name. A recursion for a layer's δ is none."""
    scope = job.scope(job.context.main, Oracle(), 0, {})
    spelling = spelling_of(head.node, scope)
    if spelling is None or recursive(job, head):
        return None
    sup = text_of(spelling.sups) or ""
    shown = scope.source[slice(*head.node.span)]
    base = spelling.bases[0 if isinstance(head.base, Number) else -1]
    return Definition((base, "", sup, 0), (), (), job.rows[-1], shown, understood=False)


def recursive(job: Job, head: Head) -> bool:
    """Whether the right side uses the name itself in its own meaning, as a recursion does for the δ of a layer.

    `J_w` is another name than J, and a δ of another layer that the page has defined is one of the page.
    """
    nodes = [node for node in walk(*job.rows[1:]) if isinstance(node, Symbol | Scripts | Accent)]
    if head.mark:
        key = key_of_node(head.node)
        return any(key_of_node(node) == key for node in nodes)
    scope = job.scope(job.context.main, Oracle(), 0, {})
    inner = {id(node.base) for node in nodes if isinstance(node, Scripts)}
    return any(
        id(node) not in inner and letter_of(node) == head.letter != "" and not on_page(node, scope, function=False)
        for node in nodes
    )


def speaks_of(rows: Sequence[Row], definition: Definition) -> bool:
    """Whether members of a statement use the name of a definition, with whatever indices."""
    letter, sub = definition.key[:2]
    if letter.startswith("d "):
        letter, sub = "d", ""  # the variable of dz bears the scripts
    keys = (key_of_node(node) for node in walk(*rows) if isinstance(node, Symbol | Accent | Number | Scripts))
    return any(
        key is not None and letter in (key[0], key[0].partition(":")[2]) and key[1].startswith(sub) for key in keys
    )


def _layer_of(head: Markup, job: Job) -> str:
    """The letter of the family if it is all that stands in the superscript, with brackets or without."""
    tokens = tokens_of(head.sup.items) if isinstance(head, Scripts) and head.sup is not None else []
    plain = [token for token in tokens if token not in ("(", ")", "[", "]")]
    return job.context.layer or "" if plain == [Lin(job.context.layer or "")] else ""


def _body(head: Markup, formal: Sequence[str], right: Row, scope: Scope) -> Body | None:
    """What the right side says of a function of the model; None if the name is new."""
    name = model_function(head, scope)
    if not formal or name is None:
        return None
    letters = tuple(f"%{letter}" for letter in formal)
    inner = replace(scope, formal={name: formal_value(letter) for name, letter in zip(formal, letters, strict=True)})
    value = inner.read(right.items, inner)
    known = {*letters, *(name for name, d in scope.frame.graph.declarations.items() if d.kind in ("input", "symbol"))}
    declared = scope.frame.graph.declarations[name]
    fits = isinstance(value, Denotation) and not value.letters and is_entrywise(value.node)
    if not isinstance(value, Denotation) or not fits or set(refs(value.node)) - known or declared.arity != len(formal):
        raise NotUnderstood(right.span, f"an expression in {', '.join(formal)}, which the function takes to one number")
    shown = f"{name}({', '.join(formal)}) = {scope.source[slice(*right.span)]}"
    return Body(name, letters, value.node, shown)


def _mentions(items: Sequence[Markup], base: Markup | None) -> bool:
    names = {node.name for node in walk(*items) if isinstance(node, Symbol)}
    return isinstance(base, Symbol) and base.name in names


def _index_letters(subs: Sequence[object], right: Sequence[Markup], scope: Scope) -> tuple[str, ...]:
    """The letters at the end of the subscript that are free on the right as well."""
    letters = [token for token in subs if isinstance(token, Lin) and not token.offset]
    if not letters:
        return ()
    mark = len(scope.pending)
    value = scope.read(right, scope)
    free = value.letters if isinstance(value, Denotation) else tuple(scope.free)
    free += tuple(letter for table in scope.pending[mark:] for letter in table.letters)  # they number names
    found: list[str] = []
    for token in reversed(letters):
        if token.letter not in free and len(letters) > 2:
            break
        found.append(token.letter)
    return tuple(reversed(found)) if any(letter in free for letter in found) else ()


def formal_letters(job: Job) -> tuple[str, ...]:
    """Letters that nothing declares and that stand alone as the argument of a function on the left: any number."""
    left = job.rows[0].items
    scope = job.scope(job.context.main, Oracle(), 0, {})
    found: list[str] = []
    for head, behind in pairwise(left):
        letter = _only_letter(behind)
        if letter is None or resolve(letter, scope) is not None or constant(letter, scope) is not None:
            continue
        if not on_page(letter, scope, function=False) and _is_function(head, scope):
            found.append(letter.name)
    return tuple(dict.fromkeys(found))


def _only_letter(node: Markup) -> Symbol | None:
    """The letter that stands alone in brackets, or behind a minus."""
    group = node.base if isinstance(node, Scripts) else node
    items = group.items if isinstance(group, Group) else ()
    if len(items) == 2 and isinstance(items[0], Operator) and items[0].text == "-":
        items = items[1:]
    letter = items[0] if len(items) == 1 else None
    return letter if isinstance(letter, Symbol) else None


def _is_function(node: Markup, scope: Scope) -> bool:
    known = model_function(node, scope) is not None or on_page(node, scope, function=True)
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
        if other and isinstance(meant, Resolved) and meant.entry.kind == "value":
            return None
    return letter.name
