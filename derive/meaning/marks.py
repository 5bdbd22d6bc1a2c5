r"""Marks that texts put on a variable for the derivative of the loss by it.

    \bar w, \dot w       J_w       \delta_w       dw

A page that equates such a name to something claims a derivative, unless it has defined the name otherwise. Beyond that
statement a mark means nothing unless the page has shown that it uses it so: `\bar x` is a mean in most texts.
`dw` is read by itself (`gradients`), for here it is one name of two letters.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from derive.meaning.claim import Result
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.partials import single
from derive.meaning.reading_state import DELTA, Scope
from derive.meaning.scripts import base_of
from derive.meaning.variables import Variable, named
from derive.typography.nodes import Accent, Markup, Row, Scripts, Symbol

ACCENTS = frozenset({"bar", "dot"})
LOSS = "loss"
"""The mark of `J_w`: the variable stands below the loss."""
MARKS = ACCENTS | {LOSS, DELTA}


def differential_name(items: Sequence[Markup], at: int) -> Markup | None:
    """`dW` as one name, with the scripts of the variable; None if no name stands directly behind a d."""
    pair = items[at : at + 2]
    if len(pair) < 2 or not isinstance(pair[0], Symbol) or pair[0].name != "d":
        return None
    behind = pair[1]
    base = base_of(behind.base if isinstance(behind, Scripts) else behind)
    if base is None or not isinstance(behind, Symbol | Accent | Scripts) or pair[0].span[1] != behind.span[0]:
        return None
    span = pair[0].span[0], behind.span[1]
    whole = Symbol(span, f"d {base[0]}", base[1])
    return replace(behind, base=whole, span=span) if isinstance(behind, Scripts) else whole


def mark_of(node: Markup, scope: Scope) -> tuple[str, tuple[Markup, ...]] | None:
    """The mark on a variable of the model that the loss depends on, and the variable; None for another name."""
    quiet = replace(scope, pending=[], notes={}, assumed={}, free={}, sizes=dict(scope.sizes))
    found = _unmarked(node, quiet)
    loss = scope.frame.graph.loss
    if found is None or loss is None or isinstance(resolve(node, quiet), Resolved):
        return None
    q = named(found[1], quiet)
    known = isinstance(q, Variable) and q.kind == "value" and q.name != loss and q.name in scope.frame.ancestors(loss)
    return found if known else None


def marked(node: Markup, scope: Scope, marks: Set[str] | None = None) -> Result | None:
    """The derivative that a marked variable stands for, where the page uses the mark so."""
    allowed = scope.marks if marks is None else marks
    found = mark_of(node, scope) if allowed else None
    loss = scope.frame.graph.loss
    if found is None or loss is None or found[0] not in allowed:
        return None
    q = named(found[1], scope)
    if not isinstance(q, Variable):
        return q
    shown = scope.source[node.span[0] : node.span[1]]
    scope.assumed[f"{shown} = ∂{loss}/∂{q.text}"] = None
    return single(Variable(loss), q, node.span, scope)


def _unmarked(node: Markup, scope: Scope) -> tuple[str, tuple[Markup, ...]] | None:
    core = node.base if isinstance(node, Scripts) else node
    if isinstance(core, Accent) and core.kind in ACCENTS:
        inner = core.base
        while isinstance(inner, Row) and len(inner.items) == 1:
            (inner,) = inner.items
        if not isinstance(node, Scripts):
            return core.kind, (inner,)
        return (core.kind, (replace(node, base=inner),)) if isinstance(inner, Symbol) else None
    if not isinstance(node, Scripts) or node.sub is None or node.sup is not None or node.primes:
        return None
    if isinstance(core, Symbol) and core.name == DELTA:
        return DELTA, node.sub.items
    meant = resolve(core, scope) if isinstance(core, Symbol) else None
    is_loss = isinstance(meant, Resolved) and meant.entry.name == scope.frame.graph.loss and not meant.sup
    return (LOSS, node.sub.items) if is_loss else None
