"""TeX's commands for symbols, as Unicode."""

from __future__ import annotations

LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "varpi": "ϖ",
    "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ",
    "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω", "hbar": "ℏ", "ell": "ℓ", "Re": "ℜ", "Im": "ℑ", "aleph": "ℵ",
    "wp": "℘", "imath": "ı", "jmath": "ȷ", "partial": "∂", "nabla": "∇", "infty": "∞",
    "emptyset": "∅", "varnothing": "∅", "degree": "°", "prime": "′", "angle": "∠",
    "triangle": "△", "square": "□", "Box": "□", "blacksquare": "■", "checkmark": "✓",
    "top": "⊤", "bot": "⊥", "ldots": "…", "dots": "…", "dotsc": "…", "dotsb": "⋯", "cdots": "⋯",
    "vdots": "⋮", "ddots": "⋱", "forall": "∀", "exists": "∃", "nexists": "∄", "neg": "¬",
    "lnot": "¬", "dagger": "†", "ddagger": "‡", "star": "⋆", "clubsuit": "♣", "heartsuit": "♥",
    "spadesuit": "♠", "diamondsuit": "♦", "pounds": "£", "S": "§", "copyright": "©",
    "therefore": "∴", "because": "∵", "colon": ":", "lbrace": "{", "rbrace": "}",
    "backslash": "\\", "vert": "|", "Vert": "‖", "lvert": "|", "rvert": "|", "lVert": "‖",
    "rVert": "‖", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "lbrack": "[", "rbrack": "]",
    "#": "#", "%": "%", "&": "&", "$": "$", "_": "_", "{": "{", "}": "}", "|": "‖",
}  # fmt: skip
OPERATORS = {
    "sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "iiint": "∭", "oint": "∮",
    "bigcup": "⋃", "bigcap": "⋂", "bigoplus": "⨁", "bigotimes": "⨂", "bigvee": "⋁",
    "bigwedge": "⋀", "biguplus": "⨄",
}  # fmt: skip
# They have a space on both sides.
BINARY = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "ast": "∗", "circ": "∘",
    "bullet": "•", "oplus": "⊕", "ominus": "⊖", "otimes": "⊗", "odot": "⊙", "cup": "∪",
    "cap": "∩", "setminus": "∖", "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨",
    "sqcup": "⊔", "sqcap": "⊓", "uplus": "⊎", "bmod": "mod",
}  # fmt: skip
RELATIONS = {
    "le": "≤", "leq": "≤", "leqslant": "⩽", "ge": "≥", "geq": "≥", "geqslant": "⩾", "ne": "≠",
    "neq": "≠", "lt": "<", "gt": ">", "ll": "≪", "gg": "≫", "approx": "≈", "equiv": "≡",
    "sim": "∼", "simeq": "≃", "cong": "≅", "propto": "∝", "asymp": "≍", "doteq": "≐",
    "prec": "≺", "succ": "≻", "preceq": "⪯", "succeq": "⪰", "in": "∈", "notin": "∉", "ni": "∋",
    "subset": "⊂", "subseteq": "⊆", "subsetneq": "⊊", "supset": "⊃", "supseteq": "⊇",
    "perp": "⊥", "parallel": "∥", "mid": "∣", "nmid": "∤", "models": "⊨", "vdash": "⊢",
    "dashv": "⊣", "to": "→", "rightarrow": "→", "longrightarrow": "⟶", "leftarrow": "←",
    "gets": "←", "longleftarrow": "⟵", "leftrightarrow": "↔", "Rightarrow": "⇒",
    "Longrightarrow": "⟹", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "iff": "⟺",
    "implies": "⟹", "impliedby": "⟸", "mapsto": "↦", "longmapsto": "⟼", "hookrightarrow": "↪",
    "uparrow": "↑", "downarrow": "↓", "updownarrow": "↕", "rightharpoonup": "⇀",
    "rightleftharpoons": "⇌", "leadsto": "⇝", "coloneqq": "≔", "triangleq": "≜",
}  # fmt: skip
# By what decides about the space around them.
TABLES = {"ord": LETTERS, "op": OPERATORS, "bin": BINARY, "rel": RELATIONS}
SPACES = {
    ",": "\u2009", ":": "\u2005", ";": "\u2005", "!": "", " ": " ", "quad": "\u2003",
    "qquad": "\u2003\u2003", "thinspace": "\u2009", "enspace": "\u2002", "\n": " ", "~": " ",
}  # fmt: skip
FUNCTIONS = frozenset(
    [
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "argmax",
        "argmin",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "hom",
        "inf",
        "ker",
        "lg",
        "lim",
        "liminf",
        "limsup",
        "ln",
        "log",
        "max",
        "min",
        "mod",
        "Pr",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
        "tr",
    ]
)
# They say how something is set, and have no sign of their own.
UNSEEN = frozenset(
    [
        "left",
        "right",
        "middle",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "biggl",
        "biggr",
        "Biggl",
        "Biggr",
        "bigm",
        "Bigm",
        "displaystyle",
        "textstyle",
        "scriptstyle",
        "scriptscriptstyle",
        "limits",
        "nolimits",
        "nonumber",
        "notag",
        "hline",
        "centering",
        "allowbreak",
        "mathstrut",
        "strut",
    ]
)
# Their argument is set upright, or in another style that has no signs of its own.
STYLES = frozenset(
    [
        "mathrm",
        "mathit",
        "mathsf",
        "mathtt",
        "mathop",
        "mathbin",
        "mathrel",
        "mathord",
        "mathnormal",
        "operatorname",
        "operatorname*",
        "smash",
        "mathfrak",
        "boldsymbol",
        "bm",
        "mathbf",
        "textbf",
        "pmb",
    ]
)
TEXTS = frozenset(
    ["text", "textrm", "textit", "textsf", "texttt", "textup", "textnormal", "mbox", "hbox", "emph"]
)
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0305", "vec": "\u20d7",
    "overrightarrow": "\u20d7", "tilde": "\u0303", "widetilde": "\u0303", "dot": "\u0307",
    "ddot": "\u0308", "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300",
    "mathring": "\u030a", "underline": "\u0332", "cancel": "\u0338", "not": "\u0338",
}  # fmt: skip
UPPER = dict(zip("0123456789+-−=()niT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵀ", strict=True))
LOWER = dict(zip("0123456789+-−=()aeijknx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₖₙₓ", strict=True))
_SCRIPT = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
_DOUBLE = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ", "1": "𝟙"}


def script(letter: str) -> str:
    """`\\mathcal`."""
    return _SCRIPT.get(letter) or _moved(letter, 0x1D49C)


def double(letter: str) -> str:
    """`\\mathbb`."""
    return _DOUBLE.get(letter) or _moved(letter, 0x1D538)


def _moved(letter: str, first: int) -> str:
    is_capital = "A" <= letter <= "Z"
    return chr(first + ord(letter) - ord("A")) if is_capital else letter
