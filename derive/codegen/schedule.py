"""Products of several arrays as products of two, in the order of their cost, and none of them twice.

    S_ij y_j y_k S_kl            S y is found once, then the outer product with itself
    1/2 A B  beside  A B         numbers stand before what is shared

Pairs that are at hand come first, then the cheapest, of these the one with the smallest result. Transposes do not
matter to what is the same; a symmetric matrix, its inverse and functions of its entries are their own transposes.
Forward values are not turned round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import combinations, product
from math import prod

from derive.codegen.einsum import NOMINAL
from derive.codegen.flat_products import MOST_FACTORS, Operand, is_multiple, is_view, relabelled
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Labels, Node, topological, with_args
from derive.ir.size import ONE, Size

Key = tuple[tuple[Node, ...], tuple[tuple[Labels, ...], Labels]]


def scheduled(roots: Sequence[Node], fixed: Collection[Node], symmetric: Collection[str]) -> dict[Node, Node]:
    """A replacement for every node below `roots`; `symmetric` names inputs, `fixed` are forward values."""
    order = list(topological(*roots))
    uses = Counter(arg for node in order for arg in node.args)
    uses.update(roots)
    schedule = _Schedule(symmetric)
    done: dict[Node, Node] = {}
    for node in order:
        new = with_args(node, tuple(done[arg] for arg in node.args))
        if new.op == "contract":
            free = {done[arg] for arg in node.args if uses[arg] == 1 and arg not in fixed}
            new = schedule.paired(new, node in fixed, uses[node] > 1, free)
        schedule.note(new)
        done[node] = new
    return done


class _Schedule:
    """The products of two arrays that are at hand, and the symmetric matrices."""

    def __init__(self, symmetric: Collection[str]) -> None:
        self._inputs, self._symmetric = symmetric, set[Node]()
        self._pairs: dict[Key, tuple[Node, Labels]] = {}

    def note(self, node: Node) -> None:
        """Keep what a node is."""
        if len(node.shape) == 2 and node.shape[0] is node.shape[1] and self._is_symmetric(node):
            self._symmetric.add(node)
        if node.op == "contract" and len(node.args) == 2 and all(arg.shape for arg in node.args):
            ins, out = node.labels
            if len(set(out)) < len(out) or not set(out) <= {x for labels in ins for x in labels}:
                return
            key, names = self._key(list(zip(ins, node.args, strict=True)), out)
            self._pairs.setdefault(key, (node, tuple(names[x] for x in out)))

    def _is_symmetric(self, node: Node) -> bool:
        if node.op == "ref":
            return node.name in self._inputs
        if node.op != "contract":
            return node.op in ("add", "neg", "div", "pow", "call", "inv") and self._symmetric.issuperset(node.args)
        ins, (i, j) = node.labels
        turned = {i: j, j: i}

        def factors(names: dict[int, int]) -> Counter[tuple[Node, Labels]]:
            found = [tuple(names.get(x, x) for x in own) for own in ins]
            rows = zip(found, node.args, strict=True)
            return Counter((arg, tuple(sorted(own)) if arg in self._symmetric else own) for own, arg in rows)

        return factors({}) == factors(turned)

    def paired(self, node: Node, forward: bool, shared: bool, free: Collection[Node]) -> Node:
        """A product as one of two factors, each of which may be such a product; `shared`: numbers stand apart.

        `free` are operands that nothing else uses.
        """
        ins, out = node.labels
        if len(set(out)) < len(out):
            return node
        sizes = label_sizes(node)
        scalars, arrays = list[Node](), list[Operand]()
        for labels, arg in zip(ins, node.args, strict=True):
            while len(ins) > 1 and is_view(arg):
                (labels,), arg = relabelled(arg, labels, sizes), arg.args[0]
            if labels:
                arrays.append((labels, arg))
            else:
                scalars.append(arg)
        every = {x for labels, _ in arrays for x in labels}
        if not every.issuperset(out) or every.union(*ins) > every:
            return self._turned(node, forward)  # a repeat is summed, or stands in the result
        if any(len(set(labels)) < len(labels) for labels, _ in arrays):
            return node
        summed = every.difference(out)
        if not summed or any(sizes[x] is ONE for x in summed):
            return self._turned(node, forward)
        if not forward or shared:
            opened = self._opened(arrays, out, sizes, None if forward else free)
            if opened is not None:
                scalars, arrays = [*scalars, *opened[0]], opened[1]
        while len(arrays) > 1:
            found = self._best(arrays, out, sizes, len(arrays) == 2 and not (shared and scalars))
            if found is None:
                break
            (i, j), made = found
            arrays[i] = made
            del arrays[j]
        factors = [*(((), scalar) for scalar in scalars), *arrays]
        made_ = build.contract([labels for labels, _ in factors], out, [arg for _, arg in factors], node.shape)
        return self._turned(made_, forward)

    def _opened(
        self, arrays: Sequence[Operand], out: Labels, sizes: dict[int, Size], free: Collection[Node] | None
    ) -> tuple[list[Node], list[Operand]] | None:
        """Numbers and arrays with the products among the arrays opened, if so a pair is found that is at hand.

        Of a forward value (`free` is None) the numbers alone come out.
        """
        scalars, opened = list[Node](), list[Operand]()
        stack = list(arrays)[::-1]
        while stack:
            labels, arg = stack.pop()
            while is_view(arg):
                (labels,), arg = relabelled(arg, labels, sizes), arg.args[0]
            if arg.op == "contract" and (is_multiple(arg) or arg in (free or ())):
                inner, own_out = arg.labels
                if len(set(own_out)) == len(own_out) and all(len(set(own)) == len(own) for own in inner):
                    factors = relabelled(arg, labels, sizes)
                    scalars += [part for part in arg.args if not part.shape]
                    stack += [(own, part) for own, part in zip(factors, arg.args, strict=True) if own][::-1]
                    continue
            opened.append((labels, arg))
        if (len(opened) == len(arrays) and not scalars) or len(opened) > MOST_FACTORS:
            return None
        if free is None and len(opened) == 2:
            return scalars, opened
        found = self._best(opened, out, sizes, True) if len(opened) > 1 else None
        return None if found is None else (scalars, opened)

    def _best(
        self, arrays: Sequence[Operand], out: Labels, sizes: dict[int, Size], known_only: bool
    ) -> tuple[tuple[int, int], Operand] | None:
        def count(labels: Collection[int]) -> int:
            return prod(NOMINAL if (n := sizes[x].number) is None else n for x in labels)

        chosen: tuple[tuple[object, ...], tuple[int, int], Operand] | None = None
        for i, j in combinations(range(len(arrays)), 2):
            two = [arrays[i], arrays[j]]
            every = dict.fromkeys((*two[0][0], *two[1][0]))
            needed = {*out, *(x for k, (own, _) in enumerate(arrays) if k not in (i, j) for x in own)}
            kept = tuple(x for x in every if x in needed)
            key, names = self._key(two, kept)
            at_hand = self._pairs.get(key)
            sums = len(kept) < len(every)
            rank = (at_hand is None or not sums, at_hand is None, count(every), count(kept), i, j)
            if (known_only and at_hand is None) or (chosen is not None and rank >= chosen[0]):
                continue
            if at_hand is not None:
                labels = {name: x for x, name in names.items()}
                result = tuple(labels[name] for name in at_hand[1]), at_hand[0]
            else:
                if len(arrays) == 2:
                    kept = tuple(x for x in out if x in kept)
                args = [arg for _, arg in two]
                pair = build.contract([own for own, _ in two], kept, args, tuple(sizes[x] for x in kept))
                result = kept, pair
            chosen = rank, (i, j), result
        if chosen is None:
            return None
        (_, new, *_), (i, j), (labels_, pair) = chosen
        if new and len(labels_) == len({*arrays[i][0], *arrays[j][0]}):
            return None  # it sums nothing
        if new:
            pair = self._turned(pair, False)
            self.note(pair)
        return (i, j), (labels_, pair)

    def _key(self, two: Sequence[Operand], kept: Sequence[int]) -> tuple[Key, dict[int, int]]:
        """What a product of two arrays is, however it is labelled and its axes are turned; and its labels by name."""
        orders = [list(two), list(two)[::-1]] if two[0][1] is two[1][1] else [sorted(two, key=lambda own: id(own[1]))]
        found: list[tuple[tuple[tuple[Labels, ...], Labels], dict[int, int]]] = []
        for ordered in orders:
            ways = [(own, own[::-1]) if arg in self._symmetric else (own,) for own, arg in ordered]
            for rows in product(*ways):
                names = {x: n for n, x in enumerate(dict.fromkeys(x for row in rows for x in row))}
                canonical = tuple(tuple(names[x] for x in row) for row in rows)
                found.append(((canonical, tuple(sorted(names[x] for x in kept))), names))
        best, names = min(found, key=lambda item: item[0])
        return (tuple(arg for _, arg in orders[0]), best), names

    def _turned(self, node: Node, forward: bool) -> Node:
        """A product with its symmetric matrices the way round in which no transpose is written."""
        if forward or node.op != "contract":
            return node
        ins, out = node.labels
        turned: list[Labels] = []
        for k, (labels, arg) in enumerate(zip(ins, node.args, strict=True)):
            if arg in self._symmetric and len(set(labels)) == 2:
                bound = [x for x in labels if x not in out]
                first = k == min(n for n, own in enumerate(ins) if own)
                if not bound:
                    labels = tuple(x for x in out if x in labels)
                elif len(bound) == 1:
                    (free,) = (x for x in labels if x in out)
                    left = free == out[0] if len(out) > 1 else first
                    labels = (free, bound[0]) if left else (bound[0], free)
                elif labels[::-1] in ins:
                    labels = labels[::-1] if not first else labels
            turned.append(labels)
        return build.contract(turned, out, node.args, node.shape)
