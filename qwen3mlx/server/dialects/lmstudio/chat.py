"""`/api/v1/chat`: a conversation that the server keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ....config import LoadOptions
from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request import GenerationRequest
from ...core.answer import Answer
from ...core.caller import caller
from ...core.conversations import Conversations, ConversationStore, Messages
from ...core.dependencies import get_service
from ...core.model_info import ModelInfo
from ...core.service import Service
from ...core.template_traits import template_traits
from ...http.errors import to_api_error
from ...http.json_body import Route
from ...http.replies import JSONReply
from ...http.sse import sse, streaming, while_connected
from .chat_reply import ChatReply, Json
from .chat_request import generation_request, messages_from
from .schemas import ChatBody

Chats = Conversations[Messages]

router = APIRouter(prefix="/api/v1", tags=["LM Studio"], route_class=Route)


async def get_store(request: Request) -> Chats:
    """The caller's, of the one store of this application."""
    state = request.app.state
    if not hasattr(state, "conversations"):
        state.conversations = ConversationStore[Messages]()
    store: ConversationStore[Messages] = state.conversations
    return store.of(caller().owner)


@router.post("/chat")
async def chat(
    body: ChatBody,
    request: Request,
    service: Annotated[Service, Depends(get_service)],
    store: Annotated[Chats, Depends(get_store)],
) -> Response:
    """The answer to `input`; with `stream`, as named events."""
    turn = await _turn(body, service, store)
    if not body.stream:
        return JSONReply(await while_connected(request, turn.whole()))
    answer = None if turn.must_load else await while_connected(request, turn.begin())
    events = turn.stream(answer)
    # Once it has begun, closing it closes the answer, however early the client goes away.
    await anext(events)
    return streaming(request, events)


async def _turn(body: ChatBody, service: Service, store: Chats) -> Turn:
    info = await service.model(body.model)
    traits = await asyncio.to_thread(template_traits, info.path)
    messages = messages_from(body, _earlier(store, body.previous_response_id))
    return Turn(
        service=service,
        store=store,
        info=info,
        messages=messages,
        request=generation_request(body, messages, traits.thinking),
        load_options=await _load_options(service, info, body.context_length),
        ttl=body.ttl,
        reply=ChatReply(info.id, stored=body.store is not False),
    )


def _earlier(store: Chats, response_id: str | None) -> Messages:
    if response_id is None:
        return ()
    messages = store.get(response_id)
    if messages is None:
        raise InvalidRequestError(
            f"There is no response {quoted(response_id)} here, or not any more: begin a new chat.",
            param="previous_response_id",
        )
    return messages


async def _load_options(
    service: Service, info: ModelInfo, context_length: int | None
) -> LoadOptions | None:
    """What the model is to be loaded with for this chat; None: it stays, or as saved.

    A model in use keeps its context length: InvalidRequestError for another. To load one with
    another is for callers who may.
    """
    if context_length is None or (info.loaded and info.loaded.context_length == context_length):
        return None
    caller().check("models")
    if info.loaded and info.loaded.num_requests:
        raise InvalidRequestError(
            f"context_length is {context_length}, and {info.id} is in use with "
            f"{info.loaded.context_length}: leave it out, or try again later.",
            param="context_length",
        )
    if info.loaded:
        return replace(info.loaded.load_options, context_length=context_length)
    saved = await asyncio.to_thread(service.model_settings.load, info.id)
    return replace(saved, context_length=context_length)


@dataclass(slots=True, kw_only=True)
class Turn:
    """One chat request, on its way to an answer."""

    service: Service
    store: Chats
    info: ModelInfo
    messages: Messages
    request: GenerationRequest
    load_options: LoadOptions | None
    ttl: float | None
    reply: ChatReply

    @property
    def must_load(self) -> bool:
        return self.info.loaded is None or self.load_options is not None

    async def begin(self) -> Answer:
        return await self.service.generate(self.info.id, self.request, ttl=self.ttl)

    async def whole(self) -> Json:
        if self.must_load:
            await self._load()
        answer = await self.begin()
        try:
            async for event in answer:
                self.reply.add(event)
        finally:
            await answer.aclose()
        self._keep()
        return self.reply.result

    async def stream(self, answer: Answer | None) -> AsyncGenerator[bytes, None]:
        """Nothing, then the events; without an `answer` the model is loaded among them."""
        try:
            yield b""
            yield _sse(self.reply.start())
            if answer is None:
                async for told in self._load_events():
                    yield _sse(told)
                answer = await self.begin()
            async for event in answer:
                for told in self.reply.add(event):
                    yield _sse(told)
        except Exception as error:  # the head is sent: whatever it is, it can only be told so
            for told in self.reply.fail(to_api_error(error)):
                yield _sse(told)
        finally:
            if answer is not None:
                await answer.aclose()
        self._keep()  # before the client hears of it: it may go on with it at once
        yield _sse(self.reply.end())

    async def _load(self, progress: asyncio.Queue[float | None] | None = None) -> float:
        """Seconds it took."""
        loaded = await self.service.load(
            self.info.id,
            options=self.load_options,
            save=False,
            on_progress=progress.put_nowait if progress else None,
        )
        self.reply.load_time_s = loaded.load_time_s
        return loaded.load_time_s or 0.0

    async def _load_events(self) -> AsyncGenerator[Json, None]:
        about = {"model_instance_id": self.info.id}
        progress: asyncio.Queue[float | None] = asyncio.Queue()
        loading = asyncio.ensure_future(self._load(progress))
        loading.add_done_callback(lambda _: progress.put_nowait(None))
        yield {"type": "model_load.start", **about}
        try:
            while (done := await progress.get()) is not None:
                yield {"type": "model_load.progress", **about, "progress": done}
            load_time_s = await loading
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        yield {"type": "model_load.end", **about, "load_time_seconds": load_time_s}

    def _keep(self) -> None:
        if self.reply.response_id is not None:
            self.store.put(self.reply.response_id, [*self.messages, self.reply.message])


def _sse(event: Json) -> bytes:
    return sse(event, event["type"])
