r"""The alphabet of formulas: which command or character is a letter, an operator, a relation, a bracket.

Each table maps what an author may write to the one spelling the layout tree uses: `\le`, `\leqslant` and `≤`
are `\leq`; `σ` is `\sigma`; `²` is `^{2}`. Only typography is unified here, never meaning: `\epsilon` and
`\varepsilon` stay two letters, `\cdot` and `*` two operators.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset("\\" + word for word in text.split())


LETTERS = _words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi"
    " omicron pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega digamma"
    " Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
    " partial nabla ell hbar infty imath jmath Re Im aleph wp emptyset varnothing forall exists nexists"
    " top bot intercal prime dagger ddagger complement triangle square"
)

FUNCTIONS = _words(
    "log ln lg exp sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan det dim ker deg max min sup"
    " inf lim limsup liminf arg argmax argmin gcd hom Pr"
)

OPERATORS = _words(
    "cdot odot circ times otimes oplus ominus oslash div pm mp wedge vee cup cap setminus mid star bullet diamond"
    " uparrow downarrow neg bigodot bigotimes bigoplus boxtimes amalg land lor backslash"
)

BIG_OPERATORS = _words("sum prod coprod int iint iiint oint bigcup bigcap bigvee bigwedge")

RELATIONS = _words(
    "leq geq neq approx equiv sim simeq cong propto to leftarrow leftrightarrow Rightarrow Leftarrow"
    " Leftrightarrow mapsto in ni notin subset subseteq supset supseteq ll gg doteq prec succ preceq succeq"
    " perp vdash models nrightarrow rightsquigarrow asymp"
)

# Several spellings of one sign. The values are spellings of the tables above, or plain characters.
ALIASES = {
    **dict.fromkeys((r"\le", r"\leqslant", r"\leqq", "<="), r"\leq"),
    **dict.fromkeys((r"\ge", r"\geqslant", r"\geqq", ">="), r"\geq"),
    r"\ne": r"\neq",
    r"\lt": "<",
    r"\gt": ">",
    "==": "=",
    **dict.fromkeys((r"\rightarrow", r"\longrightarrow", "->"), r"\to"),
    **dict.fromkeys((r"\gets", r"\longleftarrow"), r"\leftarrow"),
    **dict.fromkeys((r"\implies", r"\Longrightarrow", "=>"), r"\Rightarrow"),
    **dict.fromkeys((r"\iff", r"\Longleftrightarrow"), r"\Leftrightarrow"),
    r"\longmapsto": r"\mapsto",
    r"\thickapprox": r"\approx",
    r"\thicksim": r"\sim",
    **dict.fromkeys((r"\coloneqq", r"\coloneq", r"\triangleq", r"\colonequals"), ":="),
    r"\colon": ":",
    r"\ast": "*",
    r"\centerdot": r"\cdot",
    r"\bullet": r"\odot",
    r"\dag": r"\dagger",
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    r"\lbrack": "[",
    r"\rbrack": "]",
    **dict.fromkeys((r"\Vert", r"\parallel"), r"\|"),
    r"\vert": "|",
    **dict.fromkeys((r"\dots", r"\ldots", r"\dotsc", r"\dotso", "..."), r"\ldots"),
    **dict.fromkeys((r"\cdots", r"\dotsb", r"\dotsm", r"\dotsi"), r"\cdots"),
}

ELLIPSES = _words("ldots cdots vdots ddots")

# Signs that a reader recognises although they are not the usual ones; using one is a notation slip.
MISUSED = {r"\bigtriangledown": r"\nabla", r"\triangledown": r"\nabla"}

# Opening bracket -> the closing bracket of the same kind.
BRACKETS = {
    "(": ")",
    "[": "]",
    r"\{": r"\}",
    r"\langle": r"\rangle",
    r"\lvert": r"\rvert",
    r"\lVert": r"\rVert",
    r"\lfloor": r"\rfloor",
    r"\lceil": r"\rceil",
    r"\llbracket": r"\rrbracket",
    r"\lgroup": r"\rgroup",
}
CLOSING = frozenset(BRACKETS.values())
BARS = frozenset({"|", r"\|"})
# Bars with a direction are the bars themselves once they are paired.
PLAIN_BRACKET = {r"\lvert": "|", r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|"}

ACCENTS = {
    **{"\\" + name: name for name in ("hat", "bar", "tilde", "vec", "dot", "ddot", "check", "breve", "mathring")},
    r"\widehat": "hat",
    r"\widetilde": "tilde",
    r"\overline": "bar",
    r"\underline": "underline",
    r"\overrightarrow": "vec",
    r"\acute": "acute",
    r"\grave": "grave",
}

FONTS = {
    **dict.fromkeys((r"\mathrm", r"\rm", r"\mathup", r"\mathnormal"), "rm"),
    **dict.fromkeys((r"\mathbf", r"\bf", r"\bm", r"\boldsymbol", r"\pmb", r"\bold", r"\symbf"), "bf"),
    **dict.fromkeys((r"\mathbb", r"\Bbb", r"\mathds", r"\mathbbm"), "bb"),
    **dict.fromkeys((r"\mathcal", r"\cal"), "cal"),
    r"\mathscr": "scr",
    r"\mathfrak": "frak",
    **dict.fromkeys((r"\mathit", r"\it"), "it"),
    **dict.fromkeys((r"\mathsf", r"\sf"), "sf"),
    **dict.fromkeys((r"\mathtt", r"\tt"), "tt"),
}
# The old commands switch the font up to the end of their group instead of taking an argument.
FONT_SWITCHES = _words("rm bf cal it sf tt")
# In these fonts letters that touch are one word: \mathrm{diag}.
WORD_FONTS = frozenset({"rm", "sf", "tt", "it"})

TEXT_COMMANDS = _words("text textrm textit textbf textsf texttt textnormal mbox hbox intertext shortintertext")

# Commands that take an argument which is words, not mathematics.
RAW_COMMANDS = _words("tag label begin end operatorname hspace vspace mspace color textcolor mathcolor ref eqref cline")

# Commands that change the look only. The second table takes an argument that is dropped with them.
INVISIBLE = _words(
    ", ; : ! > limits nolimits displaystyle textstyle scriptstyle scriptscriptstyle nonumber notag big Big bigg Bigg"
    " bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm biggm Biggm hline hdashline hfill thinspace medspace"
    " thickspace negthinspace enspace allowbreak nobreak displaylimits mathstrut strut relax boldmath"
    " small normalsize large Large centering noindent protect ensuremath null"
) | {"\\ "}
INVISIBLE_WITH_ARGUMENT = _words("hspace vspace mspace phantom hphantom vphantom color cline")
WIDE_SPACES = _words("quad qquad")
# The argument is what counts, the frame around it is not.
TRANSPARENT = _words("boxed fbox mathop mathbin mathrel mathord mathopen mathclose mathpunct mathinner smash")

MATRICES = frozenset({"matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array"})
CASES = frozenset({"cases", "dcases"})
_STARRED = ("align", "alignat", "gather", "eqnarray", "multline", "equation", "flalign")
LINES = frozenset({"aligned", "alignedat", "split", "gathered", "multlined", "displaymath", "math"}).union(
    _STARRED, (name + "*" for name in _STARRED)
)
# Environments with a mandatory argument of their own.
WITH_COLUMNS = frozenset({"array", "alignat", "alignat*", "alignedat"})


# ----- Unicode -----


def _commands(chars: str, words: str) -> dict[str, str]:
    return dict(zip(chars, ("\\" + word for word in words.split()), strict=True))


UNICODE: dict[str, str] = {
    **_commands(
        "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩϵϑϕϱϖϰµ∆Ω",
        "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma"
        " tau upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega epsilon"
        " vartheta phi varrho varpi varkappa mu Delta Omega",
    ),
    **_commands(
        "∂∇▽∞ℓ∅∀∃⊤⊥†⊺",
        "partial nabla bigtriangledown infty ell emptyset forall exists top bot dagger intercal",
    ),
    **_commands(
        "⋅·∙•⊙∘×⊗⊕÷±∓∧∨∪∩∖∣⋆↑↓¬",
        "cdot cdot cdot bullet odot circ times otimes oplus div pm mp wedge vee cup cap setminus mid star uparrow"
        " downarrow neg",
    ),
    **_commands("∑∏∫⋃⋂√", "sum prod int bigcup bigcap sqrt"),
    **_commands(
        "≤≥≠≈≡∼≃≅∝→←↔⇒⇐⇔↦∈∋∉⊂⊆⊃⊇≪≫⟶⟵⟹⟺⩽⩾≐≜",
        "leq geq neq approx equiv sim simeq cong propto to leftarrow leftrightarrow Rightarrow Leftarrow"
        " Leftrightarrow mapsto in ni notin subset subseteq supset supseteq ll gg to leftarrow Rightarrow"
        " Leftrightarrow leq geq doteq triangleq",
    ),
    **_commands("…⋯⋮⋱⟨⟩⌊⌋⌈⌉‖∥", "ldots cdots vdots ddots langle rangle lfloor rfloor lceil rceil | |"),
    **dict(zip("−–－∗⁎∕⁄／∶（），、＝＋；：。．｜＜＞［］", "---**///:(),,=+;:..|<>[]", strict=True)),
    "≔": ":=",
    "′": "'",
    "’": "'",
    "″": "''",
    "‴": "'''",
}
SUPERSCRIPTS = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀᵗᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ°",
        "0123456789+-=()niTtabcdefghjklmoprsuvwxyzABDEGHIJKLMNOPRUVW∘",
        strict=True,
    )
)
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789+-=()aeoxhklmnpstijruv", strict=True))
FRACTIONS = {"½": "12", "⅓": "13", "⅔": "23", "¼": "14", "¾": "34", "⅕": "15", "⅙": "16", "⅛": "18"}
COMBINING = {
    "\u0302": r"\hat", "\u0304": r"\bar", "\u0305": r"\bar", "\u0303": r"\tilde", "\u20d7": r"\vec",
    "\u0307": r"\dot", "\u0308": r"\ddot", "\u030c": r"\check", "\u0306": r"\breve",
}  # fmt: skip
