"""Strings <-> tokens: tokenizer, chat template, and the parsers of a streamed answer.

Never imports mlx; heavy libraries load on first use. `Tokenizer` encodes and decodes; `ChatPrompt`
is a rendered chat that knows which of its text is data; `AnswerStream` turns an answer's token ids
into `Reasoning`, `Content` and `ToolCallDelta`, and stops at stop strings.
"""

from .answer import AnswerStream
from .call_format import CallFormat
from .control_tokens import ChatPrompt
from .deltas import Content, Delta, Reasoning, ToolCallDelta
from .media import check_new_message, is_media, left_out
from .messages import open_thought, soft_switch
from .reasoning import reasoning_start
from .text_form import TextForm
from .tokenizer import Tokenizer, load_tokenizer

__all__ = [
    "AnswerStream",
    "CallFormat",
    "ChatPrompt",
    "Content",
    "Delta",
    "Reasoning",
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
