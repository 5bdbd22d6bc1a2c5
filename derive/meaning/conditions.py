r"""Conditions: indicators and definitions by cases.

    \mathbb{1}[z > 0], [z > 0], [-1 < z < 1]       1 where it holds, else 0, entry by entry
    [z = 0], [i = j]                               of values; of letters that count, the diagonal
    [z > 0 \land y < 1], [z < 0 \text{ or } z > 1]  all of them, one of them at least; "and" binds more tightly
    \begin{cases} a & z > 0 \\ b & \text{otherwise} \end{cases}

The last case holds otherwise, or under the opposite of the only other condition, or where the conditions leave no
number out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.node import as_number
from derive.meaning import values
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.typography.nodes import Cases, Markup, Offsets, Operator, Punct, Relation, Row, Symbol, Text

_BY_SIZE = ("<", ">", r"\leq", r"\geq")
_AND = (r"\land", r"\wedge", "and", "und", "且", "并且")
_OR = (r"\lor", r"\vee", "or", "oder", "或", "或者")
_OTHERWISE = ("otherwise", "else", "sonst", "elsewhere", "否则", "其他", "其它")
_IF = ("if", "for", "when", "where", "wenn", "falls", "若", "当", "如果", "时")


def is_condition(items: Sequence[Markup]) -> bool:
    """Whether a row of nodes is a comparison, a chain of them by size, or several of these with and, or."""
    return all(_is_chain(part) for group in _alternatives(items) for part in group)


def _alternatives(items: Sequence[Markup]) -> list[list[Sequence[Markup]]]:
    """The parts between "or", each in its parts between "and"."""
    return [_between(group, _AND) for group in _between(items, _OR)]


def _between(items: Sequence[Markup], words: tuple[str, ...]) -> list[Sequence[Markup]]:
    places = [k for k, node in enumerate(items) if _connective(node) in words]
    return [items[start + 1 : end] for start, end in pairwise([-1, *places, len(items)])]


def _connective(node: Markup) -> str:
    """The word that joins conditions, or ""."""
    word = node.words.strip().lower() if isinstance(node, Text) else node.text if isinstance(node, Operator) else ""
    return word if word in (*_AND, *_OR) else ""


def _is_chain(items: Sequence[Markup]) -> bool:
    signs = [node.text for node in items if isinstance(node, Relation)]
    return len(signs) == 1 or (len(signs) > 1 and all(sign in _BY_SIZE for sign in signs))


def condition(items: Sequence[Markup], scope: Scope) -> Result:
    """1 where the condition holds, in a chain where all of its comparisons do, else 0."""
    span = items[0].span[0], items[-1].span[1]
    one = build.number(1)

    def none(nodes: Sequence[Term]) -> Term:
        return build.sub(one, build.mul(*(build.sub(one, node) for node in nodes)))

    held = [
        _joined([_comparisons(part, scope) for part in group], span, " and ", lambda nodes: build.mul(*nodes))
        for group in _alternatives(items)
    ]
    return _joined(held, span, " or ", none)


def _joined(parts: list[Result], span: Offsets, word: str, join: Callable[[Sequence[Term]], Term]) -> Result:
    if len(parts) == 1:
        return parts[0]
    result = values.together(parts, span, "compare", join)
    if isinstance(result, Problem):
        return result
    shown = word.join(part.text[1:-1] for part in parts if isinstance(part, Denotation))
    return replace(result, text=f"[{shown}]")


def _comparisons(items: Sequence[Markup], scope: Scope) -> Result:
    """1 where all comparisons of a chain hold, else 0."""
    sides, signs = _chain(items)
    held = [_holds(*pair, sign, scope) for pair, sign in zip(pairwise(sides), signs, strict=True)]
    if len(held) == 1:
        return held[0]
    span = (signs[0].span[0], signs[-1].span[1])
    result = values.together(held, span, "compare", lambda nodes: build.mul(*nodes))
    if isinstance(result, Problem):
        return result
    first, *rest = (part.text[1:-1] for part in held if isinstance(part, Denotation))
    text = first + "".join(part[part.index(f" {sign.text} ") :] for part, sign in zip(rest, signs[1:], strict=True))
    return replace(result, text=f"[{text}]")


def _chain(items: Sequence[Markup]) -> tuple[list[Sequence[Markup]], list[Relation]]:
    """The sides of a chain of comparisons, and the signs between them."""
    places = [k for k, node in enumerate(items) if isinstance(node, Relation)]
    sides = [items[start + 1 : end] for start, end in pairwise([-1, *places, len(items)])]
    return sides, [node for node in items if isinstance(node, Relation)]


def _holds(left: Sequence[Markup], right: Sequence[Markup], relation: Relation, scope: Scope) -> Result:
    """1 where one comparison holds, else 0."""
    sign = relation.text
    if sign in ("=", r"\neq") and (same := _same(left, right, relation, scope)) is not None:
        return same
    if sign not in (*_BY_SIZE, "=", r"\neq") or not left or not right:
        raise NotUnderstood(relation.span, "a comparison by size")
    outer, scope.comparing = scope.comparing, True
    sides = [scope.read(left, scope), scope.read(right, scope)]
    scope.comparing = outer
    shown = tuple(side.text for side in sides if isinstance(side, Denotation))
    more = sign in (">", r"\leq")
    difference = values.add(sides, [1, -1] if more else [-1, 1], relation.span)
    if isinstance(difference, Problem):
        return difference
    node, one = build.call("step", difference.node), build.number(1)
    if sign in ("=", r"\neq"):
        apart = build.add(node, build.call("step", build.neg(difference.node)))
        node = apart if sign == r"\neq" else build.sub(one, apart)
    elif sign in (r"\leq", r"\geq"):
        node = build.sub(one, node)
    return replace(difference, node=node, chain=None, text=f"[{f' {sign} '.join(shown)}]")


def _same(left: Sequence[Markup], right: Sequence[Markup], relation: Relation, scope: Scope) -> Result | None:
    """`i = j` for two index letters: 1 on the diagonal; or the opposite. None for a comparison of values."""
    ends = [side[0].name for side in (left, right) if len(side) == 1 and isinstance(side[0], Symbol)]
    letters = [scope.bound.get(name, name) for name in ends if name not in scope.env]
    sizes = [scope.sizes.get(name) or scope.hints.get(name) for name in letters]
    if not any(sizes):
        sizes = [scope.lengths.get(name) for name in letters]
    known = [size for size in sizes if size is not None]
    if not known and not any(name in scope.bound for name in ends):
        return None
    if len(letters) != 2 or not known or any(other is not known[0] for other in known):
        raise NotUnderstood(relation.span, "two letters that count the same")
    for name in ends:
        scope.refuse_label(name, relation.span)
    made = values.indexed(build.eye(known[0]), letters)
    text = f"[{ends[0]} = {ends[1]}]"
    if relation.text == "=":
        return replace(made, text=text)
    return replace(made, node=build.sub(build.number(1), made.node), text=f"(1 - {text})")


def by_cases(node: Cases, scope: Scope) -> Result:
    """The value of a definition by cases."""
    rows = [_parts(row, node, scope) for row in node.rows]
    if len(rows) < 2:
        raise NotUnderstood(node.span, "at least two cases")
    result, last = rows[-1]
    opposite = len(rows) == 2 and last is not None and _opposite(rows[0][1], last)
    if last is not None and not opposite and not _exhaustive([_cells(row)[-1] for row in node.rows], scope):
        raise NotUnderstood(node.span, "a last case that holds otherwise")
    for value, holds in reversed(rows[:-1]):
        if holds is None:
            raise NotUnderstood(node.span, "a condition in every case but the last")
        result = values.together(
            [holds, value, result], node.span, "choose between", lambda nodes: build.call("where", *nodes)
        )
    return result if isinstance(result, Problem) else replace(result, text=f"({'; '.join(map(_said, rows))})")


def _parts(row: tuple[Row, ...], node: Cases, scope: Scope) -> tuple[Result, Result | None]:
    cells = _cells(row)
    words = [inner.words for cell in row for inner in cell.items if isinstance(inner, Text) and not _connective(inner)]
    if len(cells) != 2 or not cells[0]:
        raise NotUnderstood(node.span, "a value and a condition in every case")
    value = scope.read(cells[0], scope)
    said = [word.strip(" ,.;:，。；：").lower() for word in words]
    if any(word and word not in (*_OTHERWISE, *_IF) for word in said):
        raise NotUnderstood(node.span, "a case without words but if and otherwise")
    if any(word in _OTHERWISE for word in said) and not cells[1]:
        return value, None
    if not is_condition(cells[1]):
        raise NotUnderstood(node.span, "a comparison, or otherwise")
    return value, condition(cells[1], scope)


def _said(case: tuple[Result, Result | None]) -> str:
    """One case in the text of a reading."""
    value, holds = (part.text if isinstance(part, Denotation) else "otherwise" for part in case)
    return f"{value} {holds if holds == 'otherwise' else f'if {holds[1:-1]}'}"


def _unpunctuated(cell: Row) -> tuple[Markup, ...]:
    """A cell without the comma or full stop at its end."""
    return cell.items[:-1] if cell.items and isinstance(cell.items[-1], Punct) else cell.items


def _cells(row: tuple[Row, ...]) -> list[tuple[Markup, ...]]:
    """The cells of a case without words, but those that join conditions, and without punctuation at their ends."""
    return [
        tuple(inner for inner in _unpunctuated(cell) if not isinstance(inner, Text) or _connective(inner))
        for cell in row
    ]


def _opposite(first: Result | None, last: Result) -> bool:
    if not isinstance(first, Denotation) or not isinstance(last, Denotation):
        return isinstance(first, Problem) or isinstance(last, Problem)
    one = build.number(1)
    return build.sub(one, first.node) is last.node or build.sub(one, last.node) is first.node


_TRUE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt, ">": operator.gt, r"\leq": operator.le, r"\geq": operator.ge,
    "=": operator.eq, r"\neq": operator.ne,
}  # fmt: skip


def _exhaustive(conditions: Sequence[Sequence[Markup]], scope: Scope) -> bool:
    """Whether conditions of one value beside numbers, or of two values beside each other, leave no number out."""
    chains: list[tuple[list[Term], list[str]]] = []
    scope.comparing, outer = True, scope.comparing
    for items in conditions:
        sides, signs = _chain(items) if _is_chain(items) else ([], [])
        read = [scope.read(side, scope) for side in sides]
        chains.append(([side.node for side in read if isinstance(side, Denotation)], [sign.text for sign in signs]))
        if len(chains[-1][0]) < len(sides) or not signs or any(sign not in _TRUE for sign in chains[-1][1]):
            scope.comparing = outer
            return False
    scope.comparing = outer
    compared = list(dict.fromkeys(side for sides, _ in chains for side in sides))
    known = {side: value for side in compared if (value := as_number(side)) is not None}
    free = [side for side in compared if side not in known]
    if len(free) == 2 and not known:
        known[free.pop()] = Fraction(0)
    if len(free) != 1 or not known:
        return False
    ends = sorted(set(known.values()))
    middle = [(a + b) / 2 for a, b in pairwise(ends)]
    for at in (*ends, *middle, ends[0] - 1, ends[-1] + 1):
        number = {**known, free[0]: at}
        if not any(
            all(_TRUE[sign](number[a], number[b]) for (a, b), sign in zip(pairwise(sides), signs, strict=True))
            for sides, signs in chains
        ):
            return False
    return True
