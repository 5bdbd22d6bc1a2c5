r"""The value of a known function at its arguments: `\sigma(Z_1)`, `\mathrm{tr}(AXB)`, `C(y_1, y_2)`.

A softmax takes the axis of the classes, a network what stands between an input and a binding, written out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from derive.errors import DeriveError, ShapeError
from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.node import as_number, refs, substitute, topological
from derive.ir.size import ONE
from derive.meaning import values
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.reading_text import call_text
from derive.meaning.scripts import Token
from derive.ops.definite import check_definite
from derive.ops.record import Tensor, build_call, elementwise, plain_arguments, record_of
from derive.ops.tensors import axes_of
from derive.typography.nodes import Markup, Offsets


@dataclass(frozen=True)
class Function:
    """A function by name. `kind`: elementwise, tensor (trace, softmax, ...), functional, network."""

    kind: str
    name: str
    sup: tuple[Token, ...] = ()
    primes: int = 0
    base: Markup | None = None


def call_of(function: Function, arguments: list[Denotation], span: Offsets, scope: Scope) -> Result:
    if function.kind == "elementwise":
        spread = values.aligned(arguments, span, f"apply {function.name} to")
        broken = values.problem_in(*spread)
        if broken is not None:
            return broken
        arguments = [value for value in spread if isinstance(value, Denotation)]
    shown = ", ".join(argument.text for argument in arguments)
    name = f"{function.name}{chr(39) * function.primes}"
    text = call_text(name, shown) if len(arguments) == 1 else f"{name}({shown})"
    made: Result
    if function.kind == "elementwise":
        made = _elementwise(function, arguments, span, scope)
    elif function.primes:
        raise NotUnderstood(span, "an elementwise function under the prime")
    elif function.kind == "functional":
        if any(argument.letters for argument in arguments):
            raise NotUnderstood(span, "whole tensors as arguments")
        made = Denotation(build.functional(function.name, *(argument.node for argument in arguments)))
    elif function.kind == "network":
        made = _network(function.name, arguments, span, scope)
    else:
        made = _tensor(function.name, arguments, span, scope)
    return made if isinstance(made, Problem) else replace(made, text=text)


def _elementwise(function: Function, arguments: list[Denotation], span: Offsets, scope: Scope) -> Result:
    record = elementwise(function.name)
    declaration = scope.frame.graph.declarations.get(function.name)
    arity = record.arity if record is not None else declaration.arity if declaration is not None else 1
    if record is not None and arity - len(record.parameters) <= len(arguments) < arity:
        left_out = record.parameters[len(arguments) - arity :]
        arguments = [*arguments, *(Denotation(build.number(value)) for _, value in left_out)]
    if len(arguments) != arity:
        raise NotUnderstood(span, f"{arity} argument{'s' * (arity != 1)} of {function.name}")
    if function.primes and arity != 1:
        raise NotUnderstood(span, "a function of one argument under the prime")

    def combine(nodes: list[Term]) -> Term:
        if not function.primes:
            return build.call(function.name, *nodes)
        whole, made = (build.call(function.name, *nodes, orders=(n,)) for n in (function.primes - 1, function.primes))
        scope.prime(whole, made, nodes[0])
        return made

    return values.together(arguments, span, f"apply {function.name} to", combine)


def _tensor(name: str, arguments: list[Denotation], span: Offsets, scope: Scope) -> Result:
    if len(arguments) == 1 and not arguments[0].shape and name in ("trace", "det", "diag"):
        (value,) = arguments
        if name != "diag" or not refs(value.node) or value.chain is not None:
            return value  # a scalar is a matrix of one entry; so is a derivative by an array of one
    if len(arguments) == 1 and name in ("trace", "diag"):
        (value,) = arguments
        if name == "diag" and len(value.shape) == 2 and ONE in value.shape and value.shape != (ONE, ONE):
            value = values.contraction([value], [(0, 1)], (0,) if value.shape[1] is ONE else (1,))
        if name == "trace" and len(value.shape) == 2 and value.shape[0] is value.shape[1]:
            return values.contraction([value], [(0, 0)], ())
        if name == "diag" and len(value.shape) == 1:
            return values.contraction([value], [(0,)], (0, 0))
        if name == "diag" and len(value.shape) == 2 and value.shape[0] is value.shape[1]:
            return values.contraction([value], [(0, 0)], (0,))
        return Problem("shape_mismatch", f"{name} needs a square matrix", span)
    if len(arguments) == 1 and name in ("softmax", "log_softmax") and arguments[0].shape:
        (value,) = arguments
        axis = _axis_of_classes(value, span, scope)
        return replace(value, node=build_call(name, [value.node], {"axis": axis}), chain=None)
    record, front = record_of(name), tuple[str, ...]()
    if isinstance(record, Tensor) and record.batched and arguments and len(arguments[0].shape) == 2:
        front = arguments[0].letters  # free indices tell one matrix of several
    if any(value.letters for value in arguments[bool(front) :]):
        raise NotUnderstood(span, f"arguments of {name} without free indices")
    plain = plain_arguments(name)
    given = [_whole(value, name, span) if k in plain else value.node for k, value in enumerate(arguments)]
    try:
        node = build_call(name, given, {})
        check_definite(node, scope.frame.graph.declarations, scope.frame.graph.bindings)
    except ShapeError as error:
        return Problem("shape_mismatch", error.message, span)
    except DeriveError as error:
        raise NotUnderstood(span, f"arguments that {name} takes: {error.message}") from None
    return Denotation(node, front)


def _whole(value: Denotation, name: str, span: Offsets) -> int:
    """An argument that is no operand: an order, an axis."""
    number = as_number(value.node)
    if number is None or number.denominator != 1:
        raise NotUnderstood(span, f"a whole number where {name} takes one")
    return int(number)


def _axis_of_classes(value: Denotation, span: Offsets, scope: Scope) -> int:
    """The axis of a softmax: of a matrix the one that counts what the model's own counts, else the last.

    Classes are told by their size where no other axis has it, else by the place of their axis, counted from the back.
    """
    if len(value.shape) != 2:
        return -1
    nodes = topological(*(binding.node for binding in scope.frame.graph.bindings.values()))
    found = [node for node in nodes if node.op in ("softmax", "log_softmax") and len(node.shape) == 2]
    own = {(axes_of(node)[0], node.shape) for node in found if len(axes_of(node)) == 1}
    classes, others = ({shape[k ^ other] for k, shape in own} for other in (0, 1))
    counting = [k - 2 for k, size in enumerate(value.shape) if size in classes]
    if len(counting) == 1 and not classes & others:
        return counting[0]
    axes = sorted({k - 2 for k, _ in own}) or [-1]
    return axes[0] if len(axes) == 1 else scope.choose(("softmax", span), axes)


def _network(name: str, arguments: list[Denotation], span: Offsets, scope: Scope) -> Result:
    """A binding as a function of an input: everything between the two written out, the input replaced."""
    binding, _, given = name.removesuffix(")").partition("(")
    graph = scope.frame.graph
    if len(arguments) != 1 or arguments[0].letters:
        raise NotUnderstood(span, "one argument")
    if arguments[0].shape != graph.shape(given):
        return Problem("shape_mismatch", f"the argument has not the shape of {given}", span)
    written: dict[Term, Term] = {graph.ref(given): arguments[0].node}
    for bound in graph.bindings.values():
        if given in graph.ancestors(bound.name):
            written[graph.ref(bound.name)] = substitute(bound.node, written)
    return Denotation(written.get(graph.ref(binding), graph.ref(binding)))
