"""What every dialect calls to get models and answers. Nothing here blocks the event loop."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from ...config import EngineConfig, LoadOptions
from ...engine import AnswerBuilder, Engine, LoadedModel, Output, Prepared, ResidentModel
from ...errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelGoneError,
    NotSavedError,
    OverloadedError,
)
from ...events import Finished
from ...hub.jobs import Downloads
from ...library.local_model import LocalModel
from ...library.model_settings import ModelSettings
from ...library.scan import Library
from ...request import GenerationRequest
from ...request_warnings import warn
from ...text import Tokenizer, load_tokenizer
from ...text.templates.chat_template import check_template
from ...text.templates.pool import close as end_template_processes
from ..bounds import MAX_COUNTED
from ..settings import ServerSettings
from .activity import Activity
from .answer import Answer
from .broken_checkpoints import BrokenCheckpoints
from .call_memory import CallMemory
from .caller import caller
from .model_info import ModelInfo

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_MODEL = "demo"
# How many grammars are compiled at a time, which may take seconds each, and how many may wait.
COMPILING = 2
# Texts with more than LONG characters are processed READING at a time, so that threads are left.
LONG = 100_000
READING = 2
MOST_WAITING = 32


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`load_time_s` is None if the model was already in memory."""

    info: ModelInfo
    load_time_s: float | None


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Unit vectors, one for each input; `prompt_tokens` counts all inputs."""

    model: ModelInfo
    vectors: list[list[float]]
    prompt_tokens: int

    @property
    def num_values(self) -> int:
        return sum(map(len, self.vectors))


class Service:
    """The engine, the library and the saved settings behind one server.

    `on_finished` listeners are called for every complete answer.
    """

    def __init__(self, settings: ServerSettings, library: Library | None = None) -> None:
        self.settings = settings
        self.library = library or Library(extra=settings.model_folders)
        self.model_settings = ModelSettings()
        self.engine = Engine(_engine_config(settings))
        self.downloads = Downloads()
        self.activity = Activity()
        self.started_at = time.time()
        self.on_finished: list[Callable[[Finished], None]] = []
        self.calls = CallMemory()
        self._broken = BrokenCheckpoints()
        self._may_read = asyncio.Semaphore(READING)
        self._may_compile = asyncio.Semaphore(COMPILING)
        self._num_compiling = 0

    async def start(self) -> None:
        self.engine.start()

    async def stop(self) -> None:
        self.activity.close()
        end_template_processes()
        loaded = [slot.loaded for slot in self.engine.resident.values()]
        await asyncio.to_thread(self.downloads.close)
        await asyncio.to_thread(self.engine.close)
        for each in loaded:
            each.close()

    async def models(self) -> list[ModelInfo]:
        """All models on this computer, loaded or not."""
        return [self._info(local) for local in await asyncio.to_thread(self.library.installed)]

    async def model(self, name: str) -> ModelInfo:
        """Raises ModelNotFoundError, which lists the known models."""
        return self._info(await asyncio.to_thread(self.library.find, name))

    async def default_model(self, name: str | None) -> ModelInfo:
        """The model `name`, or the default model if no name is given."""
        return self._info(await self._find(name))

    async def load(
        self,
        name: str | None,
        *,
        options: LoadOptions | None = None,
        save: bool = True,
        ttl: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> LoadResult:
        """Load the model, with the saved options if `options` is None.

        With `save`, other options are saved once the model has loaded with them. `on_progress` is
        called with 0 to 1 on the event loop. Raises ModelNotFoundError, CheckpointError,
        InvalidRequestError, MemoryBudgetError.
        """
        local = await self._find(name)
        slot, load_time_s = await self._slot(local, options, on_progress)
        if options is not None and save:
            await asyncio.to_thread(self._save, local.id, options)
        if ttl is not None:
            await asyncio.wrap_future(self.engine.keep(slot, ttl))
        return LoadResult(self._info(local), load_time_s)

    async def unload(self, name: str) -> bool:
        """Unload the model; its requests fail. False if it was not in memory."""
        local = await self._find(name)
        return await asyncio.wrap_future(self.engine.unload(local.id))

    async def generate(
        self, name: str | None, request: GenerationRequest, *, ttl: float | None = None
    ) -> Answer:
        """Load the model if needed, prepare the prompt, submit. All request errors surface here."""
        local = await self._find(name)
        while True:
            with suppress(ModelGoneError):  # unloaded while the prompt was rendered: load it again
                return await self._answer(local, request, ttl)

    async def _answer(
        self, local: LocalModel, request: GenerationRequest, ttl: float | None
    ) -> Answer:
        slot, load_time_s = await self._slot(local)
        request = await asyncio.to_thread(self._with_saved, local.id, request)
        prepared = await self._prepared(slot.loaded, request)
        running = self.activity.answer_started(local.id, len(prepared.prompt_ids))
        loop = asyncio.get_running_loop()
        outputs: asyncio.Queue[Output] = asyncio.Queue()

        def sink(output: Output) -> None:
            running.observe(output)
            if not loop.is_closed():
                loop.call_soon_threadsafe(outputs.put_nowait, output)

        salt = "" if self.settings.share_prefixes else caller().owner
        sequence = prepared.sequence(sink, salt)
        builder = AnswerBuilder(slot.loaded.tokenizer, prepared)

        def end(finished: Finished | None) -> None:
            self.engine.cancel(slot, sequence)
            self.activity.answer_finished(running)
            if finished is not None:
                for call in answer.tool_calls:
                    self.calls.remember(call.id, call.arguments)
                for listener in self.on_finished:
                    listener(finished)

        try:
            await asyncio.wrap_future(self.engine.submit(slot, sequence, ttl))
        except BaseException:
            end(None)
            raise
        answer = Answer(
            self._info(local),
            prepared.prompt_ids,
            prepared.params,
            load_time_s,
            builder,
            outputs,
            end,
        )
        return answer

    async def _prepared(self, loaded: LoadedModel, request: GenerationRequest) -> Prepared:
        """Prepares the request on a thread; only a few threads may be busy with slow ones."""
        if not request.is_bound:
            return await self.read(request.num_characters, loaded.prepare, request)
        if self._num_compiling >= COMPILING + MOST_WAITING:
            raise OverloadedError(
                f"{MOST_WAITING} requests with tools or structured output are waiting to be "
                "prepared; try again later."
            )
        self._num_compiling += 1
        try:
            async with self._may_compile:
                return await asyncio.to_thread(loaded.prepare, request)
        finally:
            self._num_compiling -= 1

    async def prompt_ids(self, name: str | None, request: GenerationRequest) -> list[int]:
        """Token ids of the prompt that `generate` would use, even if too long for the context."""
        check_counted(request.num_characters)
        loaded = await self._loaded(name)
        with_calls = await asyncio.to_thread(self._with_calls, request)
        ids, _ = await self.read(request.num_characters, loaded.prompt, with_calls)
        return ids

    async def fits(self, name: str | None, request: GenerationRequest) -> bool:
        """Whether the prompt leaves room for an answer in the context."""
        loaded = await self._loaded(name)
        with_calls = await asyncio.to_thread(self._with_calls, request)
        return await self.read(request.num_characters, loaded.fits, with_calls)

    async def count_tokens(self, name: str | None, request: GenerationRequest) -> int:
        """The number of tokens in the prompt that `generate` would use."""
        return len(await self.prompt_ids(name, request))

    async def tokenize(self, name: str | None, text: str, *, at_most: int) -> list[int]:
        """Token ids of `text`; beyond `at_most` the rest may be missing."""
        loaded = await self._loaded(name)
        encode = partial(loaded.tokenizer.encode, at_most=at_most)
        return await self.read(len(text), encode, text)

    async def read(
        self, num_characters: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` on a worker thread; `num_characters` is how much it has to process."""
        if num_characters <= LONG:
            return await asyncio.to_thread(function, *args, **kwargs)
        async with self._may_read:
            return await asyncio.to_thread(function, *args, **kwargs)

    async def tokenizer(self, name: str | None) -> Tokenizer:
        """The model's tokenizer; the model itself is not loaded."""
        local = await self._find(name)
        slot = self.engine.resident.get(local.id)
        if slot is not None:
            return slot.loaded.tokenizer
        return await asyncio.to_thread(self._read_tokenizer, local)

    def _read_tokenizer(self, local: LocalModel) -> Tokenizer:
        with self._broken.reading(local.path, self._broken.check(local.path)):
            return _tokenizer(local.path, local.modified)

    async def detokenize(self, name: str | None, ids: Sequence[int]) -> str:
        loaded = await self._loaded(name)

        def decode() -> str:
            loaded.check_ids(ids, param="tokens")
            return loaded.tokenizer.decode(ids)

        return await self.read(len(ids), decode)

    async def embed(
        self,
        name: str | None,
        inputs: Sequence[str | Sequence[int]],
        *,
        ttl: float | None = None,
    ) -> Embeddings:
        """Raises InvalidRequestError for an empty input or one longer than the context."""
        local = await self._find(name)
        while True:
            slot, _ = await self._slot(local)
            length = sum(map(len, inputs))
            ids = await self.read(length, _embedding_ids, slot.loaded, local, inputs)
            with suppress(ModelGoneError):
                vectors = await asyncio.wrap_future(self.engine.embed(slot, ids, ttl))
                num_tokens = sum(map(len, ids))
                self.activity.count(local.id, num_tokens)
                return Embeddings(self._info(local), vectors, num_tokens)

    async def _find(self, name: str | None) -> LocalModel:
        if name is None:
            used = sorted(self.engine.resident.values(), key=lambda slot: slot.last_used)
            name = self.settings.model or (used[-1].id if used else DEFAULT_MODEL)
        return await asyncio.to_thread(self.library.find, name)

    def _save(self, model_id: str, options: LoadOptions) -> None:
        """The model has been loaded, so options that cannot be saved are only a warning."""
        try:
            self.model_settings.save(model_id, options)
        except NotSavedError as error:
            warn(f"The model was loaded, but its options could not be saved. {error}")

    def _saved(self, model_id: str) -> tuple[LoadOptions, float | None]:
        """How the model is loaded, and the idle time in seconds after which it is unloaded."""
        return self.model_settings.load(model_id), self.model_settings.ttl(model_id)

    def _with_saved(self, model_id: str, request: GenerationRequest) -> GenerationRequest:
        """With the sampling saved for the model, which the request's own values override."""
        saved = self.model_settings.sampling(model_id)
        given = {name: value for name, value in request.sampling.items() if value is not None}
        return replace(self._with_calls(request), sampling={**saved, **given})

    def _with_calls(self, request: GenerationRequest) -> GenerationRequest:
        """With tool-call arguments in the messages exactly as the model wrote them."""
        if request.messages is None:
            return request
        return replace(request, messages=self.calls.restored(request.messages))

    async def _loaded(self, name: str | None) -> LoadedModel:
        slot, _ = await self._slot(await self._find(name))
        return slot.loaded

    async def _slot(
        self,
        local: LocalModel,
        options: LoadOptions | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> tuple[ResidentModel, float | None]:
        """As `_load`, without reading a broken checkpoint again before its files change."""
        if self.engine.available(local.id) is not None:
            return await self._load(local, options, on_progress)
        files = await asyncio.to_thread(self._broken.check, local.path)
        with self._broken.reading(local.path, files):
            return await self._load(local, options, on_progress)

    async def _load(
        self,
        local: LocalModel,
        options: LoadOptions | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> tuple[ResidentModel, float | None]:
        """The model in memory, and the seconds it took if it had to be loaded."""
        slot = self.engine.available(local.id)
        if slot is not None and options in (None, slot.options):
            return slot, None
        saved, saved_ttl = await asyncio.to_thread(self._saved, local.id)
        # Not on the engine's thread: an untrusted template may take seconds.
        await asyncio.to_thread(check_template, local.path)
        loop = asyncio.get_running_loop()

        def report(progress: float) -> None:
            if on_progress is not None and not loop.is_closed():
                loop.call_soon_threadsafe(on_progress, progress)

        start = time.perf_counter()
        wanted = saved if options is None else options
        loading = self.engine.load(local.id, local.path, wanted, report)
        slot = await asyncio.wrap_future(loading)
        if saved_ttl is not None:
            await asyncio.wrap_future(self.engine.keep(slot, saved_ttl))
        return slot, time.perf_counter() - start

    def _info(self, local: LocalModel) -> ModelInfo:
        resident = self.engine.resident.get(local.id)
        return ModelInfo.of(local, resident, self.engine.loads.get(local.id))


def check_counted(num_characters: int) -> None:
    """Raises InvalidRequestError for texts that are too long to count."""
    if num_characters > MAX_COUNTED:
        raise InvalidRequestError(
            f"The text has {num_characters:,} characters; at most {MAX_COUNTED:,} can be counted "
            "at a time. Split it into parts."
        )


@lru_cache(maxsize=2)
def _tokenizer(folder: Path, modified: float) -> Tokenizer:
    """Read anew when the checkpoint was modified."""
    return load_tokenizer(folder)


def _engine_config(settings: ServerSettings) -> EngineConfig:
    return EngineConfig(
        max_running=settings.max_running,
        max_waiting=settings.max_waiting,
        memory_limit=_num_bytes(settings.memory_limit),
        prefix_cache_bytes=_num_bytes(settings.prefix_cache),
        ttl_s=settings.ttl or math.inf,
    )


def _num_bytes(gigabytes: float | None) -> int | None:
    return None if gigabytes is None else math.ceil(gigabytes * 1e9)


def _embedding_ids(
    loaded: LoadedModel, local: LocalModel, inputs: Sequence[str | Sequence[int]]
) -> list[list[int]]:
    """Embedding models are trained to see the end-of-text token last."""
    end = loaded.tokenizer.token_id("<|endoftext|>") if local.is_embedding else None
    context = loaded.config.max_position_embeddings
    result = []
    for i, text in enumerate(inputs):
        if isinstance(text, str):
            ids = loaded.fitting_ids(text, param=f"input[{i}]")
        else:
            ids = list(text)
        ids += [end] if end is not None and ids[-1:] != [end] else []
        loaded.check_ids(ids, param=f"input[{i}]")
        if not ids:
            raise InvalidRequestError(f"input[{i}] must not be empty.", param=f"input[{i}]")
        if len(ids) > context:
            raise ContextLengthError(len(ids), context, param=f"input[{i}]")
        result.append(ids)
    return result
