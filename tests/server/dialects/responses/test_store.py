"""Stored responses that can be retrieved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.server.dialects.responses.items import input_items
from qwen3mlx.server.dialects.responses.store import (
    MAX_BYTES,
    AllStored,
    PreviousResponseNotFoundError,
    ResponseStore,
    StoredResponse,
)


def stored(response_id: str, text: str = "Hi") -> StoredResponse:
    output = {"id": f"msg_{response_id}", "type": "message", "content": []}
    items = input_items([{"id": f"in_{response_id}", "role": "user", "content": text}], _nothing)
    return StoredResponse({"id": response_id, "output": [output]}, items)


def _nothing(item_id: str) -> None:
    return None


def store_of(max_bytes: int = MAX_BYTES) -> tuple[ResponseStore, AllStored]:
    """Return one owner's responses, and all of them."""
    everything = AllStored(max_bytes)
    return ResponseStore(everything.of("ada")), everything


def test_a_conversation_is_the_input_and_the_output() -> None:
    store, _ = store_of()
    store.put(stored("resp_1"))
    assert [item["id"] for item in store.earlier_items("resp_1")] == ["in_resp_1", "msg_resp_1"]
    assert store.earlier_items(None) == []


def test_an_unknown_one_is_refused_with_openais_code() -> None:
    with pytest.raises(PreviousResponseNotFoundError) as caught:
        store_of()[0].earlier_items("resp_9")
    assert caught.value.param == "previous_response_id"
    assert caught.value.code == "previous_response_not_found"


def test_items_are_found_until_they_go() -> None:
    store, everything = store_of()
    store.put(stored("resp_1"))
    found = store.item("in_resp_1")
    assert found is not None
    assert found["content"][0]["text"] == "Hi"
    assert store.delete("resp_1")
    assert not store.delete("resp_1")
    assert ResponseStore(everything.of("ada")).item("in_resp_1") is None


def test_of_items_with_one_id_the_one_stored_last_is_found() -> None:
    store, _ = store_of()
    for text in ("first", "second"):
        items = input_items([{"id": "in", "role": "user", "content": text}], _nothing)
        store.put(StoredResponse({"id": f"resp_{text}", "output": []}, items))
    found = store.item("in")
    assert found is not None
    assert found["content"][0]["text"] == "second"


def test_the_references_of_a_request_are_not_searched_for_one_by_one() -> None:
    store, everything = store_of()
    store.put(stored("resp_1"))
    looks: list[int] = []
    shelf = everything.of("ada")
    look = shelf.latest_first
    shelf.latest_first = lambda: looks.append(1) or look()  # type: ignore[method-assign,func-returns-value]
    request = ResponseStore(shelf)
    given = [{"type": "item_reference", "id": "in_resp_1"}] * 1000
    assert len(input_items(given, request.item)) == 1000
    assert looks == [1]


def test_those_not_used_for_longest_go_first() -> None:
    store, _ = store_of(stored("resp_1").nbytes * 2)
    store.put(stored("resp_1"))
    store.put(stored("resp_2"))
    store.get("resp_1")
    store.put(stored("resp_3"))
    assert store.get("resp_2") is None
    assert store.get("resp_1") is not None
    assert store.get("resp_3") is not None


def test_one_larger_than_the_bound_is_not_kept() -> None:
    store, everything = store_of(100)
    store.put(stored("resp_1", "x" * 200))
    assert store.get("resp_1") is None
    assert everything.nbytes == 0


@given(
    st.lists(st.tuples(st.sampled_from(["put", "get", "delete"]), st.integers(0, 9)), max_size=40)
)
def test_the_bound_holds_and_the_count_is_exact(steps: list[tuple[str, int]]) -> None:
    sizes = {n: stored(f"resp_{n}", "x" * 50 * n).nbytes for n in range(10)}
    store, everything = store_of(2000)
    for step, n in steps:
        if step == "get":
            store.get(f"resp_{n}")
        else:
            store.delete(f"resp_{n}")
        if step == "put":
            store.put(stored(f"resp_{n}", "x" * 50 * n))
        assert everything.nbytes <= 2000
    left = [n for n in range(10) if store.get(f"resp_{n}") is not None]
    assert everything.nbytes == sum(sizes[n] for n in left)
