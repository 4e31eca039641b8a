"""Our side: the engine, on its own thread, as the server drives it."""

from __future__ import annotations

import math
import time
from pathlib import Path
from queue import SimpleQueue

import mlx.core as mx

from ..config import EngineConfig, LoadOptions, ModelConfig, SamplingParams
from ..engine import Engine
from ..engine.outputs import EndOutput, ErrorOutput, Output, Token
from ..engine.sequence import Sequence
from ..engine.uniforms import uniforms
from ..generate import ThinkingMeter
from ..thought import Thought
from .cases import NUM_STREAMS, Prompts
from .results import Answered, Memory


class Ours:
    """Answers are greedy. Raises what loading the model raises; close it when done."""

    keeps_prompts = True

    def __init__(self, folder: Path, options: LoadOptions) -> None:
        self._engine = Engine(EngineConfig(max_running=max(NUM_STREAMS), ttl_s=math.inf))
        self._engine.start()
        try:
            self._resident = self._engine.load(str(folder), folder, options).result()
        except BaseException:
            self.close()
            raise
        mx.reset_peak_memory()

    @property
    def config(self) -> ModelConfig:
        return self._resident.loaded.config

    def close(self) -> None:
        self._engine.close()

    def answer(self, prompts: Prompts, num_tokens: int) -> list[Answered]:
        """Raises MemoryBudgetError if one of them does not fit in memory, and what fails in it."""
        outputs: SimpleQueue[tuple[int, float, Output]] = SimpleQueue()

        def sequence(index: int) -> Sequence:
            return Sequence(
                prompts[index],
                SamplingParams(temperature=0),
                max_tokens=num_tokens,
                stop_ids=(),
                meter=ThinkingMeter(Thought("off", None, None)),
                sink=lambda output: outputs.put((index, time.perf_counter(), output)),
                uniforms=uniforms(0),
            )

        waiting = [sequence(index) for index in range(len(prompts))]
        sent = time.perf_counter()
        queued = [self._engine.submit(self._resident, each) for each in waiting]
        for one in queued:
            one.result()
        times: list[list[float]] = [[] for _ in prompts]
        num_ended = 0
        while num_ended < len(prompts):
            index, moment, output = outputs.get()
            if isinstance(output, Token):
                times[index].append(moment)
            elif isinstance(output, ErrorOutput):
                raise output.error
            elif isinstance(output, EndOutput):
                num_ended += 1
        return [Answered(sent, tuple(one)) for one in times]

    def memory(self) -> Memory:
        return Memory(peak=mx.get_peak_memory(), cached=mx.get_cache_memory())
