from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.server.core.conversations import ConversationStore
from qwen3mlx.server.json_text import json_bytes

IDS = st.sampled_from("abcde")
TEXTS = st.text(max_size=40)


def messages(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def size(text: str) -> int:
    return len(json_bytes(messages(text)))


@given(
    st.integers(0, 300),
    st.lists(st.one_of(st.tuples(IDS, TEXTS), st.tuples(IDS, st.none())), max_size=40),
)
def test_what_was_used_last_is_kept_as_far_as_there_is_room(
    max_bytes: int, uses: list[tuple[str, str | None]]
) -> None:
    everything = ConversationStore[Any](max_bytes)
    store = everything.of("ada")
    newest_last: list[tuple[str, str]] = []
    for name, text in uses:
        known = dict(newest_last).get(name)
        if text is None:
            assert store.get(name) == (None if known is None else messages(known))
            text = known
        else:
            store.put(name, messages(text))
        newest_last = [entry for entry in newest_last if entry[0] != name]
        if text is not None and size(text) <= max_bytes:
            newest_last.append((name, text))
        while sum(size(entry[1]) for entry in newest_last) > max_bytes:
            newest_last.pop(0)
        assert everything.nbytes == sum(size(entry[1]) for entry in newest_last)
    for name, text in newest_last:
        assert store.get(name) == messages(text)
    for name in set("abcde") - dict(newest_last).keys():
        assert store.get(name) is None


def test_one_that_is_too_large_does_not_push_the_others_out() -> None:
    store = ConversationStore[Any](max_bytes=size("short") + 10).of("ada")
    store.put("a", messages("short"))
    store.put("b", messages("long" * 100))
    assert store.get("a") == messages("short")
    assert store.get("b") is None


def test_each_owner_has_their_own() -> None:
    store = ConversationStore[Any]()
    ada, bob = store.of("ada"), store.of("bob")
    ada.put("a", messages("hers"))
    assert bob.get("a") is None
    assert bob.latest_first() == []
    assert not bob.delete("a")
    bob.put("a", messages("his"))
    assert ada.get("a") == messages("hers")
    assert store.of("bob").delete("a")
    assert store.of("ada").get("a") == messages("hers")


def test_whoever_keeps_most_makes_room() -> None:
    store = ConversationStore[Any](max_bytes=10 * size("x"))
    store.of("quiet").put("kept", messages("x"))
    for number in range(100):
        store.of("loud").put(str(number), messages("x"))
    assert store.of("quiet").get("kept") == messages("x")
    assert len(store.of("loud").latest_first()) == 9
    assert store.nbytes == store.max_bytes
