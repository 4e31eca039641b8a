"""`/v1/conversations`: items that requests with `conversation` continue and extend."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Response

from ....quoting import quoted
from ...http.json_body import Route
from ...http.json_response import JSONReply
from ..shared.request_fields import Parameter
from .items import Item, input_items
from .paging import After, Limit, Order, item_list, page
from .schemas import MetadataBody, NewConversationBody, NewItemsBody
from .store import Conversation, ConversationNotFoundError
from .store_of import StoreOf

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=Route)


@router.post("")
async def create(store: StoreOf, body: NewConversationBody | None = None) -> Response:
    """Create a conversation, empty or with items."""
    body = body or NewConversationBody()
    items = input_items(body.items, store.item, param="items")
    conversation = Conversation(body.metadata or {}, items)
    store.put(conversation)
    return JSONReply(conversation.json)


@router.get("/{conversation_id}")
async def retrieve(conversation_id: Parameter, store: StoreOf) -> Response:
    """Get a conversation, without its items."""
    return JSONReply(store.get_conversation(conversation_id).json)


@router.post("/{conversation_id}")
async def update(conversation_id: Parameter, body: MetadataBody, store: StoreOf) -> Response:
    """Replace the metadata."""
    known = store.get_conversation(conversation_id)
    conversation = replace(known, metadata=body.metadata or {})
    store.put(conversation)
    return JSONReply(conversation.json)


@router.delete("/{conversation_id}")
async def delete(conversation_id: Parameter, store: StoreOf) -> Response:
    """Delete a conversation and its items."""
    store.delete_conversation(conversation_id)
    told = {"id": conversation_id, "object": "conversation.deleted", "deleted": True}
    return JSONReply(told)


@router.get("/{conversation_id}/items")
async def list_items(
    conversation_id: Parameter,
    store: StoreOf,
    order: Order = "desc",
    limit: Limit = 20,
    after: After = None,
) -> Response:
    items = store.get_conversation(conversation_id).conversation
    return JSONReply(page(items, order, limit, after))


@router.post("/{conversation_id}/items")
async def create_items(conversation_id: Parameter, body: NewItemsBody, store: StoreOf) -> Response:
    """Append items."""
    store.get_conversation(conversation_id)
    items = input_items(body.items, store.item, param="items")
    store.extend(conversation_id, items)
    return JSONReply(item_list(items))


@router.get("/{conversation_id}/items/{item_id}")
async def retrieve_item(conversation_id: Parameter, item_id: Parameter, store: StoreOf) -> Response:
    return JSONReply(_item(store.get_conversation(conversation_id), item_id))


@router.delete("/{conversation_id}/items/{item_id}")
async def delete_item(conversation_id: Parameter, item_id: Parameter, store: StoreOf) -> Response:
    """Delete an item, and return the conversation."""
    known = store.get_conversation(conversation_id)
    gone = _item(known, item_id)
    kept = [item for item in known.conversation if item is not gone]
    conversation = replace(known, conversation=kept)
    store.put(conversation)
    return JSONReply(conversation.json)


def _item(conversation: Conversation, item_id: str) -> Item:
    for item in conversation.conversation:
        if item["id"] == item_id:
            return item
    raise ConversationNotFoundError(
        f"There is no item {quoted(item_id)} in conversation {quoted(conversation.id)}."
    )
