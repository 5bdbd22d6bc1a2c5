"""What no single window of a family shows whole: names that several layers use, or layers and the lines around them.

    w : scalar                  for t in 1..T:  h[t] = w*h[t-1]       w in every step
    x : (n,)                    a[1] = x  ...   J = sum((x - a[L])**2)  x before the first layer and behind the last
    x[t] : (n,)                 h[t] = f(x[t], x[t-1])                x[t] in two steps
    h[t] = w[t]*h[t-1]          J = h[T] + h[T-1]                     the loss reads an earlier layer

The derivative of the loss by such a name is a sum over all its uses, of which a window has some.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from derive.ir.graph import ComputationGraph, Family
from derive.model.names import Index, Name
from derive.model.program import Bound, Loop, Program


def shared_names(program: Program, loop: Loop) -> tuple[str, ...]:
    """The names, without the indices of members, in the order of the lines that use them."""
    members = {bound.name.stem for bound in program.inside}
    inside = [(name, bound.name.index) for bound in program.inside for name in _names(bound)]
    base = list(_used(program, [bound for bound in program.before if bound.name.index is not None]))
    head = list(_used(program, program.after))
    found: dict[str, None] = {}
    plain = [name.stem for name in _through(program, [name for name, _ in inside]) if name.index is None]
    found.update(dict.fromkeys(plain))
    found.update((name.stem, None) for name in head if name.index is None and name in base)
    for stem in dict.fromkeys(name.stem for name, _ in inside if name.index is not None):
        own = [(name.index, at) for name, at in inside if name.stem == stem and name.index is not None]
        apart = {here.offset - at.offset for here, at in own if at is not None and here.letter == loop.letter}
        beside = any(here.letter != loop.letter for here, _ in own)
        outside = any(name.stem == stem for name in (*base, *head))
        if beside or (stem not in members and (outside or len(apart) > 1)):
            found[stem] = None
    found.update((name.stem, None) for name in head if name.stem in members and name.index != Index(loop.high, 0))
    return tuple(found)


def uneven_members(program: Program, loop: Loop) -> tuple[str, ...]:
    """The stems of which lines outside of the layers read members, of other layers than the last."""
    inside = {name.stem for bound in program.inside for name in (bound.name, *_names(bound)) if name.index is not None}
    base = [name for bound in program.before for name in _names(bound)]
    head = [name for bound in program.after for name in _names(bound)]
    fixed = [name for bound in program.inside for name in _names(bound) if name.index and not name.index.letter]
    found = [name for name in base if name.index is not None and name.index.offset >= loop.low]
    found += [name for name in (*fixed, *head) if name.index is not None and name.index != Index(loop.high, 0)]
    return tuple(dict.fromkeys(name.stem for name in found if name.stem in inside))


def shown_in_part(family: Family, window: ComputationGraph, name: str) -> bool:
    """Whether a derivative by the name, taken in this window, is a part of what it is in the model."""
    stem = name.partition("[")[0]
    inputs = list(window.inputs)
    return stem in (*family.shared, *family.uneven) or is_reached_out_of_view(family, window, name, inputs)


def is_reached_out_of_view(family: Family, window: ComputationGraph, name: str, used: Collection[str]) -> bool:
    """Whether a value that a window is given is in others that it is given: `c[t-1]` in `h[t-1]`, or in a sum."""
    stem, _, layer = name.partition("[")
    if name not in window.inputs or stem not in family.members or layer.rstrip("]").isdecimal():
        return False
    here = f"[{family.index}]"
    beside = [other.partition("[")[0] for other in used if other in window.inputs and other.endswith(f"[{layer}")]
    made = [f"{other}{here}" for other in beside if other in family.members and other != stem]
    summed = [f"{family.sums[other]}{here}" for other in beside if other in family.sums]
    inner = family.interior
    if any(f"{stem}{here}" in (other, *inner.ancestors(other)) for other in summed):
        return True
    return any(other not in inner or f"{stem}{here}" in inner.ancestors(other) for other in made)


def _names(bound: Bound) -> Iterator[Name]:
    return (token.name for token in bound.expression.tokens if token.name is not None)


def _used(program: Program, lines: Iterable[Bound]) -> Iterator[Name]:
    return _through(program, (name for bound in lines for name in _names(bound)))


def _through(program: Program, names: Iterable[Name]) -> Iterator[Name]:
    """The names, and all that lines before the family make them of."""
    lines = {bound.name: bound for bound in program.before if bound.name.index is None}
    seen: set[Name] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        yield name
        waiting += list(_names(lines[name])) if name in lines else []
