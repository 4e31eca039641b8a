"""Signing in to servers that run elsewhere, with OAuth as the SDK speaks it.

Tokens are in `tool-tokens.json`, which only its owner can read, and belong to one server's address.
A browser is asked for only when a person signs in; else a server that wants that is an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from secrets import compare_digest
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from ..errors import Qwen3MLXError
from ..quoting import printable, shortened
from ..settings.state import StateFile

if TYPE_CHECKING:
    import httpx2
    from mcp.client.auth import OAuthClientProvider
    from mcp.client.auth.oauth2 import OAuthContext
    from mcp.shared.auth import (
        AuthorizationCodeResult,
        OAuthClientInformationFull,
        OAuthToken,
    )
    from pydantic import BaseModel

T = TypeVar("T", bound="BaseModel")

# Seconds that a person has to sign in, and bytes of a request that the browser sends back.
SIGN_IN_PATIENCE, LARGEST_REQUEST = 300.0, 16 << 10
_NO_LINE = (asyncio.IncompleteReadError, asyncio.LimitOverrunError)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PAGE = b"<!doctype html><title>qwen3mlx</title><p>%s You can close this page."


class SignInError(Qwen3MLXError):
    """A person has to sign in, or could not."""

    code = "sign_in_failed"


class SignInNeededError(SignInError):
    """The server does not know who asks."""


class SignIn(NamedTuple):
    """`show` is called with the address at which a person signs in."""

    show: Callable[[str], object]
    returned: Returned

    async def redirect(self, address: str) -> None:
        if not _is_web(address):
            raise SignInError("its address for signing in is no web address")
        self.returned.state = parse_qs(urlsplit(address).query).get("state", [""])[0]
        self.show(address)

    async def code(self) -> AuthorizationCodeResult:
        try:
            return await asyncio.wait_for(self.returned.result, SIGN_IN_PATIENCE)
        except asyncio.TimeoutError:
            raise SignInError("nobody has signed in within 5 minutes") from None


class Tokens:
    """What the authorization server has given for `url`. The SDK's TokenStorage."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = StateFile("tool-tokens.json")
        self._context: OAuthContext | None = None

    def belong_to(self, context: OAuthContext) -> None:
        """Tell it when they expire and who renews them, which the SDK does not keep."""
        from mcp.shared.auth import OAuthMetadata

        self._context, saved = context, self._saved()
        expires_at = saved.get("expires_at")
        if isinstance(expires_at, (int, float)):
            context.token_expiry_time = expires_at
        context.oauth_metadata = _valid(OAuthMetadata, saved.get("server"))

    @property
    def are_there(self) -> bool:
        return "tokens" in self._saved()

    def forget(self) -> bool:
        """Delete them. Return False if there are none."""
        with self._file.edit() as values:
            return values.pop(self._url, None) is not None

    async def get_tokens(self) -> OAuthToken | None:
        from mcp.shared.auth import OAuthToken

        return _valid(OAuthToken, self._saved().get("tokens"))

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._save("tokens", _told(tokens))
        if self._context is not None:
            self._save("expires_at", self._context.token_expiry_time)
            metadata = self._context.oauth_metadata
            self._save("server", metadata and _told(metadata))

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        from mcp.shared.auth import OAuthClientInformationFull

        return _valid(OAuthClientInformationFull, self._saved().get("client"))

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._save("client", _told(client_info))

    def _saved(self) -> dict[str, Any]:
        saved = self._file.read().get(self._url)
        return saved if isinstance(saved, dict) else {}

    def _save(self, key: str, value: Any) -> None:
        with self._file.edit() as values:
            kept = values.get(self._url)
            values[self._url] = {**(kept if isinstance(kept, dict) else {}), key: value}


def provider(url: str, sign_in: SignIn | None) -> OAuthClientProvider | None:
    """What signs requests to `url`; None where nobody has signed in, or does so now."""
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientMetadata
    from pydantic import AnyUrl

    tokens = Tokens(url)
    if sign_in is not None:
        tokens.forget()  # the former ones name another place to return to
    elif not tokens.are_there:
        return None
    returns_to = sign_in.returned.address if sign_in else "http://127.0.0.1/signed-in"
    about = OAuthClientMetadata(
        client_name="qwen3mlx",
        redirect_uris=[AnyUrl(returns_to)],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    redirect, code = _nobody_is_there, _no_code
    if sign_in is not None:
        redirect, code = sign_in.redirect, sign_in.code
    made = OAuthClientProvider(url, about, tokens, redirect, code)
    tokens.belong_to(made.context)
    return made


def check_place(server: str, request: httpx2.Request) -> None:
    """Refuse a place that a server sends us to: secrets go over https, or stay where it is.

    A server could otherwise have us ask for addresses of this computer. Raises SignInError.
    """
    there, asked = urlsplit(server), request.url
    if (asked.host, asked.port or 0) == (there.hostname, there.port or 0):
        return
    is_near = asked.host in _LOOPBACK
    if is_near != (there.hostname in _LOOPBACK) or not (is_near or asked.scheme == "https"):
        raise SignInError(f"it refers to {asked.scheme}://{asked.host}, which is not safe to ask")


class Returned:
    """Where the browser comes back to: one request with the right state, and a code or an error."""

    def __init__(self) -> None:
        self.address = self.state = ""
        self.result: asyncio.Future[AuthorizationCodeResult] = asyncio.Future()

    def give_up(self) -> None:
        """Whoever waits for the browser waits no longer."""
        if not self.result.done():
            self.result.set_exception(SignInError("signing in was given up"))
            self.result.exception()  # perhaps nobody waits

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
            is_taken = self._take(head.decode("latin-1"))
            status = b"200 OK" if is_taken else b"404 Not Found"
            page = _PAGE % (b"Thank you." if is_taken else b"This is not what was waited for.")
            kind = b"Content-Type: text/html\r\nConnection: close\r\n\r\n"
            writer.write(b"HTTP/1.1 " + status + b"\r\n" + kind + page)
            await writer.drain()
        except (OSError, asyncio.TimeoutError, ValueError, *_NO_LINE):
            pass  # whoever asked so is no browser
        finally:
            writer.close()

    def _take(self, line: str) -> bool:
        from mcp.shared.auth import AuthorizationCodeResult

        words = line.split(" ")
        target = urlsplit(words[1]) if len(words) == 3 and words[0] == "GET" else urlsplit("")
        given = {key: values[0] for key, values in parse_qs(target.query).items()}
        is_ours = bool(self.state) and compare_digest(given.get("state", ""), self.state)
        if target.path != urlsplit(self.address).path or not is_ours or self.result.done():
            return False
        if "code" in given:
            told = AuthorizationCodeResult(
                code=given["code"], state=self.state, iss=given.get("iss")
            )
            self.result.set_result(told)
        else:
            why = shortened(printable(given.get("error", "no code")))
            self.result.set_exception(SignInError(f"signing in has failed ({why})"))
        return True


@asynccontextmanager
async def returning() -> AsyncIterator[Returned]:
    """Listen on this computer alone, at a free port."""
    returned = Returned()
    server = await asyncio.start_server(returned.answer, "127.0.0.1", 0, limit=LARGEST_REQUEST)
    async with server:
        port = server.sockets[0].getsockname()[1]
        returned.address = f"http://127.0.0.1:{port}/signed-in"
        yield returned


async def _nobody_is_there(address: str) -> None:
    raise SignInNeededError


async def _no_code() -> AuthorizationCodeResult:
    raise SignInNeededError


def _is_web(address: str) -> bool:
    parts = urlsplit(address)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return is_safe and address.isprintable() and " " not in address


def _told(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True)


def _valid(kind: type[T], value: Any) -> T | None:
    """What is saved; None for what somebody has written into the file by hand."""
    from pydantic import ValidationError

    try:
        return None if value is None else kind.model_validate(value)
    except ValidationError:
        return None
