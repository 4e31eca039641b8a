"""`/v1/responses`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from ....errors import ContextLengthError, InvalidRequestError
from ....events import Prefill
from ....quoting import quoted
from ....request import GenerationRequest
from ...core.answer import Answer
from ...core.dependencies import get_service
from ...core.service import Service
from ...http.errors import api_error, openai_body, to_api_error
from ...http.json_body import Route
from ...http.replies import JSONReply
from ...http.sse import comment, sse, streaming, while_connected
from ..shared.fields import Parameter
from .items import Item, Places, input_items
from .paging import After, Limit, Order, page
from .request import (
    generation_request,
    num_turns,
    offered_tools,
    places_in,
    without_oldest_turns,
)
from .response import Json, response_head
from .schemas import ConversationBody, CountBody, ResponseBody
from .store import ResponseStore, StoredResponse
from .store_of import StoreOf
from .stream import SUMMARY_EVENTS, ResponseWriter

router = APIRouter(prefix="/v1/responses", tags=["responses"], route_class=Route)


ServiceOf = Annotated[Service, Depends(get_service)]


@router.post("")
async def create(
    body: ResponseBody, request: Request, service: ServiceOf, store: StoreOf
) -> Response:
    """Answer a conversation, whole or as a stream of events."""
    new_items = input_items(body.input, store.item)
    items = _earlier_items(body, store) + new_items
    places = places_in(body, new_items)
    answer = await while_connected(request, _generate(service, body, items, places))
    writer = ResponseWriter(
        response_head(body, answer.model.id, answer.params),
        thinking_events=_thinking_events(body, request.headers),
        sealed=body.includes("reasoning.encrypted_content"),
        tools=offered_tools(body, items, places),
    )

    def keep() -> None:
        if body.store is not False:
            store.put(StoredResponse(writer.response, items))
        if body.conversation_id is not None:
            store.extend(body.conversation_id, [*new_items, *writer.response["output"]])

    if body.stream:
        return streaming(request, _stream(answer, writer, keep))
    await while_connected(request, _write(answer, writer))
    keep()
    return JSONReply(writer.response)


@router.post("/input_tokens")
async def count_input_tokens(
    body: CountBody, request: Request, service: ServiceOf, store: StoreOf
) -> Response:
    """The tokens that the model would read."""
    new_items = input_items(body.input, store.item)
    items = _earlier_items(body, store) + new_items
    wanted = generation_request(body, items, places_in(body, new_items))
    count = await while_connected(request, service.count_tokens(body.model, wanted))
    return JSONReply({"object": "response.input_tokens", "input_tokens": count})


@router.post("/compact")
async def compact() -> Response:
    """Refused: a conversation is not summarised; `truncation: auto` shortens it."""
    message = "Conversations are not compacted here: send truncation auto with the next request."
    return _error(404, message, code="not_supported")


@router.get("/{response_id}")
async def retrieve(
    response_id: Parameter, store: StoreOf, stream: Annotated[bool, Query()] = False
) -> Response:
    """A response that was stored."""
    stored = store.get(response_id)
    if stored is None:
        return _not_found(response_id)
    if stream:
        raise InvalidRequestError(
            "A response that is complete is not streamed again: leave stream out.", param="stream"
        )
    return JSONReply(stored.response)


@router.delete("/{response_id}")
async def delete(response_id: Parameter, store: StoreOf) -> Response:
    """Forget a response that was stored."""
    if not store.delete(response_id):
        return _not_found(response_id)
    return JSONReply({"id": response_id, "object": "response", "deleted": True})


@router.get("/{response_id}/input_items")
async def list_input_items(
    response_id: Parameter,
    store: StoreOf,
    order: Order = "desc",
    limit: Limit = 20,
    after: After = None,
) -> Response:
    """The items that a response was made from, the conversation before it included."""
    stored = store.get(response_id)
    if stored is None:
        return _not_found(response_id)
    return JSONReply(page(stored.input_items, order, limit, after))


@router.post("/{response_id}/cancel")
async def cancel(response_id: Parameter, store: StoreOf) -> Response:
    """Refused: there are no responses in the background."""
    if store.get(response_id) is None:
        return _not_found(response_id)
    raise InvalidRequestError(
        "Only a response made in the background can be cancelled: close the connection to stop one "
        "that is being made.",
        param="response_id",
    )


def _earlier_items(body: ConversationBody, store: ResponseStore) -> list[Item]:
    return store.earlier_items(body.previous_response_id, body.conversation_id)


async def _generate(
    service: Service, body: ResponseBody, items: Sequence[Item], places: Places
) -> Answer:
    """With `truncation: auto` as few of the oldest turns go as make the rest fit the context."""

    def wanted(count: int) -> GenerationRequest:
        left = without_oldest_turns(items, count) if count else items
        return generation_request(body, left, places)

    try:
        return await service.generate(body.model, wanted(0), ttl=body.ttl)
    except ContextLengthError:
        most = num_turns(items) - 1
        if body.truncation != "auto" or most < 1:
            raise
    fewest = 1
    while fewest < most:  # halves what is left: a conversation has many turns
        middle = (fewest + most) // 2
        if await service.fits(body.model, wanted(middle)):
            most = middle
        else:
            fewest = middle + 1
    return await service.generate(body.model, wanted(fewest), ttl=body.ttl)


def _thinking_events(body: ResponseBody, headers: Mapping[str, str]) -> str:
    """The name under which thinking streams: the two specifications differ in it.

    OpenAI's clients show what they have asked for, a summary of the thoughts, and its own SDKs say
    what they are; to all others Open Responses applies, which has no event under OpenAI's name.
    """
    if body.reasoning and body.reasoning.wanted_summary:
        return SUMMARY_EVENTS
    return "response.reasoning_text" if "x-stainless-lang" in headers else "response.reasoning"


async def _write(answer: Answer, writer: ResponseWriter) -> None:
    try:
        async for event in answer:
            writer.add(event)
    finally:
        await answer.aclose()


async def _stream(
    answer: Answer, writer: ResponseWriter, keep: Callable[[], None]
) -> AsyncIterator[bytes]:
    try:
        yield _events(writer.start())
        async for event in answer:
            if isinstance(event, Prefill):
                yield comment(f"prefill {event.done}/{event.total}")
                continue
            events = writer.add(event)
            if writer.finished:  # before the client hears of it: it may go on with it at once
                keep()
            if events:
                yield _events(events)
    except Exception as error:  # the head is sent: whatever it is, it can only be told as an event
        yield _events(writer.fail(to_api_error(error)))
    finally:
        await answer.aclose()
    yield sse("[DONE]")


def _events(events: Sequence[Json]) -> bytes:
    return b"".join(sse(event, event["type"]) for event in events)


def _not_found(response_id: str) -> Response:
    message = f"There is no response {quoted(response_id)} here, or not any more."
    return _error(404, message, param="response_id", code="response_not_found")


def _error(status: int, message: str, *, code: str, param: str | None = None) -> Response:
    return JSONReply(openai_body(api_error(status, message, param=param, code=code)), status)
