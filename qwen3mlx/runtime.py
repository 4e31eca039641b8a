"""A model for the calling thread alone: `load()` a checkpoint, then `generate()`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import library
from .config import GenerationConfig, LoadOptions, ModelConfig
from .engine.answer import AnswerBuilder
from .engine.embedding_inputs import Cut, answer_ids, embedding_ids, relevance, rerank_ids, shorten
from .engine.loaded import Prepared
from .engine.memory import MemoryBudget
from .engine.outputs import Output
from .engine.own_model import OwnModel
from .engine.rows import read_rows
from .engine.scheduler import Scheduler
from .errors import UsageError
from .events import Event, Prefill
from .model import Qwen3
from .model.device import default_memory_limit
from .request import GenerationRequest
from .text import Tokenizer
from .text.templates.chat_template import check_template

Message = Mapping[str, Any]


def load(
    name: str | Path,
    *,
    context_length: int | None = None,
    rope_scaling: Mapping[str, Any] | None = None,
    kv_bits: int | None = None,
    quantize: int | None = None,
    adapter: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Runtime:
    """Load the model `name`: `demo`, a folder, an alias, or a hub id that is already on disk.

    `quantize` 8 makes 8-bit integers of an FP8 checkpoint. `adapter` is a LoRA adapter, a folder
    or a name; `name` can also be BASE+ADAPTER. `on_progress(done, total)` counts bytes read. Raises
    ModelNotFoundError, CheckpointError, MemoryBudgetError.
    """
    options = LoadOptions(
        context_length=context_length,
        rope_scaling=rope_scaling,
        kv_bits=kv_bits,
        quantize=quantize,
    )
    name, adapter = library.with_adapter(str(name), None if adapter is None else str(adapter))
    folder = library.resolve(name)
    check_template(folder)  # before reading gigabytes
    if adapter is None:
        loaded = OwnModel.load(folder, options, on_progress)
    else:
        loaded = _load_adapted(folder, options, on_progress, adapter)
    return Runtime(loaded, library.kind_of(name, folder, loaded.config))


def _load_adapted(
    folder: Path,
    options: LoadOptions,
    on_progress: Callable[[int, int], None] | None,
    adapter: str,
) -> OwnModel:
    from .model.adapter import check_adapter

    place = library.adapter_folder(adapter)
    check_adapter(place, folder)
    return OwnModel.load(folder, options, on_progress).adapted(place)


class Relevance(NamedTuple):
    """How relevant a document is, from 0 to 1; `document` is its place in the list."""

    document: int
    score: float


class Runtime:
    """A loaded checkpoint. It answers one request at a time, on the thread that loaded it."""

    def __init__(self, loaded: OwnModel, kind: library.Kind = "chat") -> None:
        self._loaded = loaded
        self._kind = kind
        budget = MemoryBudget(default_memory_limit())
        budget.weights = loaded.nbytes
        self._scheduler = Scheduler(loaded.runner(), budget)
        self._thread = threading.get_ident()

    @property
    def path(self) -> Path:
        return self._loaded.path

    @property
    def model(self) -> Qwen3:
        return self._loaded.model

    @property
    def tokenizer(self) -> Tokenizer:
        return self._loaded.tokenizer

    @property
    def generation_config(self) -> GenerationConfig:
        return self._loaded.generation_config

    @property
    def config(self) -> ModelConfig:
        return self._loaded.config

    def generate(
        self,
        messages_or_prompt: Sequence[Message] | str,
        tools: Sequence[Mapping[str, Any]] | None = None,
        *,
        enable_thinking: bool | None = None,
        chat_template_kwargs: Mapping[str, Any] | None = None,
        **sampling: Any,
    ) -> Generator[Event, None, None]:
        """Answer a conversation, or complete a string as is (no template: for Base models).

        `sampling` holds fields of SamplingParams; None means the checkpoint's default for the mode.
        Thinking is on unless `enable_thinking` is False, `thinking_budget` is 0, or the last soft
        switch says `/no_think`. Raises InvalidRequestError or ContextLengthError before any work
        starts, and UsageError on a thread other than the one that loaded the model.
        """
        self._check_use("answer")
        prompt = messages_or_prompt if isinstance(messages_or_prompt, str) else None
        messages = None if isinstance(messages_or_prompt, str) else messages_or_prompt
        request = GenerationRequest(
            prompt=prompt,
            messages=messages,
            tools=() if tools is None else tools,
            enable_thinking=enable_thinking,
            chat_template_kwargs={} if chat_template_kwargs is None else chat_template_kwargs,
            sampling=sampling,
        )
        return self._events(self._loaded.prepare(request))

    def embed(
        self,
        texts: Sequence[str],
        *,
        instruction: str | None = None,
        dimensions: int | None = None,
        truncate: bool = False,
    ) -> list[list[float]]:
        """Return a unit vector for each text: [hidden_size], or its first `dimensions`.

        With an `instruction`, the texts are queries, such as "Given a web search query, retrieve
        relevant passages that answer the query". Raises ContextLengthError for a text that is too
        long, unless `truncate` cuts its end; InvalidRequestError, UsageError.
        """
        self._check_use("embed")
        inputs = embedding_ids(
            self._loaded,
            texts,
            is_embedding=self._kind == "embedding",
            instruction=instruction,
            cut=Cut() if truncate else None,
        )
        return [list(shorten(row, dimensions)) for row in self._rows(inputs)]

    def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        truncate: bool = False,
    ) -> list[Relevance]:
        """Return the documents' relevance to the query, the most relevant first.

        Raises ContextLengthError for a document that is too long, unless `truncate` cuts its end;
        InvalidRequestError for a model that is no reranker; CheckpointError, UsageError.
        """
        self._check_use("rerank")
        inputs = rerank_ids(
            self._loaded,
            [(query, document) for document in documents],
            instruction=instruction,
            cut=Cut() if truncate else None,
        )
        scores = map(relevance, self._rows(inputs, answer_ids(self._loaded)))
        found = [Relevance(document, score) for document, score in enumerate(scores)]
        return sorted(found, key=lambda each: -each.score)

    def _rows(
        self, inputs: Sequence[list[int]], token_ids: Sequence[int] | None = None
    ) -> list[list[float]]:
        work = read_rows(self._loaded.decoder, inputs, token_ids)
        while True:
            try:
                next(work)
            except StopIteration as done:
                rows: list[list[float]] = done.value
                return rows

    def _check_use(self, use: library.Use) -> None:
        self._check_thread()
        library.check_use(self._kind, use, name=self.path.name)

    def _check_thread(self) -> None:
        """MLX 0.32 binds arrays to the thread that made them; using another would crash at exit."""
        if threading.get_ident() != self._thread:
            raise UsageError(
                "This model was loaded on another thread: load and use it on the same thread."
            )

    def _events(self, prepared: Prepared) -> Generator[Event, None, None]:
        builder = AnswerBuilder(self.tokenizer, prepared)
        outputs: deque[Output] = deque()
        sequence = prepared.sequence(outputs.append)
        yield Prefill(0, len(prepared.prompt_ids))
        self._scheduler.submit(sequence)
        try:
            while not builder.finished:
                if not outputs:
                    self._scheduler.step()
                while outputs and not builder.finished:
                    yield from builder.add(outputs.popleft())
        finally:
            self._scheduler.cancel(sequence)
