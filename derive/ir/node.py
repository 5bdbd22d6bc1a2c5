"""The one central structure: a value in a computation, as an operation applied to earlier values.

A node is immutable and interned *as written*: the same operation on the same operands in the same order is the
same object, so structural equality is identity and every pass over an expression sees its sharing. Equality of
*value* is another matter; it is decided by a normal form, computed on demand and never stored in place of the node.

The operations (`op`, `attribute`, meaning):

    ref         name             the value of an input or of a binding
    number      Fraction         an exact number
    constant    'pi' | 'e'
    size        Size             the size of an axis, as a number
    contract    (ins, out)       sum over all labels not in `out` of the product of the operands; `ins` holds one
                                 tuple of integer labels for each operand, labels count from 0 by first appearance
    add neg div power            elementwise, operands of one shape
    call        (name, orders)   an elementwise function (registered or generic), differentiated orders[k] times by
                                 its k-th argument
    functional  (name, wrt)      an opaque scalar function of whole tensors, differentiated by the arguments `wrt`
    array       None             scalars put into an array of a given integer shape
    entry       positions        one entry, row or slice: an integer or None (keep) for each axis
    anything else                a composite operation of the registry (`softmax`, `amax`, ...)
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator
from fractions import Fraction
from typing import cast
from weakref import ReferenceType

from derive.ir.size import Shape, Size

Labels = tuple[int, ...]
Contraction = tuple[tuple[Labels, ...], Labels]


class Node:
    """A value: operation, operands, attribute, shape. Make one with the functions of `derive.ir.build`."""

    __slots__ = ("__weakref__", "args", "attribute", "op", "shape")
    op: str
    args: tuple[Node, ...]
    attribute: Hashable
    shape: Shape

    def __new__(cls, op: str, args: tuple[Node, ...], attribute: Hashable, shape: Shape) -> Node:
        key = (op, args, attribute, shape)
        known = _nodes.get(key)
        node = None if known is None else known()
        if node is None:
            node = object.__new__(cls)
            node.op, node.args, node.attribute, node.shape = key
            _nodes[key] = link = _Link(node, _forget)
            link.key = key
        return node

    # typed views of the attribute, one for each primitive operation that has one

    @property
    def name(self) -> str:
        """The name of a `ref` or `constant`, or of the function of a `call` or `functional`."""
        return cast(str, self.attribute[0] if isinstance(self.attribute, tuple) else self.attribute)

    @property
    def value(self) -> Fraction:
        """The value of a `number`."""
        return cast(Fraction, self.attribute)

    @property
    def size(self) -> Size:
        """The size that a `size` node stands for."""
        return cast(Size, self.attribute)

    @property
    def labels(self) -> Contraction:
        """Labels of the operands and of the result of a `contract`."""
        return cast(Contraction, self.attribute)

    @property
    def orders(self) -> tuple[int, ...]:
        """Orders of differentiation of a `call`, or argument positions of a `functional`."""
        return cast(tuple[int, ...], cast(tuple[object, ...], self.attribute)[1])

    def __repr__(self) -> str:
        detail = "" if self.attribute is None else f" {self.attribute}"
        inner = ", ".join(arg.op if arg.op != "ref" else arg.name for arg in self.args)
        return f"<{self.op}{detail}({inner}) {self.shape}>"

    def __copy__(self) -> Node:
        return self

    def __deepcopy__(self, _memo: object) -> Node:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        # flat, in topological order: a recursive pickle would overflow on a deep expression
        order = list(topological(self))
        place = {node: i for i, node in enumerate(order)}
        rows = [(n.op, tuple(place[a] for a in n.args), n.attribute, n.shape) for n in order]
        return _restore, (rows,)


# a WeakValueDictionary by hand: its own methods are written in Python and take as long as all else above


class _Link(ReferenceType[Node]):
    __slots__ = ("key",)
    key: _Key


_Key = tuple[str, tuple[Node, ...], Hashable, Shape]
_nodes: dict[_Key, _Link] = {}


def _forget(link: _Link) -> None:
    key = link.key
    if _nodes.get(key) is link:
        del _nodes[key]


def _restore(rows: list[tuple[str, tuple[int, ...], Hashable, Shape]]) -> Node:
    nodes: list[Node] = []
    for op, args, attribute, shape in rows:
        nodes.append(Node(op, tuple(nodes[i] for i in args), attribute, shape))
    return nodes[-1]


def topological(*roots: Node, known: Container[Node] = ()) -> Iterator[Node]:
    """Every node below the roots once, operands before users; iterative, so depth is no limit.

    What is `known`, and what only that uses, is left out.
    """
    seen: set[Node] = set()
    stack: list[Node | None] = [*reversed(roots)]
    while stack:
        node = stack.pop()
        if node is None:  # the operands of the node below it are done
            node = stack.pop()
            assert node is not None
            yield node
        elif node not in seen and node not in known:
            seen.add(node)
            if node.args:
                stack += (node, None, *reversed(node.args))
            else:
                yield node


def rewrite(root: Node, rule: Callable[[Node, tuple[Node, ...]], Node], done: dict[Node, Node] | None = None) -> Node:
    """Rebuild an expression from its leaves: `rule(node, new operands)` gives the node that replaces `node`.

    `done`: what has been replaced before; added to.
    """
    done = {} if done is None else done
    for node in topological(root, known=done):
        done[node] = rule(node, tuple(done[arg] for arg in node.args))
    return done[root]


def with_args(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation on other operands of the same shapes."""
    return node if args == node.args else Node(node.op, args, node.attribute, node.shape)


def substitute(root: Node, replacement: dict[Node, Node]) -> Node:
    """Replace nodes (usually refs) by others of the same shape, everywhere below `root`."""
    done = dict(replacement)
    for node in topological(root):
        if node not in done:
            done[node] = with_args(node, tuple([done[arg] for arg in node.args]))
    return done[root]


def refs(*roots: Node) -> list[str]:
    """The names referred to below the roots, each once, in order of first appearance."""
    return list(dict.fromkeys(node.name for node in topological(*roots) if node.op == "ref"))


def as_number(node: Node) -> Fraction | None:
    """The exact number a node is, through signs, or None."""
    if node.op == "number":
        return node.value
    if node.op == "neg":
        inner = as_number(node.args[0])
        return None if inner is None else -inner
    return None
