"""Who calls, and what they may do: set once for each HTTP request, asked wherever it matters."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

from ...errors import Qwen3MLXError
from ...quoting import quoted

Scope = Literal["inference", "models", "admin"]
# Each holds those before it.
SCOPES: tuple[Scope, ...] = get_args(Scope)


class ForbiddenError(Qwen3MLXError):
    """The caller may use the server, but not for this."""

    code = "insufficient_scope"


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is whose the things are that a request leaves behind: no other owner sees them.

    `name` is what a key is called; empty for callers without one.
    """

    scope: Scope
    owner: str
    name: str = ""

    def may(self, scope: Scope) -> bool:
        return SCOPES.index(self.scope) >= SCOPES.index(scope)

    def check(self, scope: Scope) -> None:
        """Raises ForbiddenError, which says what would help."""
        if self.may(scope):
            return
        whose = f"the key {quoted(self.name)} has" if self.name else "callers without a key have"
        raise ForbiddenError(
            f"This needs the scope {scope}, and {whose} {self.scope}: use a key made with "
            f"`qwen3mlx keys create NAME --scope {scope}`, or do it in the window."
        )


_NOBODY = Caller("inference", "nobody")
_caller: ContextVar[Caller] = ContextVar("_caller", default=_NOBODY)


def caller() -> Caller:
    """That of the HTTP request this code runs for; outside of any, one who may do least."""
    return _caller.get()


def set_caller(who: Caller) -> None:
    """For the rest of the request, its threads of `asyncio.to_thread` and its tasks too."""
    _caller.set(who)
