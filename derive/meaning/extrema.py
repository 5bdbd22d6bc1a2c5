r"""The largest and the smallest of all that an index counts: `\max_k s_k`, `\min_i X_{:,i}`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.node import Node as Term
from derive.meaning.claim import Problem, Result
from derive.meaning.lookup import resolve
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.ops.tensors import amax, amin, axes_of
from derive.typography.nodes import Markup, Operator, Scripts, Symbol, word_run

Step = tuple[Result, int]
_KINDS = {"max": amax, "min": amin}


def is_extremum(node: Markup, scope: Scope) -> bool:
    r"""Whether a node is `\max` or `\min` with an index below."""
    base = node.base if isinstance(node, Scripts) else None
    known = isinstance(base, Symbol) and base.name in _KINDS and base.font in ("op", "rm", "text")
    return known and isinstance(node, Scripts) and node.sub is not None and resolve(node, scope) is None


def below_extremum(items: Sequence[Markup]) -> list[str]:
    r"""The letters that `\max_k` or `max_k` binds at the start of a row."""
    word = word_run(tuple(items[:3]), at=0)
    node = items[len(word) - 1] if word else items[0]
    base = node.base if isinstance(node, Scripts) else None
    name = word or (base.name if isinstance(base, Symbol) else "")
    if name not in _KINDS or not isinstance(node, Scripts) or node.sub is None:
        return []
    return [inner.name for inner in node.sub.items if isinstance(inner, Symbol)]


def extremum(
    node: Scripts,
    items: Sequence[Markup],
    at: int,
    scope: Scope,
    factor: Callable[[Sequence[Markup], int, Scope], Step],
) -> Step:
    """The extremum over the axis that the index counts; what is maximised is one factor."""
    assert isinstance(node.base, Symbol)
    assert node.sub is not None
    letters = [inner.name for inner in node.sub.items if isinstance(inner, Symbol)]
    if len(node.sub.items) != 1 or len(letters) != 1 or node.sup is not None or node.primes:
        raise NotUnderstood(node.span, "one index letter below, and nothing above")
    if at + 1 >= len(items) or isinstance(items[at + 1], Operator):
        raise NotUnderstood(node.span, "something to compare")
    (letter,) = letters
    bound = scope.bind(letter)
    scope.closed[letter] = node.span
    inner = replace(scope, bound={**scope.bound, letter: bound})
    inner.env = {name: number for name, number in scope.env.items() if name != letter}
    value, end = factor(items, at + 1, inner)
    scope.fresh = inner.fresh
    if end < len(items) and not isinstance(items[end], Operator):
        raise NotUnderstood(node.span, "brackets around what is compared")
    if isinstance(value, Problem):
        return value, end
    if bound not in value.letters:
        raise NotUnderstood(node.span, f"something that {letter} counts")
    axis = value.letters.index(bound)
    kept = tuple(other for other in value.letters if other != bound)
    made = _over(node.base.name, value.node, axis)
    return replace(value, node=made, letters=kept, chain=None, text=f"{node.base.name}_{letter}({value.text})"), end


def _over(name: str, entries: Term, axis: int) -> Term:
    r"""The extremum along an axis; that of extrema, `\max_i \max_j A_{ij}`, is one over all their axes."""
    if entries.op == "contract" and len(entries.args) == 1:
        (labels,), out = entries.labels
        if sorted(labels) == sorted(out):  # axes turned: by the axis that the model has
            rest, kept = ([label for label in one if label != out[axis]] for one in (labels, out))
            return build.transpose(_over(name, entries.args[0], labels.index(out[axis])), tuple(map(rest.index, kept)))
    inner = entries.args[0] if name == "min" and entries.op == "neg" else entries
    if inner.op != "amax" or (name == "min") != (entries.op == "neg"):
        return _KINDS[name](entries, axis)
    axes = axes_of(inner)
    left = [k for k in range(len(inner.args[0].shape)) if k not in axes]
    merged = amax(inner.args[0], tuple(sorted((*axes, left[axis]))))
    return build.neg(merged) if name == "min" else merged
