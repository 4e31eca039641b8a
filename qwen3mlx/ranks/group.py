"""The ranks of one model: checked, loaded, asked together, and ended together."""

from __future__ import annotations

import math
import queue
import shlex
import time
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ..config import LoadOptions, ModelConfig
from ..errors import MemoryBudgetError, ModelNotFoundError, UnavailableError
from ..model.parallel import Share, layer_bytes, part_bytes, pipeline_shares, tensor_shares
from ..quoting import size_text
from ..settings.state import state_home
from .fingerprint import fingerprint, versions
from .hosts import Host, Hosts
from .link import Link, Said
from .network import Network
from .wire import line, unpacked

# Seconds for which the ranks that have not replied are waited for, once one reports a fault: what
# only one of them meets leaves the others waiting for it in a collective.
FAULT_PATIENCE = 5.0
# Seconds for which a computer has to say what it has.
START_PATIENCE = 60.0
# Seconds between two looks at whether all ranks run, and a load is still wanted.
_LOOK = 0.5

Report = Callable[[int, int], None]


class Held(NamedTuple):
    """What a rank holds, in bytes; `limit` is what it may hold."""

    limit: int
    nbytes: int
    bytes_per_token: int
    num_layers: int
    max_chunk: int

    @property
    def tokens(self) -> float:
        """Return how many tokens have room beside the weights."""
        return (self.limit - self.nbytes) / self.bytes_per_token


class Part(NamedTuple):
    """What a computer would hold of a model, in bytes, and what it may hold."""

    host: str
    layers: int
    ranks: int
    needed_bytes: int
    limit_bytes: int


class Group:
    """The processes of a model. All methods but `fault` belong to the engine's thread.

    `load` starts them. Once one of them is lost, all are ended, and `fault` says why.
    """

    def __init__(self, hosts: Hosts, model_id: str, folder: Path) -> None:
        self._hosts = hosts
        self._model_id = model_id
        self._folder = folder
        self._inbox: queue.SimpleQueue[Said] = queue.SimpleQueue()
        self._links: list[Link] = []
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        """Why the group cannot answer, in one sentence; None if it can."""
        if self._fault is None:
            lost = next((link for link in self._links if link.is_lost), None)
            return None if lost is None else f"{_name(lost)} was lost"
        return self._fault

    @property
    def process_ids(self) -> list[int]:
        return [link.process.pid for link in self._links]

    def load(self, options: LoadOptions, on_progress: Report) -> Held:
        """Start the ranks, check all of them, and load; return what the fullest one holds.

        Raises UnavailableError, which names each host that cannot take part, MemoryBudgetError,
        UsageError; then no process is left.
        """
        try:
            facts = self._check()
            shares = self._shares(facts)
            loaded = self._load(shares, facts, options, on_progress)
        except BaseException:
            self.close()
            raise
        limits = [each["limit"] for each in facts]
        held = [Held(limit, **each) for limit, each in zip(limits, loaded, strict=True)]
        return min(held, key=lambda each: each.tokens)

    def survey(self) -> list[Part]:
        """Return what each computer would hold; no process is left. Raises as `load` does."""
        try:
            facts = self._check()
            return [
                Part(
                    _name(link),
                    len(share.layers),
                    share.size if share.is_tensor else 1,
                    part_bytes(self._folder, share),
                    fact["limit"],
                )
                for link, share, fact in zip(self._links, self._shares(facts), facts, strict=True)
            ]
        finally:
            self.close()

    def ask(self, name: str, values: Any) -> list[dict[str, Any]]:
        """Send a command to all ranks, and return their replies in order.

        Raises UnavailableError if a rank is lost or cannot do what the others can.
        """
        data = line({name: values})
        for link in self._links:
            link.send(data)
        replies = self._collect()
        failed = [reply for reply in replies.values() if "error" in reply]
        if failed:
            self._end(f"A computer of the group failed ({unpacked(failed[0])})")
        return [replies[rank] for rank in sorted(replies)]

    def disagree(self) -> NoReturn:
        """End the group, because its ranks have drawn different tokens. Raises UnavailableError."""
        self._end("The computers of the group disagree")

    def close(self, *, now: bool = False) -> None:
        """End all processes."""
        for link in self._links:
            link.close(now=now)
        self._links.clear()

    # Starting

    def _check(self) -> list[dict[str, Any]]:
        """Start the ranks, and return what their computers have.

        Raises UnavailableError for all that is wrong.
        """
        for rank, host in enumerate(self._hosts.hosts):
            self._links.append(Link(rank, host, self._inbox))
        locks = str(state_home() / "ranks")
        for link in self._links:
            host = link.host
            names = [str(self._folder)] if host.is_local else [self._model_id, str(self._folder)]
            values = {
                "names": names,
                "rank": link.rank,
                "locks": locks if host.is_local else None,
                "ips": self._connected(link),
                "port": host.port,
                "backend": self._hosts.backend,
                "rdma": host.rdma,
                "envs": self._hosts.envs,
            }
            link.send(line({"check": values}))
        replies = self._collect(starting=True)
        own = {"version": versions(), "checkpoint": fingerprint(self._folder)}
        faults = [
            f"{_name(link)}: {fault}"
            for link in self._links
            if (fault := _fault_of(link, replies[link.rank], own, self._folder)) is not None
        ]
        if faults:
            raise UnavailableError("; ".join(faults) + ".")
        return [replies[link.rank]["facts"] for link in self._links]

    def _connected(self, link: Link) -> tuple[str, ...]:
        """Return the addresses that others connect to: with JACCL they meet at the first rank's."""
        if self._hosts.backend == "ring":
            return link.host.ips
        return () if link.rank else link.host.ips[:1]

    def _shares(self, facts: list[dict[str, Any]]) -> tuple[Share, ...]:
        """Return what each rank gets. Raises UsageError, MemoryBudgetError."""
        config = ModelConfig.from_folder(self._folder)
        if self._hosts.parallel == "tensor":
            shares = tensor_shares(config, len(facts))
        else:
            each = layer_bytes(self._folder)
            outside = [
                part_bytes(self._folder, Share(r, len(facts), range(0), False))
                for r in range(len(facts))
            ]
            room = [fact["limit"] - used for fact, used in zip(facts, outside, strict=True)]
            shares = pipeline_shares(each, room)
        for link, share, fact in zip(self._links, shares, facts, strict=True):
            needed = part_bytes(self._folder, share)
            if needed > fact["limit"]:
                raise MemoryBudgetError(
                    f"{_name(link)} has room for {size_text(fact['limit'])}, and its part of "
                    f"{self._model_id} takes {size_text(needed)}: use more computers or fewer bits."
                )
        return shares

    def _load(
        self,
        shares: tuple[Share, ...],
        facts: list[dict[str, Any]],
        options: LoadOptions,
        on_progress: Report,
    ) -> list[dict[str, Any]]:
        addresses = [
            [f"{ip}:{port}" for ip, port in zip(self._connected(link), fact["ports"], strict=True)]
            for link, fact in zip(self._links, facts, strict=True)
        ]
        rdma = [host.rdma for host in self._hosts.hosts]
        network = Network(self._hosts.backend, addresses, rdma)
        chosen = {
            "context_length": options.context_length,
            "rope_scaling": None if options.rope_scaling is None else dict(options.rope_scaling),
            "kv_bits": options.kv_bits,
            "quantize": options.quantize,
        }
        for link, share in zip(self._links, shares, strict=True):
            part = [share.rank, share.size, share.layers.start, share.layers.stop, share.is_tensor]
            link.send(line({"load": {"share": part, "network": network, "options": chosen}}))
        replies = self._collect(on_progress)
        for link in self._links:
            if "error" in replies[link.rank]:
                error = unpacked(replies[link.rank])
                raise UnavailableError(f"{_name(link)} cannot load its part: {error}")
        return [replies[link.rank]["loaded"] for link in self._links]

    # Replies

    def _collect(
        self, on_progress: Report | None = None, *, starting: bool = False
    ) -> dict[int, dict[str, Any]]:
        """Return one reply of each rank. One that has ended while `starting` replies with nothing;
        later that ends the group. Raises UnavailableError.
        """
        replies: dict[int, dict[str, Any]] = {}
        progress: dict[int, Sequence[int]] = {}
        until = time.monotonic() + START_PATIENCE if starting else math.inf
        while len(replies) < len(self._links):
            try:
                rank, message = self._inbox.get(timeout=_LOOK)
            except queue.Empty:
                self._check_there(replies, until, starting=starting)
            else:
                if message is None and not starting:
                    self._end(f"{_name(self._links[rank])} was lost")
                elif message is not None and "progress" in message:
                    progress[rank] = message["progress"]
                else:
                    replies[rank] = message or {}
                    if _is_fault(replies[rank]) and not starting:
                        until = min(until, time.monotonic() + FAULT_PATIENCE)
            if on_progress is not None:
                on_progress(*_slowest(progress, len(self._links)))
        return replies

    def _check_there(self, replies: Container[int], until: float, *, starting: bool) -> None:
        """Raises UnavailableError for a rank from which no reply will come."""
        for link in self._links:
            if not starting and link.is_lost:
                self._end(f"{_name(link)} was lost")
            if link.rank not in replies and time.monotonic() > until:
                self._end(f"{_name(link)} does not answer")

    def _end(self, why: str) -> NoReturn:
        self._fault = why
        self.close(now=True)
        raise UnavailableError(f"{why}: send the request again.")


def _fault_of(link: Link, reply: dict[str, Any], own: dict[str, str], folder: Path) -> str | None:
    """Return why a computer cannot take part."""
    if not reply:
        return link.last_words
    if "error" in reply:
        error = unpacked(reply)
        said = str(error).rstrip(".")
        missing = isinstance(error, ModelNotFoundError)
        return f"{said}, or here {_copying(folder, link.host)}" if missing else said
    if "facts" not in reply:
        return "it does not answer"
    facts = reply["facts"]
    if facts["version"] != own["version"]:
        return f"it has version {facts['version']}, and this computer {own['version']}"
    if facts["checkpoint"] != own["checkpoint"]:
        return (
            f"its checkpoint is another one ({facts['checkpoint'][:12]}, here "
            f"{own['checkpoint'][:12]})"
        )
    return None


def _copying(folder: Path, host: Host) -> str:
    """Return the command that copies a checkpoint to the same place of another computer."""
    make = shlex.join(["ssh", host.ssh, f"mkdir -p {shlex.quote(str(folder))}"])
    copy = shlex.join(["rsync", "-aL", f"{folder}/", f"{host.ssh}:{folder}/"])
    return f"`{make} && {copy}`"


def _is_fault(message: dict[str, Any]) -> bool:
    outputs = message.get("outputs")
    return "error" in message or (outputs is not None and unpacked(outputs).fault is not None)


def _slowest(progress: Mapping[int, Sequence[int]], size: int) -> tuple[int, int]:
    if len(progress) < size:
        return 0, 1
    done, total = min(progress.values(), key=lambda each: each[0] / max(each[1], 1))
    return done, total


def _name(link: Link) -> str:
    """Return a host's name, with its rank where this computer has several."""
    return f"rank {link.rank} on this computer" if link.host.is_local else link.host.ssh
