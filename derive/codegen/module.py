"""The emitted NumPy module: imports, the helpers it uses, and documented functions, mostly one."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from derive.calculus.derivation import Adjoints
from derive.calculus.higher import Recipe
from derive.codegen.assignments import Assignment, JointPass
from derive.codegen.helpers import HELPERS
from derive.codegen.joint_pass import alone, program
from derive.codegen.size_variables import size_sources
from derive.ir.graph import ComputationGraph
from derive.ir.size import Shape, show_shape

FUNCTION = "value_and_gradient"
WIDTH = 110
_SCIPY = """try:
    from scipy import special
except ImportError as error:
    raise ImportError("this code calls SciPy's special functions: pip install scipy") from error"""


@dataclass(frozen=True)
class Emitted:
    """One function: the statements, its name, what it `computes`, and a remark on shapes."""

    graph: ComputationGraph
    parts: JointPass
    name: str
    computes: str
    remark: str


def joint(derivation: Adjoints, wrt: Iterable[str] | str | None = None) -> Emitted:
    """The function of the loss and its gradients."""
    parts = program(derivation, wrt)
    by = ", ".join(map(_plain, parts.gradients or ())) or "nothing"
    computes = f"The value {_plain(derivation.loss)} and its gradients"
    return Emitted(
        derivation.graph, parts, FUNCTION, f"{computes} by {by}", "A gradient has the shape of its variable."
    )


def single(recipe: Recipe, graph: ComputationGraph, name: str, computes: str, shape: Shape) -> Emitted:
    """The function of one derivative, which `computes` says in words."""
    remark = f"The result is {'a number' if not shape else f'of shape {show_shape(shape)}'}."
    return Emitted(graph, alone(recipe, graph), name, computes, remark)


def source(derivation: Adjoints, wrt: Iterable[str] | str | None = None) -> str:
    """A NumPy module that computes the loss and its gradients by `wrt` in one joint pass.

    `wrt` names inputs or bindings (default: every differentiable input). Generic functions are parameters of the
    emitted function. Raises UnknownNameError for a name that is neither input nor binding.
    """
    what = f"The value {_plain(derivation.loss)} and its gradients"
    return module([joint(derivation, wrt)], what)


def module(functions: Sequence[Emitted], what: str) -> str:
    """The module of some functions, the first line of which says `what` they compute."""
    bodies = [_body(function) for function in functions]
    helpers = [textwrap.dedent(HELPERS[name]).strip() for name in helpers_of("\n".join(bodies))]
    code = "\n".join([*helpers, *bodies])
    modules = {"math.": "import math", "statistics.": "import statistics", "np.": "import numpy as np"}
    imports = [statement for mark, statement in modules.items() if re.search(rf"\b{re.escape(mark)}", code)]
    standard = [statement for statement in imports if "numpy" not in statement]
    others = [statement for statement in imports if "numpy" in statement]
    special = sorted(set(re.findall(r"\bspecial\.(\w+)", code)))
    blocks = ["\n".join(group) for group in (standard, others) if group]
    heading = "\n\n".join([_heading(functions[0].graph, what, special), *blocks, *([_SCIPY] if special else [])])
    return "\n\n\n".join([heading, *helpers, *bodies]) + "\n"


def helpers_of(code: str) -> list[str]:
    """The helpers that code calls, and those that these call."""
    used: set[str] = set()
    waiting = [code]
    while waiting:
        text = waiting.pop()
        found = {name for name in HELPERS if name not in used and re.search(rf"\b{name}\(", text)}
        used |= found
        waiting += [HELPERS[name] for name in found]
    return [name for name in HELPERS if name in used]


def _heading(graph: ComputationGraph, what: str, special: Sequence[str]) -> str:
    title = _plain(graph.title or graph.name.replace("_", " ")).strip().rstrip(".")
    what += " as NumPy code, written by derive."
    if special:
        what += f" It needs SciPy for {', '.join(special)}."
    return f'"""{title[:1].upper() + title[1:]}.\n\n{what}\n"""'


def _body(function: Emitted) -> str:
    graph, parts = function.graph, function.parts
    sources = size_sources(graph, parts.needed, parts.sizes)
    loose = [variable for name, variable in parts.sizes.items() if name not in sources]
    parameters = list(parts.inputs.values())
    extra = [*(i.parameter for i in parts.implementations), *loose]
    signature = [*parameters, *(["*", *extra] if extra else [])]
    lines = [*_bracketed(f"def {function.name}(", signature, "):", ""), *_docstring(function, loose)]
    for name, (owner, axis) in sources.items():
        lines.append(f"    {parts.sizes[name]} = {parts.inputs[owner]}.shape[{axis}]")
    if parts.dtype:
        # 1.0: whole numbers become floating point, float32 stays
        kinds = [variable for name, variable in parts.inputs.items() if name in (parts.needed or parts.inputs)]
        lines.append(f"    {parts.dtype} = np.result_type({', '.join([*kinds, '1.0'])})")
    for heading, statements in (("forward", parts.forward), ("backward", parts.backward)):
        if statements:
            lines.append(f"    # {heading}")
            for statement in statements:
                lines += _statement(statement)
    if parts.gradients is None:
        return "\n".join([*lines, f"    return {parts.value}"])
    results = [f"{_key(name)}: {variable}" for name, variable in parts.gradients.items()]
    lines += _bracketed(f"    return {parts.value}, {{", results, "}", "    ")
    return "\n".join(lines)


def _docstring(function: Emitted, loose: Iterable[str]) -> list[str]:
    graph, parts = function.graph, function.parts
    shown = [f"{variable} {_plain(show_shape(graph.inputs[name].shape))}" for name, variable in parts.inputs.items()]
    lines = [f'    """{function.computes}.', ""]
    lines += textwrap.wrap(
        f"Shapes: {', '.join(shown) or 'no inputs'}. {function.remark}",
        WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
    )
    for implementation in parts.implementations:
        lines.append(f"    {implementation.parameter}: {_meaning(graph, implementation.name, implementation.orders)}.")
    lines += [f"    {variable}: a size that no axis shows." for variable in loose]
    first = textwrap.wrap(lines[0].strip(), WIDTH, initial_indent="    ", subsequent_indent="    ")
    return [*first, *lines[1:], '    """']


def _meaning(graph: ComputationGraph, name: str, orders: tuple[int, ...]) -> str:
    declaration = graph.declarations.get(name)
    if declaration is not None and declaration.kind == "functional":
        by = ", then ".join(str(k + 1) for k in orders)
        return f"the functional {_plain(name)}" + (f", differentiated by argument {by}" if by else "")
    total = sum(orders)
    if not total:
        return f"the function {_plain(name)}, elementwise"
    which = "" if len(orders) == 1 else f" (orders {', '.join(map(str, orders))} by its arguments)"
    return (
        f"its derivative of order {total}{which}, elementwise"
        if which or total > 1
        else f"the derivative of {_plain(name)}"
    )


def _statement(line: Assignment) -> list[str]:
    """An assignment; a long right side is put in brackets and broken at its spaces."""
    text = f"    {line.variable} = {line.text}"
    if len(text) <= WIDTH:
        return [text]
    return _filled(f"    {line.variable} = ({line.text})", "        ")


def _bracketed(head: str, items: Sequence[str], tail: str, indent: str) -> list[str]:
    """A list in brackets: on one line if it fits, else on lines of its own."""
    text = f"{head}{', '.join(items)}{tail}"
    if len(text) <= WIDTH:
        return [text]
    # a space inside an item must not become a line break
    joined = ", ".join(item.replace(" ", "\0") for item in items) + ","
    inner = [line.replace("\0", " ") for line in _filled(f"{indent}    {joined}", f"{indent}    ")]
    return [head, *inner, f"{indent}{tail}"]


def _filled(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def _key(name: str) -> str:
    """A name as a string literal."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' if name.isprintable() else ascii(name)


def _plain(text: str) -> str:
    """Text that may stand in a docstring: printable, without quotes or backslashes."""
    return "".join(ch if ch.isprintable() and ch not in '\\"' else " " for ch in text)
