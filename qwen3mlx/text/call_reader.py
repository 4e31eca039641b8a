"""What the parsers of both forms of a tool call have in common."""

from __future__ import annotations

from .json_scanner import Status


class CallReader:
    """A call that arrives in pieces.

    The call is `ready` once its name is known and its arguments are known to be an object; from
    then on `take()` returns the arguments as they arrive. `unsent` is text that was read but not
    yet returned: it is shown as content if the call turns out to be malformed.
    """

    def __init__(self) -> None:
        self.status: Status = "open"
        self.ready = False
        self.name = ""
        self._arguments: list[str] = []
        self._unsent: list[str] = []

    @property
    def unsent(self) -> str:
        return "".join(self._unsent)

    def take(self) -> str:
        """Return the arguments that arrived since the last call; only valid once `ready`."""
        arguments, self._arguments = "".join(self._arguments), []
        return arguments
