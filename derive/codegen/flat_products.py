"""The factors of a product, with those of the products inside it, and its numeric coefficient.

2 (a (3 b))  =  6, [a, b]            2 (1 / (2 m))  =  1, [1 / m]
"""

from __future__ import annotations

from fractions import Fraction
from math import prod

from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Labels, Node
from derive.ir.size import ONE, Size
from derive.ops.primitive import embeds

Operand = tuple[Labels, Node]
MOST_FACTORS = 8  # of one product


def is_view(node: Node) -> bool:
    """Whether a contraction only turns, repeats, squeezes or takes a diagonal of one array: nothing is computed."""
    if node.op != "contract" or len(node.args) != 1:
        return False
    (inner,), out = node.labels
    sizes = label_sizes(node)
    return len(set(out)) == len(out) and all(label in out or sizes[label] is ONE for label in inner)


def is_multiple(node: Node) -> bool:
    """Whether a node is one array times numbers; `2 diag(diag A)` is none of A."""
    if node.op != "contract":
        return False
    ins, out = node.labels
    arrays = [own for own in ins if own]
    return len(arrays) == 1 and len(ins) > 1 and arrays[0] == out and len(set(out)) == len(out)


def is_scaled(node: Node) -> bool:
    """Whether a node is a scalar times an array or another scalar."""
    return (
        node.op == "contract"
        and len(node.args) == 2
        and node.labels[0] == ((), node.labels[1])
        and len(set(node.labels[1])) == len(node.labels[1])
    )


def flattened(operands: list[tuple[Labels, Node, bool]], sizes: dict[int, Size]) -> tuple[list[Operand], Fraction]:
    """The factors of a product, with those of inner products, and its numeric coefficient; `sizes` gets new labels."""
    coefficient = Fraction(1)
    kept: list[Operand] = []
    alone = len(operands) == 1
    stack = list(reversed(operands))
    while stack:
        labels, arg, free = stack.pop()
        if arg.op == "number":
            coefficient *= arg.value
        elif arg.op == "neg":
            coefficient = -coefficient
            stack.append((labels, arg.args[0], free))
        elif arg.op == "contract" and (is_view(arg) or (free and _absorbed(arg, alone, len(kept) + len(stack)))):
            inner = relabelled(arg, labels, sizes)
            # what is inside has been flattened already, and may have other users
            stack += [(own, a, False) for own, a in reversed(list(zip(inner, arg.args, strict=True)))]
        else:
            kept.append((labels, arg))
    if abs(coefficient) != 1:
        for place, (labels, arg) in enumerate(kept):
            # 2 * (1 / (2 m)) is 1 / m
            number, rest = _numeric_share(arg)
            coefficient *= number
            kept[place] = labels, rest
    return kept, coefficient


def _numeric_share(arg: Node) -> tuple[Fraction, Node]:
    """A scalar p / (q m) as the number p / q and 1 / m; anything else as 1 and itself."""
    if arg.op != "div" or arg.shape or arg.args[0].op != "number":
        return Fraction(1), arg
    over, under = arg.args
    if under.op != "contract":
        return over.value, build.div(build.number(1), under)
    numbers = [factor.value for factor in under.args if factor.op == "number"]
    others = [own for own in zip(under.labels[0], under.args, strict=True) if own[1].op != "number"]
    if not numbers or not others:
        return Fraction(1), arg
    rest = build.contract([labels for labels, _ in others], (), [factor for _, factor in others], ())
    return over.value / prod(numbers), build.div(build.number(1), rest)


def _absorbed(inner: Node, alone: bool, beside: int) -> bool:
    """Whether an inner product that nobody else uses is merged: it sums nothing, or stands alone and is summed."""
    return (alone or not _sums(inner)) and not embeds(inner) and beside + len(inner.args) <= MOST_FACTORS


def _sums(node: Node) -> bool:
    ins, out = node.labels
    return any(label not in out for labels in ins for label in labels)


def relabelled(node: Node, labels: Labels, sizes: dict[int, Size]) -> list[Labels]:
    """The labels of the factors of a product that lies along `labels`; `sizes` gets those of its own sums."""
    ins, out = node.labels
    names = dict(zip(out, labels, strict=True))
    for label, size in label_sizes(node).items():
        if label not in names:
            names[label] = max(sizes, default=-1) + 1
            sizes[names[label]] = size
    return [tuple(names[label] for label in own) for own in ins]
