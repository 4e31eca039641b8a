"""`/api/v1/chat`: a conversation that the server stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ....config import LoadOptions
from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request import GenerationRequest
from ...core.agent import AgentAnswer, AgentEvent
from ...core.answer import Answer
from ...core.caller import caller
from ...core.conversations import Conversations, ConversationStore, Messages
from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ...core.server_tools import Source
from ...core.service import Service
from ...core.template_traits import template_traits
from ...http.errors import ApiError
from ...http.json_body import Route
from ...http.respond import NAMED_EVENTS, Message, respond
from ...http.sse import while_connected
from ...json_text import Json
from .chat_reply import ChatReply
from .chat_request import generation_request, messages_from
from .integrations import sources_from
from .schemas import ChatBody

Chats = Conversations[Messages]

router = APIRouter(prefix="/api/v1", tags=["LM Studio"], route_class=Route)


async def get_store(request: Request) -> Chats:
    """The caller's part of the application's one store."""
    state = request.app.state
    if not hasattr(state, "conversations"):
        state.conversations = ConversationStore[Messages]()
    store: ConversationStore[Messages] = state.conversations
    return store.of(caller().owner)


@router.post("/chat")
async def chat(
    body: ChatBody,
    request: Request,
    service: ServiceDep,
    store: Annotated[Chats, Depends(get_store)],
) -> Response:
    """The answer to `input`; with `stream`, as named events."""
    turn = await _turn(body, service, store)
    if body.stream and not turn.must_load:
        await while_connected(request, turn.begin())  # errors get a status of their own
    return await respond(request, turn, turn.writer, stream=bool(body.stream))


async def _turn(body: ChatBody, service: Service, store: Chats) -> Turn:
    info = await service.model(body.model)
    traits = await asyncio.to_thread(template_traits, info.path)
    messages = messages_from(body, _earlier(store, body.previous_response_id))
    sources = sources_from(body.integrations)
    service.tools.check(sources)
    return Turn(
        service,
        info,
        generation_request(body, messages, traits.thinking),
        sources,
        load_options=await _load_options(service, info, body.context_length),
        ttl=body.ttl,
        writer=_Writer(ChatReply(info.id, stored=body.store is not False), store, messages),
    )


def _earlier(store: Chats, response_id: str | None) -> Messages:
    if response_id is None:
        return ()
    messages = store.get(response_id)
    if messages is None:
        raise InvalidRequestError(
            f"There is no stored response {quoted(response_id)}; start a new chat.",
            param="previous_response_id",
        )
    return messages


async def _load_options(
    service: Service, info: ModelInfo, context_length: int | None
) -> LoadOptions | None:
    """The options to load the model with for this chat; None: as it is, or as saved.

    InvalidRequestError if the model is in use with another context length. Changing it requires
    the scope models.
    """
    if context_length is None or (info.loaded and info.loaded.context_length == context_length):
        return None
    caller().check("models")
    if info.loaded and info.loaded.num_requests:
        raise InvalidRequestError(
            f"context_length is {context_length}, but {info.id} is in use with "
            f"{info.loaded.context_length}; omit it, or try again later.",
            param="context_length",
        )
    if info.loaded:
        return replace(info.loaded.load_options, context_length=context_length)
    saved = await asyncio.to_thread(service.model_settings.load, info.options_id)
    return replace(saved, context_length=context_length)


class _Writer:
    """A chat reply as named events; what the loading of the model yields is sent as it is.

    The conversation is kept before the client learns that the reply is complete.
    """

    format = NAMED_EVENTS

    def __init__(self, reply: ChatReply, store: Chats, messages: Messages) -> None:
        self.reply = reply
        self.agent: AgentAnswer | None = None
        self._store = store
        self._messages = messages

    def start(self) -> Iterable[Message]:
        return [self.reply.start()]

    def add(self, event: AgentEvent | Json) -> Iterable[Message]:
        if isinstance(event, dict):
            return [event]
        messages = self.reply.add(event)
        if self.reply.response_id is not None:
            new = self.agent.new_messages if self.agent else [self.reply.message]
            self._store.put(self.reply.response_id, [*self._messages, *new])
        return messages

    def end(self) -> Iterable[Message]:
        return [self.reply.end()]

    def fail(self, error: ApiError) -> Iterable[Message]:
        return [*self.reply.fail(error), self.reply.end()]

    def whole(self) -> Json:
        return self.reply.result


class Turn:
    """One chat request on its way to an answer: the loading of the model, then its events."""

    def __init__(
        self,
        service: Service,
        info: ModelInfo,
        request: GenerationRequest,
        sources: Sequence[Source],
        *,
        writer: _Writer,
        load_options: LoadOptions | None,
        ttl: float | None,
    ) -> None:
        self.writer = writer
        self._service = service
        self._info = info
        self._request = request
        self._load_options = load_options
        self._ttl = ttl
        self._sources = sources
        self._answer: Answer | AgentAnswer | None = None
        self._events = self._generate()

    @property
    def must_load(self) -> bool:
        return self._info.loaded is None or self._load_options is not None

    async def begin(self) -> None:
        """Submit the request; its errors are raised here."""
        if not self._sources:
            self._answer = await self._service.generate(self._info.id, self._request, ttl=self._ttl)
            return
        agent = AgentAnswer(self._service, self._info.id, self._request, self._sources, self._ttl)
        self._answer = self.writer.agent = agent
        await agent.begin()

    def __aiter__(self) -> AsyncIterator[AgentEvent | Json]:
        return self._events

    async def aclose(self) -> None:
        await self._events.aclose()
        if self._answer is not None:
            await self._answer.aclose()

    async def _generate(self) -> AsyncGenerator[AgentEvent | Json, None]:
        if self._answer is None:
            if self.must_load:
                async with aclosing(self._load()) as loading:
                    async for message in loading:
                        yield message
            await self.begin()
        assert self._answer is not None
        async for event in self._answer:
            yield event

    async def _load(self) -> AsyncGenerator[Json, None]:
        about = {"model_instance_id": self._info.id}
        progress: asyncio.Queue[float | None] = asyncio.Queue()
        work = self._service.load(
            self._info.id,
            options=self._load_options,
            save=False,
            on_progress=progress.put_nowait,
        )
        loading = asyncio.ensure_future(work)
        loading.add_done_callback(lambda _: progress.put_nowait(None))
        yield {"type": "model_load.start", **about}
        try:
            while (done := await progress.get()) is not None:
                yield {"type": "model_load.progress", **about, "progress": done}
            seconds = (await loading).load_time_s
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        self.writer.reply.load_time_s = seconds
        yield {"type": "model_load.end", **about, "load_time_seconds": seconds or 0.0}
