"""Records: everything that is known of an operation, in one place.

An operation is added by one record. There are two kinds.

*Elementwise* functions are SymPy expressions in formal letters. The derivative is `sympy.diff` of the expression,
taken once per function and order and memoised; or, where the record gives it, the derivative in terms of the
function's own output (`y*(1 - y)` for a sigmoid), which the tests prove by substituting the output back.

*Tensor* operations have a shape rule (in `build`), a definition in primitives where one exists, and the vjp of the
textbooks: `vjp(node, g)` gives, for each operand, the cotangent that `g` (shaped like the node) sends to it.

`samples` says how to draw operands inside the domain; the tests run over the registry and fail for an operation
without samples.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Protocol

from derive.errors import ModelError, UnknownNameError, did_you_mean
from derive.ir.build import call, number
from derive.ir.node import Node

Array = Any  # a NumPy array of floats, or of objects (mpmath numbers)


class Backend(Protocol):
    """Elementwise and linear arithmetic on arrays, in float64 or in many digits."""

    def function(self, name: str, *args: Any) -> Array:
        """A function by its name: exp, log, tanh, atan2, loggamma, step, maximum, ...; `psi` takes its order first."""

    def number(self, value: Any) -> Array:
        """An exact number as a scalar array."""

    def einsum(self, operands: Sequence[Array], ins: Sequence[tuple[int, ...]], out: tuple[int, ...]) -> Array:
        """The contraction of the operands; every output label occurs in an operand."""


@dataclass(frozen=True)
class Elementwise:
    """An elementwise function of `arity` operands.

    `expression` and `of_output` are SymPy text builders: `expression(u)` in formal letters, `of_output(y, u)` the
    derivative by the only operand. `numeric` evaluates order 0. `numpy` is the emitted code, stable where the
    textbook form is not, with `{0}`, `{1}` for operands. A *definition* is a record without code: its value, domain,
    pieces and stable code are those of its expression in other operations. With code and without `numeric` it has
    the value of its expression, in many digits where floats would cancel or overflow. `parameters` names the last
    operands that may be left out, and what they then are. `prime`: its derivative prints as `f'(u)` and is expanded
    only where that shortens the result. `range` and `domain` are open intervals of the real line, the latter for the
    last operand. `switch` gives, for the operands of a piecewise function, the node whose sign tells the piece (None
    if an operand tells it); `joined`: its pieces have one value where they meet; `countless`: it has infinitely many,
    so that no number of points speaks for all of them. `poles` gives what is 0 where it has no value between others,
    as cos u of tan u. `partials` gives the derivatives by all operands where they have a better form than that of
    `expression`, None where there is no formula (of an incomplete gamma function by its first operand); `numeric_of`
    and `numpy_of` compute its derivatives of any order where these have no other name (digamma). A `steady` function
    occurs in stable code alone: no text can call it.
    """

    name: str
    expression: Callable[..., Any]
    latex: str
    numeric: Callable[..., Array] | None = None
    numpy: str = ""
    arity: int = 1
    parameters: tuple[tuple[str, Fraction], ...] = ()
    of_output: Callable[[Any, Any], Any] | None = None
    partials: Callable[..., tuple[Any | None, ...]] | None = None
    steady: bool = False
    prime: bool = False
    range: tuple[float, float] = (-float("inf"), float("inf"))
    domain: tuple[float, float] = (-float("inf"), float("inf"))
    switch: Callable[..., Node | None] | None = None
    joined: bool = False
    countless: bool = False
    poles: Callable[..., Node] | None = None
    numeric_of: Callable[..., Array] | None = None
    numpy_of: str = ""
    aliases: tuple[str, ...] = ()
    samples: tuple[tuple[float, ...], ...] = ()
    source: str = ""

    @property
    def is_definition(self) -> bool:
        """Whether the function is nothing but its expression in other operations."""
        return not self.numpy and self.numeric is None

    @property
    def is_composed(self) -> bool:
        """Whether its value is that of its expression in other operations, whatever code computes it."""
        return self.numeric is None

    def build(self, *args: Node) -> Node:
        """The function applied to operands; parameters that are not given are what they usually are."""
        defaults = [number(value) for _, value in self.parameters[len(args) - self.arity + len(self.parameters) :]]
        return call(self.name, *args, *defaults)

    @property
    def signature(self) -> inspect.Signature:
        """How it is called: operands u, v, w by place, parameters by name too."""
        names = ("u", "v", "w")[: self.arity - len(self.parameters)]
        kinds = inspect.Parameter
        operands = [kinds(name, kinds.POSITIONAL_ONLY, annotation="Node") for name in names]
        last = [
            kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=value, annotation="Node")
            for name, value in self.parameters
        ]
        return inspect.Signature([*operands, *last])

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)


def by_name(name: str) -> Callable[..., Array]:
    """The numeric rule of a function that both backends know by its name."""
    return lambda xp, *args: xp.function(name, *args)


Vjp = Callable[[Node, Node], tuple["Node | None", ...]]


@dataclass(frozen=True)
class Tensor:
    """An operation on whole tensors.

    `numeric(node, operands, backend)` evaluates it. `numpy(node, names)` is the emitted code for named operands.
    `switch(node)` is the node whose sign tells the piece, for a piecewise operation; `joined` as above. `linear`: it
    works along axes (its attribute), or the last ones, of operands of its shape, and is linear in the last operand.
    `unseen`: formulas show its definition. Its first operand: `batched`, one matrix or several; `definite`.
    """

    name: str
    vjp: Vjp
    numeric: Callable[[Node, list[Array], Backend], Array]
    numpy: Callable[[Node, list[str]], str]
    build: Callable[..., Node] | None = None
    definition: Callable[[Node], Node] | None = None
    switch: Callable[[Node], Node] | None = None
    joined: bool = False
    linear: bool = False
    unseen: bool = False
    batched: bool = False
    definite: bool = False
    range: tuple[float, float] = (-float("inf"), float("inf"))
    latex: str = ""
    aliases: tuple[str, ...] = ()
    samples: tuple[Callable[[], Node], ...] = ()
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)


Record = Elementwise | Tensor

_elementwise: dict[str, Elementwise] = {}
_tensor: dict[str, Tensor] = {}
_callable: dict[str, Callable[..., Node]] = {}


def register(record: Record) -> Record:
    """Put a record into the registry; a second record of a name is a programming error."""
    table: dict[str, Any] = _elementwise if isinstance(record, Elementwise) else _tensor
    if record.name in table:
        raise ValueError(f"operation {record.name} is registered twice")
    table[record.name] = record
    if record.build is not None and not (isinstance(record, Elementwise) and record.steady):
        for name in record.names:
            # a builder of that name knows default arguments; it wins in either order of registration
            _callable.setdefault(name, record.build)
    return record


def register_builder(*names: str) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Make a function that builds nodes from other operations callable in models under these names."""

    def decorate(function: Callable[..., Node]) -> Callable[..., Node]:
        for name in names:
            _callable[name] = function
        return function

    return decorate


def elementwise(name: str) -> Elementwise | None:
    """The record of a registered elementwise function, or None (a generic function)."""
    return _elementwise.get(name)


def tensor_or_none(name: str) -> Tensor | None:
    """The record of a tensor operation, or None for a primitive."""
    return _tensor.get(name)


def tensor(name: str) -> Tensor:
    """The record of a tensor operation, by the `op` of a node."""
    return _tensor[name]


def as_shown(node: Node) -> Node:
    """What formulas show of a node: its definition where the operation is but a way to compute that."""
    record = _tensor.get(node.op)
    return record.definition(node) if record is not None and record.unseen and record.definition is not None else node


def all_records() -> list[Record]:
    """Every record, for the tests and the documentation."""
    return [*_elementwise.values(), *_tensor.values()]


def callable_names() -> list[str]:
    """Every function name a model may call."""
    return sorted(_callable)


def is_callable(name: str) -> bool:
    """Whether a model may call a function of this name."""
    return name in _callable


def canonical_name(name: str) -> str | None:
    """The registered elementwise name behind a name or alias, or None."""
    return next((r.name for r in _elementwise.values() if name in r.names and not r.steady), None)


def record_of(name: str) -> Record | None:
    """The record behind a name that a model may call, or None for one that is made of other operations."""
    return next((record for record in all_records() if name in record.names), None)


def builder_of(name: str) -> Callable[..., Node]:
    """What builds the node of a callable name."""
    return _callable[name]


def signature_of(name: str) -> str:
    """How a function is called: `softmax(x, axis=-1)`."""
    return f"{name}{_signature(_callable[name])}"


def plain_arguments(name: str) -> frozenset[int | str]:
    """The arguments of a function that are plain values (axes, flags) and not operands, by position and by name."""
    return _plain_parameters(_callable[name])


@cache
def _parameters(function: Callable[..., Node]) -> inspect.Signature:
    owner = getattr(function, "__self__", None)
    return owner.signature if isinstance(owner, Elementwise) else inspect.signature(function)


@cache
def _plain_parameters(function: Callable[..., Node]) -> frozenset[int | str]:
    plain: set[int | str] = set()
    for k, parameter in enumerate(_parameters(function).parameters.values()):
        if not str(parameter.annotation).startswith("Node") and parameter.kind is not parameter.VAR_POSITIONAL:
            plain |= {parameter.name, k}
    return frozenset(plain)


def build_call(name: str, args: Sequence[object], options: dict[str, object]) -> Node:
    """What `name(*args, **options)` means in a model.

    Operands are nodes; other arguments (axes, flags) are plain values. Raises UnknownNameError with the closest
    names, ModelError for arguments that do not fit, ShapeError for shapes that do not.
    """
    function = _callable.get(name)
    if function is None:
        raise UnknownNameError(f"unknown function {name!r}", hint=did_you_mean(name, _callable))
    owner = getattr(function, "__self__", None)
    if isinstance(owner, Elementwise) and not owner.parameters and not options and len(args) != owner.arity:
        raise ModelError(f"{name} takes {owner.arity} argument{'s' * (owner.arity != 1)}, not {len(args)}")
    try:
        bound = _parameters(function).bind(*args, **options)
    except TypeError as error:
        raise ModelError(f"{name}: {error}", hint=f"the signature is {name}{_signature(function)}") from None
    if isinstance(owner, Elementwise):
        bound.apply_defaults()
        return function(*(number(arg) if isinstance(arg, Fraction) else arg for arg in bound.args))
    return function(*args, **options)


def _signature(function: Callable[..., Node]) -> str:
    return f"({', '.join(map(_shown, _parameters(function).parameters.values()))})"


def _shown(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is parameter.empty:
        return parameter.name
    return f"{parameter.name}={value if isinstance(value, Fraction) else repr(value)}"
