"""Small edits of the text of a backward pass: each undoes one mistake that people make.

    -a        for a          a - b      for a + b         a sign
    p         for q          p.T, p[i+1], ...             an operand, its order, an index
    p**2      for p          2*p, p/2, p/len(p)           a square, a constant
    p*q       for p          p + q, p*(q > 0), p*(1 - q)  a factor or a term that is missing
    p         for p*q        p + q                        ... or that does not belong
    p.sum()   for p.mean()   p.sum(axis=1)                a sum

An edit is made at one place of the syntax tree. What it does is found out by running it (`mended`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Build = Callable[[Any], ast.expr]
Made = Iterator[tuple[Build, tuple[str, ...]]]


@dataclass(frozen=True)
class LineChange:
    """The line of the place, what stands there and what belongs there, and the defects that this means."""

    line: int
    old: str
    new: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """An expression in the tree: its holder, the field, and the position in it where the field is a list."""

    holder: ast.AST
    field: str
    position: int | None
    expression: ast.expr

    @property
    def whole(self) -> bool:
        """Whether it is all that is assigned or returned."""
        return isinstance(self.holder, ast.Assign | ast.AugAssign | ast.Return)

    def put(self, expression: ast.expr) -> None:
        if self.position is None:
            setattr(self.holder, self.field, expression)
        else:
            getattr(self.holder, self.field)[self.position] = expression


def edits(function: ast.FunctionDef, operands: Sequence[str], numpy: str) -> Iterator[LineChange]:
    """All edits, the simple ones first. `operands` are texts of values that may stand in the place of another.

    `function` is edited in place: while an edit is given out, it is the edited one.
    """
    places = list(_places(function))
    yield from _assignments(function)
    for kind in (_simple, _sums, _exchanges, _summed):
        for place in places:
            yield from _tried(place, kind(place.expression, operands, numpy))
    for whole in (True, False):
        for place in places:
            if place.whole == whole:
                yield from _tried(place, _missing(place.expression, operands, numpy))
    for place in places:
        if isinstance(place.holder, ast.Assign | ast.Return):
            yield from _tried(place, _masks(place.expression, operands, numpy))


def _places(function: ast.FunctionDef) -> Iterator[Place]:
    """The expressions that are read, outermost first; not what is called, and no keyword such as an axis."""
    for holder in ast.walk(function):
        if isinstance(holder, ast.arguments | ast.keyword):
            continue
        for name, value in ast.iter_fields(holder):
            if name in ("func", "ctx", "targets", "target"):
                continue
            several = value if isinstance(value, list) else [value]
            for k, one in enumerate(several):
                if isinstance(one, ast.expr) and not isinstance(getattr(one, "ctx", ast.Load()), ast.Store):
                    yield Place(holder, name, k if isinstance(value, list) else None, one)


def _tried(place: Place, made: Made) -> Iterator[LineChange]:
    old = ast.unparse(place.expression)
    for build, keys in made:
        new = build(place.expression)
        shown = ast.unparse(new)
        if shown == old:
            continue
        place.put(ast.fix_missing_locations(ast.copy_location(new, place.expression)))
        try:
            yield LineChange(getattr(place.expression, "lineno", 0), old, shown, keys)
        finally:
            place.put(place.expression)


def _read(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _text(build: str, **operands: str) -> Build:
    return lambda place: _read(build.format(p=f"({ast.unparse(place)})", **operands))


def _simple(place: ast.expr, operands: Sequence[str], numpy: str) -> Made:  # noqa: ARG001 (one form for all)
    """Signs, constants, squares, order, a term or factor too much."""
    if isinstance(place, ast.UnaryOp) and isinstance(place.op, ast.USub):
        yield lambda p: p.operand, ("wrong_sign",)
    if isinstance(place, ast.BinOp):
        yield from _binary(place)
    if isinstance(place, ast.Constant) and isinstance(place.value, int | float) and not isinstance(place.value, bool):
        number = place.value
        for other in (2 * number, number / 2, number + 1, number - 1, 3 * number, number / 3, -number):
            keys = ("wrong_sign",) if other == -number else ("missing_factor", "extra_factor", "index_shift")
            yield _text(str(int(other) if other == int(other) and isinstance(number, int) else other)), keys
        return
    if isinstance(place, ast.Compare) and len(place.ops) == 1:
        flipped = {ast.Gt: ast.LtE, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.LtE: ast.Gt}.get(type(place.ops[0]))
        if flipped:
            yield lambda p: ast.Compare(p.left, [flipped()], p.comparators), ("wrong_operand",)
    if isinstance(place, ast.Attribute) and place.attr == "T":
        yield lambda p: p.value, ("transposed",)
    if isinstance(place, ast.Subscript) and ast.unparse(place.slice) == "::-1":
        yield lambda p: p.value, ("wrong_index",)
    if isinstance(place, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp | ast.Call):
        yield _text("{p}**2"), ("missing_square",)
        yield _text("-{p}"), ("wrong_sign",)
        yield _text("1 - {p}"), ("wrong_operand",)
        yield _text("2*{p}"), ("missing_factor",)
        yield _text("{p}/2"), ("extra_factor",)
        yield _text("{p}[::-1]"), ("wrong_index",)
    if isinstance(place, ast.Name | ast.Attribute):
        yield _text("{p}.T"), ("transposed",)
    if isinstance(place, ast.Tuple | ast.List) and len(place.elts) == 2:
        yield lambda p: type(p)(p.elts[::-1], ast.Load()), ("wrong_left_side", "index_order")


def _binary(place: ast.BinOp) -> Made:
    opposite: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
    if type(place.op) in opposite:
        op = opposite[type(place.op)]
        yield lambda p: ast.BinOp(p.left, op(), p.right), ("wrong_sign",)
    kind = "extra_term" if isinstance(place.op, ast.Add | ast.Sub) else "extra_factor"
    if isinstance(place.op, ast.Pow):
        if isinstance(place.left, ast.BinOp):  # (a + b)**2 for a + b**2
            yield _inner_power, ("missing_square", "missing_brackets")
        yield lambda p: p.left, ("extra_factor", "missing_square")
        return
    yield lambda p: p.left, (kind,)
    yield lambda p: p.right, (kind,)
    if isinstance(place.op, ast.Mult | ast.Div):
        other = ast.Div if isinstance(place.op, ast.Mult) else ast.Mult
        yield lambda p: ast.BinOp(p.left, other(), p.right), ("wrong_operand",)
    if isinstance(place.op, ast.MatMult | ast.Sub):
        keys = ("operand_order", "transposed") if isinstance(place.op, ast.MatMult) else ("wrong_sign",)
        yield lambda p: ast.BinOp(p.right, p.op, p.left), keys


def _inner_power(p: Any) -> ast.expr:
    return ast.BinOp(p.left.left, p.left.op, ast.BinOp(p.left.right, ast.Pow(), p.right))


def _exchanges(place: ast.expr, operands: Sequence[str], numpy: str) -> Made:
    """Another operand, or a function of it."""
    if not isinstance(place, ast.Name | ast.Attribute | ast.Constant | ast.Subscript | ast.BinOp):
        return
    for other in operands if not isinstance(place, ast.BinOp) else ():
        if other != ast.unparse(place):
            yield _text("{q}", q=other), ("wrong_operand",)
    if not isinstance(place, ast.Constant):
        for text in (
            f"{numpy}.exp({{p}})",
            f"{numpy}.tanh({{p}})",
            f"1/(1+{numpy}.exp(-{{p}}))",
            f"{numpy}.sign({{p}})",
        ):
            yield _text(text), ("wrong_operand", "missing_prime")


def _sums(place: ast.expr, operands: Sequence[str], numpy: str) -> Made:  # noqa: ARG001 (one form for all)
    """A mean for a sum and back, a sum that is missing or too much."""
    if isinstance(place, ast.Call) and isinstance(place.func, ast.Attribute):
        exchanged = {"sum": "mean", "mean": "sum"}.get(place.func.attr)
        if exchanged is not None:
            plain = isinstance(place.func.value, ast.Name) and place.func.value.id == numpy

            def other(p: Any) -> ast.expr:
                return ast.Call(ast.Attribute(p.func.value, exchanged, ast.Load()), p.args, p.keywords)

            yield other, ("mean_for_sum", "extra_factor" if exchanged == "sum" else "missing_factor")
            if not plain:
                yield lambda p: p.func.value, ("extra_sum",)
            elif place.args:
                yield lambda p: p.args[0], ("extra_sum",)


def _summed(place: ast.expr, operands: Sequence[str], numpy: str) -> Made:  # noqa: ARG001 (one form for all)
    """A sum or a size that is missing."""
    if isinstance(place, ast.Name | ast.Attribute | ast.BinOp | ast.Subscript | ast.Call):
        for axis in (0, 1, 2, -1):
            yield _text(f"{{p}}.sum(axis={axis}, keepdims=True)"), ("missing_sum",)
            yield _text(f"{{p}}.sum(axis={axis})"), ("missing_sum",)
        yield _text("{p}/len({p})"), ("missing_factor",)
        yield _text("len({p})*{p}"), ("extra_factor", "mean_for_sum")
        for axis in (1, 2, -1):
            yield _text(f"{{p}}/{{p}}.shape[{axis}]"), ("missing_factor",)
            yield _text(f"{{p}}*{{p}}.shape[{axis}]"), ("extra_factor", "mean_for_sum")
        yield _text("{p}/{p}.size"), ("missing_factor",)
        yield _text("{p}*{p}.size"), ("extra_factor", "mean_for_sum")


def _missing(place: ast.expr, operands: Sequence[str], numpy: str) -> Made:
    """A factor or a term in addition."""
    if not isinstance(place, ast.Name | ast.Attribute | ast.BinOp | ast.Subscript | ast.Call):
        return
    for q in operands:
        for text, keys in (
            ("{p}*{q}", ("missing_factor", "missing_prime")),
            ("{p}*({q} > 0)", ("missing_factor", "negative_inputs")),
            ("{p} + {q}", ("missing_term",)),
            ("{p} - {q}", ("missing_term",)),
            ("{p}*(1 - {q})", ("missing_factor", "missing_prime")),
            ("{p}*(1 - {q}**2)", ("missing_factor", "missing_prime")),
            ("{p}/{q}", ("missing_factor",)),
            (f"{{p}}*{numpy}.exp({{q}})", ("missing_factor", "missing_prime")),
            ("{p} - {p}.mean(axis=-1, keepdims=True)", ("missing_term",)),
            ("{p} - {p}.mean(axis=0, keepdims=True)", ("missing_term",)),
            ("{p} - {q}*({p}*{q}).sum(axis=-1, keepdims=True)", ("missing_term",)),
            ("{p} - ({p}*{q}).sum(axis=-1, keepdims=True)", ("missing_term",)),
            ("{p} - {q}*({p}*{q}).mean(axis=-1, keepdims=True)", ("missing_term",)),
            ("{p} - {q}*({p}*{q}).mean(axis=0, keepdims=True)", ("missing_term",)),
            ("{p}*({p} == {q})", ("missing_factor",)),
        ):
            yield _text(text, q=q), keys


def _masks(place: ast.expr, operands: Sequence[str], numpy: str) -> Made:  # noqa: ARG001 (one form for all)
    """The mask of a maximum."""
    for q in operands:
        for r in operands:
            if q < r:
                yield _text("{p}*({q} == {r})", q=q, r=r), ("missing_factor",)


def _assignments(function: ast.FunctionDef) -> Iterator[LineChange]:
    """`d[i] = ...` for `d[i] += ...`, and back."""
    for holder in ast.walk(function):
        bodies = [getattr(holder, name, None) for name in ("body", "orelse")]
        for body in (b for b in bodies if isinstance(b, list)):
            for k, node in enumerate(body):
                new: ast.stmt
                if (
                    isinstance(node, ast.Assign)
                    and len(node.targets) == 1
                    and isinstance(node.targets[0], ast.Subscript)
                ):
                    new, keys = ast.AugAssign(node.targets[0], ast.Add(), node.value), ("missing_sum", "missing_term")
                elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
                    new, keys = ast.Assign([node.target], node.value), ("extra_term", "extra_sum")
                else:
                    continue
                body[k] = ast.fix_missing_locations(ast.copy_location(new, node))
                try:
                    yield LineChange(node.lineno, ast.unparse(node), ast.unparse(new), keys)
                finally:
                    body[k] = node
