r"""One factor: a number, a name, a bracket, a fraction, a matrix, a function with its argument.

What stands behind a bracket or an array acts on its value: `(A)^T`, `(x)^2`, `(...)_{n,:}`, `A_{(2,3)}`. All that
differentiates is left to `partials`, every function to `functions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction as Exact

from derive.ir import build
from derive.meaning import gradients, partials, values
from derive.meaning.annotations import called, is_annotation, is_argument
from derive.meaning.arrays import components, inner_product, is_tuple, matrix, norm, norm_of_order, tuple_of
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.conditions import by_cases, condition, is_condition
from derive.meaning.extrema import extremum, is_extremum
from derive.meaning.functions import BRACKETS, applied, function_word, named_function
from derive.meaning.lookup import Resolved, is_transpose, number_in, resolve
from derive.meaning.marks import marked
from derive.meaning.page_names import page_name
from derive.meaning.powers import index_orders, raised, subscripted
from derive.meaning.products import quotient
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.scripts import tokens_of
from derive.meaning.single_entries import only_entry
from derive.meaning.undeclared import constant, indicates, indicator, ones, with_size
from derive.meaning.usage import annotated, layer_number, name_value, spelled_otherwise
from derive.typography.nodes import (
    Accent,
    Cases,
    Ellipsis,
    Fraction,
    Group,
    Markup,
    Matrix,
    Number,
    Operator,
    Punct,
    Relation,
    Root,
    Row,
    Scripts,
    Symbol,
    word_run,
)
from derive.typography.symbols import FUNCTIONS

Step = tuple[Result, int]


def factor(items: Sequence[Markup], at: int, scope: Scope) -> Step:
    """The factor that starts at `items[at]`, and where the next one starts."""
    if at >= len(items):
        raise NotUnderstood(items[-1].span if items else (0, 0), "something behind it")
    node = items[at]
    word = word_run(tuple(items[at : at + 20]), at=0) if isinstance(node, Symbol | Scripts) else ""
    if len(word) > 1:
        step = _word(word, items, at, scope)
        if step is not None:
            return step
    of_page = page_name(items, at, scope, factor)
    if of_page is not None:
        return of_page
    differential = gradients.prefix(items, at, scope, factor)
    if differential is not None:
        return differential
    match node:
        case Number(text="1") | Symbol(name="I") if indicates(items, at, scope):
            return indicator(items, at, scope), at + 2
        case Number(text="1", font="bb" | "bf"):
            return ones(node, scope), at + 1
        case Number():
            return _number(node), at + 1
        case Fraction(num=num, den=den):
            return quotient(scope.read(num.items, scope), scope.read(den.items, scope), node), at + 1
        case Group() | Row() | Matrix() | Cases() | Root():
            return _plain(node, scope), at + 1
        case Symbol() | Accent():
            return _name(node, items, at, scope)
        case Scripts() if is_extremum(node, scope):
            return extremum(node, items, at, scope, factor)
        case Scripts():
            return _scripted(node, items, at, scope)
        case _:
            raise NotUnderstood(node.span, _WANTED.get(type(node), "a factor"))


_WANTED: dict[type[Markup], str] = {
    Ellipsis: "terms that show how the dots go on",
    Punct: "an expression without a comma",
    Relation: "an expression without a relation",
}


def _number(node: Number) -> Result:
    return Denotation(build.number(Exact(node.text)), text=node.text)


# ----- words and names -----


def _word(word: str, items: Sequence[Markup], at: int, scope: Scope) -> Step | None:
    """A word of several letters: a declared name or a function, unless its letters are names themselves."""
    end = at + len(word)
    last = items[end - 1]
    entry = scope.frame.lexicon.words.get(word)
    font = "op" if f"\\{word}" in FUNCTIONS else ""  # `sin x` and `max_j x_j` are their commands without a backslash
    is_function = function_word(word, scope) is not None and _applies(items[end:], without_brackets=bool(font))
    if entry is None and not is_function:
        return None
    if _all_names(items[at:end], scope) and scope.choose(("word", word), (False, True)):
        return None
    merged: Markup = Symbol((items[at].span[0], last.span[1]), word, font if entry is None else "")
    if isinstance(last, Scripts):
        merged = replace(last, base=merged, span=merged.span)
    row = [*items[:at], merged, *items[end:]]
    result, following = factor(row, at, scope) if len(word) > 1 else (None, 0)
    return None if result is None else (result, following + len(word) - 1)


def _applies(behind: Sequence[Markup], *, without_brackets: bool) -> bool:
    """Whether what stands behind a word can be its argument."""
    if not behind:
        return False
    argument = behind[0].base if isinstance(behind[0], Scripts) else behind[0]
    return isinstance(argument, Group) or (without_brackets and not isinstance(argument, Operator | Relation | Punct))


def _all_names(letters: Sequence[Markup], scope: Scope) -> bool:
    """Whether all letters of a word are names, in the case in which they stand."""
    folded = len(scope.folded)
    known = all(resolve(letter, scope) is not None for letter in letters)
    known, scope.folded[folded:] = known and len(scope.folded) == folded, []
    return known


def _name(node: Markup, items: Sequence[Markup], at: int, scope: Scope) -> Step:
    step = _known(node, items, at, scope)
    if step is not None:
        return step
    made = constant(node, scope) or layer_number(node, scope)
    if made is not None and not is_argument(items, at + 1):
        return made, at + 1
    shown = scope.source[node.span[0] : node.span[1]]
    raise NotUnderstood(node.span, f"a declared name, not {shown}{spelled_otherwise(node, scope)}")


def _known(node: Markup, items: Sequence[Markup], at: int, scope: Scope) -> Step | None:
    """A name with all its scripts, or None."""
    found = resolve(node, scope)
    parts = components(node, scope) if not isinstance(found, Resolved) else None
    if parts is not None:
        nodes = [scope.frame.graph.ref(name) for name in parts]
        return Denotation(build.array(nodes, (len(nodes),)), text=f"[{'; '.join(parts)}]"), at + 1
    squared = None if isinstance(found, Resolved) else _power_of_square(node, scope)
    if squared is not None:
        return squared, at + 1
    if isinstance(found, Problem):
        delta = marked(node, scope) or gradients.delta(node, scope)
        return (delta if delta is not None else found), at + 1
    if found is None:
        delta = marked(node, scope) or gradients.delta(node, scope)
        if delta is not None:
            return delta, at + 1
        function = named_function(node, scope)
        return None if function is None else applied(function, items, at, scope, factor)
    found = called(found, items, at + 1, scope)
    if found.entry.kind in ("function", "functional", "network"):
        function = named_function(node, scope, found)
        assert function is not None
        return applied(function, items, at, scope, factor)
    beside = found.indices if found.indices and found.indices[0] == "(" else ()
    if beside:
        found = replace(found, indices=())
    whole = scope.choose(("power", node.span), index_orders(found, node, scope))
    indices = found.indices if whole else ()
    value = name_value(replace(found, indices=()) if whole else found, node.span, scope)
    following = at + 1
    annotation = is_annotation(found, items, at + 1, scope)
    if annotation:
        following += 1
    value = subscripted(raised(value, found.sup, node, scope), indices, node.span, scope)
    if beside and isinstance(value, Denotation):
        value = annotated(value, beside, node.span, scope)
    return value, following


def _power_of_square(node: Markup, scope: Scope) -> Result | None:
    r"""`\sigma^4` where only `\sigma^2` is a name: the square of that."""
    exponent = number_in(node.sup) if isinstance(node, Scripts) else None
    if not isinstance(node, Scripts) or node.sup is None or exponent is None or exponent < 4 or exponent % 2:
        return None
    two = replace(node.sup, items=(Number(node.sup.span, "2"),))
    found = resolve(replace(node, sup=two), scope)
    if not isinstance(found, Resolved) or found.sup or found.entry.kind != "value":
        return None
    power = Denotation(build.number(exponent // 2), text=str(exponent // 2))
    return values.power(name_value(found, node.span, scope), power, node.span)


# ----- scripts -----


def _scripted(node: Scripts, items: Sequence[Markup], at: int, scope: Scope) -> Step:
    if node.base is None:
        raise NotUnderstood(node.span, "something that carries the scripts")
    tokens = tuple(scope.superscript(tokens_of(node.sup.items))) if node.sup is not None else ()
    counted = with_size(node, scope)
    if counted is not None:
        return raised(counted, tokens, node, scope), at + 1
    argument = scope.formal.get(node.base.name) if isinstance(node.base, Symbol) and node.sub is None else None
    if argument is not None and not node.primes and node.sup is not None:
        return raised(argument, tokens, node, scope), at + 1
    if isinstance(node.base, Symbol | Accent):
        step = _known(node, items, at, scope) or _euler(node, at, scope)
        if step is not None:
            return step
        power = constant(node.base, scope) if node.sub is None and not node.primes else None
        if power is not None:
            return raised(power, tokens, node, scope), at + 1
        return _name(node, items, at, scope)
    if isinstance(node.base, Fraction) and partials.is_derivative(node.base):
        value, _ = factor([node.base], 0, scope)
    else:
        value = _plain(node.base, scope)
    if isinstance(node.base, Group) and node.base.open == r"\|" and node.sub is not None:
        value = norm_of_order(node, value, scope)
        node = replace(node, sub=None)
    if node.primes:
        value = gradients.primed(node, value, scope)
    if node.sub is not None:
        value = subscripted(value, tokens_of(node.sub.items), node.span, scope)
    if is_transpose(tokens) and is_tuple(node.base) and scope.choose(("tuple", node.span), (True, False)):
        return value, at + 1  # (b_1, b_2)^T is the column that its components are read as, or the row it is made into
    return raised(value, tokens, node, scope), at + 1


def _euler(node: Scripts, at: int, scope: Scope) -> Step | None:
    """`e^x`, where e is not declared."""
    base = node.base
    if not (isinstance(base, Symbol) and base.name == "e" and node.sup is not None and node.sub is None):
        return None
    if scope.frame.depth is not None and tokens_of(node.sup.items)[:1] in (["("], ["["]):
        raise NotUnderstood(node.span, "a declared name: a layer is no power of e")
    exponent = scope.read(node.sup.items, scope)
    if isinstance(exponent, Problem):
        return exponent, at + 1
    exponent = only_entry(exponent)
    if len(exponent.shape) == 2 and exponent.shape[0] is exponent.shape[1]:
        raise NotUnderstood(node.span, r"no exponential of a square matrix; entry by entry it is \exp(A)")
    return replace(exponent, node=build.call("exp", exponent.node), chain=None, text=f"exp({exponent.text})"), at + 1


# ----- brackets and arrays -----


def _plain(node: Markup, scope: Scope) -> Result:
    """A bracket, an array, a root, or a name that something acts on."""
    match node:
        case Row(items=items):
            return scope.read(items, scope)
        case Group(open="|" | r"\|" as bar, items=items, close=close) if close == bar:
            return norm(bar, items, node, scope)
        case Cases():
            return by_cases(node, scope)
        case Group(open=r"\langle", close=r"\rangle"):
            return inner_product(node, scope)
        case Group(open="[", items=items, close="]") if is_condition(items):
            return condition(items, scope)
        case Group(open=opening, items=items, close=closing) if opening and closing:
            if BRACKETS.get(opening) != closing or any(isinstance(n, Relation) for n in items):
                raise NotUnderstood(node.span, "round, square or curly brackets around an expression")
            return _bracketed(node, items, scope)
        case Root(radicand=radicand, index=None):
            inner = scope.read(radicand.items, scope)
            if isinstance(inner, Problem):
                return inner
            return replace(inner, node=build.call("sqrt", inner.node), chain=None, text=f"sqrt({inner.text})")
        case Matrix(env=env, rows=rows) if env in ("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"):
            return matrix(rows, node, scope)
        case Fraction() | Number() | Symbol() | Accent() | Scripts():
            return factor([node], 0, scope)[0]
        case _:
            raise NotUnderstood(node.span, "an expression")


def _bracketed(node: Group, items: Sequence[Markup], scope: Scope) -> Result:
    if any(isinstance(inner, Punct) and inner.text in (",", ";") for inner in items):
        return tuple_of(node, items, scope)
    if len(items) == 1 and isinstance(items[0], Matrix):
        return _plain(items[0], scope)
    return scope.read(items, scope)
