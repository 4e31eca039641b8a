"""A fault in a chat template, before its file is known."""

from __future__ import annotations


class TemplateFault(Exception):
    """`reason` in a few words; `line` in the template, if known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
