r"""What a display that is false by itself is under the circumstances that its page states.

    Here $x = 2$. ... \frac{\partial L}{\partial w} = 2(a - y)          false for other x, so open
    If $z_i > 0$, then \frac{\partial L}{\partial z_i} = a_i - y_i      true where the condition holds

What is true of every input is true under any condition. What is false may be meant under one: it is judged again with
the values set as the page sets them and its conditions beside the formula. It stays false if it is false then; it is
true if the one condition of its sentence makes it so, and else it is unread, for no one knows what the words mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph, Fact
from derive.judging.judgement import Judgement
from derive.judging.verdict import Verdict, unique
from derive.meaning import words
from derive.meaning.context import Context
from derive.pages.circumstances import Circumstance
from derive.pages.page import Item

Judged = tuple[Verdict, tuple[Judgement, ...]]


def under_circumstances(
    item: Item, context: Context, found: Judged, again: Callable[[Item, Context], Judged]
) -> Judged:
    """The verdict on a false display with what the page says around it; `again` judges, and defines nothing."""
    graph = context.plain or context.graph
    facts = {} if graph.family is not None else _facts(item.under, graph)
    given = [one for one in item.under if facts and one.fact is not None and _facts([one], graph)]
    told = {name for name, declared in graph.declarations.items() if declared.facts}
    beside = [one for one in item.under if one not in given and not one.example and one.of not in told]
    if not facts and not beside:
        return found
    known = context
    if facts:
        known = Context(_narrowed(graph, facts), layout=context.layout).with_definitions(context.definitions)
        known = replace(known, marks=context.marks, kept=context.kept)
    asked = replace(item, source=item.source + "".join(rf",\quad {source}" for source in _sources(beside)))
    verdict, judged = replace(found[0], verdict="unread"), found[1]
    turned = any(one.turned for one in (*given, *beside))
    if not turned:
        with suppress(DeriveError):  # what has no layout is not read
            verdict, judged = again(asked, known)
    if verdict.verdict == "false":
        return found
    if verdict.verdict == "true" and not facts and len(beside) == 1 and _is_plain(beside[0]):
        return replace(verdict, latex=item.source), judged
    shown = ", ".join(_sources([*beside, *given]))
    how = "speaks of" if turned else "states it where"  # `unless` turns a condition round
    said = f"false as it stands, but the page {how} {shown}"
    said += ": what that changes is not read"
    return replace(found[0], verdict="unread", diagnosis=said, counterexample=None, defects=(), correct_latex=None), ()


def _sources(stated: Sequence[Circumstance]) -> tuple[str, ...]:
    return unique([one.source for one in stated])


def _facts(under: Sequence[Circumstance], graph: ComputationGraph) -> dict[str, Fact]:
    """Among which numbers the page puts inputs and symbols; the latest of each."""
    found: dict[str, Fact] = {}
    for name, fact in (one.fact for one in under if one.fact is not None):
        array = name.partition("_")[0] if fact.name == "in" or len(fact.values) > 1 else ""  # y_i \in \{0, 1\}
        for known in (name, array):
            declared = graph.declarations.get(known)
            if declared is not None and declared.kind in ("input", "symbol") and (known == array or not declared.shape):
                found[known] = fact
                break
    return found


def _narrowed(graph: ComputationGraph, facts: dict[str, Fact]) -> ComputationGraph:
    """The model with inputs among these numbers alone."""
    declared = {
        name: replace(one, facts=(facts[name],)) if name in facts else one for name, one in graph.declarations.items()
    }
    return replace(graph, declarations=declared)


def _is_plain(one: Circumstance) -> bool:
    """Whether a condition is led by a plain `if` or `for` and nothing but harmless words stand around it."""
    if one.words is None:
        return False
    lead, behind = one.words
    led = words.effect(f"{lead.strip()} ", leads=True)
    return led == "condition" and words.effect(behind.strip(" ,，时$"), leads=False) == "none"
