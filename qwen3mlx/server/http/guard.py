"""Who may call: by the name of this server, from an allowed web page, with a key."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...quoting import quoted
from ..core.activity import Activity
from ..core.caller import Caller, set_caller
from ..origins import MAX_PORT, Origins
from ..settings import ServerSettings
from .error_responses import ErrorResponses
from .errors import ApiError, api_error
from .keys import Keys
from .scopes import needed_for
from .warning_headers import WARNING_HEADER
from .wrong_keys import WrongKeys

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

SAFE_METHODS = {"GET", "OPTIONS"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
WILDCARDS = {"0.0.0.0", "::"}
# https://www.rfc-editor.org/rfc/rfc9110#section-7.2, with the characters that names really have.
_HOST = re.compile(
    r"(?P<name>[a-z0-9_.-]+|\[(?P<ipv6>[0-9a-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?", re.IGNORECASE
)
# Suffixes that public DNS never resolves, but a local network may (.local: mDNS).
NEARBY = (".local", ".internal")


class HostGuard:
    """Refuses requests whose Host is not a name of this server.

    To a browser, a web page whose name was rebound to 127.0.0.1 has the same origin as this server,
    but Host still holds the page's name. Names that nobody can register are accepted from nearby
    callers: `*.localhost` is always this computer. A `*.local` or `*.internal` name could be
    rebound by somebody on the local network, so requests from web pages are refused for these.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, errors: ErrorResponses) -> None:
        self._app = app
        self._errors = errors
        self._names = LOOPBACK | {_plain(settings.host), *map(_plain, settings.allow_host)}
        own = _plain(socket.gethostname())
        self._nearby_names = {own, f"{own.partition('.')[0]}.local"} - {""}
        # A machine may have many addresses; a rebound name is never an address.
        self._any_address = settings.host in WILDCARDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = (
            Headers(scope=scope) if scope["type"] == "http" else Headers({"host": "localhost"})
        )
        host = headers.get("host")
        name = None if host is None else host_name(host)
        if self._is_known(name, headers, scope):
            await self._app(scope, receive, send)
        else:
            await self._errors.send(_wrong_host(host or "", name), scope, receive, send)

    def _is_known(self, name: str | None, headers: Headers, scope: Scope) -> bool:
        if name is None:  # no Host header: HTTP/1.0, which browsers do not use
            return _is_nearby(scope)
        if name in self._names or (self._any_address and _is_address(name)):
            return True
        if name in self._nearby_names or name.endswith(".localhost"):
            return _is_nearby(scope)
        return name.endswith(NEARBY) and _is_nearby(scope) and not _is_from_page(headers)


class OriginGuard:
    """CORS for the allowed origins; other web pages can neither read nor change anything.

    https://fetch.spec.whatwg.org/#http-cors-protocol
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, errors: ErrorResponses) -> None:
        self._app = app
        self._errors = errors
        self._allowed = Origins(settings.allow_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None or origin == f"{scope['scheme']}://{headers.get('host')}":
            await self._app(scope, receive, send)
        elif origin in self._allowed:
            await self._serve_allowed(origin, headers, scope, receive, send)
        elif scope["method"] in SAFE_METHODS and not _is_preflight(scope, headers):
            # Without CORS headers, the browser does not let the page read the reply.
            await self._app(scope, receive, send)
        else:
            message = (
                f"Web pages from {quoted(origin)} may not use this server; to allow them, start "
                "it with --allow-origin and this origin."
            )
            error = api_error(403, message, code="forbidden_origin")
            await self._errors.send(error, scope, receive, send)

    async def _serve_allowed(
        self, origin: str, headers: Headers, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["Access-Control-Allow-Origin"] = origin
                answer["Access-Control-Expose-Headers"] = f"Retry-After, {WARNING_HEADER}"
                answer.add_vary_header("Origin")
            await send(message)

        app = _preflight_reply(headers) if _is_preflight(scope, headers) else self._app
        await app(scope, receive, send_with_cors)


class KeyGuard:
    """Identifies the caller and checks that they may use the route.

    If there are no keys, programs on this computer may use models and get answers, as in LM Studio.
    Everything else, such as creating the first key, needs the token in the state folder, which the
    command line and the window send.
    """

    def __init__(
        self, app: ASGIApp, keys: Keys, activity: Activity, errors: ErrorResponses
    ) -> None:
        self._app = app
        self._keys = keys
        self._activity = activity
        self._errors = errors
        self._wrong_keys = WrongKeys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        needed = needed_for(scope["method"], scope["path"])
        secret = _secret(Headers(scope=scope))
        key = self._keys.find(secret) if secret else None
        if key is None and self._keys.required and needed != "open":
            await self._refuse(secret, scope, receive, send)
            return
        who = key.caller if key else _anonymous(scope)
        set_caller(who)
        self._activity.set_owner(who.owner)
        if needed == "own":
            who.check_own()  # `UnhandledErrors`, around this, replies to ForbiddenError
        elif needed is not None and needed != "open":
            who.check(needed)
        await self._app(scope, receive, send)

    async def _refuse(self, secret: str, scope: Scope, receive: Receive, send: Send) -> None:
        message = (
            "The API key is not valid for this server."
            if secret
            else "This server needs an API key"
            " in the Authorization header (Bearer) or in x-api-key."
        )
        if not self._keys.exist:
            message += (
                " All keys have been revoked: create one with `qwen3mlx keys create NAME`, or "
                "restart the server."
            )
        if secret:
            await self._wrong_keys.pause()
        error = api_error(401, message, code="invalid_api_key")
        await self._errors.send(error, scope, receive, send)


def _wrong_host(host: str, name: str | None) -> ApiError:
    if host and not name:
        message = f"The Host header is {quoted(host)}; it must be a name or address, and a port."
        return api_error(400, message, code="invalid_http")
    message = (
        f"{quoted(host)} is not a name of this server; to allow it, start the server with "
        "--allow-host and this name."
    )
    return api_error(403, message, code="forbidden_host")


def _anonymous(scope: Scope) -> Caller:
    """A caller without a key: all of this computer's are one, each other computer is another."""
    address = _client_address(scope)
    if address is None or address.is_loopback:
        return Caller("models", "local")
    return Caller("inference", f"address {address}")


def _secret(headers: Headers) -> str:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip()
    return headers.get("x-api-key", "").strip()


def _is_preflight(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "OPTIONS" and "access-control-request-method" in headers


def _preflight_reply(headers: Headers) -> Response:
    allowed: dict[str, Any] = {
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
        "Access-Control-Max-Age": "600",
    }
    if wanted := headers.get("access-control-request-headers"):
        allowed["Access-Control-Allow-Headers"] = wanted
    if "access-control-request-private-network" in headers:
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=allowed)


def host_name(host: str) -> str:
    """`Host` without its port; "" if it is not a valid host and port."""
    match = _HOST.fullmatch(host)
    if match is None or int(match["port"] or 0) > MAX_PORT:
        return ""
    if match["ipv6"] is not None and not _is_address(match["ipv6"]):
        return ""
    return _plain(match["name"])


def _plain(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _is_nearby(scope: Scope) -> bool:
    """The client is on this computer or on a private network."""
    address = _client_address(scope)
    return address is not None and (address.is_loopback or address.is_private)


def _client_address(scope: Scope) -> IPAddress | None:
    """None if there is none, as over a Unix socket."""
    address = _address(scope["client"][0]) if scope.get("client") else None
    return getattr(address, "ipv4_mapped", None) or address


def _is_from_page(headers: Headers) -> bool:
    """Browsers always send Accept-Language; a page can change the header but not remove it.

    Node's fetch sends it too, but with a Sec-Fetch-Mode, which browsers only send to secure
    servers.
    """
    if any(name in headers for name in ("origin", "referer", "sec-fetch-site")):
        return True
    return "accept-language" in headers and "sec-fetch-mode" not in headers


def _is_address(name: str) -> bool:
    return _address(name) is not None


def _address(name: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
