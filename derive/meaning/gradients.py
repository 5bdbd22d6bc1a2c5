r"""Derivatives by other names than fractions: gradients, dW, δ and primes.

\nabla_W J, dW, \delta_j       the loss by W, by W, by the pre-activation with these indices
(...)'                         by the variable that the rest of the chain differentiates by
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.node import refs
from derive.meaning import values
from derive.meaning.annotations import listed_arguments
from derive.meaning.claim import Denotation, Differentiation, Problem, Result
from derive.meaning.defined import takes_delta
from derive.meaning.lookup import Resolved, is_transpose, number_in, resolve, spelling_of
from derive.meaning.partials import Factor, Step, expression_derivative, fraction, operator, single
from derive.meaning.reading_state import DELTA, LABEL, PENDING, IndexRange, NotUnderstood, Scope
from derive.meaning.scripts import Lin, text_of, tokens_of
from derive.meaning.variables import Variable, as_variable, named, variable
from derive.typography.nodes import Fraction, Group, Markup, Row, Scripts, Symbol


def prefix(items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step | None:
    """The derivative that starts at `items[at]`, or None."""
    node = items[at]
    if isinstance(node, Fraction):
        return fraction(node, items, at, scope, factor)
    base = node.base if isinstance(node, Scripts) else node
    if not isinstance(base, Symbol):
        return None
    if base.name == r"\nabla":
        value, end = _nabla(node, items, at, scope, factor)
        return (replace(value, row=False) if isinstance(value, Denotation) else value), end  # a column in every layout
    if base.name == r"\partial":
        if isinstance(node, Scripts) and node.sub is not None and node.sup is None:
            q = variable(node.sub.items, scope)
            return operator(q, items, at, scope, factor, upright=False)
        raise NotUnderstood(node.span, "a fraction of partials")
    if node is base and base.name == "d" and at + 1 < len(items):
        declared = resolve(node, scope)
        return _shorthand(items, at, scope) if declared is None else _or_product(items, at, scope)
    return None


def _or_product(items: Sequence[Markup], at: int, scope: Scope) -> Step | None:
    """`dW` where a d is declared: d times W or the derivative, the same throughout a formula."""
    apart = replace(scope, assumed={}, pending=[], sizes=dict(scope.sizes), free=dict(scope.free))
    try:
        step = _shorthand(items, at, apart)
    except NotUnderstood:
        return None
    if step is None or not scope.choose(("d",), (False, True)):
        return None
    return _shorthand(items, at, scope)


def _nabla(node: Markup, items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step:
    if isinstance(node, Scripts) and node.sub is not None:
        inner = node.sub.items
        if number_in(node.sup) == 2:
            return _hessian(variable(inner, scope), items, at, scope, factor)
        if node.sup is not None:
            scope.note("notation", node.span, "the superscript belongs to the variable of the gradient")
            if len(inner) != 1:
                raise NotUnderstood(node.span, "one variable below the gradient")
            base = inner[0]
            own = base if isinstance(base, Scripts) else Scripts(base.span, base)
            inner = (replace(own, sup=node.sup),)
        return operator(variable(inner, scope), items, at, scope, factor, upright=True)
    named_by_bracket = _only_argument(items, at, scope)
    if named_by_bracket is not None and isinstance(node, Scripts) and number_in(node.sup) == 2:
        return _hessian(named_by_bracket, items, at, scope, factor)
    if isinstance(node, Scripts):
        raise NotUnderstood(node.span, "a variable below the gradient")
    if named_by_bracket is not None:
        return operator(named_by_bracket, items, at, scope, factor, upright=True)
    parameters = [e for entries in scope.frame.lexicon.entries.values() for e in entries if e.kind == "parameter"]
    if len({entry.name for entry in parameters}) != 1:
        raise NotUnderstood(node.span, "the variable of the gradient")
    q = Variable(parameters[0].name, kind="parameter")
    loss = scope.frame.graph.loss
    value, end = factor(items, at + 1, scope)
    if isinstance(value, Problem):
        return value, end
    if value.shape or value.letters:
        raise NotUnderstood(node.span, "the gradient of a scalar")
    top = value.text if value.node.op == "ref" and value.node.name != scope.frame.graph.loss else loss
    text = f"∂{top}/∂{q.text}"
    scope.unknowns[text] = ()
    return Denotation(build.ref(text, ()), chain=Differentiation(value.text, q.text, 0), text=text), end


def _hessian(q: Variable | Problem, items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step:
    first, end = operator(q, items, at, scope, factor, upright=True)
    if isinstance(first, Problem) or len(first.shape) != 1:
        raise NotUnderstood(items[at].span, "a second derivative by a vector")
    second = expression_derivative(replace(first, chain=None), [q], items[at].span, scope)
    return (second if isinstance(second, Problem) else replace(second, chain=None)), end


def _only_argument(items: Sequence[Markup], at: int, scope: Scope) -> Variable | None:
    r"""The variable of `\nabla E(\mathbf{w})`, whose bracket names one value and nothing else."""
    value, group = items[at + 1 : at + 3] if len(items) > at + 2 else (None, None)
    found = resolve(value, scope) if value is not None and isinstance(group, Group) else None
    if not isinstance(found, Resolved) or not isinstance(group, Group):
        return None
    names = listed_arguments(found, group, scope) or []
    graph = scope.frame.graph
    return Variable(names[0], (None,) * len(graph.shape(names[0]))) if len(names) == 1 and names[0] in graph else None


def _shorthand(items: Sequence[Markup], at: int, scope: Scope) -> Step | None:
    """`dW` for the derivative of the loss by W."""
    loss = scope.frame.graph.loss
    following = items[at + 1]
    if not isinstance(following, Symbol | Scripts) or items[at].span[1] != following.span[0]:
        return None
    transposed = following
    tail: Row | None = None
    if isinstance(following, Scripts) and following.sup is not None:
        meant = resolve(following, scope)
        if isinstance(meant, Resolved) and meant.sup:
            transposed, tail = replace(following, sup=None), following.sup
    q = named([transposed], scope)
    if q is None:
        waits = resolve(transposed, scope)
        return (waits, at + 2) if isinstance(waits, Problem) and waits.defect == PENDING else None
    if isinstance(q, Problem):
        return q, at + 2
    span = items[at].span[0], following.span[1]
    if loss is None or q.name == loss:
        raise NotUnderstood(span, "a derivative of the loss; differentials by themselves are not read")
    scope.assumed[f"d{q.text} = ∂{loss}/∂{q.text}"] = None
    value = single(Variable(loss), q, span, scope, by_name=True)
    if tail is not None:
        if not is_transpose(tokens_of(tail.items)):
            raise NotUnderstood(span, "a transpose")
        value = values.transposed(value, span)
    return value, at + 2


def delta(node: Markup, scope: Scope) -> Result | None:
    """The adjoint of the pre-activation whose indices δ bears, Kronecker's δ, or None for other letters."""
    spelling = spelling_of(node, scope)
    if spelling is None or spelling.bases[-1] != DELTA or spelling.primes:
        return None
    loss = scope.frame.graph.loss
    lexicon = scope.frame.lexicon
    wanted = {name for names in lexicon.adjoint_of.values() for name in names}
    bases = {key[0] for key, entries in lexicon.entries.items() for e in entries if e.name in wanted}
    found: dict[str, tuple[Resolved, Markup]] = {}
    problem: Problem | None = None
    waiting: list[IndexRange] = []
    for base in sorted(bases):
        stand_in, mark = _rebased(node, base), len(scope.pending)
        meant = resolve(stand_in, scope)
        if any(
            own.letters == other.letters and own.rows & other.rows for own in scope.pending[mark:] for other in waiting
        ):
            raise NotUnderstood(node.span, "a δ that belongs to one pre-activation")
        waiting += scope.pending[mark:]
        if isinstance(meant, Resolved) and meant.entry.name in wanted:
            found.setdefault(meant.entry.name, (meant, stand_in))
        elif isinstance(meant, Problem) and (problem is None or meant.defect == PENDING):
            problem = meant
    kronecker = _kronecker(spelling.subs, scope) if not spelling.sups else None
    if any(takes_delta(definition) for definition in scope.definitions):
        return kronecker  # the page has given the letter another meaning
    if kronecker is not None and (not found or loss is None):
        return kronecker
    if len(found) > 1 or loss is None:
        raise NotUnderstood(node.span, "a δ that belongs to one pre-activation")
    if not found:
        return problem
    if kronecker is not None and scope.choose(("delta", node.span), (False, True)):
        return kronecker
    ((meant, _),) = found.values()
    q = as_variable(replace(meant, sup=()), [node], scope)
    if not isinstance(q, Variable):
        return q
    value = single(Variable(loss), q, node.span, scope)
    shown = scope.source[node.span[0] : node.span[1]]
    scope.assumed[f"{shown} = ∂{loss}/∂{q.text}"] = None
    return _raise_rest(value, meant, node)


def _raise_rest(value: Result, meant: Resolved, node: Markup) -> Result:
    if not meant.sup:
        return value
    if text_of(meant.sup) in ("T", "t", r"\top", r"\intercal"):
        return values.transposed(value, node.span)
    raise NotUnderstood(node.span, "δ with a layer or a transpose")


def _rebased(node: Markup, base: str) -> Markup:
    symbol = Symbol(node.span, base)
    return replace(node, base=symbol) if isinstance(node, Scripts) else symbol


def _kronecker(subs: Sequence[object], scope: Scope) -> Denotation | None:
    letters = [token for token in subs if token is not None]
    if len(letters) != 2 or not all(isinstance(token, Lin) and not token.offset for token in letters):
        return None
    first, second = (scope.bound.get(t.letter, t.letter) for t in letters if isinstance(t, Lin))
    known = (scope.sizes.get(first), scope.sizes.get(second), scope.hints.get(first), scope.hints.get(second))
    size = next((size for size in known if size is not None), None)
    if size is None or LABEL in (first, second) or first == second or any(n not in (None, size) for n in known):
        return None
    one = build.eye(size)
    return replace(values.indexed(one, [first, second]), text=f"[{first} = {second}]")


def primed(node: Scripts, value: Result, scope: Scope) -> Result:
    """`(...)'`: by the variable of the other members, or by the only one there is."""
    if isinstance(value, Problem):
        return value
    if node.primes != 1:
        raise NotUnderstood(node.span, "a first derivative")
    names = set(scope.variables) or {n for n in refs(value.node) if n in scope.frame.graph}
    if len(names) != 1:
        raise NotUnderstood(node.span, "a derivative whose variable the rest of the formula names")
    (name,) = names
    shape = scope.frame.graph.shape(name) if name in scope.frame.graph else ()
    kind = "value" if name in scope.frame.graph else "formal"
    return expression_derivative(value, [Variable(name, (None,) * len(shape), kind)], node.span, scope)
