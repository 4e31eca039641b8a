"""`/v1/conversations` with OpenAI's own client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from qwen3mlx.server.dialects.responses.store import AllStored, Conversation, ResponseStore

QUIET: Any = {"model": "demo", "temperature": 0, "reasoning": {"effort": "none"}}
HELLO: Any = [{"type": "message", "role": "user", "content": "My name is Ada."}]


def texts(client: OpenAI, conversation_id: str) -> list[str]:
    listed: Any = client.conversations.items.list(conversation_id, order="asc")
    return [item.content[0].text for item in listed]


def test_a_conversation_is_made_told_changed_and_deleted(client: OpenAI) -> None:
    made = client.conversations.create(metadata={"topic": "names"})
    assert made.object == "conversation"
    assert made.metadata == {"topic": "names"}
    assert client.conversations.retrieve(made.id) == made
    changed = client.conversations.update(made.id, metadata={"topic": "x"})
    assert changed.metadata == {"topic": "x"}
    assert (changed.id, changed.created_at) == (made.id, made.created_at)
    assert client.conversations.delete(made.id).deleted
    for call in (client.conversations.retrieve, client.conversations.delete):
        with pytest.raises(NotFoundError) as caught:
            call(made.id)
        assert caught.value.code == "conversation_not_found"


def test_items_are_added_listed_and_deleted(client: OpenAI) -> None:
    made = client.conversations.create(items=HELLO)
    more = client.conversations.items.create(
        made.id, items=[{"role": "assistant", "content": "Hello, Ada."}]
    )
    (added,) = more.data
    assert added.id is not None
    assert texts(client, made.id) == ["My name is Ada.", "Hello, Ada."]
    latest = client.conversations.items.list(made.id, limit=1)
    assert [item.id for item in latest.data] == [added.id]
    assert latest.has_more
    found: Any = client.conversations.items.retrieve(added.id, conversation_id=made.id)
    assert found.content[0].text == "Hello, Ada."
    client.conversations.items.delete(added.id, conversation_id=made.id)
    assert texts(client, made.id) == ["My name is Ada."]
    with pytest.raises(NotFoundError):
        client.conversations.items.retrieve(added.id, conversation_id=made.id)


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_goes_on_with_it_and_adds_to_it(client: OpenAI, stream: bool) -> None:
    made = client.conversations.create(items=HELLO)
    asked: Any = {**QUIET, "conversation": made.id, "max_output_tokens": 4, "store": False}
    if stream:
        events = list(client.responses.create(input="Hi!", stream=True, **asked))
        response = events[-1].response
    else:
        response = client.responses.create(input="Hi!", **asked)
    assert response.conversation.id == made.id
    alone = client.responses.create(input="Hi!", **{**asked, "conversation": None})
    assert response.usage.input_tokens > alone.usage.input_tokens
    assert texts(client, made.id) == ["My name is Ada.", "Hi!", response.output_text]
    again = client.responses.create(input="So?", **{**asked, "conversation": {"id": made.id}})
    assert again.usage.input_tokens > response.usage.total_tokens
    assert len(texts(client, made.id)) == 5


def test_what_cannot_be_gone_on_with_is_refused(client: OpenAI, http: httpx.Client) -> None:
    with pytest.raises(NotFoundError) as missing:
        client.responses.create(input="Hi", conversation="conv_none", **QUIET)
    assert missing.value.code == "conversation_not_found"
    made = client.conversations.create()
    with pytest.raises(BadRequestError) as both:
        client.responses.create(
            input="Hi", conversation=made.id, previous_response_id="resp_1", **QUIET
        )
    assert both.value.param == "conversation"
    reply = http.post("/conversations", json={"items": [{"type": "thing"}]})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "items[0].type")
    assert http.post(f"/conversations/{made.id}/items", json={}).status_code == 400


def test_it_shares_the_bytes_of_stored_responses() -> None:
    item = {"id": "i", "type": "message", "content": "x" * 100}
    first, second = Conversation({}, [item]), Conversation({}, [item])
    everything = AllStored(first.nbytes + 10)
    store = ResponseStore(everything.of("ada"))
    store.put(first)
    store.put(second)
    assert store.get_conversation(second.id) == second
    assert everything.nbytes == second.nbytes
    assert store.get(second.id) is None
    store.extend(first.id, [item])
    assert everything.nbytes == second.nbytes
