"""Whether a model fits a computer's memory, how fast it is there, and which one fits instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..config import LoadOptions, ModelConfig
from ..config.memory import PREFIX_SHARE, prefill_chunk
from ..errors import InvalidRequestError
from ..model.footprint import Footprint, footprint
from . import speed
from .family import FamilyMember, Repository, members, repositories
from .machine import Machine
from .speed import Speed

# Tokens of a long conversation; where nothing else is said, the verdict is about them.
USUAL_CONTEXT = 8192
# A model with a smaller context is useless for chatting.
LEAST_CONTEXT = 4096
# `Qwen3-8B-4bit`, `qwen3-8b-mlx-8-bit`.
_BITS_IN_NAME = re.compile(r"(?<![0-9a-z])([4568])[-_]?bit", re.IGNORECASE)

Verdict = Literal["comfortable", "tight", "too-large"]


class Asked(NamedTuple):
    """What the model is to do: `parallel` answers of `context_length` tokens each.

    Without `context_length`, it is the usual one, or the model's own if that is less.
    """

    context_length: int | None = None
    parallel: int = 1
    kv_bits: int | None = None


USUAL = Asked()


class Fit(NamedTuple):
    """Bytes and tokens; `needed_bytes` is the sum of the four above it.

    `comfortable`: the context fits, and so does a copy of it in the prefix cache. `tight`: it fits
    without one, or only a shorter context of at most `largest_context` does. `too-large`: nor does
    any useful context.
    """

    verdict: Verdict
    context_length: int
    parallel: int
    weight_bytes: int
    kv_bytes: int
    activation_bytes: int
    cache_bytes: int
    needed_bytes: int
    limit_bytes: int
    kv_bytes_per_token: int
    largest_context: int


class Candidate(NamedTuple):
    """A model, what it takes, and how fast it is (None: not known)."""

    name: str
    fit: Fit
    speed: Speed | None

    def as_json(self) -> dict[str, Any]:
        fast = None if self.speed is None else self.speed._asdict()
        return {"model": self.name, **self.fit._asdict(), "speed": fast}


def fit(needs: Footprint, limit: int, asked: Asked = USUAL) -> Fit:
    """Compare with `limit`: what weights, keys and values, activations and caches may take.

    Raises InvalidRequestError for a context that the model does not have.
    """
    context, parallel = _context(needs, asked), asked.parallel
    kv_bytes = needs.kv_bytes(context, parallel)
    activations = needs.activation_bytes(context)
    caches = parallel * context * needs.kv_bytes_per_token
    needed = needs.weight_bytes + kv_bytes + activations + caches
    largest = needs.longest_request(limit - activations, parallel)
    verdict: Verdict = "too-large"
    if needed <= limit:
        verdict = "comfortable"
    elif largest >= min(LEAST_CONTEXT, context):
        verdict = "tight"
    return Fit(
        verdict,
        context,
        parallel,
        needs.weight_bytes,
        kv_bytes,
        activations,
        caches,
        needed,
        limit,
        needs.kv_bytes_per_token,
        largest,
    )


def peak_bytes(needs: Footprint, asked: Asked, limit: int) -> int:
    """Predict what MLX counts at most (`mx.get_peak_memory`) while so many answers run together.

    Their rows have room to spare, and the prefix cache keeps what has been computed; while the last
    chunk of the last prompt is, it does not have that one yet.
    """
    context = _context(needs, asked)
    rows = needs.row_bytes(context, asked.parallel)
    room = int((limit - needs.weight_bytes) * PREFIX_SHARE)
    chunk = min(prefill_chunk(needs.config, on_cpu=needs.on_cpu), context)
    cached = asked.parallel * context * needs.kv_bytes_per_token
    before = cached - chunk * needs.kv_bytes_per_token
    activations = needs.activation_bytes(context)
    return needs.weight_bytes + rows + max(min(before, room) + activations, min(cached, room))


def of_folder(name: str, folder: Path, machine: Machine, asked: Asked = USUAL) -> Candidate:
    """Return the model in `folder`. Raises CheckpointError, InvalidRequestError."""
    needs = footprint(folder, LoadOptions(kv_bits=asked.kv_bits))
    found = fit(needs, machine.limit_bytes, asked)
    bits = 8 * needs.weight_bytes / needs.config.num_parameters
    fast = speed.measured(folder, found.context_length)
    return Candidate(name, found, fast or _estimated(machine, needs.config, bits, found, asked))


def of_repository(
    member: FamilyMember, repository: Repository, machine: Machine, asked: Asked = USUAL
) -> Candidate:
    """Return a model of the table, as it would be on a Mac."""
    num_bytes = repository.approximate_bytes or 0
    config = member.config.with_options(LoadOptions(kv_bits=asked.kv_bits))
    found = fit(Footprint(config, num_bytes, 2, asked.kv_bits), machine.limit_bytes, asked)
    bits = 8 * num_bytes / member.num_parameters
    fast = _estimated(machine, config, bits, found, asked)
    return Candidate(repository.repo_id, found, fast)


def of_size(repo_id: str, num_bytes: int, machine: Machine, asked: Asked = USUAL) -> Candidate:
    """Return a repository of which only the size is known, unless the table has it.

    It is taken for the model of the table that has the nearest size in the same quantization.
    """
    known = repositories().get(repo_id.casefold())
    if known is not None:
        return of_repository(*known, machine, asked)
    bits = _BITS_IN_NAME.search(repo_id)
    quantization = f"{bits[1]}bit" if bits else "bf16"
    alike = [
        (member, repository)
        for member in members()
        for repository in member.repositories
        if repository.quantization == quantization
    ]
    member, _ = min(alike, key=lambda pair: abs((pair[1].approximate_bytes or 0) - num_bytes))
    return of_repository(member, Repository(repo_id, num_bytes, quantization), machine, asked)


def whole_family(
    machine: Machine, asked: Asked = USUAL
) -> Iterator[tuple[FamilyMember, Candidate]]:
    """Return each model of the table, in the quantization that its name means on this computer."""
    for member in members():
        repository = member.in_order(None, machine.memory_bytes)[0]
        own = asked
        if asked.context_length is not None:
            own = asked._replace(context_length=min(asked.context_length, member.context_length))
        yield member, of_repository(member, repository, machine, own)


def alternative(repo_id: str, machine: Machine, asked: Asked = USUAL) -> Candidate | None:
    """Return the best model that fits comfortably in the place of this one, if there is one.

    It can do the same and is not larger; the one with the most parameters is the best.
    """
    known = repositories().get(repo_id.casefold())
    able = known[0].capabilities if known else ("chat",)
    most = known[0].num_parameters if known else None
    fitting = [
        (member.num_parameters, repository.approximate_bytes or 0, candidate)
        for member in members()
        if set(able) <= set(member.capabilities)
        and (most is None or member.num_parameters <= most)
        and (asked.context_length or 0) <= member.context_length
        for repository in member.repositories
        if repository.quantization != "bf16"
        for candidate in (of_repository(member, repository, machine, asked),)
        if candidate.fit.verdict == "comfortable" and repository.repo_id != repo_id
    ]
    return max(fitting, key=lambda each: each[:2])[2] if fitting else None


def _context(needs: Footprint, asked: Asked) -> int:
    context = asked.context_length or min(USUAL_CONTEXT, needs.context_length)
    if context > needs.context_length:
        raise InvalidRequestError(
            f"a context of {context:,} tokens exceeds the {needs.context_length:,} of this model: "
            "ask for less.",
            param="context_length",
        )
    return context


def _estimated(
    machine: Machine, config: ModelConfig, bits: float, found: Fit, asked: Asked
) -> Speed | None:
    if machine.chip is None or found.verdict == "too-large":
        return None
    return speed.estimated(
        machine.chip,
        config,
        bits,
        context_length=found.context_length,
        parallel=asked.parallel,
        kv_bits=asked.kv_bits,
    )
