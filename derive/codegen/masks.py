"""What is masked is not looked at: `0 * f(x)` is nan where f(x) is not finite, and its derivative there is 0.

    where(x > 0, sqrt(x), 0)    has the derivative    1[x > 0] / (2 sqrt(x)),    0 for x < 0

The adjoint of a branch carries the condition of the branch as a factor, and so does everything that the chain rule
multiplies it with. A product or quotient that has a condition on one side and a value that may be infinite or undefined
on the other is written as a choice, `np.where(x > 0, ..., 0)`; all others stay products, which are as fast.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from derive.codegen.flat_products import is_view
from derive.codegen.shelter import choice
from derive.ir import build
from derive.ir.node import Labels, Node, as_number, topological, with_args
from derive.ir.size import ONE
from derive.ops.conditions import is_indicator
from derive.ops.primitive import scalar_of
from derive.ops.record import elementwise

Masks = dict[Node, tuple[Node, ...]]  # conditions, 1 or 0, each shaped like the node that they are factors of

LINEAR = ("add", "neg", "array", "entry", "placed", "contract")
BOUNDED = ("softmax", "log_softmax", "logsumexp", "amax", "argmax_mask", "det", "functional")


def guarded(roots: Sequence[Node], fixed: Collection[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`; `fixed` nodes (forward values) stay as they are.

    The first root is the value, which is computed in any case.
    """
    done: dict[Node, Node] = {}
    finite: set[Node] = set()
    masks: Masks = {}
    always = _outside_of_choices(roots[0]) if roots[0] in fixed else set()
    computed: set[Node] = set()
    for node in topological(*roots):
        new = with_args(node, tuple(done[arg] for arg in node.args))
        masks[new] = _masks(new, masks)
        bounded = _is_finite(new, finite)
        if new.op == "call" and new.name == "where" and not any(new.orders):
            condition, taken, other = new.args
            sheltered = choice(condition, taken, other, computed)
            masks[sheltered] = masks[new]
            new = sheltered
        if bounded:
            finite.add(new)
        elif node not in fixed:
            new = _guarded(new, masks, finite, computed)
        if node in always:
            computed.add(new)
        done[node] = new
    return done


def _outside_of_choices(value: Node) -> set[Node]:
    """What a forward value computes whatever is chosen: all but what only sides of choices need."""
    found, stack = set[Node](), [value]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack += node.args[:1] if node.op == "call" and node.name == "where" else node.args
    return found


def _guarded(node: Node, masks: Masks, finite: set[Node], computed: Collection[Node]) -> Node:
    """A product or quotient as a choice, if there is a condition in it."""
    if node.op == "contract":
        node = _guarded_inside(node, masks, finite, computed)
    if node in finite or node.op not in ("contract", "div") or not masks[node]:
        return node
    chosen = choice(build.mul(*masks[node]), _unmasked(node), build.zeros(node.shape), computed)
    masks[chosen] = masks[node]
    finite.add(chosen)
    return chosen


def _guarded_inside(node: Node, masks: Masks, finite: set[Node], computed: Collection[Node]) -> Node:
    """A sum of products with the factors that lie along the axes of a condition multiplied first, and guarded.

    No array comes of it that is larger than what the condition is a factor of.
    """
    node = _on_diagonals(node, masks, finite)
    ins, out = node.labels
    for own, arg in sorted(zip(ins, node.args, strict=True), key=lambda item: -len(item[0])):
        if not masks[arg] or set(own) <= set(out):
            continue
        inside = [(labels, a) for labels, a in zip(ins, node.args, strict=True) if set(labels) <= set(own)]
        outside = [(labels, a) for labels, a in zip(ins, node.args, strict=True) if not set(labels) <= set(own)]
        if all(a in finite for _, a in inside):
            continue
        product = build.contract([labels for labels, _ in inside], own, [a for _, a in inside], arg.shape)
        if product not in masks:
            masks[product] = _masks(product, masks)
        kept = [(own, _guarded(product, masks, finite, computed)), *outside]
        node = build.contract([labels for labels, _ in kept], out, [a for _, a in kept], node.shape)
        masks[node] = _masks(node, masks)
        if all(a in finite for _, a in kept):
            finite.add(node)
        break
    return node


def _on_diagonals(node: Node, masks: Masks, finite: set[Node]) -> Node:
    """A product in which a condition lies on a diagonal, with the diagonals of its factors as arrays of their own."""
    ins, out = node.labels
    if not any(masks[arg] and len(set(labels)) < len(labels) for labels, arg in zip(ins, node.args, strict=True)):
        return node
    factors: list[tuple[Labels, Node]] = []
    for labels, arg in zip(ins, node.args, strict=True):
        distinct = tuple(dict.fromkeys(labels))
        if distinct == labels:
            factors.append((labels, arg))
            continue
        factors.append((distinct, _diagonal(arg, labels, distinct, masks, finite)))
    made = build.contract([labels for labels, _ in factors], out, [arg for _, arg in factors], node.shape)
    masks[made] = _masks(made, masks)
    if all(arg in finite for _, arg in factors):
        finite.add(made)
    return made


def _diagonal(node: Node, labels: Labels, distinct: Labels, masks: Masks, finite: set[Node]) -> Node:
    """The entries of a node at which axes have one index; a function is taken of the diagonal of its operands."""
    shape = tuple(node.shape[labels.index(label)] for label in distinct)
    if (
        node.op in ("call", "div", "pow", "neg")
        and not masks.get(node)
        and all(arg.shape == node.shape for arg in node.args)
    ):
        operands = tuple(_diagonal(arg, labels, distinct, masks, finite) for arg in node.args)
        made = Node(node.op, operands, node.attribute, shape)
    elif node.op == "contract" and not masks.get(node) and all(own in ((), node.labels[1]) for own in node.labels[0]):
        factors = [
            (distinct, _diagonal(arg, labels, distinct, masks, finite)) if own else (own, arg)
            for own, arg in zip(node.labels[0], node.args, strict=True)
        ]
        made = build.contract([own for own, _ in factors], distinct, [arg for _, arg in factors], shape)
    else:
        made = build.contract([labels], distinct, [node], shape)
    masks[made] = tuple(_laid(mask, labels, made) for mask in masks.get(node, ()))
    if node in finite:
        finite.add(made)
    return made


def _masks(node: Node, masks: Masks) -> tuple[Node, ...]:
    """The conditions that are factors of a node."""
    if is_indicator(node):
        return (node,)
    match node.op:
        case "neg" | "div":
            return masks[node.args[0]]
        case "pow":
            power = as_number(scalar_of(node.args[1]))
            return masks[node.args[0]] if power is not None and power > 0 else ()
        case "add":
            return tuple(mask for mask in masks[node.args[0]] if all(mask in masks[arg] for arg in node.args[1:]))
        case "contract":
            ins, out = node.labels
            found = [
                _laid(core, own, node)
                for labels, arg in zip(ins, node.args, strict=True)
                for core, own in (_core(mask, labels) for mask in masks[arg])
                if _lies_along(own, core, out)
            ]
            return tuple(dict.fromkeys(found))
        case "call" if node.name == "where" and not any(node.orders):
            return _masks_of_choice(node, masks)
    return ()


def _masks_of_choice(node: Node, masks: Masks) -> tuple[Node, ...]:
    """What a choice keeps of its sides: a side that is 0 has every condition, and adds that it is not taken."""
    condition, taken, other = node.args
    if build.is_zero(other):
        return tuple(dict.fromkeys((*masks[condition], *masks[taken])))
    if build.is_zero(taken):
        return tuple(dict.fromkeys((*_complements(condition), *masks[other])))
    return tuple(mask for mask in masks[taken] if mask in masks[other])


def _complements(condition: Node) -> tuple[Node, ...]:
    """1 - c, for a condition c."""
    if not is_indicator(condition):
        return ()
    if condition.op == "add":
        return (condition.args[1].args[0],)
    return (build.sub(build.ones(condition.shape), condition),)


def _laid(mask: Node, labels: Labels, like: Node) -> Node:
    """A condition along some axes, repeated along the others."""
    return build.contract([labels], like.labels[1], [mask], like.shape)


def _core(mask: Node, labels: Labels) -> tuple[Node, Labels]:
    """A condition without the axes along which it is only repeated: it stays a factor where these are summed."""
    if mask.op != "contract" or len(mask.args) != 1:
        return mask, labels
    (inner,), out = mask.labels
    names = dict(zip(out, labels, strict=True))
    return (mask.args[0], tuple(names[label] for label in inner)) if {*inner} <= {*out} else (mask, labels)


def _lies_along(labels: Labels, arg: Node, out: Labels) -> bool:
    """Whether a factor is not summed in a product; its axes of size 1 may go."""
    return all(label in out or size is ONE for label, size in zip(labels, arg.shape, strict=True))


def _is_mask(node: Node) -> bool:
    """Whether a node is a condition, or one that is repeated."""
    return is_indicator(node.args[0] if is_view(node) else node)


def _unmasked(node: Node) -> Node:
    """A product without the factors that are conditions."""
    if _is_mask(node):
        return build.ones(node.shape)
    if node.op == "div":
        return build.div(_unmasked(node.args[0]), node.args[1])
    if node.op != "contract" or len(node.args) == 1:
        return node
    ins, out = node.labels
    kept = [
        (labels, arg)
        for labels, arg in zip(ins, node.args, strict=True)
        if not (_is_mask(arg) and _lies_along(labels, arg, out))
    ]
    if not kept or len(kept) == len(ins) or not set(out) <= {label for labels, _ in kept for label in labels}:
        return node
    return build.contract([labels for labels, _ in kept], out, [arg for _, arg in kept], node.shape)


def _is_finite(node: Node, finite: Collection[Node]) -> bool:
    """Whether a node is finite wherever its inputs are, by its form."""
    if is_indicator(node):
        return True
    if not all(arg in finite for arg in node.args):
        return False
    if node.op == "call":
        record = elementwise(node.name)
        return record is None or (
            record.domain == (-float("inf"), float("inf")) and node.name not in ("exp", "~expm1", "~sinh")
        )
    if node.op == "pow":
        exponent = as_number(node.args[1].args[0] if is_view(node.args[1]) else node.args[1])
        return exponent is not None and exponent.denominator == 1 and exponent >= 0
    if node.op == "div":
        return all(below.op in ("number", "size", "constant", "contract") for below in topological(node.args[1]))
    return node.op in ("ref", "number", "constant", "size", *LINEAR, *BOUNDED)
