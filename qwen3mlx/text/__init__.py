"""Strings <-> tokens: tokenizer, chat template, and the parsers of a streamed answer.

docs/architecture.md has the contract. Never imports mlx; heavy libraries load when first used.
What makes grammars (`grammar_source`) and checks answers (`answer_check`) is imported by the
processes of grammars alone.
"""

from .answer import AnswerStream
from .control_tokens import ChatPrompt
from .deltas import Content, Delta, Reasoning, ToolCallDelta
from .media import check_new_message, is_media, left_out
from .messages import open_thought, soft_switch
from .reasoning import ReasoningStart, reasoning_start
from .text_form import TextForm
from .tokenizer import Tokenizer, load_tokenizer

__all__ = [
    "AnswerStream",
    "ChatPrompt",
    "Content",
    "Delta",
    "Reasoning",
    "ReasoningStart",
    "TextForm",
    "Tokenizer",
    "ToolCallDelta",
    "check_new_message",
    "is_media",
    "left_out",
    "load_tokenizer",
    "open_thought",
    "reasoning_start",
    "soft_switch",
]
