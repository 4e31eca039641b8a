"""Whether requests can be made at all with the address, token and proxies that the user has set."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..quoting import quoted


def check_hub(hub: str) -> None:
    """Raise ConfigurationError for an address of a hub, or a proxy, that cannot be used.

    `huggingface_hub` (2.4) cannot be imported with some of them.
    """
    if not _is_address(hub):
        raise ConfigurationError(
            f"{quoted(hub)} is no address of a hub: write it as in https://huggingface.co."
        )
    _check_proxies()


def check_token(token: str | None, hub: str) -> None:
    """Raise ConfigurationError for a token that no request can carry; it is not shown."""
    if token is not None and not (token.isascii() and token.isprintable()):
        raise ConfigurationError(
            f"The token for {hub} holds characters that no token has: copy it again."
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def _check_proxies() -> None:
    import httpx2

    try:
        httpx2.Client().close()  # which reads HTTPS_PROXY and its like
    except ImportError:
        raise ConfigurationError(
            "A SOCKS proxy cannot be used: set ALL_PROXY and HTTPS_PROXY to the proxy's address "
            "for HTTP, as in http://127.0.0.1:7890."
        ) from None
    except (httpx2.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            f"The proxy in ALL_PROXY, HTTP_PROXY or HTTPS_PROXY cannot be used ({error}): correct "
            "its address."
        ) from None
