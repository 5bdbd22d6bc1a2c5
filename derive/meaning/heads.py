r"""What stands on the left of a definition, and what the name means by itself.

    NEW      neither the model nor the page knows it: it can only be defined
    OWN      it means something without being declared: e, \pi, \sigma(u), \delta_j, I. A statement about it that is
             false of that meaning defines it
    AGAIN    the page says that it defines what it has defined before
    MARK     `\bar w`, `J_w` of a variable w: a claim about the derivative by w, unless the page says that it defines

`:=`, "let", "define" and "where" say that the page defines: then also `dz` and the name of any function can be given
another meaning. Names of the model are never defined again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from derive.meaning.annotations import lists_arguments
from derive.meaning.defined import in_layer
from derive.meaning.functions import function_word, named_function
from derive.meaning.gradients import delta
from derive.meaning.lookup import Resolved, is_transpose, resolve, spelling_of
from derive.meaning.marks import differential_name, mark_of
from derive.meaning.reading_state import DELTA, NotUnderstood, Oracle, Scope
from derive.meaning.scripts import text_of
from derive.meaning.statement import Job
from derive.meaning.variables import named
from derive.typography.nodes import Accent, Group, Markup, Number, Operator, Punct, Row, Scripts, Symbol, walk
from derive.typography.statements import DEFINES

EQUALITIES = frozenset({"=", ":=", r"\equiv", r"\doteq"})
_SAID = frozenset({":=", r"\doteq"})
_NEVER = frozenset({r"\nabla", r"\partial"})
CONSTANTS = frozenset({"e", r"\pi", "I"})
"""Letters that mean the same in every text."""
_FUNCTION = r"\sigma"
_OPERATORS = re.compile(
    r"rank|dim|det|ker|im|re|span|null|tr|trace|diag|vech?|var|std|sd|cov|corr|mean|median|mode|cond|card|exp|log"
    r"|sup|inf|lim|arg|argmax|argmin|max|min|sign|sgn|prob|pr|kl|size|len|length|shape"
)
"""Words that every text uses for an operator: what stands behind them is claimed, and `rank(A) = n` defines nothing."""

Meaning = Literal["new", "own", "mark", "again"]


@dataclass(frozen=True)
class Head:
    """The name on the left, its arguments if it is a function, and what it means by itself.

    `said`: the page says that it defines. `open`: what the name means is not certain, so a definition is remarked upon.
    `mark`: how a variable is marked for the derivative by it.
    """

    node: Markup
    formal: tuple[str, ...]
    meaning: Meaning
    said: bool = False
    open: bool = False
    mark: str = ""

    @property
    def base(self) -> Markup | None:
        """The name without its scripts."""
        return self.node.base if isinstance(self.node, Scripts) else self.node

    @property
    def letter(self) -> str:
        """The letter without its scripts; empty if it bears an accent."""
        return letter_of(self.node)


def letter_of(node: Markup) -> str:
    """The letter of a name without its scripts; empty if it bears an accent."""
    base = node.base if isinstance(node, Scripts) else node
    return base.name if isinstance(base, Symbol) else ""


def says_so(job: Job) -> bool:
    """Whether the page says that a statement defines."""
    statement = job.statement
    return job.said or statement.relations[0].text in _SAID or DEFINES.search(statement.lead) is not None


def head_of(job: Job) -> Head | None:
    """The name that a statement may define; None if there is none."""
    relations = job.statement.relations
    if not relations or relations[0].text not in EQUALITIES | {r"\leftarrow"} or not job.rows[0].items:
        return None
    left = job.rows[0].items
    scope = job.scope(job.context.main, Oracle(), 0, {})
    said = says_so(job)
    whole = differential_name(left, 0) if len(left) == 2 else None
    if _is_made_of(left[-1], scope):
        return None
    if whole is not None:
        return _differential(whole, left, scope, said) if letter_of(whole) not in job.context.kept else None
    formal = _arguments(left, scope)
    node = _unbracketed(left[0])
    if not isinstance(node, Symbol | Accent | Scripts | Number) or (len(left) > 1 and formal is None):
        return None
    if formal and model_function(node, scope) in job.context.bodies:
        return Head(node, formal, "new", said)  # a page may list several choices of f
    if letter_of(node) in job.context.kept:
        return None
    made = _meaning(node, scope, function=bool(formal), said=said)
    if made is None and not formal and _renames(job, node, scope):
        made = "again", False
    if made is None or (not said and _states_value(node, job.rows[1])):
        return None
    marked = mark_of(node, scope) if made[0] == "mark" else None
    return Head(node, formal or (), made[0], said, made[1] and not said, marked[0] if marked is not None else "")


def _is_made_of(node: Markup, scope: Scope) -> bool:
    """Whether the transpose of a name that is known, or a power of one of the page, stands on the left: a claim."""
    spelling = spelling_of(node, scope) if isinstance(node, Scripts) and node.sub is None else None
    if not isinstance(node, Scripts) or node.base is None or spelling is None or len(spelling.sups) != 1:
        return False
    of_page = on_page(node.base, scope, function=False)
    if not is_transpose(spelling.sups):
        return of_page and isinstance(spelling.sups[0], int) and not on_page(node, scope, function=False)
    return of_page or isinstance(resolve(node.base, replace(scope, pending=[], notes={}, assumed={})), Resolved)


def _unbracketed(node: Markup) -> Markup:
    """`(t_1)_{ij}`, an entry of `t_1`, as a name with all its subscripts side by side."""
    inner = node.base.items if isinstance(node, Scripts) and isinstance(node.base, Group) else ()
    if len(inner) != 1 or not isinstance(inner[0], Scripts) or not isinstance(node, Scripts):
        return node
    name = inner[0]
    if node.sub is None or name.sub is None or node.sup is not None or name.sup is not None:
        return node
    return replace(name, span=node.span, sub=replace(node.sub, items=(*name.sub.items, *node.sub.items)))


def _renames(job: Job, node: Markup, scope: Scope) -> bool:
    r"""Whether `a := \tanh z` defines what the model computes; a letter or numerals are values that it takes."""
    right = job.rows[1].items
    if job.statement.relations[0].text not in _SAID or (len(right) == 1 and isinstance(right[0], Symbol)):
        return False
    if not any(isinstance(part, Symbol) for part in walk(*right)):
        return False
    meant = resolve(node, replace(scope, pending=[], notes={}, assumed={}))
    return (
        isinstance(meant, Resolved) and meant.entry.kind == "value" and meant.entry.name in scope.frame.graph.bindings
    )


def _states_value(node: Markup, right: Row) -> bool:
    r"""`\pi = 3.14`, `\mathbf 1 = 1`: a numeral beside a constant is its value, right or wrong."""
    constant = isinstance(node, Number) or (isinstance(node, Symbol) and node.name in ("e", r"\pi"))
    return constant and len(right.items) == 1 and isinstance(right.items[0], Number)


def _differential(whole: Markup, left: Sequence[Markup], scope: Scope, said: bool) -> Head | None:
    """`dz`: the derivative of the loss by z if the model knows z, and nothing defines d."""
    spelling = spelling_of(whole, scope)
    word = spelling.bases[-1].replace(" ", "") if spelling is not None else ""
    if word in scope.frame.lexicon.words or on_page(whole, scope, function=False):
        return None
    known = named(left[1:], replace(scope, pending=[], notes={}, assumed={})) is not None
    if known and not said:
        return None
    return Head(whole, (), "own" if known else "new", said)


def _meaning(node: Markup, scope: Scope, *, function: bool, said: bool) -> tuple[Meaning, bool] | None:
    """What a name means by itself, and whether that is uncertain; None if it cannot be defined."""
    base = node.base if isinstance(node, Scripts) else node
    name = base.name if isinstance(base, Symbol) else ""
    if name in _NEVER or (isinstance(base, Symbol) and base.font == "bb"):
        return None
    if isinstance(node, Scripts) and (node.primes or (node.sup is not None and _is_power(name, node.sup))):
        return None
    if isinstance(base, Number):
        of_page = not base.font or function or on_page(node, scope, function=False)
        return None if of_page else ("own", False)
    if on_page(node, scope, function=function):
        return ("again", False) if said else None
    quiet = replace(scope, pending=[], notes={}, assumed={})
    meant = resolve(node, quiet)
    if isinstance(meant, Resolved):
        if function and meant.entry.kind == "function":
            return None if scope.frame.graph.declarations[meant.entry.name].definition else ("new", False)
        return ("own", True) if quiet.assumed and (said or not (meant.indices or meant.sup)) else None
    if mark_of(node, scope) is not None:
        return "mark", False
    if meant is not None:
        return None
    if name == DELTA:
        return _delta(node, quiet)
    if name in CONSTANTS and not function and (node is base or name == "I"):
        return "own", False
    return _word(node, base, quiet, function=function, said=said)


def _delta(node: Markup, scope: Scope) -> tuple[Meaning, bool]:
    try:
        return ("new", False) if delta(node, scope) is None else ("own", True)
    except NotUnderstood:
        return "new", False


def _word(
    node: Markup, base: Markup | None, scope: Scope, *, function: bool, said: bool
) -> tuple[Meaning, bool] | None:
    """A name that may be that of a function."""
    name = base.name if isinstance(base, Symbol) else ""
    if name == _FUNCTION:
        return ("own" if function else "new"), False
    is_word = named_function(node, scope) is not None or (len(name) > 1 and function_word(name, scope) is not None)
    operates = function and isinstance(base, Symbol) and (_OPERATORS.fullmatch(name.lower()) or base.font == "op")
    if is_word or operates:
        return ("own", False) if said else None
    return "new", False


def _is_power(name: str, sup: Row) -> bool:
    r"""`e^{x}`, `\pi^2`, `q^{-1}`: no name has such a superscript; `e^{(l)}` may be one."""
    layer = len(sup.items) == 1 and isinstance(sup.items[0], Group)
    return (name in CONSTANTS and not layer) or (bool(sup.items) and isinstance(sup.items[0], Operator))


def model_function(head: Markup, scope: Scope) -> str | None:
    """The function of the model that is meant."""
    meant = resolve(head, scope)
    return meant.entry.name if isinstance(meant, Resolved) and meant.entry.kind == "function" else None


def on_page(node: Markup, scope: Scope, *, function: bool) -> bool:
    """Whether the page has defined the name before."""
    spelling = spelling_of(node, scope)
    if spelling is None:
        return False
    sub = text_of(spelling.subs) or ""
    return any(
        d.understood
        and d.key[0] in spelling.bases
        and bool(d.formal) is function
        and sub.startswith(d.key[1])
        and in_layer(d, spelling.sups, scope) is not None
        for d in scope.definitions
    )


def _arguments(left: Sequence[Markup], scope: Scope) -> tuple[str, ...] | None:
    """The letters of `f(u, v)` on the left, if they are letters of their own."""
    if len(left) != 2 or not isinstance(left[1], Group) or left[1].open != "(":
        return None
    names = []
    for k, node in enumerate(left[1].items):
        if k % 2 and isinstance(node, Punct):
            continue
        if k % 2 or not isinstance(node, Symbol) or len(node.name.lstrip("\\")) < 1:
            return None
        names.append(node)
    if not names:
        return None
    meant = [resolve(node, scope) for node in names]
    listed = lists_arguments(left[0], left[1], scope)
    if listed or any(isinstance(m, Resolved) and m.entry.kind == "parameter" for m in meant):
        return ()  # declared names behind it are an annotation, as in J(\theta)
    return tuple(node.name for node in names)
