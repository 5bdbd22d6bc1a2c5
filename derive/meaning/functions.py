r"""Functions and their arguments: `\sigma'(Z_1)`, `\log a_2`, `f(x)^2`, `\mathrm{tr}(AXB)`, `C(y_1, y_2)`.

A name that is declared a function is applied, never multiplied. Without brackets the argument is the next factor; if
more factors follow side by side (`\log 2x`), both extents are readings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import topological
from derive.meaning import values
from derive.meaning.application import Function, call_of
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.lookup import Resolved, spelling_of
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.reading_text import Binds, at_least
from derive.ops.record import callable_names, canonical_name
from derive.typography.nodes import Fraction, Group, Markup, Number, Operator, Punct, Row, Scripts, Symbol

Step = tuple[Result, int]
Factor = Callable[[Sequence[Markup], int, Scope], Step]

# Written differently in formulas than in models.
_SPELLED = {"tr": "trace", "Tr": "trace", "ln": "log", "lg": "log", "ReLU": "relu", "Softmax": "softmax",
            "ReLU6": "relu6", "sgn": "sign", "max": "maximum", "min": "minimum", "Diag": "diag", "sigm": "sigmoid",
            "tg": "tan", "ctg": "cot", "lrelu": "leaky_relu", "logsoftmax": "log_softmax"}  # fmt: skip
BRACKETS = {"(": ")", "[": "]", r"\{": r"\}"}
"""The brackets that may stand around an expression or an argument."""
_COMMON = ("10", "2", None)
"""The bases that the logarithm `\\lg` has in texts of different fields; without one it is natural."""
_GREEK = {r"\sigma": "sigmoid", r"\Gamma": "tgamma"}
_NEVER = frozenset(
    {
        "gamma",
        "beta",
        "zeta",
        "eye",
        "ones",
        "zeros",
        "transpose",
        "power",
        "pow",
        "where",
        "inner",
        "outer",
        "dot",
        "matmul",
    }
)


def function_word(word: str, scope: Scope) -> str | None:
    """The operation that a word of letters means, or None."""
    name = _SPELLED.get(word, word)
    if canonical_name(name) is not None or (name in callable_names() and name not in _NEVER):
        return name
    return None if scope.frame.lexicon.words.get(word) is None else word


def named_function(node: Markup, scope: Scope, found: Resolved | None = None) -> Function | None:
    """The function that a symbol with scripts is, or None."""
    if found is not None:
        return _declared(found, scope.frame.graph)
    spelling = spelling_of(node, scope)
    if spelling is None:
        return None
    word = spelling.bases[-1]
    name = _GREEK.get(word) or _SPELLED.get(word, word)
    inner = node.base if isinstance(node, Scripts) else node
    if isinstance(inner, Symbol) and len(word) == 1:
        return None
    base: Markup | None = None
    if spelling.subs:
        if name != "log" or not isinstance(node, Scripts) or node.sub is None:
            return None
        base = node.sub
    elif word == "lg":
        base = scope.choose(("lg",), [None if number is None else Number(node.span, number) for number in _COMMON])
    if canonical_name(name) is not None:
        return Function("elementwise", canonical_name(name) or name, spelling.sups, spelling.primes, base)
    if name in callable_names() and name not in _NEVER:
        return Function("tensor", name, spelling.sups, spelling.primes)
    return None


def _declared(found: Resolved, graph: ComputationGraph) -> Function:
    entry = found.entry
    if entry.kind == "network":
        return Function("network", entry.name, found.sup, found.primes)
    if entry.kind == "functional":
        return Function("functional", entry.name, found.sup, found.primes)
    declaration = graph.declarations[entry.name]
    return Function("elementwise", declaration.definition or entry.name, found.sup, found.primes)


def applied(function: Function, items: Sequence[Markup], at: int, scope: Scope, factor: Factor) -> Step:
    """The function at `items[at]` with its argument."""
    node = items[at]
    bare = _bare_prime(function, items, at, scope)
    if bare is not None:
        return bare, at + 1
    arguments, following, scripts = _arguments(items, at, scope, factor)
    broken = values.problem_in(*arguments)
    if broken is not None:
        return broken, following
    known = [value for value in arguments if isinstance(value, Denotation)]
    result = call_of(function, known, (node.span[0], items[following - 1].span[1]), scope)
    if isinstance(result, Problem):
        return result, following
    result = _scaled(function, result, node, scope)
    if scripts is not None and not isinstance(result, Problem):
        result = with_scripts(result, scripts, scope, factor)
    return result, following


def _bare_prime(function: Function, items: Sequence[Markup], at: int, scope: Scope) -> Denotation | None:
    r"""`\odot \sigma'` by itself: at the only pre-activation that the model sends through the function."""
    if len(items) != 1 or not function.primes or function.kind != "elementwise":
        return None
    nodes = topological(*(binding.node for binding in scope.frame.graph.bindings.values()))
    calls = [node for node in nodes if node.op == "call" and node.name == function.name and len(node.args) == 1]
    places = dict.fromkeys(node.args[0] for node in calls if not any(node.orders))
    if len(places) != 1:
        raise NotUnderstood(items[at].span, f"an argument of the function {function.name}")
    (place,) = places
    if place.op != "ref":
        raise NotUnderstood(items[at].span, f"an argument of the function {function.name}")
    text = f"{function.name}{chr(39) * function.primes}({place.name})"
    scope.assumed[f"the derivative of {function.name} is taken at {place.name}"] = None
    return Denotation(build.call(function.name, place, orders=(function.primes,)), text=text)


def with_scripts(result: Denotation, scripts: Scripts, scope: Scope, factor: Factor) -> Result:
    """Scripts behind the bracket of an argument act on the value of the function."""
    scope.formal["□"] = result
    held = Row(scripts.span, (Symbol(scripts.span, "□"),))
    made, _ = factor([replace(scripts, base=Group(held.span, "(", held.items, ")"))], 0, scope)
    return made


def _scaled(function: Function, result: Denotation, node: Markup, scope: Scope) -> Result:
    """The base of a logarithm, and a power written on the name."""
    made: Result = result
    text = result.text
    if function.base is not None:
        base = scope.read((function.base,), scope)
        if isinstance(base, Problem):
            return base
        text = f"({text} / log({base.text}))"
        made = values.divide(result, replace(base, node=build.call("log", base.node)), node.span)
    if function.sup and isinstance(node, Scripts) and node.sup is not None:
        if any(token in ("-", "(") for token in function.sup):
            raise NotUnderstood(node.span, "a function without an inverse or a layer")
        exponent = scope.read(node.sup.items, scope)
        made = values.power(made, exponent, node.span)
        text = f"{text}^{at_least(exponent.text, Binds.ATOM)}" if isinstance(exponent, Denotation) else text
    return made if isinstance(made, Problem) else replace(made, text=text)


# ----- arguments -----


def _arguments(
    items: Sequence[Markup], at: int, scope: Scope, factor: Factor
) -> tuple[list[Result], int, Scripts | None]:
    following = items[at + 1] if at + 1 < len(items) else None
    if following is None or isinstance(following, Operator):
        raise NotUnderstood(items[at].span, "an argument of the function")
    group = following.base if isinstance(following, Scripts) else following
    if isinstance(group, Group) and BRACKETS.get(group.open) == group.close:
        parts: list[list[Markup]] = [[]]
        for node in group.items:
            if isinstance(node, Punct) and node.text in (",", ";"):
                parts.append([])
            else:
                parts[-1].append(node)
        if any(not part for part in parts):
            raise NotUnderstood(group.span, "an argument of the function")
        read = [scope.read(part, scope) for part in parts]
        return read, at + 2, following if isinstance(following, Scripts) else None
    name = items[at]
    named = name.base if isinstance(name, Scripts) else name
    if not (isinstance(named, Symbol) and named.font == "op"):
        scope.note("notation", items[at].span, "the argument of the function stands without brackets")
    first, end = factor(items, at + 1, scope)
    more = end
    while (
        more < len(items) and isinstance(items[more], Number | Symbol | Scripts) and not _starts_function(items[more])
    ):
        more += 1
    if more > end and scope.choose(("extent", items[at].span), (False, True)):
        return [scope.read(items[at + 1 : more], scope)], more, None
    return [first], end, None


def _starts_function(node: Markup) -> bool:
    inner = node.base if isinstance(node, Scripts) else node
    return isinstance(inner, Fraction | Group) or (isinstance(inner, Symbol) and inner.font == "op")
