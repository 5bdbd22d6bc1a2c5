"""Contractions as plain NumPy: `A.T @ B`, `np.outer(a, b)`, `A.sum(axis=0)`, `(A * B).sum()`, `A * b[:, None]`.

A contraction of several arrays is done in pairs, the cheapest pair first (fewest multiplications, every named size
counting the same). For one pair, with the labels sorted by where they occur,

    no label is summed            elementwise product or outer product
    no label is free              elementwise product, then a sum
    one is summed, no batch       a matrix product, whichever way round gives the wanted order of axes
    several are summed, no batch  np.tensordot
    anything else                 batched `@` if the axes stand so, else np.einsum
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

from derive.ir.node import Labels
from derive.ir.size import ONE, Size

ADD, MUL, UNARY, POWER, ATOM = 1, 2, 3, 4, 5
NOMINAL = 64  # what a named size counts when costs are compared


@dataclass(frozen=True)
class Fragment:
    """A piece of source with the binding strength of its outermost operator.

    `product` marks a matrix product, `under` the denominator of a reciprocal `1 / under`. `size` is what the size of
    an axis or a number of them amounts to, `count` how many entries a sum `(...).sum(...)` takes together.
    """

    text: str
    level: int = ATOM
    product: bool = False
    under: Fragment | None = None
    size: Size | None = None
    count: Size | None = None

    def at(self, level: int) -> str:
        """The text, in brackets if it binds weaker than `level`."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass(frozen=True)
class Labelled:
    """An array as source, with a label for each of its axes."""

    code: Fragment
    labels: Labels


Sizes = Mapping[int, Size]


def contracted(factors: Sequence[Labelled], out: Labels, sizes: Sizes) -> Labelled:
    """The product of the factors summed over all labels not in `out`; the result may have its axes in another order.

    Every label of `out` occurs in a factor. Axes of size 1 that are not in `out` are dropped.
    """
    arrays = [_reduced(f, _elsewhere(factors, k, out), sizes) for k, f in enumerate(factors)]
    scalars = [a for a in arrays if not a.labels]
    arrays = [a for a in arrays if a.labels]
    if not arrays:
        return scaled(scalars[:-1], scalars[-1])
    if len(arrays) > 1 and all(set(a.labels) <= set(out) for a in arrays):
        return scaled(scalars, _elementwise(arrays, out))
    # scalars go with the smallest array
    scaled_early = scalars and min(len(a.labels) for a in arrays) < len(out)
    if scaled_early:
        least = min(range(len(arrays)), key=lambda k: len(arrays[k].labels))
        arrays[least] = scaled(scalars, arrays[least])
    while len(arrays) > 1:
        i, j = _cheapest(arrays, sizes)
        others = [a for k, a in enumerate(arrays) if k not in (i, j)]
        needed = {label for a in others for label in a.labels} | set(out)
        order = out if not others else tuple(dict.fromkeys(arrays[i].labels + arrays[j].labels))
        joined = _pair(arrays[i], arrays[j], tuple(x for x in order if x in needed), sizes)
        arrays[min(i, j)] = joined
        del arrays[max(i, j)]
    return arrays[0] if scaled_early else scaled(scalars, arrays[0])


def scaled(scalars: Sequence[Labelled], array: Labelled) -> Labelled:
    """An array times scalars; a lone reciprocal is a division, a sum divided by its number of entries a mean."""
    for k, scalar in enumerate(scalars):
        if scalar.code.under is not None and (mean := mean_of(array.code, scalar.code.under)) is not None:
            return scaled([*scalars[:k], *scalars[k + 1 :]], Labelled(mean, array.labels))
    if not scalars:
        return array
    factor = scalars[0].code
    for scalar in scalars[1:]:
        factor = times(factor, scalar.code)
    if factor.under is not None:
        return Labelled(Fragment(f"{array.code.at(MUL)} / {factor.under.at(UNARY)}", MUL), array.labels)
    return Labelled(times(factor, array.code), array.labels)


def mean_of(total: Fragment, under: Fragment) -> Fragment | None:
    """`total / under` as a mean, if a sum is divided by the number of its entries."""
    if total.count is None or total.count is not under.size:
        return None
    head, _, options = total.text.rpartition(".sum(")
    return Fragment(f"{head}.mean({options}")


def times(a: Fragment, b: Fragment) -> Fragment:
    """`a * b`."""
    return Fragment(f"{a.at(MUL)} * {b.at(UNARY)}", MUL)


def _elsewhere(factors: Sequence[Labelled], k: int, out: Labels) -> set[int]:
    return set(out) | {label for j, f in enumerate(factors) if j != k for label in f.labels}


def _reduced(array: Labelled, needed: set[int], sizes: Sizes) -> Labelled:
    """Diagonals taken, and axes that only this array has summed."""
    code, labels = array.code, list(array.labels)
    if len(labels) == 2 and labels[0] == labels[1] and labels[0] not in needed:
        return Labelled(Fragment(f"np.trace({code.text})"), ())
    while len(set(labels)) < len(labels):
        first = next(x for x in labels if labels.count(x) > 1)
        i = labels.index(first)
        j = labels.index(first, i + 1)
        axes = "" if (i, j) == (0, 1) and len(labels) == 2 else f", axis1={i}, axis2={j}"
        code = Fragment(f"np.diagonal({code.text}{axes})")
        labels = [x for k, x in enumerate(labels) if k not in (i, j)] + [first]
    single = [k for k, x in enumerate(labels) if x not in needed and sizes[x] is ONE]
    if single:
        picks = ", ".join("0" if k in single else ":" for k in range(single[-1] + 1))
        code = Fragment(f"{code.at(ATOM)}[{picks}]")
        labels = [x for k, x in enumerate(labels) if k not in single]
    summed = [k for k, x in enumerate(labels) if x not in needed]
    if summed:
        code = summed_over(code, summed, [sizes[x] for x in labels])
        labels = [x for x in labels if x in needed]
    return Labelled(code, tuple(labels))


def summed_over(code: Fragment, axes: Sequence[int], shape: Sequence[Size], keepdims: bool = False) -> Fragment:
    """`code.sum(axis=...)` of an array of a shape."""
    chosen = "" if len(axes) == len(shape) and not keepdims else f"axis={axes[0] if len(axes) == 1 else tuple(axes)}"
    keep = "keepdims=True" if keepdims else ""
    count = reduce(Size.__mul__, [shape[k] for k in axes], ONE)
    return Fragment(f"{code.at(ATOM)}.sum({', '.join(part for part in (chosen, keep) if part)})", count=count)


def _cheapest(arrays: Sequence[Labelled], sizes: Sizes) -> tuple[int, int]:
    def count(labels: set[int]) -> int:
        return prod(NOMINAL if (n := sizes[label].number) is None else n for label in labels)

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        a, b = (set(arrays[k].labels) for k in pair)
        return count(a | b), -pair[0]

    pairs = [(i, j) for i in range(len(arrays)) for j in range(i + 1, len(arrays))]
    return min(pairs, key=cost)


def _elementwise(arrays: Sequence[Labelled], out: Labels) -> Labelled:
    """A product without a sum: each array laid along the axes of the result, the larger ones first where it matters."""
    if len(arrays) == 2 and all(len(a.labels) == 1 for a in arrays) and arrays[0].labels != arrays[1].labels:
        first, second = arrays if arrays[0].labels[0] == out[0] else (arrays[1], arrays[0])
        return Labelled(Fragment(f"np.outer({first.code.text}, {second.code.text})"), out)
    code: Fragment | None = None
    for array in arrays:
        laid = aligned(array, out)
        code = laid if code is None else times(code, laid)
    assert code is not None
    return Labelled(code, out)


def aligned(array: Labelled, out: Labels) -> Fragment:
    """An array laid along `out` for broadcasting: axes turned and new ones of length 1 put in where needed."""
    wanted = tuple(label for label in out if label in array.labels)
    code = turned(array, wanted)
    while out and out[0] not in wanted:
        out = out[1:]
    if len(out) == len(wanted):
        return code
    picks = [":" if label in wanted else "None" for label in out]
    return Fragment(f"{code.at(ATOM)}[{', '.join(picks)}]")


def stands(labels: Labels, out: Labels, sizes: Mapping[int, Size]) -> bool:
    """Whether an array broadcasts along `out` as it is: its axes meet their own or, with length 1, a new one."""
    if len(labels) > len(out):
        return False
    pairs = zip(labels[::-1], out[::-1], strict=False)
    return all(a == b or (sizes[a] is ONE and a not in out and b not in labels) for a, b in pairs)


def turned(array: Labelled, wanted: Labels) -> Fragment:
    """An array with its axes in the wanted order."""
    if array.labels == wanted:
        return array.code
    if array.labels == wanted[::-1]:
        return Fragment(f"{array.code.at(ATOM)}.T")
    order = tuple(array.labels.index(label) for label in wanted)
    return Fragment(f"{array.code.at(ATOM)}.transpose({', '.join(map(str, order))})")


def _pair(a: Labelled, b: Labelled, out: Labels, sizes: Sizes) -> Labelled:
    shared = [x for x in a.labels if x in b.labels]
    summed = [x for x in shared if x not in out]
    batch = [x for x in shared if x in out]
    free_a = [x for x in a.labels if x not in shared]
    free_b = [x for x in b.labels if x not in shared]
    if not summed:
        return _elementwise([a, b], out)
    if len(summed) == 1 and not batch and len(a.labels) <= 2 and len(b.labels) <= 2:
        return _matrix_product(a, b, out)
    if not free_a and not free_b:
        joined = _elementwise([a, b], a.labels)
        return _reduced(joined, set(out), sizes)
    if not batch:
        axes = [[x.labels.index(label) for label in summed] for x in (a, b)]
        chosen = str(len(summed)) if _adjoining(a.labels, b.labels, summed) else f"({axes[0]}, {axes[1]})"
        return Labelled(Fragment(f"np.tensordot({a.code.text}, {b.code.text}, axes={chosen})"), (*free_a, *free_b))
    stacked = _stacked_product(a, b, out, summed[0]) if len(summed) == 1 else None
    return stacked or _einsum(a, b, out)


def _adjoining(a: Labels, b: Labels, summed: Sequence[int]) -> bool:
    return list(a[-len(summed) :]) == list(b[: len(summed)]) == list(summed)


def _matrix_product(a: Labelled, b: Labelled, out: Labels) -> Labelled:
    (summed,) = (x for x in a.labels if x in b.labels)
    free_a = [x for x in a.labels if x != summed]
    if free_a and out and out[0] != free_a[0]:
        a, b = b, a
    left = _left(a.code) if a.labels[-1] == summed else f"{a.code.at(ATOM)}.T"
    right = b.code.at(UNARY) if b.labels[0] == summed else f"{b.code.at(ATOM)}.T"
    return Labelled(Fragment(f"{left} @ {right}", MUL, product=True), out)


def _left(code: Fragment) -> str:
    """The left operand of `@`: a chain of `@` needs no brackets, `*` gets them for the reader."""
    return code.text if code.product else code.at(UNARY)


def _stacked_product(a: Labelled, b: Labelled, out: Labels, summed: int) -> Labelled | None:
    """`@` over leading axes, if both arrays have theirs in the order of the result; None if not."""
    row = [x for x in a.labels if x != summed and x not in b.labels]
    column = [x for x in b.labels if x != summed and x not in a.labels]
    if len(row) != 1 or len(column) != 1:
        return None
    if out[-2:] == (column[0], row[0]):
        return _stacked_product(b, a, out, summed)
    lead = out[:-2]
    if out[-2:] != (row[0], column[0]):
        return None
    sides = []
    for array, core in ((a, (row[0], summed)), (b, (summed, column[0]))):
        front = tuple(x for x in lead if x in array.labels)
        if array.labels[:-2] != front or lead[len(lead) - len(front) :] != front:
            return None
        if set(array.labels[-2:]) != set(core):
            return None
        straight = array.labels[-2:] == core
        sides.append(array.code.at(UNARY) if straight else f"{array.code.at(ATOM)}.swapaxes(-1, -2)")
    return Labelled(Fragment(f"{sides[0]} @ {sides[1]}", MUL, product=True), out)


def _einsum(a: Labelled, b: Labelled, out: Labels) -> Labelled:
    letters: dict[int, str] = {}
    for label in (*a.labels, *b.labels):
        letters.setdefault(label, "ijklmnpqrstuvwxyzabcdefgho"[len(letters)])
    spec = ",".join("".join(letters[x] for x in labels) for labels in (a.labels, b.labels))
    result = "".join(letters[x] for x in out)
    return Labelled(Fragment(f'np.einsum("{spec}->{result}", {a.code.text}, {b.code.text})'), out)
