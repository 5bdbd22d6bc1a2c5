r"""What formulas write without declaring it: ones, identities, indicators, \pi and e.

\mathbf 1, I, \mathbf 1_m, I_n       the size is written below, or the one in the model that fits
\mathbb 1[z > 0], I(z > 0), 1\{i = j\}, \mathbf 1_{z > 0}        1 where it holds, else 0
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.ir import build
from derive.ir.size import ONE, Size
from derive.meaning.claim import Denotation, Result
from derive.meaning.conditions import condition, is_condition
from derive.meaning.lookup import resolve
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.usage import size_in
from derive.typography.nodes import Group, Markup, Number, Scripts, Symbol


def indicates(items: Sequence[Markup], at: int, scope: Scope) -> bool:
    """Whether a 1 or an I stands before a condition in brackets."""
    node = items[at]
    group = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(group, Group) or not is_condition(group.items):
        return False
    if isinstance(node, Number):
        return bool(node.font) or group.open == r"\{"
    return isinstance(node, Symbol) and resolve(node, scope) is None


def indicator(items: Sequence[Markup], at: int, scope: Scope) -> Result:
    """1 where the condition holds, else 0."""
    group = items[at + 1]
    assert isinstance(group, Group)
    return condition(group.items, scope)


def ones(node: Number, scope: Scope) -> Denotation:
    """A vector of ones: its length is one of those in the model, whichever fits."""
    sizes = _lengths(scope)
    if not sizes:
        raise NotUnderstood(node.span, "a model with vectors")
    size = scope.choose(("ones", node.span), sizes)
    return Denotation(build.ones((size,)), column=True, text=f"ones({size})")


def _lengths(scope: Scope) -> list[Size]:
    """The sizes of the model; one entry, which nobody writes as a vector, only where there is nothing else."""
    sizes = scope.frame.sizes
    return [size for size in sizes if size is not ONE] or list(sizes)


CONSTANTS = (r"\pi", "e")


def constant(node: Markup, scope: Scope) -> Denotation | None:
    r"""`\pi`, e and the identity matrix, where nothing else is called so; I has the size that fits."""
    name = node.name if isinstance(node, Symbol) else ""
    if name in CONSTANTS:
        return Denotation(build.constant(name.lstrip("\\")), text=name.lstrip("\\"))
    sizes = _lengths(scope)
    if name != "I" or not sizes:
        return None
    size = scope.choose(("identity", node.span), sizes)
    scope.assumed["I is the identity matrix"] = None
    return Denotation(build.eye(size), text=f"I({size})")


def with_size(node: Scripts, scope: Scope) -> Result | None:
    r"""`\mathbf 1_m` and `I_n` with the size below, `\mathbf 1_{z > 0}` with a condition; None for others."""
    base = node.base
    is_ones = isinstance(base, Number) and base.text == "1"
    is_identity = isinstance(base, Symbol) and base.name == "I" and resolve(node, scope) is None
    if node.sub is None or node.primes or not (is_ones or is_identity):
        return None
    below = node.sub.items
    if len(below) == 1 and isinstance(below[0], Group):
        below = below[0].items
    if is_condition(below):
        return condition(below, scope)
    if isinstance(base, Number) and not base.font:
        return None
    size = size_in(node.sub.items, scope)
    if is_ones:
        return Denotation(build.ones((size,)), column=True, text=f"ones({size})")
    scope.assumed["I is the identity matrix"] = None
    return Denotation(build.eye(size), text=f"I({size})")
