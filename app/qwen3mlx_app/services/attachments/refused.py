"""Why a file cannot be attached."""

from __future__ import annotations


class AttachmentRefused(Exception):
    """The message says why, in the language of the window.

    `sentence` is already translated; the values in braces are filled in here.
    """

    def __init__(self, sentence: str, name: str, **values: object) -> None:
        super().__init__(sentence.format(name=name, **values))
        self.sentence = sentence
        self.values = values
