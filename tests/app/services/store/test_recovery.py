"""A broken file: what can be read is rescued, and the file is kept."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from qwen3mlx_app.domain import Conversation
from qwen3mlx_app.services.store import Store, StoreError

from .support import conversation, message

NUM_CONVERSATIONS = 40
NUM_MESSAGES = 25


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a thousand messages, closed; the same pages hold the same things each time."""
    chance = random.Random(1)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4))
    path = tmp_path / "conversations.sqlite"
    store = Store(path)
    for number in range(NUM_CONVERSATIONS):
        chat = conversation(title=f"chat {number}")
        store.save_conversation(chat)
        for index in range(NUM_MESSAGES):
            store.save_message(message(chat, f"needle {index} " + "words " * 100))
    store.close()
    return path


def damage(path: Path, start: float, length: int) -> None:
    """Write noise over a part of the file, from `start` (a share of its size)."""
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * start) // 4096 * 4096)
        file.write(b"\xa5" * length)


def was_killed(path: Path) -> None:
    path.with_name(f"{path.name}-open").touch()


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*-damaged-*.sqlite"))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"not a database" * 1000])
def test_a_file_that_is_no_database_any_more(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    store = Store(path)
    store.save_conversation(conversation())
    store.close()
    if content:
        assert store.recovery is not None
        assert [store.recovery.backup] == backups(path)
        assert store.recovery.backup.read_bytes() == content
        assert store.recovery.num_conversations == 0


def test_a_damaged_beginning_costs_nothing(path: Path) -> None:
    shutil.copy(path, original := path.with_suffix(".bak"))
    damage(path, 0.0, 100)  # the header of the file
    store = Store(path)
    assert store.recovery is not None
    assert store.recovery.num_messages == NUM_CONVERSATIONS * NUM_MESSAGES
    assert store.recovery.backup.stat().st_size == original.stat().st_size
    store.close()


def test_what_a_glance_missed_is_mended_at_the_next_start(path: Path) -> None:
    damage(path, 0.5, 3 * 4096)
    store = Store(path)
    assert store.recovery is None
    with pytest.raises(StoreError, match="damaged"):
        read_all(store)
    store.close()
    store = Store(path)
    assert store.recovery is not None
    read_all(store)
    store.close()


def read_all(store: Store) -> None:
    for chat in store.conversations():
        store.messages(chat.id)


@pytest.mark.parametrize("start", [0.3, 0.5, 0.7])
def test_damage_in_the_middle_never_loses_the_rest(path: Path, start: float) -> None:
    damage(path, start, 3 * 4096)
    was_killed(path)
    store = Store(path)
    assert store.recovery is not None
    assert store.recovery.num_conversations >= NUM_CONVERSATIONS // 2
    assert store.recovery.num_messages >= NUM_CONVERSATIONS * NUM_MESSAGES // 2
    chats = store.conversations()
    for chat in chats:  # one may have lost all of its messages
        ids = {message.id for message in store.messages(chat.id)}
        assert chat.leaf_id in ids if ids else chat.leaf_id is None
    assert sum(len(store.messages(chat.id)) for chat in chats) == store.recovery.num_messages
    assert store.search("needle")
    assert len(backups(path)) == 1
    store.close()
    was_killed(path)
    unharmed = Store(path)
    assert unharmed.recovery is None
    unharmed.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_nothing_saved_is_lost(small_disk: Path) -> None:
    store = Store(small_disk / "conversations.sqlite")
    chat = conversation()
    store.save_conversation(chat)
    kept = message(chat, "kept")
    store.save_message(kept)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(2 * 1024**2))
    with pytest.raises(StoreError, match="disk is full"):
        save_many(store, chat)
    assert store.messages(chat.id)[0] == kept
    filler.unlink()
    late = message(chat, "late")
    store.save_message(late)
    store.close()
    store = Store(small_disk / "conversations.sqlite")
    assert store.recovery is None
    assert store.messages(chat.id)[0] == kept
    assert store.messages(chat.id)[-1] == late
    store.close()


def save_many(store: Store, chat: Conversation) -> None:
    for _ in range(100):
        store.save_message(message(chat, os.urandom(20_000).hex()))
