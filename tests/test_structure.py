"""What is counted of the code itself: names, circles, rooms, lengths, and what nothing calls.

Each number is what is so today, and may only get better: where one does, its line here follows.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import QUICK

ROOT = Path(__file__).parent.parent

TWICE: frozenset[str] = frozenset()
"""Class names that stand for two things."""

CIRCLES: frozenset[str] = frozenset()
"""Modules that import each other in a circle, types included."""

ROOMS_IN_CIRCLES: frozenset[str] = frozenset()

LARGEST_ROOM = 0.20
"""The largest room's share of all lines."""

LONGEST_FILE = 355
LONG = 300
LONG_FILES = 15

CALLED_FROM_OUTSIDE = frozenset(
    (
        "_repr_latex_",  # a notebook
        "list_commands",  # click
        "get_command",
        "format_commands",
        "shell_complete",
        "normal_form",  # `==` of values, as the tests ask it
        "excluded",  # what a closed form says of itself
        "at_large",  # where a law is shown to need its condition
        "first_line",  # where the text of an item begins
        "DEFECTS",  # every key with its description
    )
)


@cache
def trees() -> Mapping[str, ast.Module]:
    found = {}
    for path in sorted((ROOT / "derive").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def lengths() -> Mapping[Path, int]:
    files = sorted((ROOT / "derive").rglob("*.py"))
    return {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in files}


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """The modules that each module imports, wherever in it."""
    graph = {}
    for name, tree in trees().items():
        found = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {m if (m := f"{node.module}.{a.name}") in trees() else node.module for a in node.names}
            elif isinstance(node, ast.Import):
                found |= {a.name for a in node.names}
        graph[name] = frozenset(found & trees().keys() - {name})
    return graph


def on_circles(graph: Mapping[str, Iterable[str]]) -> set[str]:
    """The nodes that reach themselves."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        open_ = list(graph[start])
        while open_:
            if (node := open_.pop()) not in seen:
                seen.add(node)
                open_.extend(graph.get(node, ()))
        reached[start] = seen
    return {node for node in graph if node in reached[node]}


def room(module: str) -> str:
    """The package of a module."""
    return module if any(name.startswith(module + ".") for name in trees()) else module.rpartition(".")[0]


def test_a_class_name_has_one_meaning() -> None:
    classes = Counter(n.name for tree in trees().values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
    assert {name for name, count in classes.items() if count > 1} == TWICE


def test_imports_make_no_circles() -> None:
    assert on_circles(imports()) == CIRCLES


def test_rooms_make_no_circles() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for name, imported in imports().items():
        graph[room(name)] |= {room(other) for other in imported} - {room(name), "derive"}
    del graph["derive"]  # the public names, which may use every room, and the errors, which every room may use
    assert on_circles(graph) <= ROOMS_IN_CIRCLES


def test_no_room_is_the_house() -> None:
    rooms: Counter[str] = Counter()
    for path, length in lengths().items():
        rooms[path.parts[1]] += length
    [(largest, lines)] = rooms.most_common(1)
    assert lines <= LARGEST_ROOM * rooms.total(), largest


def test_files_are_read_in_one_sitting() -> None:
    long = {path: length for path, length in lengths().items() if length > LONG}
    assert max(long.values(), default=0) <= LONGEST_FILE, long
    assert len(long) <= LONG_FILES, long


def test_what_is_defined_is_used() -> None:
    """By its name somewhere in the package, or by what registers it; a name that only tests use is not."""
    used: set[str] = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
    unused = {name for tree in trees().values() for name in _defined(tree)} - used
    assert {name for name in unused if not name.startswith("__")} == CALLED_FROM_OUTSIDE


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not _registered(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from _assigned(n for n in node.body if isinstance(n, ast.AnnAssign))
    yield from _assigned(tree.body)


def _assigned(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def _registered(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a decorator hands the function to somebody else."""
    own = ("property", "cached_property", "cache", "staticmethod", "classmethod", "contextmanager", "dataclass")
    return any(ast.unparse(d).partition("(")[0].rpartition(".")[2] not in own for d in node.decorator_list)


def test_the_quick_tests_are_there_and_the_others_are_marked(pytestconfig: pytest.Config) -> None:
    assert any(line.startswith("slow:") for line in pytestconfig.getini("markers"))
    assert all((ROOT / name).exists() for name in QUICK)
    assert "tests/test_structure.py" in QUICK, "what is counted is counted while working"


def test_development_needs_are_listed_once() -> None:
    """A lower bound each, which `.ci/run` installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needs = [*project["dependencies"], *extras["dev"]]
    assert all(set(extra) <= set(needs) for extra in extras.values()), "what an extra needs is tested"
    assert all(re.fullmatch(r"[\w.-]+>=[\d.]+", need) for need in needs)
    assert len({need.partition(">")[0] for need in needs}) == len(needs)
    assert "lowest.py" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
