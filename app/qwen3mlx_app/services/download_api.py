"""What the server offers to download, and its downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from ..domain import Download, Offer
from .endpoint_json import as_value
from .http import Call, Failed
from .json_api import OWN, JsonApi
from .server_errors import said


class DownloadApi(JsonApi):
    """Each call ends with `done` or `failed`, later, on the event loop."""

    def offers(self, *, done: Callable[[list[Offer]], None], failed: Failed) -> Call:
        """Ask for the whole family, as it would run on this computer; nothing is downloaded."""
        return self._ask("GET", f"{OWN}/fit", read=_offers, done=done, failed=failed)

    def search(
        self, words: str, source: str, *, done: Callable[[list[Offer]], None], failed: Failed
    ) -> Call:
        """Ask the hub `source`, `hf` or `modelscope`, for models with these words."""
        query = urlencode({"words": words, "source": source})
        return self._ask("GET", f"{OWN}/search?{query}", read=_hits, done=done, failed=failed)

    def card(self, model: str, *, done: Callable[[str], None], failed: Failed) -> Call:
        """Ask for a model's card, such as that of `hf:org/repo`: text that a stranger wrote."""
        path = f"{OWN}/search/card?{urlencode({'model': model})}"
        return self._ask(
            "GET", path, read=lambda reply: str(reply["text"]), done=done, failed=failed
        )

    def watch(self, *, on_downloads: Callable[[list[Download]], None], ended: Failed) -> Call:
        """Report all downloads, and again whenever one has changed, until the call is aborted."""
        return self._watch(
            f"{OWN}/downloads/events",
            "downloads",
            read=lambda reply: [_download(job) for job in reply["downloads"]],
            on_value=on_downloads,
            ended=ended,
        )

    def start(self, model: str, *, done: Callable[[Download], None], failed: Failed) -> Call:
        return self._do("POST", "", {"model": model}, done=done, failed=failed)

    def pause(self, job_id: str, *, done: Callable[[Download], None], failed: Failed) -> Call:
        return self._do("POST", "/pause", {"id": job_id}, done=done, failed=failed)

    def resume(self, job_id: str, *, done: Callable[[Download], None], failed: Failed) -> Call:
        return self._do("POST", "/resume", {"id": job_id}, done=done, failed=failed)

    def remove(self, job_id: str, *, done: Callable[[Download], None], failed: Failed) -> Call:
        """Stop and forget a download; what has arrived of a file that is not whole is deleted."""
        return self._do("DELETE", "", {"id": job_id}, done=done, failed=failed)

    def _do(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        done: Callable[[Download], None],
        failed: Failed,
    ) -> Call:
        return self._ask(
            method, f"{OWN}/downloads{path}", body, read=_download, done=done, failed=failed
        )


def _offers(reply: Any) -> list[Offer]:
    return [
        as_value(
            Offer,
            {
                **model,
                "capabilities": tuple(model["capabilities"]),
                "decode_tps": model["speed"]["decode_tps"] if model["speed"] else None,
                "num_downloads": None,
            },
        )
        for model in reply["models"]
    ]


def _hits(reply: Any) -> list[Offer]:
    return [_hit(model) for model in reply["models"]]


def _hit(model: Mapping[str, Any]) -> Offer:
    fit, speed = model["fit"] or {}, model["speed"] or {}
    return Offer(
        name=model["model"],
        model=model["model"],
        download=model["download"],
        capabilities=(),
        size_bytes=model["size_bytes"] or 0,
        verdict=fit.get("verdict"),
        largest_context=fit.get("largest_context", 0),
        needed_bytes=fit.get("needed_bytes", 0),
        limit_bytes=fit.get("limit_bytes", 0),
        decode_tps=speed.get("decode_tps"),
        num_downloads=model["downloads"],
    )


def _download(job: Mapping[str, Any]) -> Download:
    error = job["error"]
    code = str(job.get("error_code"))
    return as_value(Download, {**job, "error": error and said(code, str(error))})
