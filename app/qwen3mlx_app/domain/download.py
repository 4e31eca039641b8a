"""Models that are not on this computer yet, as the server describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# Slower than a person reads, in tokens per second.
SLOW = 8.0
# Bytes from which on a model knows enough to be recommended for its speed.
CAPABLE = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model to download: one of the family, or what a search has found on a hub.

    `download` is the name to download it by, such as `hf:org/repo`. Sizes are bytes. `decode_tps`
    is the expected speed in tokens per second, None if unknown. Of what was found, the size (0) and
    the `verdict` (None) may be unknown, too; `num_downloads` is how often others downloaded it.
    """

    name: str
    model: str
    download: str
    capabilities: tuple[str, ...]
    size_bytes: int
    verdict: Literal["comfortable", "tight", "too-large"] | None
    largest_context: int
    needed_bytes: int
    limit_bytes: int
    decode_tps: float | None
    num_downloads: int | None

    @property
    def hub(self) -> str:
        """`hf`, `modelscope` or `kaggle`."""
        return self.download.partition(":")[0]

    @property
    def repo_id(self) -> str:
        """What that hub calls it."""
        return self.download.partition(":")[2]

    @property
    def is_for_code(self) -> bool:
        return "coder" in self.name


Use = Literal["best", "fast", "code", "search"]


def recommended(offers: Sequence[Offer]) -> dict[Use, Offer]:
    """The models to begin with, each for one use; those that do not fit are for none."""
    fitting = [offer for offer in offers if offer.verdict == "comfortable"]
    chats = [o for o in fitting if "chat" in o.capabilities and not o.is_for_code]
    readable = [o for o in chats if o.decode_tps is None or o.decode_tps >= SLOW]
    quick = [o for o in chats if o.size_bytes >= CAPABLE]
    picks: dict[Use, Offer | None] = {
        "best": max(readable or chats, key=lambda o: o.size_bytes, default=None),
        "fast": max(quick, key=lambda o: (o.decode_tps or 0, -o.size_bytes), default=None),
        "code": max(
            (o for o in fitting if o.is_for_code), key=lambda o: o.size_bytes, default=None
        ),
        "search": min(
            (o for o in fitting if "embedding" in o.capabilities),
            key=lambda o: o.size_bytes,
            default=None,
        ),
    }
    found: dict[Use, Offer] = {}
    for use, offer in picks.items():
        if offer is not None and offer not in found.values():
            found[use] = offer
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A job of the server. `error` says why it failed, or why it is tried again."""

    id: str
    model: str
    status: Literal["queued", "downloading", "paused", "completed", "failed"]
    downloaded_bytes: int
    total_bytes: int | None
    bytes_per_second: float
    error: str | None

    @property
    def share(self) -> float:
        """The part of it that has arrived, from 0 to 1; 0 as long as its size is not known."""
        return min(self.downloaded_bytes / self.total_bytes, 1.0) if self.total_bytes else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None as long as it cannot be said."""
        if self.status != "downloading" or not self.bytes_per_second or self.total_bytes is None:
            return None
        return (self.total_bytes - self.downloaded_bytes) / self.bytes_per_second
