"""The alphabet: Greek letters and accents by name, as SymPy spells the symbol of a name, and in Unicode."""

from __future__ import annotations

import re

from derive.notation.formula import Decoration, Formula, Glyph, Script
from derive.notation.unicode import text

_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ϵ",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "omicron": "ο",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "ϕ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "Υ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
    "varepsilon": "ε",
    "vartheta": "ϑ",
    "varpi": "ϖ",
    "varrho": "ϱ",
    "varsigma": "ς",
    "varphi": "φ",
    "varkappa": "ϰ",
    "ell": "ℓ",
    "hbar": "ℏ",
}
_ROMAN_CAPITALS = {
    "Alpha": "A",
    "Beta": "B",
    "Epsilon": "E",
    "Zeta": "Z",
    "Eta": "H",
    "Iota": "I",
    "Kappa": "K",
    "Mu": "M",
    "Nu": "N",
    "Omicron": "O",
    "Rho": "P",
    "Tau": "T",
    "Chi": "X",
}
_MODIFIERS = {
    **{name: name for name in ("mathring", "ddddot", "dddot", "ddot", "dot", "check", "breve", "acute", "grave")},
    **{name: name for name in ("tilde", "hat", "bar", "vec")},
    "bold": "boldsymbol",
    "bm": "boldsymbol",
    "cal": "mathcal",
    "scr": "mathscr",
    "frak": "mathfrak",
}
_PRIMES = ("prime", "prm")
_SIGNS = {
    "partial": "∂",
    "sum": "∑",
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
_FONTS = frozenset(
    ("mathrm", "mathbf", "mathcal", "mathbb", "mathsf", "mathit", "boldsymbol", "bm", "text", "left", "right")
)
_TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)")
_SCRIPT = re.compile(r"([_^])\{([^{}]*)\}")


def letter(name: str) -> tuple[Formula, int]:
    r"""The base of a name and its primes: `alpha` is `\alpha`, `xhat` is `\hat{x}`, `zprime` is `z'`."""
    low = name.lower()
    if name in _GREEK:
        return Glyph("o" if name == "omicron" else "\\" + name, _GREEK[name]), 0
    if name in _ROMAN_CAPITALS:
        return Glyph(rf"\mathrm{{{_ROMAN_CAPITALS[name]}}}", _ROMAN_CAPITALS[name]), 0
    if low in _GREEK and not low.startswith("var"):
        return Glyph("\\" + low, _GREEK[low]), 0
    if name == "lamda":
        return Glyph(r"\lambda", "λ"), 0
    for modifier in sorted((*_MODIFIERS, *_PRIMES), key=len, reverse=True):
        if low.endswith(modifier) and len(name) > len(modifier):
            base, primes = letter(name[: -len(modifier)])
            return (base, primes + 1) if modifier in _PRIMES else (Decoration(_MODIFIERS[modifier], base), primes)
    return Glyph(name, name), 0


def unicode_of(latex: str) -> str:
    r"""A short piece of LaTeX as text: `\hat{y}` as ŷ, commands by their sign, scripts raised, braces dropped."""
    accented = re.sub(
        r"\\(hat|bar|tilde|dot|ddot|vec|check|breve|acute|grave|mathring)\s*(?:\{(\\?\w+)\}|(\w))",
        lambda m: _accented(m[1], m[2] or m[3]),
        latex,
    )
    bare = _SCRIPT.sub(_raised, _TOKEN.sub(_sign, accented))
    return re.sub(r"\s+", " ", bare.replace("{", "").replace("}", "")).strip()


def _sign(match: re.Match[str]) -> str:
    command = match[1]
    if command is None:
        return str(match[2])
    return _GREEK.get(command) or _SIGNS.get(command) or ("" if command in _FONTS else command)


def _raised(match: re.Match[str]) -> str:
    inner = Glyph(match[2], match[2])
    return text(Script(Glyph("", ""), sub=inner) if match[1] == "_" else Script(Glyph("", ""), sup=inner))


def _accented(accent: str, inner: str) -> str:
    combining = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308"}
    base = _GREEK.get(inner.lstrip("\\"), inner) if inner.startswith("\\") else inner
    return base + combining.get(accent, "") if len(base) == 1 else base
