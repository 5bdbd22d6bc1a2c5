"""What in a block reaches into the interpreter that runs it, so that its answers say nothing of its text.

The judge believes the values that the process of a block answers with to be those that the text computes. Code that
patches modules, reads frames or writes to descriptors can answer with others, and no judge outside can see that. What
can be told by its form is told here, on the safe side: no import but of libraries for computing, no attribute that
leads to the interpreter's own objects or is private to another, no names made of text, no classes made by calls, no
assignment to what belongs to a module. A block that does any of this is never `true`; what else is said of it stands.
"""

from __future__ import annotations

import ast
import re

COMPUTING = frozenset({
    "__future__", "abc", "cmath", "collections", "copy", "dataclasses", "decimal", "enum", "fractions", "functools",
    "itertools", "math", "matplotlib", "mpl_toolkits", "numbers", "numpy", "pandas", "random", "scipy", "seaborn",
    "sklearn", "statistics", "time", "tqdm", "typing", "typing_extensions", "warnings",
})  # fmt: skip
NAMES = frozenset({
    "__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "delattr", "eval", "exec",
    "globals", "input", "locals", "memoryview", "open", "setattr", "vars",
})  # fmt: skip
OWN = frozenset({"self", "cls"})
"""Whose private attributes a listing may use."""
USUAL = frozenset({"__init__", "__name__", "__call__", "__class__", "__len__", "__getitem__", "__setitem__"})
ATTRIBUTES = frozenset({
    "ABCMeta", "EnumMeta", "EnumType", "ag_frame", "as_strided", "attrgetter", "bltns", "builtins", "cr_frame",
    "ctypes", "ctypeslib", "distutils", "f2py", "f_back", "f_builtins", "f_globals", "f_locals", "gc",
    "get_type_hints", "getattr", "gi_frame", "importlib", "inspect", "io", "linecache", "make_dataclass",
    "methodcaller", "modules", "np", "numpy", "operator", "os", "pickle", "seterrcall", "sys", "tb_frame", "tb_next",
    "testing", "threading", "types", "update_wrapper", "weakref",
}) | (NAMES - {"input"})  # fmt: skip
PROTOCOL = re.compile(r"__array|__reduce|__getstate|__setstate|__class__$|__prepare__|derive_shown")
"""What NumPy and `copy` ask an object for, which may give them any place in memory; and where the judge looks."""


def reaches(tree: ast.Module) -> str | None:
    """The first thing in a block that reaches beyond computing, in words, or None."""
    every = list(ast.walk(tree))
    modules = {
        (a.asname or a.name).split(".", maxsplit=1)[0] for n in every if isinstance(n, ast.Import) for a in n.names
    }
    modules |= {"np", "numpy"}
    fine = {id(n.value) for n in every if isinstance(n, ast.Attribute)}
    fine |= {id(n.func) for n in every if isinstance(n, ast.Call) and _names_an_attribute(n)}
    for node in every:
        if (found := _reach(node, modules, fine)) is not None:
            return f"line {getattr(node, 'lineno', 1)}: {found} reaches into what runs the listing"
    return None


def _names_an_attribute(node: ast.Call) -> bool:
    """`getattr(self, "W")`, which is `self.W`."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(text)), *_]):
            return not _hidden(text)
    return False


def _reach(node: ast.AST, modules: set[str], fine: set[int]) -> str | None:
    match node:
        case ast.Import(names=names):
            return next((f"import {a.name}" for a in names if not _computes(a.name)), None)
        case ast.ImportFrom(module=module, names=names):
            inner = [a.name for a in names if _hidden(a.name) or a.name.startswith("_") or a.name == "*"]
            if not _computes(module or "") or inner:
                return f"from {module} import {', '.join(inner or [a.name for a in names])}"
        case ast.FunctionDef(name=name) | ast.Name(id=name) if PROTOCOL.match(name):
            return name
        case ast.Call(func=ast.Name(id="type") | ast.Call() | ast.Attribute(attr="__class__"), args=[_, _, _, *_]):
            return f"{ast.unparse(node.func)}(...)"
        case ast.ClassDef(bases=bases) if any(isinstance(base, ast.Name) and base.id == "type" for base in bases):
            return "a class of classes"
        case ast.MatchClass(kwd_attrs=names):
            return next((f".{name}" for name in names if _hidden(name) or name.startswith("_")), None)
        case ast.Name(id=name):
            bare = name == "getattr" or name in modules
            return name if name in NAMES or (bare and id(node) not in fine) else None
        case ast.Attribute(attr=name, value=value):
            of_module = isinstance(base := _base(value), ast.Name) and base.id in modules
            own = isinstance(value, ast.Name) and value.id in OWN
            if _hidden(name) or (name.startswith("_") and name not in USUAL and not own):
                return f".{name}"
            return f"{ast.unparse(node)} = ..." if of_module and not isinstance(node.ctx, ast.Load) else None
    return None


def _computes(module: str) -> bool:
    parts = module.split(".")
    return parts[0] in COMPUTING and not any(_hidden(part) or part.startswith("_") for part in parts[1:])


def _hidden(name: str) -> bool:
    return name in ATTRIBUTES or (name.startswith("__") and name.endswith("__") and name not in USUAL)


def _base(value: ast.expr) -> ast.expr:
    while isinstance(value, ast.Attribute):
        value = value.value
    return value
