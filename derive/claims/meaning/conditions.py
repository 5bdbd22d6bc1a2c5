r"""Conditions: indicators and definitions by cases.

    \mathbb{1}[z > 0], [z > 0]                     1 where it holds, else 0, entry by entry
    \begin{cases} a & z > 0 \\ b & \text{otherwise} \end{cases}

The last case holds otherwise, or under the opposite of the only other condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.claims.meaning import values
from derive.claims.meaning.claim import Problem, Result, Value
from derive.claims.meaning.scope import NotUnderstood, Scope
from derive.claims.typography.nodes import Cases, Node, Punct, Relation, Row, Symbol, Text
from derive.ir import build

_OTHERWISE = ("otherwise", "else", "sonst", "elsewhere", "否则", "其他", "其它")
_IF = ("if", "for", "when", "where", "wenn", "falls", "若", "当", "如果", "时")


def is_condition(items: Sequence[Node]) -> bool:
    """Whether a row of nodes is a comparison."""
    return sum(isinstance(node, Relation) for node in items) == 1


def condition(items: Sequence[Node], scope: Scope) -> Result:
    """1 where the comparison holds, else 0."""
    at = next(k for k, node in enumerate(items) if isinstance(node, Relation))
    relation = items[at]
    assert isinstance(relation, Relation)
    sign = relation.text
    if sign in ("=", r"\neq"):
        return _same(items, at, sign, scope)
    if sign not in ("<", ">", r"\leq", r"\geq") or at in (0, len(items) - 1):
        raise NotUnderstood(relation.span, "a comparison by size")
    outer, scope.comparing = scope.comparing, True
    left, right = scope.read(items[:at], scope), scope.read(items[at + 1 :], scope)
    scope.comparing = outer
    shown = tuple(side.text for side in (left, right) if isinstance(side, Value))
    more = sign in (">", r"\leq")
    difference = values.add([left, right], [1, -1] if more else [-1, 1], relation.span)
    if isinstance(difference, Problem):
        return difference
    node = build.call("step", difference.node)
    if sign in (r"\leq", r"\geq"):
        node = build.sub(build.number(1), node)
    return replace(difference, node=node, chain=None, text=f"[{f' {sign} '.join(shown)}]")


def _same(items: Sequence[Node], at: int, sign: str, scope: Scope) -> Result:
    """`i = j` for two index letters: 1 on the diagonal; or the opposite."""
    ends = [side[0].name for side in (items[:at], items[at + 1 :]) if len(side) == 1 and isinstance(side[0], Symbol)]
    letters = [scope.bound.get(name, name) for name in ends if name not in scope.env]
    sizes = [scope.sizes.get(name) or scope.hints.get(name) for name in letters]
    size = next((size for size in sizes if size is not None), None)
    if len(letters) != 2 or size is None or any(other is not None and other is not size for other in sizes):
        raise NotUnderstood(items[at].span, "two letters that count the same")
    made = values.indexed(build.eye(size), letters)
    text = f"[{ends[0]} = {ends[1]}]"
    if sign == "=":
        return replace(made, text=text)
    return replace(made, node=build.sub(build.number(1), made.node), text=f"(1 - {text})")


def by_cases(node: Cases, scope: Scope) -> Result:
    """The value of a definition by cases."""
    rows = [_parts(row, node, scope) for row in node.rows]
    if len(rows) < 2:
        raise NotUnderstood(node.span, "at least two cases")
    result, last = rows[-1]
    if last is not None and not (len(rows) == 2 and _opposite(rows[0][1], last)):
        raise NotUnderstood(node.span, "a last case that holds otherwise")
    for value, holds in reversed(rows[:-1]):
        if holds is None:
            raise NotUnderstood(node.span, "a condition in every case but the last")
        result = values.together(
            [holds, value, result], node.span, "choose between", lambda nodes: build.call("where", *nodes)
        )
    return result if isinstance(result, Problem) else replace(result, text=f"({'; '.join(map(_said, rows))})")


def _parts(row: tuple[Row, ...], node: Cases, scope: Scope) -> tuple[Result, Result | None]:
    cells = [tuple(inner for inner in _unpunctuated(cell) if not isinstance(inner, Text)) for cell in row]
    words = [inner.words for cell in row for inner in cell.items if isinstance(inner, Text)]
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
    value, holds = (part.text if isinstance(part, Value) else "otherwise" for part in case)
    return f"{value} {holds if holds == 'otherwise' else f'if {holds[1:-1]}'}"


def _unpunctuated(cell: Row) -> tuple[Node, ...]:
    """A cell without the comma or full stop at its end."""
    return cell.items[:-1] if cell.items and isinstance(cell.items[-1], Punct) else cell.items


def _opposite(first: Result | None, last: Result) -> bool:
    if not isinstance(first, Value) or not isinstance(last, Value):
        return isinstance(first, Problem) or isinstance(last, Problem)
    one = build.number(1)
    return build.sub(one, first.node) is last.node or build.sub(one, last.node) is first.node
