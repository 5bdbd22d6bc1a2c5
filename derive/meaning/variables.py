r"""What a derivative is taken by: a name with its indices, a letter, a part of exactly one definition, a function.

\partial L / \partial (X W)          X W is a value of its own in the one definition that has it
\partial L / \partial (\sigma^2)     (\partial L / \partial \sigma) / (2 \sigma), wherever else \sigma stands
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from derive.ir import build
from derive.ir.graph import Binding
from derive.ir.node import Node as Term
from derive.ir.node import refs, rewrite, topological, with_args
from derive.meaning.annotations import listed_arguments, only_parameters
from derive.meaning.axes import axes_of
from derive.meaning.claim import Problem
from derive.meaning.frames import PART, Frame
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.scripts import tokens_of
from derive.meaning.usage import show_axes, spelled_otherwise
from derive.meaning.vocabulary import key_of
from derive.typography.nodes import Fraction, Group, Markup, Offsets, Operator, Row, Scripts, Symbol

DIFFERENTIALS = frozenset({r"\partial", "d"})


@dataclass(frozen=True)
class Variable:
    """What is differentiated by, or of: a name with what stands on its axes. `formal`: a letter of a definition.

    `slope`: a function of the name is meant, and this is its derivative by the name.
    """

    name: str
    axes: tuple[str | int | None, ...] = ()
    kind: str = "value"
    frame: Frame | None = None
    shown: str = ""
    slope: Term | None = None

    @property
    def text(self) -> str:
        """The name with its indices."""
        return (self.shown or self.name) + show_axes(self.axes)

    def instead_of_its_name(self, derivative: Term) -> Term:
        """A derivative by the name as one by the function of it that is meant."""
        return derivative if self.slope is None else build.div(derivative, self.slope)


def variable(items: Sequence[Markup], scope: Scope) -> Variable | Problem:
    """What a derivative is taken by. Raises NotUnderstood if it is no name and no part of a definition."""
    span = items[0].span[0], items[-1].span[1]
    if len(items) == 1 and isinstance(items[0], Row):
        return variable(items[0].items, scope)
    made = named(items, scope)
    if made is not None:
        return made
    meant = resolve(items[0], scope) if len(items) == 1 else None
    if isinstance(meant, Problem):
        return meant
    if len(items) == 1 and isinstance(items[0], Symbol) and items[0].name in scope.formal:
        return Variable(scope.formal[items[0].name].node.name, kind="formal")
    bracketed = len(items) == 1 and isinstance(items[0], Group)
    if bracketed or (len(items) == 2 and isinstance(items[1], Group)):  # (X W) or \sigma(z)
        inner = items[0].items if bracketed and isinstance(items[0], Group) else items
        part = subterm(inner, span, scope)
        if part is not None:
            return part
    shown = scope.source[span[0] : span[1]]
    otherwise = spelled_otherwise(items[0], scope) if len(items) == 1 else ""
    raise NotUnderstood(span, f"a declared variable, not {shown}{otherwise}")


def named(items: Sequence[Markup], scope: Scope) -> Variable | Problem | None:
    """The name with its indices that some nodes are, or None; an annotation behind it is passed over."""
    if len(items) == 2 and isinstance(items[1], Group) and _annotated(items[0], items[1], scope):
        items = items[:1]
    found = (_bracketed_entry(items[0], scope) or resolve(items[0], scope)) if len(items) == 1 else None
    if len(items) > 1:
        key = key_of(tuple(items))
        known = scope.frame.lexicon.known(key) if key is not None else []
        if not known and key is not None:
            entry = scope.frame.lexicon.words.get(key[0]) if key[1:] == ("", "", 0) else None
            known = [entry] if entry is not None else []
        found = Resolved(known[0]) if known else None
    if not isinstance(found, Resolved) or found.primes:
        return None
    return as_variable(found, items, scope)


def _annotated(node: Markup, group: Group, scope: Scope) -> bool:
    """Whether a bracket behind a name only lists its arguments: then it is passed over."""
    found = resolve(node, scope)
    if isinstance(found, Resolved) and found.entry.kind in ("generic", "parameter"):
        return only_parameters(group, scope)
    return isinstance(found, Resolved) and listed_arguments(found, group, scope) is not None


def as_variable(found: Resolved, items: Sequence[Markup], scope: Scope) -> Variable | Problem | None:
    entry = found.entry
    span = items[0].span
    if entry.kind == "generic" and entry.pattern is not None:
        inner = resolve(entry.pattern, scope, rename="°")
        return as_variable(inner, items, scope) if isinstance(inner, Resolved) else inner
    if entry.kind == "parameter":
        return Variable(entry.name, kind="parameter")
    if entry.kind == "symbol":
        return Variable(entry.name, kind="formal")
    if entry.kind != "value" or found.sup:
        return None
    shape = scope.frame.graph.shape(entry.name)
    axes = axes_of(found, len(shape), shape, scope, span)
    return axes if isinstance(axes, Problem) else Variable(entry.name, tuple(axes))


def subterm(items: Sequence[Markup], span: Offsets, scope: Scope, *, anywhere: bool = False) -> Variable | None:
    """An expression in the place of a variable: a binding written out, or a part of exactly one definition.

    A function of one number, `s^2`, is no value of its own where that number stands elsewhere too, since the one
    cannot move while the other rests: it is the number in another scale, `anywhere` or in a definition.
    """
    value = scope.read(items, scope)
    if isinstance(value, Problem) or value.letters:
        return None
    graph = scope.frame.graph
    if value.node.op == "ref" and value.node.name in graph:
        return Variable(value.node.name, (None,) * len(value.shape))
    homes = [b for b in graph.bindings.values() if any(_alike(n, value.node) for n in topological(b.node))]
    whole = next((b for b in homes if _alike(b.node, value.node)), None)
    if whole is not None and len(homes) == 1:
        return Variable(whole.name, (None,) * len(value.shape))
    part = build.ref(PART, value.node.shape)
    cut = {
        b.name: rewrite(b.node, lambda n, args: part if _alike(n, value.node) else with_args(n, args)) for b in homes
    }
    names = refs(value.node)
    if (homes or anywhere) and len(names) == 1 and graph.shape(names[0]) == value.node.shape:
        rest = [cut.get(name, binding.node) for name, binding in graph.bindings.items()]
        if len(homes) != 1 or any(names[0] in refs(node) for node in rest):
            if value.node.shape:
                raise NotUnderstood(span, f"{names[0]} within {scope.source[span[0] : span[1]]} alone")
            return Variable(names[0], shown=f"({value.text})", slope=scope.frame.total(value.node, names[0]))
    if len(homes) != 1:
        raise NotUnderstood(span, "a part of exactly one definition")
    bindings: dict[str, Binding] = {}
    for name, binding in graph.bindings.items():
        if name in cut:
            bindings[PART] = Binding(PART, value.node)
            binding = replace(binding, node=cut[name])
        bindings[name] = binding
    part_frame = Frame(replace(graph, bindings=bindings))
    return Variable(PART, (None,) * len(value.shape), frame=part_frame, shown=f"({value.text})")


def _alike(a: Term, b: Term) -> bool:
    return a is b or (a.op == b.op and a.attribute == b.attribute and a.shape == b.shape and a.args == b.args)


def _bracketed_entry(node: Markup, scope: Scope) -> Resolved | None:
    """`(Z_2)_{ij}`: an entry of a value whose name has a subscript of its own."""
    if not isinstance(node, Scripts) or node.sub is None or node.sup is not None or node.primes:
        return None
    if not isinstance(node.base, Group) or node.base.open != "(" or len(node.base.items) != 1:
        return None
    found = resolve(node.base.items[0], scope)
    if not isinstance(found, Resolved) or found.indices:
        return None
    return replace(found, indices=tuple(scope.substituted(tokens_of(node.sub.items))))


def slash_derivatives(items: Sequence[Markup]) -> list[Markup]:
    """`dE/dx` in a row as the fraction it is."""
    done: list[Markup] = []
    k = 0
    while k < len(items):
        node = items[k]
        if (
            isinstance(node, Operator)
            and node.text == "/"
            and len(done) > 1
            and _differential(done[-2])
            and k + 2 < len(items)
            and _differential(items[k + 1])
        ):
            den = Row((items[k + 1].span[0], items[k + 2].span[1]), tuple(items[k + 1 : k + 3]))
            num = Row((done[-2].span[0], done[-1].span[1]), tuple(done[-2:]))
            done[-2:] = [Fraction((num.span[0], den.span[1]), num, den)]
            k += 3
        else:
            done.append(node)
            k += 1
    return done


def _differential(node: Markup) -> bool:
    return isinstance(node, Symbol) and node.name in DIFFERENTIALS
