r"""TeX formulas -> legible text: `$\frac{1}{2}\pi r^2$` is (1)/(2)πr²."""

from __future__ import annotations

import re

# Marks that open or close a formula or code.
_MARK = re.compile(r"\$\$?|\\[()\[\]]|`+")
_CLOSES = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_IN_LINE = re.compile(r"(?<![\\\w$])\$(?!\s)([^$\n]+)(?<!\s)\$(?![\w$])")
# The longest formula that is converted.
MAX_FORMULA = 2000
_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "le": "≤",
    "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡",
    "sim": "∼", "propto": "∝", "infty": "∞", "sum": "∑", "prod": "∏", "int": "∫", "oint": "∮",
    "partial": "∂", "nabla": "∇", "in": "∈", "notin": "∉", "subset": "⊂", "subseteq": "⊆",
    "supset": "⊃", "cup": "∪", "cap": "∩", "emptyset": "∅", "forall": "∀", "exists": "∃",
    "neg": "¬", "land": "∧", "lor": "∨", "to": "→", "rightarrow": "→", "leftarrow": "←",
    "Rightarrow": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "iff": "⇔", "implies": "⇒",
    "mapsto": "↦", "ldots": "…", "cdots": "⋯", "dots": "…", "angle": "∠", "perp": "⊥",
    "parallel": "∥", "circ": "∘", "degree": "°", "prime": "′", "quad": " ", "qquad": "  ",
    "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
    "hbar": "ℏ", "ell": "ℓ", "Re": "ℜ", "Im": "ℑ", "aleph": "ℵ", "mid": "|", "because": "∵",
    "therefore": "∴", "left": "", "right": "", "big": "", "Big": "", "displaystyle": "",
}  # fmt: skip
_UPPER = dict(zip("0123456789+-=()nix", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣ", strict=True))
_LOWER = dict(zip("0123456789+-=()aeijknx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₙₓ", strict=True))
_SETS = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ"}
_GROUP = r"\{([^{}]*)\}"


def plain_tex(text: str) -> str:
    """Replace formulas in `text` by Unicode; code is left alone.

    Linear: scanning from the end, the next closing mark of each kind is known.
    """
    if "$" not in text and "\\" not in text:
        return text
    parts: list[str] = []
    end = 0
    for start, opened, closed in _spans(text):
        if start >= end:
            source = text[start + len(opened) : closed]
            parts += [text[end:start], _shown(opened, source)]
            end = closed + len(opened)
    return "".join([*parts, text[end:]])


def _spans(text: str) -> list[tuple[int, str, int]]:
    """The start, opening mark and closing position of each possible formula or code span."""
    following: dict[str, int] = {}
    spans: list[tuple[int, str, int]] = []
    for mark in reversed(list(_MARK.finditer(text))):
        opened, start = mark[0], mark.start()
        closed = following.get(_CLOSES.get(opened, opened))
        following[opened] = start
        if opened == "$":
            found = _IN_LINE.match(text, start)
            closed = found.end() - 1 if found else None
        if closed is not None and closed > start + len(opened):
            spans.append((start, opened, closed))
    return spans[::-1]


def _shown(opened: str, source: str) -> str:
    """The content of a span as Unicode; unchanged with its marks if it is not a formula."""
    if opened[0] == "`" or len(source) > MAX_FORMULA:
        return f"{opened}{source}{_CLOSES.get(opened, opened)}"
    # Escape what Markdown would interpret.
    formula = re.sub(r"([*_\\`\[\]<>|])", r"\\\1", _unicode(source))
    return f"\n\n{formula}\n\n" if opened in ("$$", "\\[") else formula


def _unicode(source: str) -> str:
    text = " ".join(source.split())
    for _ in range(8):  # nested groups, from the innermost
        before = text
        text = re.sub(rf"\\[dt]?frac{_GROUP}{_GROUP}", r"(\1)/(\2)", text)
        text = re.sub(rf"\\sqrt{_GROUP}", r"√(\1)", text)
        text = re.sub(rf"\\mathbb{_GROUP}", lambda m: _SETS.get(m[1], m[1]), text)
        text = re.sub(
            rf"\\(?:text|mathrm|mathbf|mathit|operatorname|boxed|mathcal){_GROUP}", r"\1", text
        )
        text = re.sub(rf"\^(?:{_GROUP}|(\w))", lambda m: _script(m, _UPPER, "^"), text)
        text = re.sub(rf"_(?:{_GROUP}|(\w))", lambda m: _script(m, _LOWER, "_"), text)
        if text == before:
            break
    text = re.sub(r"\\([A-Za-z]+) ?", lambda m: _SYMBOLS.get(m[1], m[1]), text)
    text = re.sub(r"\\([,;:! ])", " ", text).replace(r"\\", "; ").replace("&", " ")
    return re.sub(r"\\([{}%$#_&|])", r"\1", text).strip()


def _script(match: re.Match[str], table: dict[str, str], mark: str) -> str:
    source = match[1] if match[1] is not None else match[2]
    if source and all(character in table for character in source):
        return "".join(table[character] for character in source)
    return f"{mark}({source})" if len(source) > 1 else f"{mark}{source}\u200b"
