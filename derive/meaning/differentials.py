r"""Differentials of values, which are no derivatives of the loss.

    dz = w\,dx + x\,dw          d\psi = \mathrm{tr}(X^{-1} dX)

`dX` is short for the derivative of the loss by X, which is made of derivatives by what comes after X. An equation whose
right side speaks of several d, or of a d under a trace, and only of what comes before X is one of differentials; so is
one for the loss, even where a size is called d.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from derive.meaning.heads import on_page
from derive.meaning.marks import differential_name
from derive.meaning.partials import is_derivative
from derive.meaning.reading_state import NotUnderstood, Oracle, Scope
from derive.meaning.statement import Job
from derive.meaning.variables import Variable, named
from derive.typography.nodes import Fraction, Group, Markup, Row, Symbol, walk

_TRACES = frozenset({"tr", "Tr", "trace", r"\tr", r"\Tr", r"\trace"})


def check_differentials(job: Job) -> None:
    """Raise NotUnderstood for an equation of differentials."""
    scope = job.scope(job.context.main, Oracle(), 0, {})
    scope = replace(scope, pending=[], notes={}, assumed={})
    left = job.rows[0].items
    whole = differential_name(left, 0) if len(left) == 2 and len(job.rows) > 1 else None
    if whole is None or on_page(whole, scope, function=False):
        return
    of = named(left[1:], scope)
    if not isinstance(of, Variable) or of.name not in scope.frame.graph.bindings:
        return
    nodes = list(walk(*job.rows[1:]))
    if any(isinstance(node, Fraction) and is_derivative(node) for node in nodes):
        return
    found = set(_taken(nodes, scope))
    before = scope.frame.ancestors(of.name) - {of.name}
    traced = any(isinstance(node, Symbol) and node.name in _TRACES for node in nodes)
    if found and found <= before and (len(found) > 1 or traced or of.name == scope.frame.graph.loss):
        span = job.statement.span
        raise NotUnderstood(span, "a derivative of the loss; differentials by themselves are not read")


def _taken(nodes: list[Markup], scope: Scope) -> Iterator[str]:
    """The names of which there are differentials."""
    for row in (node for node in nodes if isinstance(node, Row | Group)):
        for at in range(len(row.items)):
            if differential_name(row.items, at) is not None:
                by = named(row.items[at + 1 : at + 2], scope)
                yield by.name if isinstance(by, Variable) else ""
