"""Search Hugging Face for models that can run here: Qwen3 with safetensors weights."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ..errors import DownloadError, UnreachableError
from ..library.names import is_repository
from ..quoting import printable
from .listing import LARGEST_LISTING, SILENCE_SECONDS
from .offline import is_offline

# The hub marks a model with its architecture.
_TAGS = {"qwen3", "qwen3_moe"}
# What is asked for, of which some do not run here.
_ASKED = 100


class Found(NamedTuple):
    """A repository; `updated` is a day as `2026-01-31`, empty if the hub does not say."""

    repo_id: str
    downloads: int
    updated: str


def search(words: str, *, limit: int) -> list[Found]:
    """Return up to `limit` repositories that match, the most downloaded first.

    Raises DownloadError.
    """
    from huggingface_hub import constants

    if is_offline():
        raise DownloadError("HF_HUB_OFFLINE forbids to search: unset it.")
    options = {
        "search": words,
        "filter": "safetensors",
        "sort": "downloads",
        "direction": "-1",
        "limit": str(_ASKED),
    }
    rows = _asked(f"{constants.ENDPOINT}/api/models", options, constants.ENDPOINT)
    return [found for row in rows if (found := _found(row)) is not None][:limit]


def _asked(url: str, options: dict[str, str], hub: str) -> list[Any]:
    import httpx2
    from huggingface_hub.utils._headers import build_hf_headers

    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    body = b""
    try:
        with httpx2.stream(
            "GET", url, params=options, headers=headers, timeout=SILENCE_SECONDS
        ) as reply:
            if reply.status_code != 200:
                raise UnreachableError(
                    f"{hub} failed with status {reply.status_code}: try again later."
                )
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > LARGEST_LISTING:
                    raise DownloadError(f"{hub} returned a list without end: use another hub.")
        rows = json.loads(body)
    except httpx2.HTTPError as error:
        raise UnreachableError(
            f"{hub} cannot be reached ({type(error).__name__}): check the connection."
        ) from error
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        raise DownloadError(f"{hub} returned no list of models (a page to log in?): try later.")
    return rows


def _found(row: Any) -> Found | None:
    """None for what cannot run here, or is not a model."""
    if not isinstance(row, dict):
        return None
    repo_id, tags = row.get("id"), row.get("tags")
    if not isinstance(repo_id, str) or not is_repository(repo_id):
        return None
    if not isinstance(tags, list) or not any(tag in _TAGS for tag in tags if isinstance(tag, str)):
        return None
    downloads, updated = row.get("downloads"), row.get("lastModified")
    return Found(
        repo_id,
        downloads if type(downloads) is int else 0,
        printable(updated[:10]) if isinstance(updated, str) else "",
    )
