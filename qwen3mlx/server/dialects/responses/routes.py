"""`/v1/responses`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ....errors import ContextLengthError, InvalidRequestError
from ....quoting import quoted
from ....request import GenerationRequest
from ...core.answer import Answer
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.errors import api_error, openai_body
from ...http.json_body import Route, converted
from ...http.json_response import JSONReply
from ...http.respond import respond
from ...http.sse import while_connected
from ..shared.kept_stream import KeptStream
from ..shared.request_fields import Parameter
from .items import Item, Places, input_items
from .paging import After, Limit, Order, page
from .request import (
    generation_request,
    num_turns,
    offered_tools,
    places_in,
    without_oldest_turns,
)
from .response import response_head
from .schemas import ConversationBody, CountBody, ResponseBody
from .store import ResponseStore, StoredResponse
from .store_of import StoreOf
from .stream import SUMMARY_EVENTS, ResponseWriter

router = APIRouter(prefix="/v1/responses", tags=["responses"], route_class=Route)


@router.post("")
async def create(
    body: ResponseBody, request: Request, service: ServiceDep, store: StoreOf
) -> Response:
    """Answer a conversation, as one response or as a stream of events."""
    new_items = await converted(request, input_items, body.input, store.item)
    items = _earlier_items(body, store) + new_items
    places = places_in(body, new_items)
    answer = await while_connected(request, _generate(request, service, body, items, places))
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

    return await respond(request, answer, KeptStream(writer, keep), stream=bool(body.stream))


@router.post("/input_tokens")
async def count_input_tokens(
    body: CountBody, request: Request, service: ServiceDep, store: StoreOf
) -> Response:
    """Count the tokens of the prompt."""
    new_items = await converted(request, input_items, body.input, store.item)
    items = _earlier_items(body, store) + new_items
    places = places_in(body, new_items)
    wanted = await converted(request, generation_request, body, items, places)
    count = await while_connected(request, service.count_tokens(body.model, wanted))
    return JSONReply({"object": "response.input_tokens", "input_tokens": count})


@router.post("/compact")
async def compact() -> Response:
    """Refused: conversations are not summarized; `truncation: auto` shortens them."""
    message = "Compaction is not supported; set truncation to auto in the next request."
    return _error(404, message, code="not_supported")


@router.get("/{response_id}")
async def retrieve(
    response_id: Parameter, store: StoreOf, stream: Annotated[bool, Query()] = False
) -> Response:
    """Get a stored response."""
    stored = store.get(response_id)
    if stored is None:
        return _not_found(response_id)
    if stream:
        raise InvalidRequestError(
            "A complete response cannot be streamed again; omit stream.", param="stream"
        )
    return JSONReply(stored.response)


@router.delete("/{response_id}")
async def delete(response_id: Parameter, store: StoreOf) -> Response:
    """Delete a stored response."""
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
    """The input items of a response, including the conversation before it."""
    stored = store.get(response_id)
    if stored is None:
        return _not_found(response_id)
    return JSONReply(page(stored.input_items, order, limit, after))


@router.post("/{response_id}/cancel")
async def cancel(response_id: Parameter, store: StoreOf) -> Response:
    """Refused: there are no background responses."""
    if store.get(response_id) is None:
        return _not_found(response_id)
    raise InvalidRequestError(
        "Only background responses can be cancelled; to stop a running response, close its "
        "connection.",
        param="response_id",
    )


def _earlier_items(body: ConversationBody, store: ResponseStore) -> list[Item]:
    return store.earlier_items(body.previous_response_id, body.conversation_id)


async def _generate(
    request: Request,
    service: Service,
    body: ResponseBody,
    items: Sequence[Item],
    places: Places,
) -> Answer:
    """Answer; with `truncation: auto`, drop as few of the oldest turns as needed to fit the
    context.
    """

    def wanted(count: int) -> GenerationRequest:
        left = without_oldest_turns(items, count) if count else items
        return generation_request(body, left, places)

    try:
        first = await converted(request, wanted, 0)
        return await service.generate(body.model, first, ttl=body.ttl)
    except ContextLengthError:
        most = num_turns(items) - 1
        if body.truncation != "auto" or most < 1:
            raise
    fewest = 1
    while fewest < most:  # binary search: a conversation may have many turns
        middle = (fewest + most) // 2
        if await service.fits(body.model, await converted(request, wanted, middle)):
            most = middle
        else:
            fewest = middle + 1
    shortened = await converted(request, wanted, fewest)
    return await service.generate(body.model, shortened, ttl=body.ttl)


def _thinking_events(body: ResponseBody, headers: Mapping[str, str]) -> str:
    """The name of the events that stream reasoning, in which the two specifications differ.

    OpenAI's clients only show the summary that they request, and its SDKs identify themselves. All
    other clients get the events of Open Responses.
    """
    if body.reasoning and body.reasoning.wanted_summary:
        return SUMMARY_EVENTS
    return "response.reasoning_text" if "x-stainless-lang" in headers else "response.reasoning"


def _not_found(response_id: str) -> Response:
    message = f"There is no stored response {quoted(response_id)}."
    return _error(404, message, param="response_id", code="response_not_found")


def _error(status: int, message: str, *, code: str, param: str | None = None) -> Response:
    return JSONReply(openai_body(api_error(status, message, param=param, code=code)), status)
