"""Names of the page where they are used: they are looked up before everything that a letter means by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.meaning import gradients
from derive.meaning.annotations import is_indexed_delta, lists_arguments, only_parameters
from derive.meaning.claim import Denotation, Problem
from derive.meaning.defined import Step, defined, refuse_taken
from derive.meaning.functions import Factor, with_scripts
from derive.meaning.lookup import spelling_of
from derive.meaning.marks import MARKS, differential_name, mark_of, marked
from derive.meaning.reading_state import PAGE, NotUnderstood, Scope
from derive.meaning.redefinitions import one_meaning
from derive.typography.nodes import Accent, Group, Markup, Number, Scripts, Symbol


def page_name(items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step | None:
    """The value of a name that the page defines, or of a letter that stands for an argument; None for other names.

    Raises NotUnderstood where the page has given the letter another meaning than the one it is used in.
    """
    node = items[at]
    base = node.base if isinstance(node, Scripts) else node
    if not isinstance(node, Symbol | Accent | Scripts | Number) or (isinstance(base, Symbol) and base.font == "bb"):
        return None  # no E makes an \mathbb{E}
    if any(definition.key[0].startswith("d ") for definition in scope.definitions):
        whole = differential_name(items, at)
        step = _named(whole, [*items[:at], whole, *items[at + 2 :]], at, scope, factor) if whole is not None else None
        if step is not None:
            return step[0], step[1] + 1
    return _named(node, items, at, scope, factor)


def _named(node: Markup, items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step | None:
    behind = items[at + 1] if at + 1 < len(items) else None
    if isinstance(behind, Scripts) and isinstance(behind.base, Group):
        made = defined(node, [node, behind.base], 0, scope)
        if made is not None and made[1] == 2:  # g(u)^2 of a function of the page
            value = made[0]
            return (value if isinstance(value, Problem) else with_scripts(value, behind, scope, factor)), at + 2
    made = _chosen(node, items, at, scope)
    if made is None:
        refuse_taken(node, scope)
        return None
    value, following = made
    group = items[following] if following < len(items) else None
    if following == at + 1 and isinstance(group, Group):
        following += only_parameters(group, scope) or lists_arguments(node, group, scope)
    return value, following


def _chosen(node: Markup, items: Sequence[Markup], at: int, scope: Scope) -> Step | None:
    """What the page defines, or what it may mean besides.

    The page may call several families δ, each by its letter: then what fits tells them apart. A `\\bar x` that was no
    derivative where it was stated may be one elsewhere.
    """
    sizes, assumed = dict(scope.sizes), dict(scope.assumed)
    made = defined(node, items, at, one_meaning(node, scope))
    doubtful = made is not None and _is_doubtful(node, scope)
    if made is None or not (doubtful or is_indexed_delta(node)):
        return made
    apart = replace(scope, sizes=sizes, assumed={})
    try:
        other = marked(node, apart, MARKS) if doubtful else gradients.delta(node, apart)
    except NotUnderstood:  # two families that it could belong to: the page says which one it is
        return made
    key = ("mark", scope.source[slice(*node.span)]) if doubtful else (PAGE, node.span)
    if isinstance(other, Denotation) and scope.choose(key, [False, True]):
        scope.sizes.clear()
        scope.sizes.update(sizes)
        scope.assumed.clear()
        scope.assumed.update(assumed | apart.assumed)
        return other, at + 1
    return made


def _is_doubtful(node: Markup, scope: Scope) -> bool:
    spelling = spelling_of(node, scope)
    known = spelling.bases if spelling is not None else ()
    return any(d.doubtful and d.key[0] in known for d in scope.definitions) and mark_of(node, scope) is not None
