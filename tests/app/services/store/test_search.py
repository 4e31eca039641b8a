"""What is looked for is found, in any script."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.store import Hit, Store

from .support import conversation, message, opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "conversations.sqlite")
    yield opened
    opened.close()


def add(store: Store, *texts: str, title: str = "") -> str:
    chat = conversation(title=title)
    store.save_conversation(chat)
    for text in texts:
        store.save_message(message(chat, text))
    return chat.id


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The strawberry has three r's.", "strawberry"),
        ("The strawberry has three r's.", "STRAW"),
        ("The strawberry has three r's.", "three straw"),
        ("Die Straße ist naß, über alles.", "uber"),
        ("通义千问可以在本地运行。", "千问"),
        ("通义千问可以在本地运行。", "本"),
        ("使用Qwen3模型回答", "qwen3模型"),
        ("これは日本語の文章です", "日本語"),
        ("한국어 문장을 검색합니다", "문장"),
        ("def kv_cache(self): ...", "kv_cache("),
        ("see https://example.com/a?b=c", "example.com/a"),
        ('say "hello" AND NOT (bye)', '"hello" AND NOT'),
        ("Привет, мир", "привет"),
    ],
)
def test_it_is_found(store: Store, text: str, question: str) -> None:
    chat_id = add(store, text)
    add(store, "something else")
    [hit] = store.search(question)
    assert hit.conversation_id == chat_id
    for found in marked(hit):
        assert plain(found) in plain(question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("strawberry", "berry"),
        ("通义千问", "千通"),
        ("one two", "one three"),
        ("a finished word", "finish "),
        ("anything", "!?"),
        ("anything", " "),
        ("anything", ""),
    ],
)
def test_it_is_not_found(store: Store, text: str, question: str) -> None:
    add(store, text)
    assert store.search(question) == []


def test_a_conversation_is_found_once_and_titles_come_first(store: Store) -> None:
    several = add(store, "needle one", "needle two", "needle three")
    titled = add(store, "nothing", title="My Needle")
    accented = add(store, "nothing", title="ÄRGER")
    hits = store.search("needle")
    assert [hit.conversation_id for hit in hits] == [titled, several]
    assert hits[0].message_id is None
    assert hits[1].snippet == "needle three"
    assert [hit.conversation_id for hit in store.search("ärger")] == [accented]


def test_the_latest_come_first_and_no_more_than_wanted(store: Store) -> None:
    ids = [add(store, f"needle {number}") for number in range(6)]
    hits = store.search("needle", limit=4)
    assert [hit.conversation_id for hit in hits] == ids[:1:-1]


def test_the_snippet_is_around_what_was_found(store: Store) -> None:
    add(store, "x " * 500 + "before\nneedle after" + " y" * 500)
    [hit] = store.search("NEEDLE")
    assert marked(hit) == ["needle"]
    assert "before needle after" in hit.snippet
    assert hit.snippet.startswith("…")
    assert len(hit.snippet) < 200


@pytest.mark.parametrize(
    ("text", "question", "found"),
    [
        ("Two trains, two TRAINS", "two trains", ["Two trains", "two TRAINS"]),
        ("Trains go, two of them; trains", "two trains", ["Trains", "two", "trains"]),
        ("trainstation", "train trains", ["trains"]),
        ("a (b) c", "(b)", ["(b)"]),
        ("通义千问可以", "千问 可", ["千问", "可"]),
        ("nothing", "else", []),
        ("nothing", " ", []),
    ],
)
def test_marks(text: str, question: str, found: list[str]) -> None:
    hit = Hit(conversation_id="", updated_at=0.0, question=question)
    assert [text[start : start + length] for start, length in hit.marks(text)] == found


def test_a_title_hides_no_message(store: Store) -> None:
    both = add(store, "a needle in a haystack", title="Needles")
    titled = [add(store, "nothing", title=f"Needle {number}") for number in range(5)]
    said = add(store, "one needle")
    hits = store.search("needle", limit=3)
    assert [hit.conversation_id for hit in hits[:3]] == titled[:1:-1]
    assert [hit.conversation_id for hit in hits[3:]] == [said, both]
    [hit] = [one for one in store.search("needle") if one.conversation_id == both]
    assert hit.snippet == "a needle in a haystack"
    assert hit.message_id is not None


def test_words_are_found_where_they_begin(store: Store) -> None:
    add(store, "a smart start of " + "x " * 200 + "an art")
    [hit] = store.search("art")
    assert hit.snippet.endswith("x an art")


def plain(text: str) -> str:
    """Without accents, in lower case."""
    letters = unicodedata.normalize("NFD", text).lower()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def marked(hit: Hit) -> list[str]:
    return [hit.snippet[start : start + length] for start, length in hit.marks(hit.snippet)]


words = st.text(st.sampled_from("abc千问 é\n-_"), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=4))
def test_any_words_of_a_text_find_it(parts: list[str]) -> None:
    """Asked for whole, from anywhere in it."""
    with opened() as store:
        add(store, " ".join(parts))
        for part in parts:
            if any(character.isalnum() for character in part):
                assert len(store.search(part)) == 1
