"""What the server offers to download, and its downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..domain import Download, Offer
from .endpoint_json import as_value
from .http import Call, Failed
from .json_api import OWN, JsonApi


class DownloadApi(JsonApi):
    """Each call ends with `done` or `failed`, later, on the event loop."""

    def offers(self, *, done: Callable[[list[Offer]], None], failed: Failed) -> Call:
        """Ask for the whole family, as it would run on this computer; nothing is downloaded."""
        return self._ask("GET", f"{OWN}/fit", read=_offers, done=done, failed=failed)

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
            },
        )
        for model in reply["models"]
    ]


def _download(job: Mapping[str, Any]) -> Download:
    return as_value(Download, job)
