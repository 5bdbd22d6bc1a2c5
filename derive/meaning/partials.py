r"""Derivatives as fractions of differentials, and operators in front of what they differentiate.

    \frac{\partial p}{\partial q}, \frac{dp}{dq}     the Jacobian of p by q, entries where there are indices
    \frac{\partial}{\partial q}(...), \partial_q p   the total derivative of what follows

A partial is never a quotient. With a second path from q to p its total and its direct value differ; `d`, and partials
of the loss, are total, and the others are left as a choice: for a member with several partials one choice for all of
them ("factors"), for a lone one a choice of the reading ("lone").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.equality.subgradients import TakenSlope
from derive.ir import build
from derive.meaning import values
from derive.meaning.claim import Denotation, Differentiation, Problem, Result
from derive.meaning.frames import Frame
from derive.meaning.lookup import Resolved, is_declared, is_transpose, resolve
from derive.meaning.reading_state import NotUnderstood, Scope, T
from derive.meaning.redefinitions import is_redefined
from derive.meaning.single_entries import is_single, only_entry
from derive.meaning.variables import Variable, named, slash_derivatives, subterm, variable
from derive.ops.conditions import has_limits
from derive.typography.nodes import Fraction, Group, Markup, Number, Offsets, Row, Scripts, Symbol, walk

Step = tuple[Result, int]
Factor = Callable[[Sequence[Markup], int, Scope], Step]


# ----- recognising -----


def differential(node: Markup) -> str | None:
    r"""`d` or `\partial`, also with a power in the numerator of a higher derivative."""
    inner = node.base if isinstance(node, Scripts) and node.sub is None and not node.primes else node
    if isinstance(inner, Symbol) and inner.name in (r"\partial", "d") and inner.font in ("", "rm", "op", "text"):
        return inner.name
    return None


def is_derivative(node: Fraction) -> bool:
    """Whether a fraction has a differential above and below."""
    above, below = node.num.items, node.den.items
    return bool(above and below and differential(above[0]) and differential(below[0]))


# ----- fractions -----


def fraction(node: Fraction, items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step | None:
    above, below = node.num.items, node.den.items
    sign_above = differential(above[0]) if above else None
    sign_below = differential(below[0]) if below else None
    if "d" in (sign_above, sign_below) and is_declared("d", scope):
        raise NotUnderstood(node.span, "a derivative whose d is no declared name")
    if sign_below is None:
        return _half(node, sign_above, scope, at)
    if sign_above is None:
        if sign_below == "d":
            return None
        return Problem("missing_partial", "a partial below the line has none above it", node.span), at + 1
    written = _order(above[0])
    order, variables = _variables(node.den, scope, written)
    if written != order:
        return Problem("notation", f"a derivative of order {written} by {order} variables", node.span), at + 1
    upright = sign_above == "d"
    if len(above) == 1:
        if len(variables) > 1:
            raise NotUnderstood(node.span, "one variable below an operator")
        return operator(variables[0], items, at, scope, factor, upright=upright)
    point = items[at + 1] if at + 1 < len(items) else None
    if isinstance(point, Group) and len(point.items) == 1 and isinstance(point.items[0], Number):
        raise NotUnderstood(point.span, "a derivative wherever it is taken, not at one point")
    return _of(above[1:], variables, node.span, scope, upright=upright), at + 1


def _half(node: Fraction, sign: str | None, scope: Scope, at: int) -> Step | None:
    r"""`\frac{\partial J}{w}` is no ratio of values; `\frac{dW}{m}` is the shorthand divided by m."""
    if sign is None:
        return None
    loss = scope.frame.graph.loss
    of = named(node.num.items[1:], scope) if len(node.num.items) > 1 else None
    if sign == r"\partial" or (isinstance(of, Variable) and of.name == loss):
        scope.read(node.den.items, scope)  # whatever cannot be read at all stays unread
        if of is None and len(node.num.items) > 1:
            scope.read(node.num.items[1:], scope)
        return Problem("missing_partial", "the denominator lacks a partial sign", node.span), at + 1
    return None


def _order(node: Markup) -> int:
    if isinstance(node, Scripts) and node.sup is not None:
        power = node.sup.items[0] if len(node.sup.items) == 1 else None
        if isinstance(power, Number) and power.text.isdecimal() and 0 < len(power.text) < 3:
            return int(power.text)
        raise NotUnderstood(node.span, "the order of the derivative")
    return 1


def _variables(den: Row, scope: Scope, written: int) -> tuple[int, list[Variable | Problem]]:
    r"""The variables below the line, and how many; of a first derivative `\partial \sigma^2` is one, the number σ²."""
    parts: list[list[Markup]] = []
    for node in den.items:
        if differential(node) and not (parts and not parts[-1]):
            parts.append([])
        else:
            parts[-1].append(node)
    found: list[Variable | Problem] = []
    for part in parts:
        if not part:
            raise NotUnderstood(den.span, "a variable after the partial sign")
        times = 1
        last = part[-1]
        if isinstance(last, Scripts) and last.sup is not None and len(last.sup.items) == 1:
            power = last.sup.items[0]
            if isinstance(power, Number) and power.text == "2" and not isinstance(resolve(last, scope), Problem):
                meant = resolve(last, scope)
                if isinstance(meant, Resolved) and meant.sup:
                    if written == len(parts) == 1 and not scope.frame.graph.shape(meant.entry.name):
                        square = subterm(part, (part[0].span[0], last.span[1]), scope, anywhere=True)
                        if square is not None:
                            return 1, [square]
                    times = 2
                    part = [*part[:-1], replace(last, sup=None)]
        if len(parts) > 1 and isinstance(last, Scripts):
            part = [*part[:-1], _untransposed(last, scope)]
        found += [variable(part, scope)] * times
    return len(found), found


def _untransposed(node: Scripts, scope: Scope) -> Markup:
    r"""`w` for the `w^\top` of `\partial w\,\partial w^\top`, where it only says that a matrix is meant."""
    meant = resolve(node, scope)
    if isinstance(meant, Resolved) and meant.entry.kind == "value" and is_transpose(meant.sup):
        return replace(node, sup=None) if len(scope.frame.graph.shape(meant.entry.name)) == 1 else node
    return node


# ----- the derivative -----


def _of(items: Sequence[Markup], by: list[Variable | Problem], span: Offsets, scope: Scope, *, upright: bool) -> Result:
    """The derivative of what stands above the line by the variables below it."""
    broken = next((q for q in by if isinstance(q, Problem)), None)
    p = None if is_redefined(items[0], scope) else named(items, scope)
    if isinstance(p, Problem):
        return p
    if p is None:
        value = _operand(scope, lambda: scope.read(items, scope))
        if isinstance(value, Problem) and not isinstance(items[0], Group):
            return value
        return broken or (value if isinstance(value, Problem) else expression_derivative(value, by, span, scope))
    if broken is not None:
        return broken
    variables = [q for q in by if isinstance(q, Variable)]
    if len(variables) == 1:
        return single(p, variables[0], span, scope, upright=upright)
    first = single(p, variables[-1], span, scope, upright=True)
    rest: list[Variable | Problem] = [*variables[:-1]]
    return first if isinstance(first, Problem) else expression_derivative(replace(first, chain=None), rest, span, scope)


def _operand(scope: Scope, read: Callable[[], T]) -> T:
    r"""What `read` gives for the operand of a derivative: an index that it sums over ends with it.

    The j of `\frac{\partial}{\partial h_j} \sum_j h_j^2` is bound above and free below. One that is free above as well
    stays a fault.
    """
    free, closed = scope.free, scope.closed
    scope.free, scope.closed = {}, {}
    made = read()
    scope.closed = {**closed, **{letter: span for letter, span in scope.closed.items() if letter in scope.free}}
    scope.free = {**free, **scope.free}
    return made


def single(
    p: Variable, q: Variable, span: Offsets, scope: Scope, *, upright: bool = True, by_name: bool = False
) -> Result:
    """The derivative of one name by another, with the entries that their indices select; `by_name`: it is an array."""
    if p.kind != "value" or p.frame is not None:
        raise NotUnderstood(span, "a value above the line")
    frame = q.frame or scope.frame
    rank = len(p.axes)
    text = f"∂{p.text}/∂{q.text}"
    if q.kind == "parameter":
        if rank:
            raise NotUnderstood(span, "a scalar above the line")
        scope.unknowns[text] = ()
        scope.slopes.append(None)
        return Denotation(build.ref(text, ()), chain=Differentiation(p.text, q.text, 0), text=text)
    if q.kind == "formal":
        return Denotation(build.zeros(frame.graph.shape(p.name)), text=text)
    total = upright or (p.name == scope.frame.graph.loss and not scope.upright)  # beside a d, a curly one is direct
    direct = not total and frame.has_second_path(p.name, q.name)
    if direct and not scope.upright:
        several = scope.partials > 1
        options = (False, True, frame.is_input(q.name)) if several else (False, True)
        direct = scope.choose(("factors" if several else "lone", scope.member), options)
    node = q.instead_of_its_name(frame.jacobian(p.name, q.name, direct=direct))
    if frame.is_symmetric(q.name) and not frame.symmetry:
        scope.assumed[f"a derivative by {q.text} takes its entries for independent, though it is symmetric"] = None
    above, below = _entry_axes(p, frame), q.axes if by_name else _entry_axes(q, frame)
    made = values.indexed(node, [*above, *below])
    whole = build.ref(p.name, frame.graph.shape(p.name))
    scope.slopes.append(TakenSlope(whole, made.node, q.name) if q.slope is None else None)
    split = sum(axis is None for axis in above)
    bottom = q.text
    made = replace(made, chain=Differentiation(p.text, bottom, split), text=f"{text} (direct)" if direct else text)
    return scope.oriented(made)


def _entry_axes(one: Variable, frame: Frame) -> Sequence[str | int | None]:
    """The axes of a variable; of an array of one entry that entry, which is a scalar."""
    shape = frame.graph.shape(one.name) if one.kind == "value" else ()
    return (0,) * len(shape) if is_single(shape) else one.axes


def expression_derivative(value: Denotation, by: Sequence[Variable | Problem], span: Offsets, scope: Scope) -> Result:
    """The total derivative of an expression, by one variable after the other from the right."""
    for q in reversed(by):
        if isinstance(q, Problem):
            return q
        if q.kind == "parameter":
            raise NotUnderstood(span, "a loss by name above a parameter")
        value = only_entry(value)
        own = len(value.shape)
        frame = q.frame or scope.frame
        node = frame.total(value.node, q.name)
        scope.slopes.append(TakenSlope(value.node, node, q.name) if q.slope is None else None)
        node = q.instead_of_its_name(node)
        if build.is_zero(node) or (not node.shape and has_limits(value.node)):
            # a derivative has a value where its operand has one: log(-1) has neither, log(a) none for a < 0
            labels = tuple(range(len(node.shape)))
            ins: list[tuple[int, ...]] = [labels[: len(value.node.shape)], ()]
            nothing = build.contract(ins, labels, [value.node, build.number(0)], node.shape)
            node = nothing if build.is_zero(node) else build.add(node, nothing)
        made = values.indexed(node, [*value.letters, *(None for _ in value.shape), *_entry_axes(q, frame)])
        text = f"∂({value.text})/∂{q.text}"
        value = scope.oriented(replace(made, chain=Differentiation(value.text, q.text, own), text=text))
    return value


def operator(
    q: Variable | Problem, items: Sequence[Markup], at: int, scope: Scope, factor: Factor, *, upright: bool
) -> Step:
    """An operator in front of what it differentiates: the next factor, or all that stands beside it."""
    if at + 1 >= len(items):
        raise NotUnderstood(items[at].span, "something to differentiate")
    span = items[at].span[0], items[-1].span[1]
    by_name = named(items[at + 1 : at + 3], scope) if at + 2 < len(items) else None
    if not isinstance(by_name, Variable) or not isinstance(items[at + 2], Group):
        by_name, width = named(items[at + 1 : at + 2], scope), 1
    else:
        width = 2
    value, end = _operand(scope, lambda: factor(items, at + 1, scope))
    stop = end
    while stop < len(items) and not _derives(items[stop]):
        stop += 1
    if stop > end:
        alone = isinstance(by_name, Variable) and end == at + 1 + width
        if not alone or scope.choose(("operand", items[at].span), (False, True)):
            value, end, by_name = _operand(scope, lambda: scope.read(items[at + 1 : stop], scope)), stop, None
    if isinstance(q, Problem):
        return q, end
    if isinstance(value, Problem):
        return value, end
    if is_redefined(items[at + 1], scope):
        by_name = None
    if isinstance(by_name, Variable) and end == at + 1 + width and by_name.kind == "value":
        return single(by_name, q, span, scope, upright=upright or by_name.name == scope.frame.graph.loss), end
    return expression_derivative(value, [q], span, scope), end


def _derives(node: Markup) -> bool:
    inner = node.base if isinstance(node, Scripts) else node
    return isinstance(inner, Fraction) and is_derivative(inner)


# ----- gradients by other names -----


def variables_named(items: Sequence[Markup], scope: Scope) -> list[str]:
    """The names that the derivatives in a row are taken by."""
    found: dict[str, None] = {}
    for node in walk(*slash_derivatives(items)):
        if isinstance(node, Fraction) and is_derivative(node):
            try:
                _, variables = _variables(node.den, scope, _order(node.num.items[0]))
            except NotUnderstood:
                continue
            found.update(dict.fromkeys(q.name for q in variables if isinstance(q, Variable)))
    return list(found)
