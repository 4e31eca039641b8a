"""The ranks of one model: checked, loaded, asked together, and ended together."""

from __future__ import annotations

import math
import queue
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
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
# Seconds after which a step has failed, though all ranks run: they no longer reach each other. The
# engine takes itself for stuck then, too.
STEP_PATIENCE = 60.0
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

        Raises UnavailableError, which names each host that cannot take part, MemoryBudgetError;
        then no process is left. UsageError and CheckpointError come before any is started.
        """
        self._check_model(options.quantize)
        try:
            facts = self._check(on_progress)
            shares = self._shares(facts, options.quantize)
            loaded = self._load(shares, facts, options, on_progress)
        except BaseException:
            self.close()
            raise
        limits = [each["limit"] for each in facts]
        held = [Held(limit, **each) for limit, each in zip(limits, loaded, strict=True)]
        return min(held, key=lambda each: each.tokens)

    def survey(self) -> list[Part]:
        """Return what each computer would hold; no process is left. Raises as `load` does."""
        self._check_model()
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

        Raises UnavailableError if a rank is lost, takes longer than STEP_PATIENCE, or cannot do
        what the others can.
        """
        if (fault := self.fault) is not None:
            raise _unavailable(fault)
        data = line({name: values})
        for link in self._links:
            link.send(data)
        replies = self._collect(STEP_PATIENCE)
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

    def _check_model(self, load_bits: int | None = None) -> None:
        """Raises UsageError or CheckpointError for a model that so many ranks cannot share."""
        first, *_ = self._parts([1 << 62] * len(self._hosts.hosts), load_bits)
        part_bytes(self._folder, first, load_bits)

    def _check(self, on_progress: Report | None = None) -> list[dict[str, Any]]:
        """Start the ranks, and return what their computers have.

        Raises UnavailableError for all that is wrong.
        """
        for rank, host in enumerate(self._hosts.hosts):
            self._links.append(Link(rank, host, self._inbox))
        locks = str(state_home() / "ranks")
        first_here = next((link.rank for link in self._links if link.host.is_local), None)
        for link in self._links:
            host = link.host
            names = [str(self._folder)] if host.is_local else [self._model_id, str(self._folder)]
            values = {
                "names": names,
                "locks": not host.is_local or link.rank == first_here,  # one for all that are here
                "lock_folder": locks if host.is_local else None,
                "ips": self._connected(link),
                "port": host.port,
                "backend": self._hosts.backend,
                "rdma": host.rdma,
                "envs": self._hosts.envs,
            }
            link.send(line({"check": values}))
        replies = self._collect(START_PATIENCE, on_progress, starting=True)
        own = {"version": versions(), "checkpoint": fingerprint(self._folder)}
        faults = [
            f"{_name(link)}: {fault}"
            for link in self._links
            if (fault := _fault_of(link, replies.get(link.rank), own, self._folder)) is not None
        ]
        if faults:
            raise UnavailableError("; ".join(faults) + ".")
        return [replies[link.rank]["facts"] for link in self._links]

    def _connected(self, link: Link) -> tuple[str, ...]:
        """Return the addresses that others connect to: with JACCL they meet at the first rank's."""
        if self._hosts.backend == "ring":
            return link.host.ips
        return () if link.rank else link.host.ips[:1]

    def _parts(self, limits: Sequence[int], load_bits: int | None) -> tuple[Share, ...]:
        """Return what each rank gets with so much memory. Raises UsageError, MemoryBudgetError."""
        size = len(limits)
        if self._hosts.parallel == "tensor":
            return tensor_shares(ModelConfig.from_folder(self._folder), size)
        outside = [
            part_bytes(self._folder, Share(rank, size, range(0), False)) for rank in range(size)
        ]
        room = [limit - used for limit, used in zip(limits, outside, strict=True)]
        return pipeline_shares(layer_bytes(self._folder, load_bits), room)

    def _shares(
        self, facts: list[dict[str, Any]], load_bits: int | None = None
    ) -> tuple[Share, ...]:
        """Return what each rank gets. Raises MemoryBudgetError."""
        shares = self._parts([fact["limit"] for fact in facts], load_bits)
        for link, share, fact in zip(self._links, shares, facts, strict=True):
            needed = part_bytes(self._folder, share, load_bits)
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
        try:
            replies = self._collect(math.inf, on_progress)
        except UnavailableError:
            told = f"{self._fault} while the model was loaded: try again."
            raise UnavailableError(told) from None
        for rank, reply in replies.items():
            if "error" in reply:
                name, why = _name(self._links[rank]), str(unpacked(reply)).rstrip(".")
                raise UnavailableError(f"{name} cannot load its part: {why}.")
        return [replies[link.rank]["loaded"] for link in self._links]

    # Replies

    def _collect(
        self, patience: float, on_progress: Report | None = None, *, starting: bool = False
    ) -> dict[int, dict[str, Any]]:
        """Return one reply of each rank, or of those that do reply once one reports a fault.

        One that has ended while `starting` replies with nothing; later that ends the group. Raises
        UnavailableError.
        """
        replies: dict[int, dict[str, Any]] = {}
        progress: dict[int, Sequence[int]] = {}
        until = time.monotonic() + patience
        while len(replies) < len(self._links):
            try:
                rank, message = self._inbox.get(timeout=_LOOK)
            except queue.Empty:
                if self._is_over(replies, until, starting=starting):
                    break
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

    def _is_over(
        self, replies: Mapping[int, dict[str, Any]], until: float, *, starting: bool
    ) -> bool:
        """Return whether the rest is not waited for. Raises UnavailableError for a lost rank."""
        missing = [link for link in self._links if link.rank not in replies]
        is_late = time.monotonic() > until
        if starting:
            return is_late or all(link.is_lost for link in missing)
        lost = next((link for link in self._links if link.is_lost), None)
        if lost is not None:
            self._end(f"{_name(lost)} was lost")
        if is_late and not any("error" in reply for reply in replies.values()):
            self._end(f"{_name(missing[0])} does not answer")
        return is_late

    def _end(self, why: str) -> NoReturn:
        self._fault = why
        self.close(now=True)
        raise _unavailable(why)


def _unavailable(fault: str) -> UnavailableError:
    return UnavailableError(f"{fault}: send the request again.")


def _fault_of(
    link: Link, reply: dict[str, Any] | None, own: dict[str, str], folder: Path
) -> str | None:
    """Return why a computer cannot take part."""
    if reply is None:
        return "it does not answer"
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
