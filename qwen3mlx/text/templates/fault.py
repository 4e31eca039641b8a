"""What is wrong with a chat template, before it is known whose it is."""

from __future__ import annotations


class TemplateFault(Exception):
    """`reason` in a few words; `line` is the template's own, where it is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
