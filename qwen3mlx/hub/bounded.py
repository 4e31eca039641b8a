"""Ask a hub for a small answer, with limits on its size and its time."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import DownloadError, ModelNotFoundError, UnreachableError
from .environment import check_hub, check_token
from .listing import LARGEST_LISTING, SILENCE_SECONDS
from .sources import HUGGING_FACE

# Seconds that an answer may take as a whole.
PATIENCE = 60.0


class Hub(NamedTuple):
    """The address of a hub, and the headers of requests to it."""

    url: str
    headers: Mapping[str, str]


def hub_of(source: str) -> Hub:
    """Return Hugging Face or ModelScope, as the user's environment has them."""
    plain = {"Accept-Encoding": "identity"}
    if source == HUGGING_FACE:
        from huggingface_hub import constants

        check_hub(constants.ENDPOINT)
        from huggingface_hub import get_token
        from huggingface_hub.utils._headers import build_hf_headers

        check_token(get_token(), constants.ENDPOINT)
        return Hub(constants.ENDPOINT, {**build_hf_headers(), **plain})
    from .sources.modelscope import endpoint

    token = os.environ.get("MODELSCOPE_API_TOKEN")
    check_hub(endpoint())
    check_token(token, endpoint())
    return Hub(endpoint(), {**plain, **({"Authorization": f"Bearer {token}"} if token else {})})


def ask(
    hub: Hub, path: str, options: Mapping[str, str | Sequence[str]], most: int = LARGEST_LISTING
) -> bytes:
    """Return the body of a reply to GET. Raises DownloadError, UnreachableError,
    ModelNotFoundError.
    """
    import httpx2

    body, end = b"", time.monotonic() + PATIENCE
    try:
        with httpx2.stream(
            "GET",
            f"{hub.url}{path}",
            params=dict(options),
            headers=dict(hub.headers),
            timeout=SILENCE_SECONDS,
            follow_redirects=True,
        ) as reply:
            if reply.status_code == 404:
                raise ModelNotFoundError(f"{hub.url} does not have this: check the name.")
            if reply.status_code != 200:
                raise UnreachableError(
                    f"{hub.url} failed with status {reply.status_code}: try again later."
                )
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > most:
                    raise DownloadError(f"{hub.url} sent an answer without end: use another hub.")
                if time.monotonic() > end:
                    raise UnreachableError(f"{hub.url} answers too slowly: try again later.")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise UnreachableError(
            f"{hub.url} cannot be reached ({type(error).__name__}): check the connection."
        ) from error
    return body
