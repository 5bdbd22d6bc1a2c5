r"""From a layout to what it states: statements, each a chain of members with the relations between them.

    display    ::=  statement (separator statement)*       separator ::= , | ; | \quad | \qquad | row | words
    statement  ::=  member (relation member)*
    condition  ::=  \forall letters | ( statement )            a statement of its own behind or before another

A comma separates statements only if what follows has a relation of its own; otherwise it belongs to the member
before it (`j = 1, 2, 3`) or after it (`i, j = 1`). A wide space separates unless an operator or a comma's list
continues behind it; a `\forall` or a range in brackets (`(i = 1, \dots, C)`) starts one, and so does the colon behind
a condition. A row that starts with a relation, or with an operator behind an empty cell, continues the row before it.
Whether commas were read as the author meant them, the meaning stage has to judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from derive.typography import symbols
from derive.typography.layout import Layout
from derive.typography.nodes import (
    Accent,
    Cases,
    Ellipsis,
    Group,
    Markup,
    Matrix,
    Offsets,
    Operator,
    Punct,
    Relation,
    Row,
    Scripts,
    Space,
    Symbol,
    Text,
)

_REVERSED = "=:"
DEFINES = re.compile(r"\b(let|set|put|(?:re)?define|denote|where|write)\b|令|设|定义|记|其中", re.IGNORECASE)
"""Words in front of a statement that say that it defines."""
QUALIFIERS = re.compile(
    r"\b(not|never|no|false|wrong|incorrect|untrue|if|iff|unless|except|only|otherwise|when|provided|assuming|suppose"
    r"|approximately|roughly|nearly|let|set|setting|solve|solving|require|requiring|at)\b"
    r"|若|如果|当|除非|不|错|假设|近似|令|设|约等"
)
"""Words that turn a statement round or make it hold only under a condition: it cannot be judged without them."""


@dataclass(frozen=True, slots=True)
class Statement:
    r"""`members[0] relations[0] members[1] ...`; without relations it is a bare expression.

    `lead` holds the words that introduce it (`\text{where}`), `tail` words that end it, `tag` the tag of its row, and
    `line` counts the rows. A member's span reaches from its first node to its last; a member with nothing in it has the
    empty span where it should stand.
    """

    members: tuple[Row, ...]
    relations: tuple[Relation, ...]
    span: Offsets
    lead: str = ""
    tag: str | None = None
    tail: str = ""
    line: int = 0


@dataclass(slots=True)
class _Piece:
    """Nodes between two separators, and the separators that led to it."""

    nodes: list[Markup] = field(default_factory=list)
    wide: bool = False
    comma: Punct | None = None
    lead: str = ""
    tail: str = ""


def statements(layout: Layout) -> tuple[Statement, ...]:
    """What the formula states, in order."""
    return tuple(made for k, line in enumerate(_lines(layout.items)) for made in _stated(line, layout, k))


def bracketed(statement: Statement, layout: Layout) -> tuple[Statement, ...]:
    """What stands between the brackets, if the statement is nothing but a relation in brackets; else the statement."""
    (items, *others) = (row.items for row in statement.members)
    group = items[0] if len(items) == 1 and not others else None
    if not isinstance(group, Group) or group.open not in ("(", "[") or not _is_stated(group):
        return (statement,)
    inner = _stated(list(group.items), layout, statement.line)
    return tuple(replace(made, lead=statement.lead, tag=statement.tag, tail=statement.tail) for made in inner)


def _stated(line: list[Markup], layout: Layout, number: int) -> list[Statement]:
    made = [_statement(piece, layout) for piece in _merged(_pieces(line))]
    return [replace(statement, line=number) for statement in made if statement is not None]


def _is_stated(group: Group) -> bool:
    return any(isinstance(node, Relation) or _is_quantifier(node) for node in group.items)


def _is_quantifier(node: Markup) -> bool:
    return isinstance(node, Symbol) and node.name == r"\forall"


# ----- rows -----


def _lines(items: tuple[Markup, ...]) -> list[list[Markup]]:
    """The rows of a display, continuation rows joined to the row they continue."""
    rows = _system(items)
    if rows is None:
        return [list(items)]
    lines: list[list[Markup]] = []
    for cells in rows:
        line: list[Markup] = []
        for column, cell in enumerate(cells):
            goes_on = not line or isinstance(line[-1], Operator | Relation)  # `a &=& b` of three columns
            if column and column % 2 == 0 and not goes_on:  # the next pair of columns of an alignment
                line.append(Space((cell.span[0], cell.span[0]), r"\qquad"))
            line.extend(_lines(cell.items)[0] if _system(cell.items) is None else cell.items)
        while line and isinstance(line[0], Space):
            del line[0]
        if lines and line and _continues(cells, line, lines[-1][-1]):
            lines[-1].extend(line)
        elif line:
            lines.append(line)
    return lines


def _system(items: tuple[Markup, ...]) -> tuple[tuple[Row, ...], ...] | None:
    """The rows, if the whole display is one environment of lines or a matrix with a relation in every row."""
    trailing = items[-1:] and isinstance(items[-1], Punct)
    only = items[0] if len(items) == (2 if trailing else 1) else None
    if isinstance(only, Matrix) and (only.env in symbols.LINES or only.env == ""):
        return only.rows
    if isinstance(only, Matrix) and only.env not in ("matrix", "array", "smallmatrix"):
        return None  # brackets make it a matrix, whatever stands in it
    if isinstance(only, Matrix | Cases) and only.rows and all(_has_relation(row) for row in only.rows):
        return only.rows
    return None


def _has_relation(cells: tuple[Row, ...]) -> bool:
    return any(is_relation(node) for cell in cells for node in cell.items)


def _continues(cells: tuple[Row, ...], line: list[Markup], before: Markup) -> bool:
    first = line[0]
    if is_relation(first) or isinstance(before, Operator | Relation):
        return True
    behind_empty = len(cells) > 1 and not cells[0].items
    return isinstance(first, Operator) and (behind_empty or not any(is_relation(node) for node in line))


def is_relation(node: Markup | None) -> bool:
    """Whether `node` parts members in the outermost row: a relation, or the colon of `w : i \\to j`."""
    return isinstance(node, Relation) or (isinstance(node, Punct) and node.text == ":")


# ----- separators -----


def _pieces(line: list[Markup]) -> list[_Piece]:
    pieces = [_Piece()]
    for node in _with_prose(line):
        if _is_quantifier(node) or _is_range(node):
            pieces.append(_Piece([node], wide=True))
            continue
        if _is_colon(node, pieces[-1].nodes, line):
            pieces.append(_Piece(wide=True))
            continue
        comma = node if isinstance(node, Punct) and node.text in (",", ";") else None
        if comma is None and not isinstance(node, Space | Text):
            pieces[-1].nodes.append(node)
            continue
        if pieces[-1].nodes:
            pieces.append(_Piece())
        piece = pieces[-1]
        piece.comma = comma or piece.comma
        piece.wide |= isinstance(node, Space)
        if isinstance(node, Text):
            piece.lead = f"{piece.lead} {node.words}".strip()
    return pieces


def _is_colon(node: Markup, before: list[Markup], line: list[Markup]) -> bool:
    r"""`i = j: A = B`, `\forall i: A = B`; not that of `w : i \to j`."""
    if not isinstance(node, Punct) or node.text != ":" or not before:
        return False
    stated = _is_quantifier(before[0]) or any(isinstance(one, Relation) for one in before)
    arrow = any(isinstance(one, Relation) and one.text == r"\to" for one in line)
    behind = line[line.index(node) + 1 :]
    return stated and not arrow and any(isinstance(one, Relation) or _is_quantifier(one) for one in behind)


def _is_range(node: Markup) -> bool:
    r"""`(i = 1, \dots, C)`: no factor has dots behind a relation."""
    if not isinstance(node, Group) or node.open not in ("(", "[") or not _is_stated(node):
        return False
    return any(isinstance(inner, Ellipsis) for inner in node.items)


def _with_prose(line: list[Markup]) -> list[Markup]:
    r"""Words of a script without capitals, `\text{其中}`, are no name where they open or end a row beside a formula."""
    done = list(line)
    for k, beside in ((0, 1), (-1, -2)):
        node = done[k] if len(done) > 1 else None
        words = isinstance(node, Symbol) and node.font == "text" and not node.name.isascii()
        if isinstance(node, Symbol) and words and not isinstance(done[beside], Relation | Operator | Group):
            done[k] = Text(node.span, node.name)
    return done


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces that are no statement of their own are put back to a neighbour, the comma between them included."""
    merged: list[_Piece] = []
    for piece in pieces:
        before = merged[-1] if merged else None
        if not piece.nodes:
            if before is not None:
                before.tail = f"{before.tail} {piece.lead}".strip()
            continue
        stands_alone = any(is_relation(node) for node in piece.nodes) and not is_relation(piece.nodes[0])
        if before is None or piece.lead:
            merged.append(piece)
        elif not stands_alone and not (piece.wide and not isinstance(piece.nodes[0], Operator | Relation)):
            before.nodes += [*([piece.comma] if piece.comma else []), *piece.nodes]
        elif any(is_relation(node) for node in before.nodes) or piece.wide:
            merged.append(piece)
        else:
            before.nodes += [*([piece.comma] if piece.comma else []), *piece.nodes]
    return merged


# ----- members -----


def _statement(piece: _Piece, layout: Layout) -> Statement | None:
    nodes = piece.nodes
    while nodes and isinstance(nodes[-1], Punct) and nodes[-1].text in (".", ",", ";"):
        nodes.pop()
    if not nodes:
        return None
    members: list[Row] = []
    relations: list[Relation] = []
    current: list[Markup] = []
    at = nodes[0].span[0]
    for node in nodes:
        if not current and relations and relations[-1].text == "=" and isinstance(node, Punct) and node.text == ":":
            relations[-1] = Relation((relations[-1].span[0], node.span[1]), _REVERSED)
            at = node.span[1]
        elif is_relation(node):
            members.append(_member(current, at))
            relations.append(node if isinstance(node, Relation) else Relation(node.span, ":"))
            current, at = [], node.span[1]
        else:
            current.append(node)
    members.append(_member(current, at))
    if relations and relations[-1].text == _REVERSED and members[-1].items:  # a - y =: e
        members, relations = [members[-1], *members[:-1]], [replace(relations[-1], text=":="), *relations[:-1]]
    if [relation.text for relation in relations] == [r"\equiv"] and _is_name(members[1]) and len(members[0].items) > 1:
        members.reverse()  # a - y \equiv e
    span = min(node.span[0] for node in nodes), max(node.span[1] for node in nodes)
    return Statement(tuple(members), tuple(relations), span, piece.lead, _tag(layout, span), piece.tail)


def _is_name(member: Row) -> bool:
    """Whether a member may be a name that is defined; `U^T U \\equiv I` says something of U."""
    name = member.items[0] if len(member.items) == 1 else None
    return isinstance(name, Accent | Scripts) or (isinstance(name, Symbol) and name.name != "I")


def _member(nodes: list[Markup], at: int) -> Row:
    if not nodes:
        return Row((at, at), (), braced=True)
    span = min(node.span[0] for node in nodes), max(node.span[1] for node in nodes)
    return Row(span, tuple(nodes))


def _tag(layout: Layout, span: Offsets) -> str | None:
    r"""The first tag behind the statement with no row break between; a display of one row has its only tag."""
    if len(layout.tags) == 1:
        return layout.tags[0][0]
    for name, (start, _) in layout.tags:
        if start >= span[1]:
            return name if "\\\\" not in layout.source[span[1] : start] else None
    return None
