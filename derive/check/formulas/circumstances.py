r"""What a display that is false by itself is under the circumstances that its page states.

    Here $x = 2$. ... \frac{\partial L}{\partial w} = 2(a - y)          false for other x, so open
    If $z_i > 0$, then \frac{\partial L}{\partial z_i} = a_i - y_i      true where the condition holds

What is true of every input is true under any condition. What is false may be meant under one: it is judged again with
the values set as the page sets them and its conditions beside the formula. It stays false if it is false then; it is
true if the one condition of its sentence makes it so, and else it is unread, for no one knows what the words mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.check.formulas.judgement import Judgement
from derive.check.verdict import Verdict, unique
from derive.claims.meaning import words
from derive.claims.meaning.context import Context
from derive.claims.pages.circumstances import Circumstance
from derive.claims.pages.page import Item
from derive.ir.graph import Fact, Graph

Judged = tuple[Verdict, tuple[Judgement, ...]]


def under_circumstances(
    item: Item, context: Context, found: Judged, again: Callable[[Item, Context], Judged]
) -> Judged:
    """The verdict on a false display with what the page says around it; `again` judges, and defines nothing."""
    graph = context.plain or context.graph
    values = {} if graph.family is not None else _values(item.under, graph)
    beside = unique([one.source for one in item.under if one.value is None or one.value[0] not in values])
    if not values and not beside:
        return found
    known = context
    if values:
        known = Context(_narrowed(graph, values), layout=context.layout).with_definitions(context.definitions)
    asked = replace(item, source=item.source + "".join(rf",\quad {source}" for source in beside))
    turned = any(one.turned for one in item.under)
    verdict, judged = again(asked, known) if not turned else found
    if verdict.verdict == "false" and not turned:
        return found
    (one, *more) = item.under
    if verdict.verdict == "true" and not values and not more and _is_plain(one):
        return replace(verdict, latex=item.source), judged
    shown = ", ".join(unique([*beside, *(f"{name} = {number:g}" for name, number in values.items())]))
    said = f"false as it stands, but the page states it where {shown}: what that changes is not read"
    return replace(found[0], verdict="unread", diagnosis=said, counterexample=None, defects=(), correct_latex=None), ()


def _values(under: Sequence[Circumstance], graph: Graph) -> dict[str, float]:
    """The numbers to which the page sets inputs and symbols; the latest of each."""
    pairs = [one.value for one in under if one.value is not None]
    declared = graph.declarations
    return {
        name: number
        for name, number in pairs
        if name in declared and declared[name].kind in ("input", "symbol") and not declared[name].shape
    }


def _narrowed(graph: Graph, values: dict[str, float]) -> Graph:
    """The model with these numbers in the place of any."""
    set_to = {
        name: replace(declared, facts=(Fact("one_of", values=(values[name],)),)) if name in values else declared
        for name, declared in graph.declarations.items()
    }
    return replace(graph, declarations=set_to)


def _is_plain(one: Circumstance) -> bool:
    """Whether a condition is led by a plain `if` or `for` and nothing but harmless words stand around it."""
    if one.words is None:
        return False
    lead, behind = one.words
    led = words.effect(f"{lead.strip()} ", leads=True)
    return led == "condition" and words.effect(behind.strip(" ,，时$"), leads=False) == "none"
