"""The caller and its permissions: set once per HTTP request, and checked where they matter."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Literal, NamedTuple, get_args

from ...errors import Qwen3MLXError
from ...quoting import quoted

Scope = Literal["inference", "models", "admin"]
# Each includes the ones before it.
SCOPES: tuple[Scope, ...] = get_args(Scope)


class ForbiddenError(Qwen3MLXError):
    """The caller may use the server, but not do this."""

    code = "insufficient_scope"


class Caller(NamedTuple):
    """`owner` owns what a request leaves behind, which no other owner can see.

    `name` is the name of the key, empty for callers without one. `is_own` are the window and the
    command line of the person whose server this is.
    """

    scope: Scope
    owner: str
    name: str = ""
    is_own: bool = False

    def may(self, scope: Scope) -> bool:
        return SCOPES.index(self.scope) >= SCOPES.index(scope)

    def check(self, scope: Scope) -> None:
        """Raises ForbiddenError, which says what scope is needed."""
        if self.may(scope):
            return
        whose = f"key {quoted(self.name)} has" if self.name else "callers without a key have"
        raise ForbiddenError(
            f"This requires the scope {scope}, but {whose} {self.scope}. Use a key created with "
            f"`qwen3mlx keys create NAME --scope {scope}`, or use the app."
        )

    def check_own(self) -> None:
        """Raises ForbiddenError for all but the person's own window and command line."""
        if not self.is_own:
            raise ForbiddenError(
                "Only the app and the command line of the server's owner may do this: no key can."
            )


_NOBODY = Caller("inference", "nobody")
_caller: ContextVar[Caller] = ContextVar("_caller", default=_NOBODY)


def caller() -> Caller:
    """The caller of the current HTTP request; outside of one, a caller with the least rights."""
    return _caller.get()


def set_caller(who: Caller) -> None:
    """Set the caller for the rest of the request, including its tasks and `asyncio.to_thread`
    threads.
    """
    _caller.set(who)
