"""What the comments of a script say its values are: `Y.shape  # (3,)`, `z = w*x + b  # 0.73`, `print(dB)  # [5 7 9]`.

A decimal is right if it is the value rounded to its last place. A lone whole number beside a value that is none is
taken for the number of a step.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
PROMPT = re.compile(r"\s*(>>>|\.\.\.)( |$)")
SHOWN = "derive_shown_{}"


@dataclass(frozen=True)
class Said:
    """A value that a comment tells: of which expression, in which line, and to how many places."""

    text: str
    line: int
    value: Array
    places: int | None

    def holds(self, have: Array) -> bool | None:
        """Whether the value is as it is told; None if the comment tells something else."""
        if have is None or np.shape(have) != np.shape(self.value):
            return None if np.ndim(self.value) == 0 and have is not None else False
        have = np.asarray(have, dtype=float)
        if self.places is None and not np.ndim(self.value) and have != np.round(have):
            return None
        gap = float(np.max(np.abs(have - self.value), initial=0.0))
        if self.places is None:
            return gap <= 1e-9 * max(1.0, float(np.max(np.abs(self.value), initial=0.0)))
        return gap <= 0.5000001 * 10.0**-self.places + 1e-12


def said(tree: ast.Module, code: str) -> list[Said]:
    """The values that comments behind statements tell."""
    lines = code.split("\n")
    found = []
    for statement in tree.body:
        text = _shown(statement)
        comment = lines[(statement.end_lineno or 1) - 1][_end(statement, lines) :].strip()
        told = _literal(comment[1:]) if text is not None and comment.startswith("#") else None
        if told is not None:
            places = max((len(p) for p in re.findall(r"\d\.(\d*)", comment)), default=None)
            found.append(Said(str(text), statement.lineno, told, places))
    return found


def _end(statement: ast.stmt, lines: list[str]) -> int:
    line = lines[(statement.end_lineno or 1) - 1]
    return len(line.encode()[: statement.end_col_offset].decode(errors="ignore"))


def instrumented(tree: ast.Module, code: str) -> str:
    """The script with every told value stored right behind its statement, in the same line."""
    lines = code.split("\n")
    for number, told in enumerate(said(tree, code)):
        statement = next(s for s in tree.body if s.lineno == told.line)
        at, end = (statement.end_lineno or told.line) - 1, _end(statement, lines)
        lines[at] = f"{lines[at][:end]}; {SHOWN.format(number)} = ({told.text}){lines[at][end:]}"
    return "\n".join(lines)


def compared(told: list[Said], values: Mapping[str, Array]) -> Iterator[tuple[Said, bool]]:
    """Each told value with whether it holds; those that tell something else are left out."""
    for number, each in enumerate(told):
        if SHOWN.format(number) in values:
            holds = each.holds(values[SHOWN.format(number)])
            if holds is not None:
                yield each, holds


def _shown(statement: ast.stmt) -> str | None:
    """The expression whose value a comment behind the statement tells."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if not isinstance(statement, ast.Expr):
        return None
    value = statement.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print":
        return ast.unparse(value.args[0]) if len(value.args) == 1 and not value.keywords else None
    return ast.unparse(value)


def _literal(comment: str) -> Array | None:
    text = re.sub(r"\barray\((.*)\)", r"\1", comment.strip())
    text = text if "," in text else re.sub(r"(?<=[\d.\]])\s+(?=[-\d.\[])", ", ", text)
    try:
        return np.asarray(ast.literal_eval(text), dtype=float)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def without_prompts(code: str) -> str:
    """A session of the interpreter as a script: what it printed becomes the comment of the line that printed it."""
    lines = code.split("\n")
    if not any(re.match(r"\s*>>>", line) for line in lines):
        return code
    script: list[str] = []
    told = -1
    for line in lines:
        prompt = PROMPT.match(line)
        if prompt is not None:
            script.append(line[prompt.end() :])
            told = len(script) - 1
        else:
            script.append("")
            if line.strip() and told >= 0 and "#" not in script[told]:
                script[told] += f"  # {line.strip()}"
    return "\n".join(script)
