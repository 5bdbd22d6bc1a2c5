"""Edits of code that runs and is wrong, or whose shapes do not fit: one for each slip that is common in gradients.

products        the order of the operands, a transpose, `*` for `@`
sums            `axis=0` forgotten, a sum over the batch forgotten
signs           a minus, the terms of a difference, the argument of a function, the sense of a comparison
factors         `x` for `1 - x`, a factor of the chain, the size of the batch
state           an array that is changed in place, a value that is not returned
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import product

from derive.listings.factor_edits import missing_sizes, other_factors
from derive.listings.process import Failure
from derive.listings.repairs import CodeEdit, changed, factor_text

Edit = tuple[str, str, str]
"""Defect, the new text of a node, and what is said of it."""


def numeric_edits(code: str, failure: Failure) -> Iterator[CodeEdit]:
    """What might repair a wrong value or shape, likeliest first. `code` can be parsed."""
    tree = ast.parse(code)
    lines = code.split("\n")
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr) and n.lineno == n.end_lineno]
    wanted = _lines(tree, failure)
    nodes = sorted((n for n in nodes if n.lineno in wanted), key=lambda n: wanted.index(n.lineno))
    yield from _statements(tree, lines, wanted, failure)
    kinds: list[tuple[frozenset[str], Iterator[CodeEdit]]] = [(keys, _each(kind, nodes, lines)) for kind, keys in KINDS]
    if failure.type in ("value", "shape"):
        kinds.insert(3, (frozenset({"missing_factor"}), missing_sizes(tree, lines, wanted)))
        kinds.append(
            (frozenset({"missing_factor", "wrong_operand", "extra_factor"}), other_factors(tree, lines, wanted))
        )
    for _, edits in sorted(kinds, key=lambda kind: not kind[0] & set(failure.defects)):
        yield from edits


def _each(kind: Callable[[ast.expr], Iterator[Edit]], nodes: list[ast.expr], lines: list[str]) -> Iterator[CodeEdit]:
    for node in nodes:
        for defect, text, sentence in kind(node):
            yield changed(lines, node, text, defect, sentence)


def _lines(tree: ast.Module, failure: Failure) -> list[int]:
    """The lines where the fault may lie: the one that failed, else those of the pass that is wrong, last ones first."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    if failure.line is not None:
        return [failure.line]
    words = ("forward",) if failure.stage == "forward" else ("back", "grad", "prime", "deriv")
    named = failure.message.split(":")[0].split(" ")
    chosen = [f for f in functions if any(word in f.name for word in words) or f.name in named]
    body = [s for f in chosen or functions for s in f.body]
    return [line for s in reversed(body) for line in range(s.lineno, (s.end_lineno or s.lineno) + 1)]


# ---------------------------------------------------------------------------- one node


def _products(node: ast.expr) -> Iterator[Edit]:
    match node:
        case ast.Call(func=ast.Attribute(attr="dot" | "matmul" | "outer"), args=[left, right], keywords=[]):
            head = ast.unparse(node.func)
            form = f"{head}({{}}, {{}})"
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right], keywords=[]):
            form = "{}.dot({})"
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            form = "{} @ {}"
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            yield (
                "shape_mismatch",
                f"{factor_text(left)} @ {factor_text(right)}",
                "* multiplies entry by entry, @ is meant",
            )
            return
        case _:
            return
    a, b = factor_text(left), factor_text(right)
    for first, second in product((a, _transposed(a)), (b, _transposed(b))):
        if (first, second) != (a, b):
            wrong = " and ".join(old for old, new in ((a, first), (b, second)) if old != new)
            yield "transposed", form.format(first, second), f"{wrong} is to be transposed"
        yield "operand_order", form.format(second, first), f"{a} and {b} stand in the wrong order"


def _transposed(text: str) -> str:
    return text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"


def _sums(node: ast.expr) -> Iterator[Edit]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    if node.func.attr not in ("sum", "mean", "max"):
        return
    text = ast.unparse(node)
    arguments = [ast.unparse(argument) for argument in node.args]
    axes = {key.arg: ast.unparse(key.value) for key in node.keywords if key.arg is not None}
    own = len(arguments) - (1 if ast.unparse(node.func.value) in ("np", "numpy") else 0)
    if own == 0 and "axis" not in axes:
        for axis in ("0", "1, keepdims=True", "-1, keepdims=True", "1"):
            inner = ", ".join([*arguments, f"axis={axis}"])
            yield (
                "shape_mismatch",
                f"{ast.unparse(node.func)}({inner})",
                f"axis={axis} is missing: {text} sums over all entries",
            )
    elif "axis" in axes:
        for axis in {"0", "1"} - {axes["axis"]}:
            rest = [f"{key}={value}" for key, value in {**axes, "axis": axis}.items()]
            yield (
                "shape_mismatch",
                f"{ast.unparse(node.func)}({', '.join([*arguments, *rest])})",
                f"the axis should be {axis}",
            )
        if "keepdims" not in axes:
            rest = [*arguments, f"axis={axes['axis']}", "keepdims=True"]
            yield "shape_mismatch", f"{ast.unparse(node.func)}({', '.join(rest)})", "keepdims=True is missing"


def _signs(node: ast.expr) -> Iterator[Edit]:
    match node:
        case ast.BinOp(op=ast.Sub(), left=left, right=right):
            yield "wrong_sign", f"{factor_text(right)} - {factor_text(left)}", f"{ast.unparse(node)} has the wrong sign"
            yield "wrong_sign", f"{ast.unparse(left)} + {factor_text(right)}", "a minus stands where a plus belongs"
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield "wrong_sign", f"{ast.unparse(left)} - {factor_text(right)}", "a plus stands where a minus belongs"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "wrong_sign", factor_text(operand), "the minus does not belong there"
        case ast.Call(args=[ast.Name() | ast.Attribute() as argument], keywords=[]):
            yield (
                "wrong_sign",
                f"{ast.unparse(node.func)}(-{ast.unparse(argument)})",
                f"the minus before {ast.unparse(argument)} is missing",
            )
        case ast.Compare(left=left, ops=[ast.Gt() | ast.GtE()], comparators=[right]):
            yield "wrong_sign", f"{ast.unparse(left)} <= {ast.unparse(right)}", "the comparison is the wrong way round"
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE()], comparators=[right]):
            yield "wrong_sign", f"{ast.unparse(left)} > {ast.unparse(right)}", "the comparison is the wrong way round"


def _complements(node: ast.expr) -> Iterator[Edit]:
    """`x` where `1 - x` belongs."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for part, other, form in ((node.right, node.left, "{1} * {0}"), (node.left, node.right, "{0} * {1}")):
            if isinstance(part, ast.Name | ast.Attribute):
                text = ast.unparse(part)
                yield "missing_term", form.format(f"(1 - {text})", factor_text(other)), f"{text} should be 1 - {text}"


# ---------------------------------------------------------------------------- statements


def _statements(tree: ast.Module, lines: list[str], wanted: list[int], failure: Failure) -> Iterator[CodeEdit]:
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    if "missing_gradient" in failure.defects:
        for function in functions:
            last = function.body[-1]
            if isinstance(last, ast.Assign) and "back" in function.name:
                names = [
                    n.id
                    for s in function.body
                    if isinstance(s, ast.Assign)
                    for n in s.targets
                    if isinstance(n, ast.Name)
                ]
                for name in dict.fromkeys(names):
                    text = " " * last.col_offset + f"return {name}"
                    yield _inserted(
                        lines, last.end_lineno or last.lineno, text, "missing_gradient", f"{name} is not returned"
                    )
    if "mutates_argument" in failure.defects:
        yield from _copies(functions, lines)
    for function in functions:
        for statement in function.body:
            if statement.lineno in wanted and isinstance(statement, ast.Assign) and "missing_sum" in failure.defects:
                text = f"np.sum({ast.unparse(statement.value)}, axis=0)"
                yield changed(lines, statement.value, text, "missing_sum", "the sum over the samples is missing")


def _inserted(lines: list[str], after: int, text: str, defect: str, sentence: str) -> CodeEdit:
    return CodeEdit(defect, "\n".join([*lines[:after], text, *lines[after:]]), f"line {after}: {sentence}")


def _copies(functions: list[ast.FunctionDef], lines: list[str]) -> Iterator[CodeEdit]:
    """Work on a copy of what is changed in place."""
    for function in functions:
        given = {argument.arg for argument in function.args.args}
        for statement in function.body:
            if (
                isinstance(statement, ast.Assign)
                and isinstance(statement.value, ast.Name)
                and statement.value.id in given
            ):
                text = f"{statement.value.id}.copy()"
                yield changed(
                    lines, statement.value, text, "mutates_argument", f"{statement.value.id} is changed in place"
                )
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            target = statement.target if isinstance(statement, ast.AugAssign) else target
            name = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(name, ast.Name) and name.id in given:
                text = " " * statement.col_offset + f"{name.id} = {name.id}.copy()"
                yield _inserted(lines, statement.lineno - 1, text, "mutates_argument", f"{name.id} is changed in place")


KINDS: tuple[tuple[Callable[[ast.expr], Iterator[Edit]], frozenset[str]], ...] = (
    (_signs, frozenset({"wrong_sign"})),
    (_sums, frozenset({"shape_mismatch", "missing_sum"})),
    (_complements, frozenset({"missing_term"})),
    (_products, frozenset({"transposed", "operand_order", "shape_mismatch"})),
)
