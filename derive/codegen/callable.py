"""A derivation as a callable, built from the very source that `source` shows.

Around the emitted function stand the checks that a colleague leaves to the caller: names, shapes against the declared
ones, one value for each named size, floating point throughout, and results in the precision of the inputs. A call whose
arrays have the types and shapes of the call before goes straight through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from derive.calculus.derivation import Adjoints
from derive.codegen.assignments import Implementation
from derive.codegen.module import Emitted, joint, module
from derive.codegen.shapes import check_shapes
from derive.errors import ModelError, UnknownNameError, UnsupportedError, did_you_mean
from derive.ir.graph import Declaration
from derive.ir.size import show_shape

Gradients = dict[str, Any]
DOUBLE = np.dtype(np.float64)
Functions = Mapping[str, "Callable[..., Any] | Sequence[Callable[..., Any]] | Mapping[Any, Callable[..., Any]]"]


def lambdify(
    derivation: Adjoints,
    wrt: Iterable[str] | str | None = None,
    functions: Functions | None = None,
    modules: str | Sequence[str] | None = "numpy",
) -> Callable[..., tuple[Any, Gradients]]:
    """A function of the inputs, by name or in the order of the model, that returns `(value, {"x": gradient})`.

    `wrt` names inputs or bindings (default: every differentiable input); a gradient has the shape of its variable.
    Values are arrays or numbers; float32, float64 and complex are kept, everything else becomes float64. Named sizes
    may be given too and are then checked. `functions` implements the generic functions of the model: for `f : function`
    a sequence `(f, f_prime, ...)` by order of derivative, for a functional `(C, dC_1, dC_2, ...)`, the value and the
    gradient by each argument; or a mapping from orders (`(1, 0)`) to callables. `modules="math"`: of a model of
    scalars, the value and the gradients are Python's floats.

    Raises UnknownNameError for a `wrt` that is neither input nor binding and ModelError for a missing implementation;
    the function raises UnknownNameError, ModelError (missing or non-numeric input) and ShapeError.
    """
    return callable_of(joint(derivation, wrt), functions, modules)


def callable_of(
    function: Emitted, functions: Functions | None = None, modules: str | Sequence[str] | None = "numpy"
) -> Callable[..., Any]:
    """An emitted function, with its inputs checked; options as for `lambdify`."""
    plain = _is_plain(modules)
    graph, parts = function.graph, function.parts
    shaped = [name for name in (*parts.inputs, *(parts.gradients or ())) if graph.shape(name)]
    if plain and shaped:
        raise ModelError(f"{shaped[0]} is an array, not a plain number", hint='modules="numpy" computes with arrays')
    text = module([function], function.computes)
    scope: dict[str, Any] = {"__name__": f"derive.emitted.{graph.name}"}
    # The one place where text is executed. The text is no user's: it is printed above from a graph, the names in it
    # are identifiers made by `codegen.identifiers`, and strings are quoted. So what `source` prints is what runs.
    try:
        exec(compile(text, "<derive>", "exec"), scope)  # noqa: S102
    except ImportError as error:
        raise UnsupportedError(
            f"the code of {graph.name} calls special functions of SciPy, which is not installed",
            hint="pip install scipy",
        ) from error
    return (_Plain if plain else _Function)(function, text, scope[function.name], functions or {})


def _is_plain(modules: str | Sequence[str] | None) -> bool:
    """Whether plain numbers are asked for. ModelError for a module that is not known."""
    names = [modules or "numpy"] if isinstance(modules, str) or not modules else list(modules)
    if names not in (["numpy"], ["math"]):
        raise ModelError(
            f"modules={modules!r} is not known", hint='modules="numpy" for arrays, "math" for plain numbers'
        )
    return names == ["math"]


class _Function:
    """The callable; `source` is its text, `__doc__` the documentation of the emitted function."""

    def __init__(self, emitted: Emitted, text: str, function: Callable[..., Any], functions: Functions) -> None:
        self.source = text
        self.__doc__ = function.__doc__
        self.__name__ = emitted.name
        self._emitted, self._functions = emitted, functions
        self._graph, self._parts = graph, parts = emitted.graph, emitted.parts
        self._function = function
        self._declared = graph.inputs
        self._sizes = {name for name, d in graph.declarations.items() if d.kind == "size"}
        self._sizes.update(graph.size_names(), parts.sizes)
        self._variables = parts.inputs
        self._needed = [name for name in parts.inputs if name in parts.needed]
        self._extra = {
            i.parameter: _implementation(i, graph.declarations.get(i.name), functions) for i in parts.implementations
        }
        self._seen: list[tuple[str, Any, tuple[int, ...]]] = []
        self._precision = DOUBLE
        self._absent: dict[str, Any] = {}  # parameters that nothing reads and the last call did not give

    def __reduce__(self) -> tuple[object, ...]:
        return callable_of, (self._emitted, self._functions)

    def __call__(self, *inputs: Any, **values: Any) -> Any:
        if inputs:
            values = self._named(inputs, values)
        # the checks cost as much as a small network: arrays such as those of the last call need none
        if len(values) == len(self._seen):
            try:
                for name, dtype, shape in self._seen:
                    array = values[name]
                    if array.dtype is not dtype or array.shape != shape:
                        break
                else:
                    result = self._function(**values, **self._absent, **self._extra)
                    return result if self._precision is DOUBLE else _rounded(result, self._precision)
            except (KeyError, AttributeError):
                pass
        return self._checked(values)

    def _named(self, inputs: Sequence[Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs in the order of the model by their names."""
        names = list(self._variables)
        if len(inputs) > len(names):
            raise ModelError(f"{len(inputs)} inputs are given, but there are {len(names)}: {', '.join(names)}")
        twice = [name for name in names[: len(inputs)] if name in values]
        if twice:
            raise ModelError(f"the input {twice[0]} is given twice, by its place and by its name")
        return {**dict(zip(names, inputs, strict=False)), **values}

    def _checked(self, values: Mapping[str, Any]) -> Any:
        sizes: dict[str, int] = {}
        arrays: dict[str, Any] = {}
        for given, value in values.items():
            name = self._graph.aliases.get(given, given)
            if name in self._declared:
                arrays[name] = _array(name, value)
            elif name in self._sizes:
                sizes[name] = _whole(name, value)
            else:
                self._unknown(name)
        missing = [name for name in self._needed if name not in arrays]
        if missing:
            raise ModelError(
                f"missing input{'s' * (len(missing) > 1)}: {', '.join(missing)}",
                hint=", ".join(f"{name} has shape {show_shape(self._declared[name].shape)}" for name in missing),
            )
        check_shapes({name: (self._declared[name], array) for name, array in arrays.items()}, sizes)
        loose = {
            variable: sizes[name] for name, variable in self._parts.sizes.items() if variable in self._loose(sizes)
        }
        ordered = [arrays.get(name) for name in self._variables]
        precision = np.result_type(*(array.real.dtype for array in arrays.values())) if arrays else DOUBLE
        untouched = not loose and all(array is values.get(name) for name, array in arrays.items())
        if untouched and all(name == self._variables[name] for name in arrays):
            self._seen = [(name, array.dtype, array.shape) for name, array in arrays.items()]
            self._absent = {variable: None for name, variable in self._variables.items() if name not in arrays}
            self._precision = precision
        result = self._function(*ordered, **self._extra, **loose)
        return result if precision is DOUBLE else _rounded(result, precision)

    def _loose(self, sizes: Mapping[str, int]) -> list[str]:
        """Size parameters of the emitted function: sizes that are no whole axis of an input."""
        whole = {str(size) for name in self._needed for size in self._declared[name].shape}
        loose = {name: variable for name, variable in self._parts.sizes.items() if name not in whole}
        for name in loose:
            if name not in sizes:
                raise ModelError(f"the size {name} follows from no input", hint=f"pass {name}=... as a whole number")
        return list(loose.values())

    def _unknown(self, name: str) -> None:
        graph = self._graph
        if name in graph.bindings:
            raise UnknownNameError(f"{name!r} is computed by {graph.name}, it is not an input")
        raise UnknownNameError(f"{name!r} is not an input of {graph.name}", hint=did_you_mean(name, self._declared))


class _Plain(_Function):
    """A function of scalars whose results are Python's floats."""

    def __reduce__(self) -> tuple[object, ...]:
        return callable_of, (self._emitted, self._functions, "math")

    def __call__(self, *inputs: Any, **values: Any) -> Any:
        return _each(super().__call__(*inputs, **values), float)


def _implementation(
    wanted: Implementation, declaration: Declaration | None, functions: Functions
) -> Callable[..., Any]:
    """The callable for a generic function at some order; ModelError says what is missing."""
    given = functions.get(wanted.name)
    orders = wanted.orders
    functional = declaration is not None and declaration.kind == "functional"
    place = _place(orders, functional)
    if isinstance(given, Mapping):
        found = given.get(orders, given.get(place))
    elif callable(given):
        found = given if place == 0 else None
    else:
        found = given[place] if given is not None and place is not None and place < len(given) else None
    if callable(found):
        return found
    example = f"functions={{{wanted.name!r}: ({wanted.name}, ...)}}"
    if place is None:
        raise ModelError(
            f"the derivative of {wanted.name} of orders {orders} has no implementation",
            hint=f"pass functions={{{wanted.name!r}: {{{orders}: ...}}}}",
        )
    what = "the value" if place == 0 else f"the derivative by argument {place}" if functional else f"order {place}"
    listed = "the value, then the gradient by each argument" if functional else "the function, then its derivatives"
    raise ModelError(f"the function {wanted.name} has no implementation for {what}", hint=f"pass {example}: {listed}")


def _place(orders: tuple[int, ...], functional: bool) -> int | None:
    """Where an implementation stands in a sequence, or None if a sequence cannot hold it."""
    if functional:
        return 0 if not orders else orders[0] + 1 if len(orders) == 1 else None
    if len(orders) == 1:
        return orders[0]
    return 0 if not any(orders) else None


def _each(result: Any, make: Callable[[Any], Any]) -> Any:
    """A value, or a value and gradients, each made into something else."""
    if not isinstance(result, tuple):
        return make(result)
    value, gradients = result
    return make(value), {name: make(gradient) for name, gradient in gradients.items()}


def _rounded(result: Any, precision: np.dtype[Any]) -> Any:
    """The results in the precision of the inputs.

    Constant arrays (`np.ones(n)`) come in double precision, and so does, before NumPy 2, a single number in single
    precision beside a Python number, and every array that is filled with it.
    """
    return _each(result, lambda value: _in(precision, value))


def _in(precision: np.dtype[Any], value: Any) -> Any:
    value = value if hasattr(value, "dtype") else np.result_type(value, 1.0).type(value)
    return value.astype(np.result_type(precision, np.complex64) if value.dtype.kind == "c" else precision, copy=False)


def _array(name: str, value: Any) -> Any:
    """A value as an array of floats (or complex numbers); ModelError for what is not numeric."""
    if type(value) is np.ndarray and value.dtype.kind in "fc":
        return value
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ModelError(f"input {name} has masked entries", hint="give what they stand for: x.filled(0)")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ModelError(f"input {name} is not an array: {error}") from None
    if array.dtype.kind in "fc":
        return array
    if array.dtype.kind not in "biu":
        raise ModelError(
            f"input {name} has type {array.dtype}, not numbers", hint="pass floating point numbers or an array of them"
        )
    return array.astype(np.float64)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool | float | complex) or not hasattr(value, "__index__"):
        raise ModelError(f"the size {name} must be a whole number, not {value!r}")
    return int(value)
