"""What is saved is there again, whatever ends the program."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.domain import ChatSettings, Folder, Preset, Transcript
from qwen3mlx_app.services.store import Store, StoreError
from qwen3mlx_app.services.store.schema import MIGRATIONS

from ..transfer.support import normal
from ..transfer.test_export import transcripts
from .support import conversation, message, opened


def again(store: Store) -> Store:
    """As the next start of the program sees it; closed with the first."""
    store.close()
    store.__init__(store.path)  # type: ignore[misc]
    return store


@given(transcripts())
def test_a_conversation_comes_back_as_it_was(transcript: Transcript) -> None:
    with opened() as store:
        loose = replace(transcript.conversation, folder_id=None)
        store.add([Transcript(conversation=loose, messages=transcript.messages)])
        back = store.transcript("c")
        assert store.conversations() == [loose]
    assert back is not None
    assert normal(back) == normal(transcript)


def test_everything_is_there_at_the_next_start(store: Store) -> None:
    folder = Folder(name="Work")
    preset = Preset(name="Terse", settings=ChatSettings(system_prompt="Be brief."))
    chat = conversation(title="One", folder_id=folder.id, draft="half a tho")
    question = message(chat, "Why?")
    store.save_folder(folder)
    store.save_preset(preset)
    store.save_conversation(chat)
    store.save_message(question)
    again(store)
    assert store.recovery is None
    assert store.folders() == [folder]
    assert store.presets() == [preset]
    assert store.conversations() == [chat]
    assert store.messages(chat.id) == [question]


def test_changes_replace_what_was_there(store: Store) -> None:
    chat = conversation(title="One")
    store.save_conversation(chat)
    question = message(chat, "Why?")
    store.save_message(question)
    store.save_conversation(renamed := replace(chat, title="Two", pinned=True))
    store.save_message(edited := replace(question, content="How?"))
    assert store.conversations() == [renamed]
    assert store.messages(chat.id) == [edited]
    assert store.search("why") == []
    assert len(store.search("how")) == 1


def test_the_last_used_conversation_is_the_first(store: Store) -> None:
    first, second = conversation(title="1"), conversation(title="2")
    for chat in (first, second):
        store.save_conversation(chat)
    assert [chat.title for chat in store.conversations()] == ["2", "1"]
    store.save_conversation(replace(first, updated_at=second.updated_at + 1))
    assert [chat.title for chat in store.conversations()] == ["1", "2"]


def test_deleting_can_be_undone_until_it_is_purged(store: Store) -> None:
    chat = conversation(title="Gone")
    store.save_conversation(chat)
    store.save_message(message(chat, "needle"))
    store.delete_conversations([chat.id])
    assert store.conversations() == store.search("needle") == store.search("gone") == []
    store.restore_conversations([chat.id])
    assert store.conversations() == [chat]
    assert len(store.search("needle")) == 1
    store.delete_conversations([chat.id])
    store.purge(older_than_s=3600)
    assert store.conversation(chat.id) is not None
    store.purge()
    assert store.conversation(chat.id) is None
    assert store.messages(chat.id) == []
    assert store.search("needle") == []


def test_a_folder_that_goes_leaves_its_conversations(store: Store) -> None:
    folder = Folder(name="Work")
    store.save_folder(folder)
    store.save_conversation(conversation(folder_id=folder.id))
    store.delete_folder(folder.id)
    assert store.folders() == []
    assert [chat.folder_id for chat in store.conversations()] == [None]


def test_deleted_messages_are_found_no_more(store: Store) -> None:
    chat = conversation()
    store.save_conversation(chat)
    kept, gone = message(chat, "kept needle"), message(chat, "gone needle")
    store.save_message(kept)
    store.save_message(gone)
    store.delete_messages([gone.id])
    assert store.messages(chat.id) == [kept]
    assert [hit.message_id for hit in store.search("needle")] == [kept.id]


def test_an_import_is_all_or_nothing(store: Store) -> None:
    good, bad = conversation(title="good"), conversation(title="bad")
    stray = replace(message(bad, "x"), conversation_id="nobody's")
    with pytest.raises(StoreError):
        store.add(
            [
                Transcript(conversation=good, messages=(message(good, "x"),)),
                Transcript(conversation=bad, messages=(stray,)),
            ]
        )
    assert store.conversations() == []


def test_half_a_surrogate_pair_is_saved_as_a_question_mark(store: Store) -> None:
    chat = conversation(title="a\ud800b")
    store.save_conversation(chat)
    assert store.conversations()[0].title == "a?b"


def test_an_answer_under_way_is_kept_in_pieces(store: Store) -> None:
    chat = conversation()
    store.save_conversation(chat)
    answer = message(chat, role="assistant", status="streaming")
    store.save_message(answer)
    store.append(answer.id, reasoning="hm ")
    store.append(answer.id, content="one ")
    store.append(answer.id, content="two", reasoning="so")
    [saved] = again(store).messages(chat.id)
    assert (saved.content, saved.reasoning, saved.status) == ("one two", "hm so", "stopped")
    assert len(store.search("two")) == 1
    assert again(store).messages(chat.id) == [saved]


def test_the_whole_answer_replaces_its_pieces(store: Store) -> None:
    chat = conversation()
    store.save_conversation(chat)
    answer = message(chat, role="assistant", status="streaming")
    store.save_message(answer)
    store.append(answer.id, content="one")
    store.save_message(replace(answer, content="one two", status="done"))
    [saved] = again(store).messages(chat.id)
    assert (saved.content, saved.status) == ("one two", "done")


WRITER = """
import sys, time
from pathlib import Path
from qwen3mlx_app.services.store import Store
from tests.app.services.store.support import conversation, message

store = Store(Path(sys.argv[1]))
chat = conversation(id="c")
store.save_conversation(chat)
store.save_message(message(chat, id="m", role="assistant", status="streaming"))
for number in range(10**6):
    store.append("m", content=f"{number} ")
    print(number, flush=True)
"""


def test_a_kill_loses_nothing_that_was_saved(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(200)]
    os.kill(process.pid, signal.SIGKILL)
    said += map(int, process.stdout.read().split())
    process.stdout.close()
    process.wait()
    store = Store(path)
    [answer] = store.messages("c")
    store.close()
    numbers = [int(number) for number in answer.content.split()]
    assert numbers[: len(said)] == said
    assert len(numbers) <= len(said) + 1
    assert answer.status == "stopped"


def test_only_its_owner_may_read_it(store: Store, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_of_a_newer_program_is_left_alone(store: Store, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer version of qwen3mlx"):
        Store(path)
    assert path.read_bytes() == before
    assert [child.name for child in path.parent.iterdir() if "damaged" in child.name] == []


def test_another_program_that_holds_the_file_is_said(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another app is using"):
        store.save_conversation(conversation())
    other.close()
    store.save_conversation(conversation())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be saved"):
        Store(tmp_path / "file" / "conversations.sqlite")


@given(st.text())
def test_no_question_is_too_odd_to_be_asked(question: str) -> None:
    with opened() as store:
        chat = conversation(title="Title")
        store.save_conversation(chat)
        store.save_message(message(chat, "some text"))
        assert {found.conversation_id for found in store.search(question)} <= {chat.id}
