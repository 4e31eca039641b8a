"""Run sequences on a scheduler in tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from collections.abc import Sequence as SequenceOf
from pathlib import Path
from typing import Any

from qwen3mlx.config import LoadOptions, SamplingParams
from qwen3mlx.engine import Engine, ResidentModel
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.outputs import EndOutput, ErrorOutput, Output, PrefillOutput, Token
from qwen3mlx.engine.runner import Runner
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.engine.sequence import Sequence
from qwen3mlx.engine.uniforms import uniforms
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.model import KVPool
from qwen3mlx.thought import Thought

PROMPTS = [[5, 17, 200, 31, 8], [i * 7 % 300 for i in range(300)], [9], [44, 45, 46] * 30]


def scheduler_for(decoder: Decoder, *, limit: int = 10**9, **options: Any) -> Scheduler:
    budget = MemoryBudget(limit=limit)
    budget.weights = decoder.model.nbytes
    return Scheduler(Runner(decoder), budget, **options)


def bytes_per_token(decoder: Decoder) -> int:
    return KVPool(decoder.model).bytes_per_token


class Request:
    """A sequence and all its outputs; greedy by default."""

    def __init__(
        self,
        prompt_ids: SequenceOf[int],
        *,
        max_tokens: int = 16,
        stop_ids: SequenceOf[int] = (),
        meter: ThinkingMeter | None = None,
        constraint: Any = None,
        salt: str = "",
        **sampling: Any,
    ) -> None:
        self.outputs: list[Output] = []
        self.sequence = Sequence(
            prompt_ids,
            SamplingParams(**{"temperature": 0.0, **sampling}),
            max_tokens=max_tokens,
            stop_ids=stop_ids,
            meter=meter or ThinkingMeter(Thought("off", None, None)),
            sink=self.outputs.append,
            uniforms=uniforms(sampling.get("seed")),
            constraint=constraint,
            salt=salt,
        )

    @property
    def ids(self) -> list[int]:
        return [output.id for output in self.tokens]

    @property
    def tokens(self) -> list[Token]:
        return [output for output in self.outputs if isinstance(output, Token)]

    @property
    def progress(self) -> list[PrefillOutput]:
        return [output for output in self.outputs if isinstance(output, PrefillOutput)]

    @property
    def cached_tokens(self) -> int:
        return self.progress[-1].cached

    @property
    def is_done(self) -> bool:
        return bool(self.outputs) and isinstance(self.outputs[-1], EndOutput | ErrorOutput)

    @property
    def reason(self) -> str:
        last = self.outputs[-1]
        assert isinstance(last, EndOutput)
        return last.reason

    @property
    def error(self) -> Exception:
        last = self.outputs[-1]
        assert isinstance(last, ErrorOutput)
        return last.error


def finish(scheduler: Scheduler, *requests: Request) -> None:
    """Step until all are done."""
    while not all(request.is_done for request in requests):
        scheduler.step()


def run(scheduler: Scheduler, prompt_ids: SequenceOf[int], **options: Any) -> Request:
    """One request from its beginning to its end."""
    request = Request(prompt_ids, **options)
    scheduler.submit(request.sequence)
    finish(scheduler, request)
    return request


_alone: dict[tuple[Decoder, str], list[int]] = {}


def ids_alone(decoder: Decoder, prompt_ids: SequenceOf[int], **options: Any) -> list[int]:
    """Return a request's output on a separate scheduler."""
    if "meter" in options or "constraint" in options:
        return run(scheduler_for(decoder), prompt_ids, **options).ids
    key = decoder, repr((prompt_ids, sorted(options.items())))
    if key not in _alone:
        _alone[key] = run(scheduler_for(decoder), prompt_ids, **options).ids
    return _alone[key]


class Odd:
    """A constraint that lets odd ids through, from the third token on."""

    is_unchecked = False

    def __init__(self, fails_at: int | None = None) -> None:
        self.seen = 0
        self.fails_at = fails_at

    def mask(self) -> bytes | None:
        if self.fails_at == self.seen:
            raise RuntimeError("a broken processor")
        return b"\xaa" * 40 if self.seen >= 2 else None

    def announce(self, token_id: int) -> None:
        pass

    def observe(self, token_id: int) -> int:
        self.seen += 1
        return 0


class Ticks:
    """A clock on which every operation takes the same time."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 0.01
        return self.now


# An engine that does not answer in this time has hung.
PATIENCE = 20


def loaded(
    engine: Engine, folders: Mapping[str, Path], name: str = "a", **options: Any
) -> ResidentModel:
    return engine.load(name, folders[name], LoadOptions(**options)).result(PATIENCE)


def send(
    engine: Engine, resident: ResidentModel, *, ttl_s: float | None = None, **options: Any
) -> Request:
    """A request that is in the engine's hands; 16 tokens unless told otherwise."""
    request = Request(options.pop("prompt_ids", [5, 17, 200]), **options)
    engine.submit(resident, request.sequence, ttl_s).result(PATIENCE)
    return request


def wait_until(condition: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < patience, "the engine does not get there"
        time.sleep(0.002)


def wait_for(*requests: Request) -> None:
    wait_until(lambda: all(request.is_done for request in requests))
