"""Search Hugging Face and ModelScope for models that can run here: Qwen3 with safetensors.

Hugging Face's interface is that of its client's `list_models`, ModelScope's that of its OpenAPI,
`/openapi/v1/models`. What they return is data: names are checked, texts are printable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import DownloadError, UnreachableError, UsageError
from ..library.names import GGUF, is_repository
from ..quoting import printable
from .bounded import ask, hub_of
from .offline import is_offline
from .sources import HUGGING_FACE, MODELSCOPE

# Hugging Face marks a model with its architecture.
_TAGS = {"qwen3", "qwen3_moe"}
# ModelScope does not, so that the name has to tell: no Qwen3-VL, Qwen3-Next or Qwen3.5.
_OURS = re.compile(r"qwen-?3(?![.\d])(?!-(?:vl|omni|next|asr|tts|coder-next|guard-stream))", re.I)
# What is asked for, of which some do not run here; ModelScope allows no more.
_ASKED = 100
_ASKED_OF_MODELSCOPE = 50
# Bytes of the numbers in a safetensors file.
_WIDTHS = {"64": 8, "32": 4, "16": 2, "8": 1}


class Found(NamedTuple):
    """A repository of a hub; `size_bytes` is None if the hub does not say.

    `updated` is a day as `2026-01-31`, empty if the hub does not say.
    """

    source: str
    repo_id: str
    downloads: int
    updated: str
    size_bytes: int | None


def search(words: str, *, source: str, limit: int) -> list[Found]:
    """Return up to `limit` repositories that match, the most downloaded first.

    Raises DownloadError, UnreachableError, and UsageError for another hub, such as Kaggle.
    """
    if source not in (HUGGING_FACE, MODELSCOPE):
        raise UsageError(f"{printable(source)} cannot be searched: use hf or modelscope.")
    found = _on_hugging_face(words) if source == HUGGING_FACE else _on_modelscope(words)
    return list({each.repo_id.casefold(): each for each in found}.values())[:limit]


def _on_hugging_face(words: str) -> Iterator[Found]:
    if is_offline():
        raise DownloadError("HF_HUB_OFFLINE forbids to search: unset it.")
    hub = hub_of(HUGGING_FACE)
    options = {
        "search": words,
        "filter": "safetensors",
        "sort": "downloads",
        "direction": "-1",
        "limit": str(_ASKED),
        "expand": ["downloads", "lastModified", "tags", "safetensors"],
    }
    for row in _rows(ask(hub, "/api/models", options), hub.url):
        tags = row.get("tags")
        listed = tags if isinstance(tags, list) else []
        if any(tag in _TAGS for tag in listed if isinstance(tag, str)):
            updated, size = row.get("lastModified"), _weights(row.get("safetensors"))
            yield from _found(HUGGING_FACE, row, updated, size)


def _on_modelscope(words: str) -> Iterator[Found]:
    hub = hub_of(MODELSCOPE)
    options = {
        "search": words if "qwen" in words.casefold() else f"Qwen3 {words}",
        "sort": "downloads",
        "page_number": "1",
        "page_size": str(_ASKED_OF_MODELSCOPE),
    }
    for row in _rows(ask(hub, "/openapi/v1/models", options), hub.url, "data", "models"):
        name = str(row.get("id")).rpartition("/")[2]
        if _OURS.search(name) and not GGUF.search(name):
            size = row.get("file_size")
            known = type(size) is int and 0 < size < 1 << 50
            yield from _found(MODELSCOPE, row, row.get("last_modified"), size if known else None)


def _rows(body: bytes, hub: str, *keys: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list, which is below `keys`."""
    try:
        rows = json.loads(body)
        for key in keys:
            rows = rows[key]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        rows = None
    if not isinstance(rows, list):
        raise UnreachableError(f"{hub} returned no list of models (a page to log in?): try later.")
    return [row for row in rows if isinstance(row, dict)]


def _found(
    source: str, row: Mapping[str, Any], updated: object, size: int | None
) -> Iterator[Found]:
    repo_id, downloads = row.get("id"), row.get("downloads")
    if isinstance(repo_id, str) and is_repository(repo_id):
        yield Found(
            source,
            repo_id,
            downloads if type(downloads) is int and downloads > 0 else 0,
            printable(updated[:10]) if isinstance(updated, str) else "",
            size,
        )


def _weights(told: object) -> int | None:
    """Return the bytes of what Hugging Face counted in the safetensors files, by type."""
    counts = told.get("parameters") if isinstance(told, dict) else None
    if not isinstance(counts, dict) or not counts:
        return None
    total = 0
    for kind, count in counts.items():
        bits = re.match(r"(?:BF|[FIU])(64|32|16|8)", kind)
        if bits is None or type(count) is not int or not 0 <= count < 1 << 50:
            return None
        total += count * _WIDTHS[bits[1]]
    return total or None
