"""What the server says, word by word: `{0}` stands for a part of a sentence that differs.

A test finds sentences of the server that are missing here.
"""

from __future__ import annotations

from . import conversions, models, tools

MESSAGES: tuple[str, ...] = tuple(
    str(message) for each in (tools, models, conversions) for message in each.MESSAGES
)
