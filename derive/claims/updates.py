r"""Updates of parameters: `w = w - \alpha \frac{dE}{dw}`, `\theta \leftarrow \theta - \eta \nabla L(\theta)`.

An update holds if the same parameter stands on both sides, the sign is minus, the step is a symbol that is declared
positive, and what it multiplies is the derivative of the loss by that parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.claims.cases import Job
from derive.claims.claim import Case, Check, Link, Reading, Update
from derive.claims.equations import equation
from derive.claims.expressions import span_of, split_terms
from derive.claims.lookup import Found, resolve
from derive.claims.members import GradientOf
from derive.claims.names import Key, key_of_node
from derive.claims.nodes import Node, Relation, Row, Scripts, Symbol, walk
from derive.claims.partials import count_derivatives
from derive.claims.scope import NotUnderstood, Oracle, Scope
from derive.claims.statements import Statement


def update_of(job: Job) -> list[Reading] | None:
    """The reading of an update, or None for another statement."""
    statement = job.statement
    if len(statement.relations) != 1 or len(statement.members[0].items) != 1 or not statement.members[1].items:
        return None
    relation = statement.relations[0].text
    left, right = statement.members[0].items[0], statement.members[1].items
    if not isinstance(left, Symbol | Scripts) or relation not in ("=", r"\leftarrow", r"\to", ":=", "-=", "+="):
        return None
    terms, signs = split_terms(right)
    if relation in ("-=", "+="):
        terms, signs = [[left], list(right)], [1, -1 if relation == "-=" else 1]
    same = len(terms[0]) == 1 and _core(terms[0][0]) is not None and _core(terms[0][0]) == _core(left)
    if not same or signs[0] != 1 or len(terms) < 2:
        if relation == r"\leftarrow":
            raise NotUnderstood(statement.span, "the same parameter on both sides of the arrow")
        return None
    if relation == "=" and not any(_differentiates(term) for term in terms[1:]):
        return None
    if len(terms) != 2:
        raise NotUnderstood(span_of(terms[2]), "one step along the gradient")
    return _reading(job, terms[0], terms[1], signs[1])


def _core(node: Node) -> Key | None:
    """The name without what tells its new value from the old one."""
    key = key_of_node(node)
    if key is None:
        return None
    base, sub, sup, primes = key
    sub = "" if sub in ("new", "old") else sub
    return base, sub, "" if sup in ("new", "old", "(t)", "(t+1)", "+", "t", "t+1") else sup, primes


def _differentiates(term: Sequence[Node]) -> bool:
    shorthand = any(isinstance(node, Symbol) and node.name == "d" for node in walk(*term))
    return count_derivatives(term) > 0 or shorthand


def _reading(job: Job, name: Sequence[Node], step: Sequence[Node], sign: int) -> list[Reading]:

    scope = job.scope(job.context.main, Oracle(), 1, {})
    rates = _rates(step, scope)
    asked = GradientOf(span_of(name), tuple(name), tuple(rate.entry.name for rate in rates))
    rows = (Row(span_of(step), tuple(step)), Row(asked.span, (asked,)))
    statement = job.statement
    changed = Statement(rows, (Relation(statement.span, "="),), statement.span, statement.lead, statement.tag)
    readings = equation(replace(job, statement=changed), "update", None)
    checks = _checks(rates, sign)
    shown = job.layout.source[slice(*statement.span)]
    made = Update(job.layout.source[slice(*asked.span)], sign, " ".join(rate.entry.name for rate in rates))
    return [
        replace(
            reading,
            text=shown,
            update=made,
            defining=frozenset(),
            ways=tuple(tuple(_with(case, checks) for case in way) for way in reading.ways),
        )
        for reading in readings
    ]


def _with(case: Case, checks: tuple[Link, ...]) -> Case:
    return replace(case, links=(*case.links, *checks))


def _rates(step: Sequence[Node], scope: Scope) -> list[Found]:
    """The symbols that scale the step."""
    rates: dict[str, Found] = {}
    for node in walk(*step):
        meant = resolve(node, scope) if isinstance(node, Symbol | Scripts) else None
        if isinstance(meant, Found) and _is_step(meant, scope):
            rates[meant.entry.name] = meant
    for name in rates:
        if scope.frame.graph.declarations[name].fact("positive") is None:
            raise NotUnderstood(span_of(step), f"a step {name} that is declared positive")
    return list(rates.values())


def _is_step(meant: Found, scope: Scope) -> bool:
    """A symbol, or a scalar input that the loss does not depend on."""
    graph = scope.frame.graph
    name = meant.entry.name
    outside = name in graph.inputs and not graph.shape(name) and name not in scope.frame.ancestors(graph.loss or "")
    return not meant.sup and (meant.entry.kind == "symbol" or (meant.entry.kind == "value" and outside))


def _checks(rates: Sequence[Found], sign: int) -> tuple[Link, ...]:
    checks: list[Link] = []
    if sign > 0:
        checks.append(Check(False, "the step goes along the gradient, not against it", "wrong_sign"))
    if len(rates) != 1:
        checks.append(Check(False, "the step has no size" if not rates else "two step sizes", "missing_factor"))
    return tuple(checks)
