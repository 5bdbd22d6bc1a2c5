r"""Names with two meanings on one page: defined twice, or defined otherwise than the model computes them.

    e := a - y ... e := y - a            e = a - y or y - a
    a = \tanh z ... a := \sigma(z)       a as in the model, or \sigma(z)

Either may be meant, the same one throughout a formula.
"""

from __future__ import annotations

from dataclasses import replace

from derive.meaning.lookup import spelling_of
from derive.meaning.reading_state import Scope
from derive.typography.nodes import Markup


def one_meaning(node: Markup, scope: Scope) -> Scope:
    """The scope with one of the meanings of a name that has several."""
    places = _places(node, scope)
    return replace(scope, definitions=scope.definitions[: _end(places, scope)]) if places else scope


def is_redefined(node: Markup, scope: Scope) -> bool:
    """Whether a name is taken in a later meaning than its first one."""
    places = _places(node, scope)
    return bool(places) and _end(places, scope) > places[0]


def _places(node: Markup, scope: Scope) -> list[int]:
    """Where the page defines a name again."""
    twice = [k for k, definition in enumerate(scope.definitions) if definition.again]
    spelling = spelling_of(node, scope) if twice else None
    return [k for k in twice if spelling is not None and scope.definitions[k].key[0] in spelling.bases]


def _end(places: list[int], scope: Scope) -> int:
    """How many definitions are looked at: all of them, or those before a later one of the name."""
    return scope.choose(("again", scope.definitions[places[0]].key), [len(scope.definitions), *reversed(places)])
