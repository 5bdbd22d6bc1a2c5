"""What a name stands for where it is used: its value, a size as a number, a definition of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from derive.calculus.jacobian import expression_jacobian
from derive.claims.meaning import values
from derive.claims.meaning.claim import Definition, Problem, Result, Value
from derive.claims.meaning.jacobians import diagonal_of
from derive.claims.meaning.lookup import Found, axes_of, is_transpose, resolve, spelling_of
from derive.claims.meaning.scope import PENDING, NotUnderstood, Scope, Table
from derive.claims.meaning.scripts import Lin, Token, text_of
from derive.claims.meaning.specified import Body
from derive.claims.typography.nodes import Group, Node, Offsets, Punct, Relation, Row, Scripts, Symbol
from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.node import substitute
from derive.ir.size import Size, show_shape, size_of

Step = tuple[Result, int]


def name_value(found: Found, span: Offsets, scope: Scope) -> Result:
    """The value of a name with its indices; the superscript is left to the caller."""
    entry = found.entry
    if entry.kind == "size":
        return Value(build.size_value(size_of(entry.name)), text=entry.name)
    if entry.kind in ("symbol", "parameter"):
        return Value(build.ref(entry.name, scope.frame.graph.declarations[entry.name].shape), text=entry.name)
    if entry.kind == "generic":
        assert entry.pattern is not None
        inner = resolve(entry.pattern, scope, rename="°")
        if inner is None:
            raise NotUnderstood(span, f"an alias of something declared, not of {entry.name}")
        return inner if isinstance(inner, Problem) else name_value(inner, span, scope)
    node = scope.frame.graph.ref(entry.name)
    axes = axes_of(found, len(node.shape), node.shape, scope, span)
    if isinstance(axes, Problem):
        return axes
    return replace(values.indexed(node, axes), text=entry.name + show_axes(axes))


def show_axes(axes: Sequence[str | int | None]) -> str:
    """`[i, 2]`, positions counted from 1."""
    while axes and axes[-1] is None:
        axes = axes[:-1]
    shown = (":" if a is None else str(a + 1) if isinstance(a, int) else a.partition("·")[0] for a in axes)
    return f"[{', '.join(shown)}]" if axes else ""


def annotated(value: Value, tokens: Sequence[Token], span: Offsets, scope: Scope) -> Result:
    """A value with its shape written beside it: the shapes have to agree."""
    shape: list[Size] = []
    for token in tokens:
        if isinstance(token, int):
            shape.append(size_of(token))
        elif isinstance(token, Lin):
            shape.append(size_in([Symbol(span, token.letter)], scope))
        elif isinstance(token, Node):
            shape.append(size_in([token], scope))
    if tuple(shape) != value.shape:
        claimed = show_shape(tuple(shape))
        return Problem("shape_mismatch", f"{value.text} has shape {show_shape(value.shape)}, not {claimed}", span)
    return value


def size_in(items: Sequence[Node], scope: Scope) -> Size:
    """The size that an expression in sizes is. Raises NotUnderstood if it is none."""
    if not items:
        raise NotUnderstood((0, 0), "a size")
    span = items[0].span[0], items[-1].span[1]
    if len(items) == 2 and all(isinstance(item, Symbol) for item in items):
        # nL for n_L: a name with its subscript beside it
        first, second = items
        size = _known_size(Scripts(span, first, Row(second.span, (second,), braced=False)), scope)
        if size is not None and _known_size(first, scope) is None:
            scope.note("notation", span, f"{scope.source[span[0] : span[1]]} is written for a subscript")
            return size
    value = scope.read(items, scope)
    size = as_size(value.node) if isinstance(value, Value) else None
    if size is None:
        raise NotUnderstood(span, "a size")
    return size


def _known_size(node: Node, scope: Scope) -> Size | None:
    found = resolve(node, scope)
    return size_of(found.entry.name) if isinstance(found, Found) and found.entry.kind == "size" else None


def as_size(node: Term) -> Size | None:
    """The polynomial in sizes that a node is, or None."""
    if node.op == "size":
        return node.size
    if node.op == "number":
        return size_of(int(node.value)) if node.value.denominator == 1 else None
    parts = [as_size(arg) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts) or not known:
        return None
    if node.op == "neg":
        return size_of(0) - known[0]
    if node.op not in ("add", "contract") or node.shape:
        return None
    total = known[0]
    for part in known[1:]:
        total = total + part if node.op == "add" else total * part
    return total


# ----- definitions of the page -----


def defined(node: Node, items: Sequence[Node], at: int, scope: Scope) -> Step | None:
    """The value of a letter that stands for an argument, or of a name that the page defines."""
    if isinstance(node, Symbol) and node.name in scope.formal:
        return scope.formal[node.name], at + 1
    spelling = spelling_of(node, scope)
    if spelling is None:
        return None
    for definition in reversed(scope.definitions):
        base, sub, sup, primes = definition.key
        if base not in spelling.bases or (primes != spelling.primes and not definition.formal):
            continue
        if definition.formal:
            if text_of(spelling.subs) == sub and text_of(spelling.sups) == sup:
                return _called(definition, items, at, scope, spelling.primes)
            continue
        indices = _left(spelling.subs, sub)
        if indices is None or len(indices) not in (0, len(definition.letters)):
            continue
        if text_of(spelling.sups) == sup:
            return _placed(definition, indices, node.span, scope), at + 1
        if isinstance(node, Scripts) and is_transpose(spelling.sups) and not sup:
            return values.transposed(_placed(definition, indices, node.span, scope), node.span), at + 1
    return None


def _left(tokens: Sequence[Token], sub: str) -> list[Token] | None:
    for k in range(len(tokens) + 1):
        if text_of(tokens[:k]) == sub:
            return [token for token in tokens[k:] if token is not None]
    return None


def _inside(definition: Definition, scope: Scope) -> Scope:
    """Where the right side of a definition is read: only what was defined before it is known."""
    at = scope.definitions.index(definition)
    return replace(
        scope,
        definitions=scope.definitions[:at],
        formal={},
        env={},
        sizes={},
        bound={},
        free={},
        closed={},
        letters=None,
    )


def _placed(definition: Definition, indices: Sequence[Token], span: Offsets, scope: Scope) -> Result:
    inner = _inside(definition, scope)
    given = list(zip(definition.letters, indices, strict=bool(indices)))
    inner.env = {letter: token for letter, token in given if isinstance(token, int)}
    inner.pending = []
    value = inner.read(definition.row.items, inner)
    if isinstance(value, Problem):
        if value.defect == PENDING:
            scope.pending += [_as_used(table, dict(given), span) for table in inner.pending]
        return Problem(value.defect, value.message, span)
    if not indices and definition.letters:
        order = [value.letters.index(letter) for letter in definition.letters if letter in value.letters]
        if len(order) != len(value.letters) or value.shape:
            raise NotUnderstood(span, "the indices of the definition")
        return Value(build.transpose(value.node, tuple(order)), text=definition.text)
    names: dict[str, str | int] = {}
    for letter, token in zip(definition.letters, indices, strict=True):
        if letter not in value.letters:
            continue
        size = value.node.shape[value.letters.index(letter)]
        if isinstance(token, int):
            made: str | int | Problem = scope.position(token, size, span)
        elif isinstance(token, Lin) and not token.offset:
            made = scope.letter(token.letter, size, span)
        else:
            raise NotUnderstood(span, "an index that is a letter or a number")
        if isinstance(made, Problem):
            return made
        names[letter] = made
    return replace(values.relabelled(value, names), text=definition.text)


def _as_used(table: Table, given: Mapping[str, Token], span: Offsets) -> Table:
    """For which numbers in the place of the letters of a use the names of a definition exist."""
    tokens = [given.get(letter) for letter in table.letters]
    if not all(isinstance(token, Lin) for token in tokens):
        raise NotUnderstood(span, "the indices of the definition")
    used = [token for token in tokens if isinstance(token, Lin)]
    rows = {tuple(n - t.offset for n, t in zip(row, used, strict=True)) for row in table.rows}
    return Table(tuple(token.letter for token in used), frozenset(rows))


def _called(definition: Definition, items: Sequence[Node], at: int, scope: Scope, primes: int) -> Step | None:
    group = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(group, Group):
        # `L(y, a) = ...` and then L by itself: the arguments are what the model calls so
        meant = [resolve(Symbol(items[at].span, name), scope) for name in definition.formal]
        if not all(isinstance(m, Found) and m.entry.kind == "value" for m in meant):
            return None
        inner = _inside(definition, scope)
        return inner.read(definition.row.items, inner), at + 1
    parts: list[list[Node]] = [[]]
    for node in group.items:
        if isinstance(node, Punct) and node.text == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    if len(parts) != len(definition.formal) or any(isinstance(node, Relation) for node in group.items):
        raise NotUnderstood(group.span, f"{len(definition.formal)} arguments")
    arguments = [scope.read(part, scope) for part in parts]
    broken = values.problem_in(*arguments)
    if broken is not None:
        return broken, at + 2
    inner = _inside(definition, scope)
    known = [argument for argument in arguments if isinstance(argument, Value)]
    if definition.body is not None:
        return _of_body(definition, definition.body, known, primes, items[at].span), at + 2
    if primes:
        if primes > 1 or len(known) != 1:
            raise NotUnderstood(items[at].span, "the first derivative of a function of one argument")
        return _derivative(definition, known[0], inner, items[at].span), at + 2
    inner.formal = dict(zip(definition.formal, known, strict=True))
    result = inner.read(definition.row.items, inner)
    return (result if isinstance(result, Problem) else replace(result, text=definition.text)), at + 2


def _of_body(definition: Definition, body: Body, arguments: Sequence[Value], primes: int, span: Offsets) -> Result:
    """A function of the model that the page specifies, entry by entry."""
    if primes and len(arguments) != 1:
        raise NotUnderstood(span, "the derivative of a function of one argument")

    def combine(nodes: list[Term]) -> Term:
        made = body.applied(nodes, (primes,) if primes else None)
        if made is None:
            raise NotUnderstood(span, "a lower derivative of the function")
        return made

    made = values.together(arguments, span, f"apply {definition.text} to", combine)
    shown = ", ".join(argument.text for argument in arguments)
    text = f"{definition.text}{chr(39) * primes}({shown})"
    return made if isinstance(made, Problem) else replace(made, text=text)


def _derivative(definition: Definition, argument: Value, inner: Scope, span: Offsets) -> Result:
    """f'(u) of a function that the page defines: its derivative entry by entry, at the argument."""
    letter = build.ref("%argument", argument.node.shape)
    inner.formal = {definition.formal[0]: replace(argument, node=letter, chain=None)}
    result = inner.read(definition.row.items, inner)
    if isinstance(result, Problem):
        return result
    if result.node.shape != argument.node.shape:
        raise NotUnderstood(span, "a function that acts entry by entry")
    slope = diagonal_of(expression_jacobian(result.node, letter), 0)
    if slope is None:
        raise NotUnderstood(span, "a function that acts entry by entry")
    node = substitute(slope, {letter: argument.node})
    return replace(argument, node=node, chain=None, text=f"{definition.text}'({argument.text})")
