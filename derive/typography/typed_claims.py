r"""Claims as people type them into a program: `dL/dW = X.T @ (A - Y)`, `da/dz == np.exp(-z)*a**2`.

    claim   ::=  member ((= | == | :=) member)*          member: an expression of Python, or a derivative
    d       ::=  dX/dY | ∂X/∂Y | diff(X, Y) | Derivative(X, Y) | grad_Y X | d/dY(X)

Own code splits the text into tokens and refuses what no such claim has (a backslash, `^`, braces); only then does
`ast.parse` see it, with a placeholder in the place of every name and number. Nothing of the text is evaluated.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

MAX_LENGTH = 2_000
MAX_DEPTH = 40
MAX_SIGNS = 300

_SAME = str.maketrans(
    {"−": "-", "–": "-", "∗": "*", "⊙": "*", "＝": "=", **{chr(0x2080 + k): str(k) for k in range(10)}}
)
_TOKEN = re.compile(
    r"(?P<name>∂?[A-Za-z_Α-Ωα-ω][A-Za-z0-9_Α-Ωα-ω]*)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<relation>:=|==|(?<![<>!=])=(?!=))|(?P<sign>\*\*|<=|>=|[-+*/@()\[\],.<>&|])|(?P<other>\S)"
)
_MATRICES = r"\b(?:Trace|HadamardProduct|hadamard_product|Mat(?:Mul|Add|Pow)|Transpose|Inverse|Identity|Determinant)\("
_SYMBOLIC = r"\b(?:diff|Derivative|Eq)\("
_MODULE = r"\b(?:np|numpy|jnp|jax|torch|tf|math|scipy|sp|sympy)\."
_CLEAR = re.compile(rf"@|\*\*|\.m?T\b|{_MODULE}|{_SYMBOLIC}|{_MATRICES}|\.grad\b|\bgrad_\w")
"""What only programs have; on a page of formulas `*`, `/` and words have meanings of their own."""
_LIKELY = re.compile(rf"{_CLEAR.pattern}|\*|[d∂]\w+\s*/\s*[d∂]\w|\w\(|\[|\)\s*[&|]\s*\(|\b[A-Za-z]\w+")

_TURNED = re.compile(r"(?<=[\w\])])[ᵀ⊤]")


@dataclass(frozen=True)
class Typed:
    """A claim in plain text: its members as syntax trees of placeholders `n0, n1, ...`, and what these stand for."""

    members: tuple[ast.expr, ...]
    relations: tuple[str, ...]
    atoms: tuple[str, ...]

    def text(self, node: ast.expr) -> str:
        """The name or number behind a placeholder; "" for any other node."""
        return self.atoms[int(node.id[1:])] if isinstance(node, ast.Name) else ""


def is_clear(source: str) -> bool:
    """Whether no formula could be written so."""
    return _CLEAR.search(source) is not None


def dialect(source: str) -> str:
    """How a program multiplies arrays: `arrays` entry by entry, `matrices` as matrices, `either`; "" if it is none."""
    if re.search(r"@|\b(?:np|numpy|jnp|jax|torch|tf)\.", source):
        return "arrays"
    if re.search(_MATRICES, source) and not re.search(r"\b(?:sum|mean)\(", source):
        return "matrices"
    if re.search(rf"{_SYMBOLIC}|{_MATRICES}", source):
        return "either"
    return "arrays" if is_clear(source) else ""


def typed(source: str, *, page: bool) -> Typed | None:
    """The claim, or None for what is not plain text of this kind; of a page it has to be unmistakable."""
    if len(source) > MAX_LENGTH or re.search(r"[\\^{}$~?;\n]", source):
        return None
    # a raised T is of formulas, where it turns a vector: `.T` of an array of one axis is the array
    if not (_CLEAR if page or _TURNED.search(source) else _LIKELY).search(source):
        return None
    source = re.sub(r"\bgrad_(\w+)\s+(\w+)", r"grad_\1(\2)", source)
    return _parsed(_TURNED.sub(".T", source).translate(_SAME))


def _parsed(text: str) -> Typed | None:
    atoms: list[str] = []
    rows: list[list[str]] = [[]]
    relations: list[str] = []
    depth = 0
    before = ""
    for count, match in enumerate(_TOKEN.finditer(text)):
        kind, token = str(match.lastgroup), match.group()
        depth += (token in "([") - (token in ")]")
        if kind == "other" or depth > MAX_DEPTH or count > MAX_SIGNS:
            return None
        if kind == "relation" and depth == 0:
            relations.append(":=" if token == ":=" else "=")
            rows.append([])
        elif (kind == "name" and before != "." and not _is_option(text, match.end(), depth)) or kind == "number":
            rows[-1].append(f"n{len(atoms)}")
            atoms.append(token)
        else:
            rows[-1].append(token)
        before = token
    trees = [_tree(" ".join(row)) for row in rows]
    members = tuple(tree for tree in trees if tree is not None)
    return Typed(members, tuple(relations), tuple(atoms)) if len(members) == len(rows) else None


def _is_option(text: str, end: int, depth: int) -> bool:
    """Whether a name is that of an option, `axis=0`."""
    return depth > 0 and re.match(r"\s*=(?!=)", text[end : end + 8]) is not None


def _tree(row: str) -> ast.expr | None:
    try:
        return ast.parse(row, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def undelimited(source: str) -> str:
    r"""The formula without `$`, `$$`, `\[ \]`, `\( \)` or backticks around it."""
    text = source.strip()
    for opening, closing in (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"), ("$", "$"), ("`", "`")):
        if len(text) >= len(opening) + len(closing) and text.startswith(opening) and text.endswith(closing):
            return text[len(opening) : -len(closing)].strip()
    return text
