"""The service that dialects call for models and answers. Nothing here blocks the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...config import LoadOptions
from ...engine import AnswerBuilder, Engine, LoadedModel, Output, Prepared
from ...engine.embedding_inputs import Cut, answer_ids, embedding_ids, relevance, rerank_ids
from ...errors import (
    ConfigurationError,
    InvalidRequestError,
    ModelGoneError,
    NotSavedError,
)
from ...events import Finished
from ...hub.jobs import STATE, Downloads, Job
from ...hub.sources import HUGGING_FACE, place, preferred, split
from ...library.local_model import LocalModel
from ...library.model_settings import ModelSettings
from ...library.removal import delete, downloaded_folder
from ...library.scan import Library
from ...library.uses import check_use
from ...request import GenerationRequest
from ...request_warnings import warn
from ...settings.state import StateFile
from ...text import Tokenizer
from ...text.templates.pool import close as end_template_processes
from ..bounds import MAX_COUNTED
from ..settings import ServerSettings
from .activity import Activity
from .answer import Answer
from .call_memory import CallMemory
from .caller import caller
from .engine_config import engine_config, group_loader
from .held_models import HeldModels
from .model_info import LoadResult, ModelInfo, Outline
from .model_loader import ModelLoader
from .own_names import OwnNames
from .rows import Embeddings, Ranking
from .server_tools import ServerTools
from .template_traits import check_switch
from .worker_threads import WorkerThreads

logger = logging.getLogger(__name__)


class Service:
    """The engine, the library and the saved settings behind one server.

    `on_finished` listeners are called for every complete answer.
    """

    def __init__(self, settings: ServerSettings, library: Library | None = None) -> None:
        self.settings = settings
        self.library = library or Library(
            extra=settings.model_folders,
            aliases=settings.aliases,
            adapters=[Path(folder) for folder in settings.adapter],
            adapts=settings.model,
        )
        self.model_settings = ModelSettings()
        self.engine = Engine(engine_config(settings), group_loader(settings))
        self.downloads = Downloads(StateFile(STATE))
        self.activity = Activity()
        self.started_at = time.time()
        self.on_finished: list[Callable[[Finished], None]] = []
        self.calls = CallMemory()
        self.threads = WorkerThreads()
        self.tools = ServerTools(settings)
        self.names = OwnNames(settings, self.library)
        self.held = HeldModels(self.library, self.engine, self.downloads)
        self._loader = ModelLoader(self.library, self.engine, self.model_settings, settings.model)

    async def start(self) -> None:
        self.engine.start()
        await asyncio.to_thread(self.held.start)
        try:
            await asyncio.to_thread(self.downloads.restore)
        except ConfigurationError as error:  # the models that are here can be used nevertheless
            logger.warning("Earlier downloads do not go on: %s", error)

    async def stop(self) -> None:
        self.activity.close()
        end_template_processes()
        await asyncio.to_thread(self.tools.close)
        loaded = [slot.loaded for slot in self.engine.resident.values()]
        await asyncio.to_thread(self.downloads.close)
        await asyncio.to_thread(self.engine.close)
        await asyncio.to_thread(self.held.close)
        for each in loaded:
            each.close()

    async def models(self) -> list[ModelInfo]:
        """All models on this computer, loaded or not, and whatever else is in memory."""
        installed = await asyncio.to_thread(self.library.installed)
        ids = {local.id for local in installed}
        others = [local for local in self._loader.in_memory() if local.id not in ids]
        return [self._info(local) for local in (*installed, *others)]

    async def model(self, name: str) -> ModelInfo:
        """Raises ModelNotFoundError, which lists the known models."""
        return self._info(await self._loader.find(name))

    async def default_model(self, name: str | None) -> ModelInfo:
        """The model `name`, or the default model if no name is given."""
        return self._info(await self._loader.find(name))

    async def aliases(self) -> dict[str, ModelInfo]:
        """The models on this computer that the user has an own name for, by that name."""
        found = await asyncio.to_thread(self.names.here)
        return {name: self._info(local) for name, local in found.items()}

    def download(self, name: str, revision: str | None = None) -> Job:
        """Start to download the model `name`, or return the job that is already doing so.

        Raises ModelNotFoundError for a name that no hub can have, such as a path.
        """
        source, rest = split(name)
        if source in (None, HUGGING_FACE):
            first = source or self.settings.source
            there, notes = preferred(self.library.to_download(rest), first)
            for note in notes:
                warn(note)
        else:
            there = place(source, rest)
        return self.downloads.start(there.repo_id, caller().owner, revision, there.source)

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
        local = await self._loader.find(name)
        slot, load_time_s = await self._loader.load(local, options, on_progress)
        if options is not None and save:
            await asyncio.to_thread(self._save, local.options_id, options)
        if ttl is not None:
            await asyncio.wrap_future(self.engine.keep(slot, ttl))
        return LoadResult(self._info(local), load_time_s)

    async def rehearse(self) -> None:
        """Prepare the models in memory for their first chat."""
        for slot in self.engine.resident.values():
            await asyncio.to_thread(slot.loaded.rehearse)

    async def unload(self, name: str) -> bool:
        """Unload the model; its requests fail. False if it was not in memory."""
        local = await self._loader.find(name)
        return await asyncio.wrap_future(self.engine.unload(local.id))

    async def delete(self, name: str) -> None:
        """Delete a downloaded model; its running requests fail.

        Raises ModelNotFoundError, also for a model that is not in the Hugging Face cache;
        DeletionError.
        """
        local = await asyncio.to_thread(self.library.find, name)
        folder = downloaded_folder(local)
        await asyncio.wrap_future(self.engine.unload(local.id))
        await asyncio.to_thread(delete, folder)
        await asyncio.to_thread(self.library.scan)

    async def generate(
        self, name: str | None, request: GenerationRequest, *, ttl: float | None = None
    ) -> Answer:
        """Load the model if needed, prepare the prompt, submit. All request errors surface here."""
        local = await self._chat_model(name, request)
        while True:
            with suppress(ModelGoneError):  # unloaded while the prompt was rendered: load it again
                return await self._answer(local, request, ttl)

    async def outline(self, name: str | None, request: GenerationRequest) -> Outline:
        """Load the model if needed, and render the prompt; nothing is generated.

        Raises the errors of `generate`, but those of tools and schemas.
        """
        local = await self._chat_model(name, request)
        slot, _ = await self._loader.load(local)
        request = await asyncio.to_thread(self._with_saved, local.id, request)
        outline = slot.loaded.outline
        length, params = await self.threads.read(request.num_characters, outline, request)
        return Outline(self._info(local), length, params)

    async def _chat_model(self, name: str | None, request: GenerationRequest) -> LocalModel:
        local = await self._loader.find(name)
        check_use(local.kind, "answer", name=local.id)
        if request.thinking_switch is not None:
            await asyncio.to_thread(check_switch, local, request)
        return local

    async def _answer(
        self, local: LocalModel, request: GenerationRequest, ttl: float | None
    ) -> Answer:
        slot, load_time_s = await self._loader.load(local)
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
        if request.is_bound:
            return await self.threads.compile(loaded.prepare, request)
        return await self.threads.read(request.num_characters, loaded.prepare, request)

    async def prompt_ids(self, name: str | None, request: GenerationRequest) -> list[int]:
        """Token ids of the prompt that `generate` would use, even if too long for the context."""
        check_counted(request.num_characters)
        loaded = await self._loaded(name)
        with_calls = await asyncio.to_thread(self._with_calls, request)
        ids, _ = await self.threads.read(request.num_characters, loaded.prompt, with_calls)
        return ids

    async def fits(self, name: str | None, request: GenerationRequest) -> bool:
        """Whether the prompt leaves room for an answer in the context."""
        loaded = await self._loaded(name)
        with_calls = await asyncio.to_thread(self._with_calls, request)
        return await self.threads.read(request.num_characters, loaded.fits, with_calls)

    async def count_tokens(self, name: str | None, request: GenerationRequest) -> int:
        """The number of tokens in the prompt that `generate` would use."""
        return len(await self.prompt_ids(name, request))

    async def tokenize(self, name: str | None, text: str, *, at_most: int) -> list[int]:
        """Token ids of `text`; beyond `at_most` the rest may be missing."""
        loaded = await self._loaded(name)
        encode = partial(loaded.tokenizer.encode, at_most=at_most)
        return await self.threads.read(len(text), encode, text)

    async def tokenizer(self, name: str | None) -> Tokenizer:
        """The model's tokenizer; the model itself is not loaded."""
        return await self._loader.tokenizer(name)

    async def detokenize(self, name: str | None, ids: Sequence[int]) -> str:
        loaded = await self._loaded(name)

        def decode() -> str:
            loaded.check_ids(ids, param="tokens")
            return loaded.tokenizer.decode(ids)

        return await self.threads.read(len(ids), decode)

    async def embed(
        self,
        name: str | None,
        inputs: Sequence[str | Sequence[int]],
        *,
        instruction: str | None = None,
        cut: Cut | None = None,
        ttl: float | None = None,
    ) -> Embeddings:
        """Raises InvalidRequestError for an empty input; ContextLengthError for one longer than
        the context, unless it is `cut`.
        """
        local = await self._loader.find(name)
        check_use(local.kind, "embed", name=local.id)

        def ids_of(loaded: LoadedModel) -> list[list[int]]:
            is_embedding = local.is_embedding
            return embedding_ids(
                loaded, inputs, is_embedding=is_embedding, instruction=instruction, cut=cut
            )

        vectors, num_tokens = await self._rows(local, sum(map(len, inputs)), ids_of, ttl)
        return Embeddings(self._info(local), vectors, num_tokens)

    async def rerank(
        self,
        name: str | None,
        pairs: Sequence[tuple[str, str]],
        *,
        instruction: str | None = None,
        cut: Cut | None = None,
        ttl: float | None = None,
        param: str = "documents",
    ) -> Ranking:
        """Judge each (query, document); what neighbours share is computed once."""
        local = await self._loader.find(name)
        check_use(local.kind, "rerank", name=local.id)

        def ids_of(loaded: LoadedModel) -> list[list[int]]:
            return rerank_ids(loaded, pairs, instruction=instruction, cut=cut, param=param)

        length = sum(len(query) + len(document) for query, document in pairs)
        rows, num_tokens = await self._rows(local, length, ids_of, ttl, answer_ids)
        return Ranking(self._info(local), list(map(relevance, rows)), num_tokens)

    async def _rows(
        self,
        local: LocalModel,
        length: int,
        ids_of: Callable[[LoadedModel], list[list[int]]],
        ttl: float | None,
        token_ids_of: Callable[[LoadedModel], Sequence[int]] | None = None,
    ) -> tuple[list[list[float]], int]:
        """Compute the rows of `Engine.embed`; return them and the number of tokens read."""
        while True:
            slot, _ = await self._loader.load(local)
            token_ids = None if token_ids_of is None else token_ids_of(slot.loaded)
            ids = await self.threads.read(length, ids_of, slot.loaded)
            with suppress(ModelGoneError):
                future = self.engine.embed(slot, ids, ttl, token_ids=token_ids)
                rows = await asyncio.wrap_future(future)
                num_tokens = sum(map(len, ids))
                self.activity.count(local.id, num_tokens)
                return rows, num_tokens

    def _save(self, model_id: str, options: LoadOptions) -> None:
        """The model has been loaded, so options that cannot be saved are only a warning."""
        try:
            self.model_settings.save(model_id, options)
        except NotSavedError as error:
            warn(f"The model was loaded, but its options could not be saved. {error}")

    def _with_saved(self, model_id: str, request: GenerationRequest) -> GenerationRequest:
        """Add the sampling saved for the model; the request's own values take precedence."""
        saved = self.model_settings.sampling(model_id)
        given = {name: value for name, value in request.sampling.items() if value is not None}
        return replace(self._with_calls(request), sampling={**saved, **given})

    def _with_calls(self, request: GenerationRequest) -> GenerationRequest:
        """Write the tool-call arguments in the messages exactly as the model did."""
        if request.messages is None:
            return request
        return replace(request, messages=self.calls.restored(request.messages))

    async def _loaded(self, name: str | None) -> LoadedModel:
        slot, _ = await self._loader.load(await self._loader.find(name))
        return slot.loaded

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
