r"""Brackets behind a name that only list its arguments: `L(a_2, y)`, `J(\theta)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.meaning.lookup import Resolved, resolve
from derive.meaning.reading_state import DELTA, NotUnderstood, Scope
from derive.meaning.vocabulary import Entry
from derive.typography.nodes import (
    Ellipsis,
    Group,
    Markup,
    Number,
    Operator,
    Punct,
    Relation,
    Scripts,
    Symbol,
)


def is_annotation(found: Resolved, items: Sequence[Markup], at: int, scope: Scope) -> bool:
    """Whether a bracket behind a value only lists what it depends on, as in `L(a_2, y)`; a choice for one name."""
    group = items[at] if at < len(items) else None
    if not isinstance(group, Group):
        return False
    if found.entry.kind == "value" and step_letter(group)[0] in scope.steps():
        raise NotUnderstood(group.span, f"no argument that counts steps: {found.entry.name} has none in the model")
    names = listed_arguments(found, group, scope)
    single = names is not None and len(names) == 1 and names[0] in scope.frame.graph
    written = _arguments(found.entry.name, scope)
    by_itself = names is not None and not (single and names != written)
    if names is None or not (by_itself or scope.choose(("annotation", group.span), (True, False))):
        if _is_called(found, group, scope):
            raise NotUnderstood(group.span, f"what {found.entry.name} depends on: it is no function of this")
        return False
    scope.assumed[f"{scope.source[group.span[0] : group.span[1]]} behind {found.entry.name} names its arguments"] = None
    return True


def step_letter(node: Markup) -> tuple[str, bool]:
    """The letter of a bracket `(t)` or `(t + 1)`, and whether a number stands beside it; "" for any other node."""
    items = node.items if isinstance(node, Group) and node.open == "(" else ()
    if not items or not isinstance(items[0], Symbol):
        return "", False
    signs = [type(item) for item in items[1:]]
    return (items[0].name, bool(signs)) if signs in ([], [Operator, Number]) else ("", False)


def listed_arguments(found: Resolved, group: Group, scope: Scope) -> list[str] | None:
    """The names between the brackets, if these hold nothing but names that the value in front depends on."""
    if group.open != "(" or found.entry.kind != "value":
        return None
    parts: list[list[Markup]] = [[]]
    for node in group.items:
        if isinstance(node, Punct) and node.text in (",", ";"):
            parts.append([])
        elif not isinstance(node, Ellipsis):
            parts[-1].append(node)
        elif parts[-1]:
            return None
    names: list[str] = []
    for part in parts:
        if not part and len(parts) > 2:
            continue  # dots between commas
        meant = _meant(part[0], scope) if len(part) == 1 else None
        if len(part) == 1 and _is_stem(part[0], found.entry.name, scope):
            names.append("")
            continue
        if meant is None or meant.indices or meant.sup:
            return None
        names.append(meant.entry.name)
        if meant.entry.kind not in ("value", "parameter"):
            return None
        if meant.entry.kind == "value" and not _depends(found.entry.name, meant.entry.name, scope):
            return None
    written = _arguments(found.entry.name, scope)
    if names != written and len(names) == len(written) > 1 and set(names) & set(written):
        return None  # some of a functional's own arguments beside others, or in another order: another value
    return names


def lists_arguments(node: Markup, group: Group, scope: Scope) -> bool:
    """Whether a bracket behind a name of the model lists what its value depends on, whatever the page makes of it."""
    meant = resolve(node, replace(scope, pending=[], notes={}, assumed={}))
    return isinstance(meant, Resolved) and listed_arguments(meant, group, scope) is not None


def _is_stem(node: Markup, name: str, scope: Scope) -> bool:
    """Whether a letter by itself means nothing but all W_1, W_2, ... or W^{(l)}, of which the value depends on some."""
    if not isinstance(node, Symbol):
        return False
    entries = scope.frame.lexicon.entries
    if any(key[0] == node.name and key[1:3] == ("", "") for key in entries):
        return False
    members = {entry.name for key, found in entries.items() if key[0] == node.name for entry in found}
    return not members.isdisjoint(scope.frame.ancestors(name))


def _meant(node: Markup, scope: Scope) -> Resolved | None:
    """What a name means, in this window of a family or in another."""
    for frame in (scope.frame, *scope.frame.others):
        meant = resolve(node, replace(scope, frame=frame, pending=[], notes={}, assumed={}))
        if isinstance(meant, Resolved):
            return meant
    return None


def _depends(name: str, on: str, scope: Scope) -> bool:
    return any(on in frame.ancestors(name) for frame in (scope.frame, *scope.frame.others))


def _arguments(name: str, scope: Scope) -> list[str]:
    """The arguments that the model itself gives a value, as in `L = L(y)` for a functional L; else none."""
    binding = scope.frame.graph.bindings.get(name)
    node = binding.node if binding is not None else None
    if node is None or node.op != "functional" or node.name != name:
        return []
    return [argument.name if argument.op == "ref" else "" for argument in node.args]


def called(found: Resolved, items: Sequence[Markup], at: int, scope: Scope) -> Resolved:
    """The functional of a value's own name, if a bracket behind it gives it arguments, as in `C(a + 1, y)`."""
    declared = scope.frame.graph.declarations.get(found.entry.name)
    if found.entry.kind != "value" or declared is None or declared.kind != "functional" or found.indices:
        return found
    behind = items[at] if at < len(items) else None
    if not isinstance(behind, Group) or behind.open != "(" or is_annotation(found, items, at, scope):
        return found
    return replace(found, entry=Entry("functional", declared.name))


def _is_called(found: Resolved, group: Group, scope: Scope) -> bool:
    """Whether entries or vectors stand before others in brackets, `y(x)`, `p(s_i)`: nobody writes a product so."""
    in_brackets = len(group.items) == 1 and group.open in ("(", "[")
    argument = resolve(group.items[0], scope) if in_brackets else None
    if not isinstance(argument, Resolved) or argument.entry.kind != "value" or argument.sup:
        return False
    graph = scope.frame.graph
    stands = bool(found.indices) or (found.entry.kind == "value" and len(graph.shape(found.entry.name)) == 1)
    return stands and len(graph.shape(argument.entry.name)) == 1


def is_argument(items: Sequence[Markup], at: int) -> bool:
    r"""Whether a bracket holds what is no factor but an argument: a single name, or names that a sign parts."""
    group = items[at] if at < len(items) else None
    base = group.base if isinstance(group, Scripts) else group
    if not isinstance(base, Group) or base.open not in ("(", "["):
        return False
    parted = any(
        isinstance(node, Punct | Relation) or (isinstance(node, Operator) and node.text in ("|", r"\mid"))
        for node in base.items
    )
    return parted or (len(base.items) == 1 and isinstance(base.items[0], Symbol | Scripts))


def only_parameters(group: Group, scope: Scope) -> bool:
    """`(\\theta)` behind a name that the page defines."""
    meant = [resolve(node, scope) for node in group.items if not isinstance(node, Punct)]
    return bool(meant) and all(isinstance(m, Resolved) and m.entry.kind == "parameter" for m in meant)


def is_indexed_delta(node: Markup) -> bool:
    base = node.base if isinstance(node, Scripts) else None
    return isinstance(base, Symbol) and base.name == DELTA and isinstance(node, Scripts) and node.sub is not None
