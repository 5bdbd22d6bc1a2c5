"""The alphabet: Greek letters and accents by name, as SymPy spells the symbol of a name, and in Unicode."""

from __future__ import annotations

import re

from derive.notation.formula import Accent, Atom, Formula

_GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi"
        " chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega varepsilon vartheta varpi varrho"
        " varsigma varphi varkappa ell hbar".split(),
        "α β γ δ ϵ ζ η θ ι κ λ μ ν ξ ο π ρ σ τ υ ϕ χ ψ ω Γ Δ Θ Λ Ξ Π Σ Υ Φ Ψ Ω ε ϑ ϖ ϱ ς φ ϰ ℓ ℏ".split(),
        strict=True,
    )
)
_ROMAN_CAPITALS = dict(
    zip(
        "Alpha Beta Epsilon Zeta Eta Iota Kappa Mu Nu Omicron Rho Tau Chi".split(),
        "A B E Z H I K M N O P T X".split(),
        strict=True,
    )
)
_MODIFIERS = {
    **{name: name for name in "mathring ddddot dddot ddot dot check breve acute grave tilde hat bar vec".split()},
    "bold": "boldsymbol",
    "bm": "boldsymbol",
    "cal": "mathcal",
    "scr": "mathscr",
    "frak": "mathfrak",
}
_PRIMES = ("prime", "prm")
_SIGNS = {
    "partial": "∂",
    "nabla": "∇",
    "top": "T",
    "infty": "∞",
    "cdot": "·",
    "circ": "∘",
    "odot": "⊙",
    "times": "×",
    "prime": "'",
    "star": "⋆",
    "ast": "*",
    "dagger": "†",
    "pm": "±",
    "ldots": "…",
    "cdots": "⋯",
}
_FONTS = frozenset("mathrm mathbf mathcal mathbb mathsf mathit boldsymbol bm text operatorname left right".split())
_TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)")


def letter(name: str) -> tuple[Formula, int]:
    r"""The base of a name and its primes: `alpha` is `\alpha`, `xhat` is `\hat{x}`, `zprime` is `z'`."""
    low = name.lower()
    if name in _GREEK:
        return Atom("o" if name == "omicron" else "\\" + name, _GREEK[name]), 0
    if name in _ROMAN_CAPITALS:
        return Atom(rf"\mathrm{{{_ROMAN_CAPITALS[name]}}}", _ROMAN_CAPITALS[name]), 0
    if low in _GREEK and not low.startswith("var"):
        return Atom("\\" + low, _GREEK[low]), 0
    if name == "lamda":
        return Atom(r"\lambda", "λ"), 0
    for modifier in sorted((*_MODIFIERS, *_PRIMES), key=len, reverse=True):
        if low.endswith(modifier) and len(name) > len(modifier):
            base, primes = letter(name[: -len(modifier)])
            return (base, primes + 1) if modifier in _PRIMES else (Accent(_MODIFIERS[modifier], base), primes)
    return Atom(name, name), 0


def unicode_of(latex: str) -> str:
    r"""A short piece of LaTeX as text: `\hat{y}` as ŷ, commands by their sign, braces dropped."""
    accented = re.sub(
        r"\\(hat|bar|tilde|dot|ddot|vec|check|breve|acute|grave|mathring)\s*(?:\{(\\?\w+)\}|(\w))",
        lambda m: _accented(m[1], m[2] or m[3]),
        latex,
    )
    bare = _TOKEN.sub(_sign, accented)
    return re.sub(r"\s+", " ", bare.replace("{", "").replace("}", "")).strip()


def _sign(match: re.Match[str]) -> str:
    command = match[1]
    if command is None:
        return str(match[2])
    return _GREEK.get(command) or _SIGNS.get(command) or ("" if command in _FONTS else command)


def _accented(accent: str, inner: str) -> str:
    combining = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308"}
    base = _GREEK.get(inner.lstrip("\\"), inner) if inner.startswith("\\") else inner
    return base + combining.get(accent, "") if len(base) == 1 else base
