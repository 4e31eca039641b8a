"""`/v1/responses`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request_warnings import warn
from ...core.dependencies import ServiceDep
from ...http.errors import api_error, openai_body
from ...http.json_body import Route, converted
from ...http.json_response import JSONReply
from ...http.respond import respond
from ...http.sse import while_connected
from ..shared.kept_stream import KeptStream
from ..shared.request_fields import Parameter
from .answer import Asked, answer_alone, answer_with_servers
from .items import Item, input_items
from .mcp import servers_from
from .paging import After, Limit, Order, page
from .request import generation_request, places_in
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
    asked = Asked(request, service, body, items, places_in(body, new_items))
    servers = await converted(request, servers_from, body.tools)
    run = answer_with_servers(asked, servers) if servers else answer_alone(asked)
    answer, info, params = await while_connected(request, run)
    writer = ResponseWriter(
        response_head(body, info.id, params),
        thinking_events=_thinking_events(body, request.headers),
        sealed=body.includes("reasoning.encrypted_content"),
        tools=asked.tools,
        items=items,
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
    if servers_from(body.tools):
        warn("tools: those of MCP servers were not counted.")
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
