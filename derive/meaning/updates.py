r"""Updates of parameters: `w = w - \alpha \frac{dE}{dw}`, `\theta \leftarrow \theta - \eta \nabla L(\theta)`.

An update holds if the same parameter stands on both sides and what is taken away from it is a symbol that is declared
positive, or a decimal where the model has no symbol, times the derivative of the loss by that parameter.
`w + \eta (t - y) x` holds if (t - y) x is minus that derivative; `\Delta w` is what is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.meaning.claim import Case, Check, Link, Reading, Update
from derive.meaning.counted import count_derivatives
from derive.meaning.equations import equation
from derive.meaning.expressions import span_of, split_terms
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.members import GradientOf
from derive.meaning.reading_state import NotUnderstood, Oracle, Scope
from derive.meaning.statement import Job
from derive.meaning.vocabulary import Key, key_of_node
from derive.typography.nodes import Markup, Number, Operator, Relation, Row, Scripts, Symbol, walk
from derive.typography.statements import Statement


def update_of(job: Job) -> list[Reading] | None:
    """The reading of an update, or None for another statement."""
    statement = job.statement
    difference = _difference(job)
    if difference is not None:
        return difference
    if len(statement.relations) != 1 or len(statement.members[0].items) != 1 or not statement.members[1].items:
        return None
    relation = statement.relations[0].text
    left, right = statement.members[0].items[0], statement.members[1].items
    if not isinstance(left, Symbol | Scripts) or relation not in ("=", r"\leftarrow", r"\to", ":=", "-=", "+="):
        return None
    terms, signs = split_terms(right)
    if relation in ("-=", "+="):
        terms, signs = [[left], list(right)], [1, -1 if relation == "-=" else 1]
    if _again(terms[0], left) and signs[0] == 1 and len(terms) > 1:
        scope = job.scope(job.context.main, Oracle(), 1, {})
        plain = not any(map(_differentiates, terms[1:])) and not _starts_with_decimal(terms[1])
        if relation == "=" and plain and not _steps(right, scope):
            return None
        return _reading(job, terms[0], _step(terms[1:], signs[1:]), 1 if set(signs[1:]) == {1} else -1)
    if relation == "=" or (relation == r"\to" and not _occurs(right, left)):
        return None
    if not _occurs(right, left):
        if relation == r"\leftarrow":
            raise NotUnderstood(statement.span, "the same parameter on both sides of the arrow")
        return None
    if relation == ":=" and not any(map(_differentiates, terms)):
        return None
    whole = Row(statement.members[1].span, right)  # (1 - \eta\lambda) w - ...: the step is what is missing from w
    return _reading(job, [left], [left, Operator(whole.span, "-"), whole], -1)


def _difference(job: Job) -> list[Reading] | None:
    r"""`\Delta w = -\eta \frac{\partial E}{\partial w}`: what is added to the parameter."""
    statement = job.statement
    left = statement.members[0].items
    if len(left) != 2 or len(statement.relations) != 1 or statement.relations[0].text not in ("=", ":="):
        return None
    sign, name = left
    base = sign.base if isinstance(sign, Scripts) and sign.sup is None else sign
    if not isinstance(base, Symbol) or base.name != r"\Delta" or not statement.members[1].items:
        return None
    scope = job.scope(job.context.main, Oracle(), 0, {})
    meant = resolve(name, scope)
    known = isinstance(meant, Resolved) and meant.entry.name in scope.frame.graph.inputs
    right = statement.members[1].items
    if not known or resolve(base, scope) is not None or key_of_node(name) is None or not _steps(right, scope):
        return None
    terms, signs = split_terms(right)
    return _reading(job, [name], _step(terms, signs), 1 if set(signs) == {1} else -1)


def _again(term: Sequence[Markup], left: Markup) -> bool:
    """Whether a term is the parameter before its update: `w_t` where `w_{t+1}` is updated."""
    if len(term) != 1 or _core(term[0]) is None or _core(term[0]) != _core(left):
        return False
    before, after = _time(term[0]), _time(left)
    return before == after or (before, after) in _BEFORE


def _occurs(items: Sequence[Markup], left: Markup) -> bool:
    return any(_core(node) == _core(left) for node in walk(*items) if isinstance(node, Symbol | Scripts))


def _step(terms: Sequence[Sequence[Markup]], signs: Sequence[int]) -> list[Markup]:
    """What is taken away, or what is added if every term is."""
    if len(terms) == 1:
        return list(terms[0])
    outer = 1 if set(signs) == {1} else -1
    step: list[Markup] = []
    for term, sign in zip(terms, signs, strict=True):
        step += [Operator(term[0].span, "+" if sign == outer else "-"), *term]
    return step


_TIMES = frozenset({"new", "old", "(t)", "(t+1)", "(t-1)", "+", "t", "t+1", "t-1", "(k)", "(k+1)"})
_BEFORE = frozenset(
    {("old", "new"), ("", "new"), ("old", ""), ("", "+"), ("t", "t+1"), ("", "t+1"), ("t-1", "t")}
    | {("(t)", "(t+1)"), ("(t-1)", "(t)"), ("(k)", "(k+1)")}
)
"""What tells a parameter from its new value: which mark may stand before which."""


def _core(node: Markup) -> Key | None:
    """The name without what tells its new value from the old one."""
    key = key_of_node(node)
    if key is None:
        return None
    base, sub, sup, primes = key
    return base, "" if sub in _TIMES else sub, "" if sup in _TIMES else sup, primes


def _time(node: Markup) -> str:
    """What tells the new value from the old one."""
    _, sub, sup, _ = key_of_node(node) or ("", "", "", 0)
    return next((text for text in (sup, sub) if text in _TIMES), "")


def _differentiates(term: Sequence[Markup]) -> bool:
    shorthand = any(isinstance(node, Symbol) and node.name == "d" for node in walk(*term))
    return count_derivatives(term) > 0 or shorthand


def _reading(job: Job, name: Sequence[Markup], step: Sequence[Markup], sign: int) -> list[Reading]:

    scope = job.scope(job.context.main, Oracle(), 1, {})
    rates = _rates(step, scope)
    number = not rates and _starts_with_decimal(step)
    named = any(one.kind == "symbol" for one in scope.frame.graph.declarations.values())
    if number and (named or not _differentiates(step[1:])):  # a decimal may belong to the gradient
        raise NotUnderstood(step[0].span, "the step size by its name")
    if number:
        step = step[2:] if isinstance(step[1], Operator) else step[1:]
    if len(rates) > 1 and len(split_terms(step)[0]) > 1:
        raise NotUnderstood(span_of(step), "one step size: all else that scales a term is part of the loss")
    moved = _time(name[0]) != _time(job.rows[0].items[0])
    bare = [node if _declared(node, scope, as_entry=not moved) else _timeless(node) for node in name]
    asked = GradientOf(span_of(name), tuple(bare), tuple(rate.entry.name for rate in rates), -sign)
    rows = (Row(span_of(step), tuple(step)), Row(asked.span, (asked,)))
    statement = job.statement
    changed = Statement(rows, (Relation(statement.span, "="),), statement.span, statement.lead, statement.tag)
    readings = equation(replace(job, statement=changed), "update", None)
    checks = () if number else _checks(rates)
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


def _starts_with_decimal(step: Sequence[Markup]) -> bool:
    r"""Whether a step is `0.1 \frac{dE}{dw}`, a product that may have its size as a number."""
    first = step[0]
    decimal = isinstance(first, Number) and "." in first.text and first.text.strip("0.") != ""
    return decimal and len(step) > 1 and len(split_terms(step)[0]) == 1


def _declared(node: Markup, scope: Scope, *, as_entry: bool) -> bool:
    """Whether the model knows the name with its mark (`w_{old}`), or as an entry that is no point in time."""
    meant = resolve(node, scope)
    return isinstance(meant, Resolved) and (as_entry or not (meant.indices or meant.sup))


def _timeless(node: Markup) -> Markup:
    """The parameter itself."""
    if not isinstance(node, Scripts) or not _time(node) or node.base is None:
        return node
    _, sub, sup, _ = key_of_node(node) or ("", "", "", 0)
    left = replace(node, sub=None if sub in _TIMES else node.sub, sup=None if sup in _TIMES else node.sup)
    return left if left.sub is not None or left.sup is not None or left.primes else node.base


def _with(case: Case, checks: tuple[Link, ...]) -> Case:
    return replace(case, links=(*case.links, *checks))


def _steps(step: Sequence[Markup], scope: Scope) -> dict[str, Resolved]:
    """The symbols that may scale a step."""
    rates: dict[str, Resolved] = {}
    for node in walk(*step):
        meant = resolve(node, scope) if isinstance(node, Symbol | Scripts) else None
        if isinstance(meant, Resolved) and _is_step(meant, scope):
            rates[meant.entry.name] = meant
    return rates


def _rates(step: Sequence[Markup], scope: Scope) -> list[Resolved]:
    """The symbols that scale the step; they have to be declared positive."""
    rates = _steps(step, scope)
    for name in rates:
        if scope.frame.graph.declarations[name].fact("positive") is None:
            raise NotUnderstood(span_of(step), f"a step {name} that is declared positive")
    return list(rates.values())


def _is_step(meant: Resolved, scope: Scope) -> bool:
    """A symbol, or a scalar input that the loss does not depend on."""
    graph = scope.frame.graph
    name = meant.entry.name
    outside = name in graph.inputs and not graph.shape(name) and name not in scope.frame.ancestors(graph.loss or "")
    return not meant.sup and (meant.entry.kind == "symbol" or (meant.entry.kind == "value" and outside))


def _checks(rates: Sequence[Resolved]) -> tuple[Link, ...]:
    if len(rates) == 1:
        return ()
    return (Check(False, "the step has no size" if not rates else "two step sizes", "missing_factor"),)
