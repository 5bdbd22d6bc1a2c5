r"""Equations that assume instead of claim: `A = B, \quad y = 1`.

What a model leaves open cannot be claimed about it. An equation beside another in its row that speaks of inputs and
sizes alone, and is no identity, is the assumption under which the other is stated; so may be one that sets a name equal
to a name or a number beside one that says more, and one that is not understood and sets an input, or something equal to
a number. Such a row is read as far as it is true without it, and no further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from derive.ir.graph import ComputationGraph
from derive.ir.node import refs, topological
from derive.judging.judgement import Judgement
from derive.meaning.claim import Claim, Equal, Unread
from derive.typography.nodes import Accent, Markup, Number, Operator, Scripts, Symbol


def without_assumptions(judgements: Sequence[Judgement], graph: ComputationGraph) -> tuple[Judgement, ...]:
    """The judgements, those unread that are assumptions, or false in a row with one."""
    rows: dict[int, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        if judgement.claim.kind != "range":
            rows[judgement.claim.statement.line].append(judgement)
    done: dict[int, Judgement] = {}
    for row in rows.values():
        more = len(row) > 1 and not all(_all_bare(one) for one in row)
        assumed = [one for one in row if _is_assumption(one, graph, bare=more)] if len(row) > 1 else []
        done |= {id(one): _unread(one) for one in row if assumed and one.verdict == "false"}
    return tuple(done.get(id(one), one) for one in judgements)


def _unread(judgement: Judgement) -> Judgement:
    statement = judgement.claim.statement
    stopped = Unread(
        statement.span, "an equation that the model decides: the row assumes something about what is given"
    )
    return Judgement(Claim(statement, (), stopped), "unread", ())


def _all_bare(judgement: Judgement) -> bool:
    return all(_is_bare(row.items) for row in judgement.claim.statement.members)


def _is_assumption(judgement: Judgement, graph: ComputationGraph, *, bare: bool) -> bool:
    claim = judgement.claim
    if claim.unread is not None:
        rows = [row.items for row in claim.statement.members]
        return [relation.text for relation in claim.statement.relations] == ["="] and _sets(rows, graph)
    if judgement.verdict != "false" or claim.kind != "equation" or len(claim.statement.relations) != 1:
        return False
    links = [link for r in claim.readings for way in r.ways for case in way for link in case.links]
    derives = any("∂" in reading.text for reading in claim.readings)
    if derives or not links or not all(isinstance(link, Equal) for link in links):
        return False
    if bare and _all_bare(judgement):
        return any(not isinstance(row.items[-1], Number) for row in claim.statement.members)
    sides = [side for link in links if isinstance(link, Equal) for side in (link.left, link.right)]
    varies = any(node.op in ("ref", "size") for node in topological(*sides))
    return varies and not any(name in graph.bindings for name in refs(*sides))


def _sets(rows: Sequence[Sequence[Markup]], graph: ComputationGraph) -> bool:
    """Whether one of two members is a number, or an input of the model by its letter."""
    bare = [items[-1] for items in rows if _is_bare(items)]
    letters = [node.base if isinstance(node, Scripts) else node for node in bare]
    return any(
        isinstance(one, Number) or (isinstance(one, Symbol) and one.name.lstrip("\\") in graph.inputs)
        for one in letters
    )


def _is_bare(items: Sequence[Markup]) -> bool:
    """Whether a member is a name or a number. One that was not written, as in `= W x`, is neither."""
    if not items:
        return False
    signed = len(items) == 2 and isinstance(items[0], Operator)
    last = items[-1].base if isinstance(items[-1], Scripts) else items[-1]
    return (len(items) == 1 or signed) and isinstance(last, Symbol | Accent | Number)
