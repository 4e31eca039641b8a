"""Read the many spellings of a Qwen3 model's name: Ollama's tags, LM Studio's keys, bare names.

    qwen3:30b-a3b-instruct-2507-q4_K_M    qwen3-32b-mlx    Qwen3 8B    qwen3-8b-mlx@4bit

A name is split into words. Each word must say something, and something new; otherwise the name is
not understood, so that a fine-tuned model is never taken for a released one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .family import FamilyMember, members

_NAME = re.compile(r"[a-z0-9.]+(?:[ :@_-][a-z0-9.]+)*")
_SEPARATORS = re.compile(r"[ :@_-]")
_FAMILY_WORDS = ("coder", "embedding", "reranker")
_SIZE = re.compile(r"\d+(\.\d+)?b")
_ACTIVE = re.compile(r"a\d+b")
_BITS = re.compile(r"(\d)bit")
_GGUF = re.compile(r"i?q(\d)")
# Words that follow `q4` in a GGUF quantization: `q4_k_m`, `q8_0`, `iq4_xs`.
_GGUF_ENDS = {"0", "1", "k", "l", "m", "nl", "s", "xl", "xs", "xxs"}
# Quantizations of other formats, and the nearest one of MLX.
_FOREIGN = {
    "awq": "4bit",
    "gptq": "4bit",
    "int4": "4bit",
    "mxfp4": "4bit",
    "nvfp4": "4bit",
    "int8": "8bit",
    "fp8": "8bit",
    "mxfp8": "8bit",
    "fp16": "bf16",
    "f16": "bf16",
    "fp32": "bf16",
    "f32": "bf16",
}
# A GGUF quantization has from 1 to 8 bits.
_NEAREST = {
    "1": "4bit",
    "2": "4bit",
    "3": "4bit",
    "4": "4bit",
    "5": "5bit",
    "6": "6bit",
    "7": "8bit",
    "8": "8bit",
}
_INSTRUCT, _THINKING, _BASE = "instruct-2507", "thinking-2507", "base"


class Spelled(NamedTuple):
    """The model that a name means. `written` is its quantization as the name has it, `q4_k_m`."""

    member: FamilyMember
    quantization: str | None
    written: str | None


def read(name: str) -> Spelled | None:
    """Return the released model that `name` means; None if the name is not understood."""
    if not name.isascii() or not _NAME.fullmatch(name.lower()):
        return None
    words = _SEPARATORS.split(name.lower())
    if words[:2] == ["qwen", "3"]:
        words[:2] = ["qwen3"]
    if words[:2] == ["text", "embedding"]:  # LM Studio's prefix
        del words[:2]
    if words[:1] != ["qwen3"]:
        return None
    said = _Said()
    rest = words[1:]
    while rest:
        taken = said.take(rest)
        if not taken:
            return None
        del rest[:taken]
    member = said.member()
    return None if member is None else Spelled(member, said.quantization, said.written())


class _Said:
    """The words of a name that were understood so far."""

    def __init__(self) -> None:
        self.quantization: str | None = None
        self._bits: str | None = None
        self._told: dict[str, str] = {}

    def take(self, words: list[str]) -> int:
        """Return how many of the first words were understood together; 0 if none."""
        word = words[0]
        if word in _FAMILY_WORDS:
            return self._tell("family", f"qwen3-{word}")
        if _SIZE.fullmatch(word):
            return self._tell("size", word)
        if _ACTIVE.fullmatch(word):
            return self._tell("active", word)
        if word in ("base", "instruct", "thinking", "2507", "mlx", "gguf"):
            return self._tell(word, word)
        return self._take_quantization(words)

    def member(self) -> FamilyMember | None:
        """Return the model; None if there is no such one."""
        family = self._told.get("family", "qwen3")
        variant = self._variant()
        if family != "qwen3":
            variant = "" if variant in ("", _INSTRUCT) and "2507" not in self._told else None
        for member in members():
            if member.family == family and member.variant == variant and self._is_size(member):
                return member
        return None

    def written(self) -> str | None:
        """Return how the name has its format and quantization: `q4_k_m`, `4bit-dwq`, `gguf`."""
        words = (self._bits, self._told.get("dwq"), None if self._bits else self._told.get("gguf"))
        return "-".join(filter(None, words)) or None

    def _variant(self) -> str | None:
        told = self._told.keys() & {"base", "instruct", "thinking"}
        if len(told) > 1 or ("base" in told and "2507" in self._told):
            return None
        if "thinking" in told:
            return _THINKING
        if "base" in told:
            return _BASE
        # LM Studio calls Instruct-2507 just 2507.
        return _INSTRUCT if "instruct" in told or "2507" in self._told else ""

    def _is_size(self, member: FamilyMember) -> bool:
        size, active = self._told.get("size"), self._told.get("active")
        if size is None:
            return active is None and member.is_default
        whole, _, of_member = member.size.lower().partition("-")
        return size == whole and active in (None, of_member)

    def _take_quantization(self, words: list[str]) -> int:
        word, taken = words[0], 1
        if word == "dwq":  # a method, which says nothing of the bits
            return self._tell("dwq", word)
        if word == "ud" and len(words) > 1 and _GGUF.fullmatch(words[1]):  # Unsloth's
            return self._tell("ud", word)
        if word.isdigit() and words[1:2] == ["bit"]:
            word, taken = f"{word}bit", 2
        if match := _GGUF.fullmatch(word):
            while taken < len(words) and words[taken] in _GGUF_ENDS:
                taken += 1
            return taken * self._quantized(_NEAREST.get(match[1]), "_".join(words[:taken]))
        if match := _BITS.fullmatch(word):
            return taken * self._quantized(_NEAREST.get(match[1]), word)
        kind = "bf16" if word == "bf16" else _FOREIGN.get(word)
        return self._quantized(kind, word)

    def _quantized(self, quantization: str | None, written: str) -> int:
        """Return 1 if this does not contradict what was said before."""
        if quantization is None or self.quantization not in (None, quantization):
            return 0
        self.quantization = quantization
        self._bits = self._bits or written
        return 1

    def _tell(self, what: str, value: str) -> int:
        """Return 1 unless this was said before."""
        if what in self._told:
            return 0
        self._told[what] = value
        return 1
