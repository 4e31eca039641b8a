"""Every row outside the damage is rescued, and the rest is counted."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Attachment, ChatSettings, Draft, Folder, Message, Preset
from qwen3mlx_app.services.store import Store

from tests.support.places import PROGRAM

from .support import conversation, message

PAGE = 4096
NUM_CONVERSATIONS, NUM_MESSAGES = 40, 25
# Messages that fit on a page, with one that reaches into it from before.
ON_A_PAGE = 7


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with rows in every table, closed."""
    path = tmp_path_factory.mktemp("whole") / "conversations.sqlite"
    store = Store(path)
    for number in range(8):
        store.save_folder(Folder(name=f"folder {number}", position=number))
        store.save_preset(Preset(name=f"preset {number}", settings=ChatSettings(thinking=True)))
    folders = store.folders()
    for number in range(NUM_CONVERSATIONS):
        chat = conversation(title=f"chat {number}", folder_id=folders[number % 8].id)
        store.save_conversation(chat)
        parent = None
        for index in range(NUM_MESSAGES):
            text = f"needle {index} " + "words " * 100
            said = message(chat, text, parent_id=parent)
            store.save_message(said)
            parent = said.id
    file = Attachment(name="a.txt", kind="text", text="long " * 5000, num_bytes=25_000)
    store.save_draft(Draft(id=chat.id, conversation_id=chat.id, attachments=(file,)))
    store.close()
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / whole.name))


def damage(path: Path, pages: list[int]) -> None:
    """Write noise over whole pages, counted from 1."""
    with path.open("r+b") as file:
        for number in pages:
            file.seek((number - 1) * PAGE)
            file.write(random.Random(number).randbytes(PAGE))
    path.with_name(f"{path.name}-open").touch()


def num_pages(path: Path) -> int:
    return path.stat().st_size // PAGE


def message_pages(path: Path) -> list[int]:
    """The leaves of the table of messages."""
    data = path.read_bytes()
    pages = [data[start : start + PAGE] for start in range(0, len(data), PAGE)]
    return [number for number, page in enumerate(pages, 1) if page[0] == 13 and b"user" in page]


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def everything(store: Store) -> dict[str, Message]:
    return {one.id: one for chat in store.conversations() for one in store.messages(chat.id)}


@pytest.mark.parametrize("shares", [(0.3,), (0.2, 0.4, 0.6, 0.8), (0.5, 0.52, 0.54)])
def test_rows_between_broken_pages_are_rescued(
    path: Path, whole: Path, shares: tuple[float, ...]
) -> None:
    pages = message_pages(path)
    broken = [pages[int(share * len(pages))] for share in shares]
    with opened(whole) as store:
        before = everything(store)
    damage(path, broken)
    with opened(path) as store:
        after, recovery = everything(store), store.recovery
    assert recovery is not None
    missing = len(before) - len(after)
    assert 0 < missing <= ON_A_PAGE * len(broken)
    assert recovery.num_messages == len(after)
    assert (recovery.lost["messages"], recovery.may_lack_more) == (missing, False)
    assert all(before[one.id].content == one.content for one in after.values())


def test_a_broken_first_page_costs_nothing(path: Path) -> None:
    damage(path, [1])
    with opened(path) as store:
        assert store.recovery is not None
        assert store.recovery.num_messages == NUM_CONVERSATIONS * NUM_MESSAGES
        chats = store.conversations()
        assert len(chats) == NUM_CONVERSATIONS
        assert len(store.folders()) == len(store.presets()) == 8
        assert all(chat.folder_id for chat in chats)
        assert all(preset.settings.thinking for preset in store.presets())
        [draft] = store.drafts(chats[0].id)
        assert len(draft.attachments[0].text) == 25_000


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 9))
def test_no_page_costs_more_than_it_held(whole: Path, tmp_path: Path, first: int) -> None:
    total = NUM_CONVERSATIONS * NUM_MESSAGES
    for number in range(first, num_pages(whole) + 1, 8):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = Path(shutil.copy(whole, folder / whole.name))
        damage(path, [number])
        with opened(path) as store:
            recovery = store.recovery
            if recovery is None:
                continue  # a free page, or one of the search index that is never checked
            missing = total - recovery.num_messages
            assert missing <= ON_A_PAGE, number
            assert recovery.may_lack_more or recovery.lost.get("messages", 0) == missing, number
            others = len(store.conversations()), len(store.folders()), len(store.presets())
            lost = [recovery.lost.get(name, 0) for name in ("conversations", "folders", "presets")]
            if not recovery.may_lack_more:
                assert others == (NUM_CONVERSATIONS - lost[0], 8 - lost[1], 8 - lost[2]), number
        shutil.rmtree(folder)


@pytest.mark.parametrize("table", ["words_data", "words_content", "words_config"])
def test_a_broken_search_index_costs_no_message(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (root,) = connection.execute(query, (table,)).fetchone()
    damage(path, [root])
    with opened(path) as store:
        assert store.recovery is not None
        assert store.recovery.num_messages == NUM_CONVERSATIONS * NUM_MESSAGES
        assert store.search("needle")


def test_what_was_only_in_the_log_is_rescued(path: Path, tmp_path: Path) -> None:
    broken = message_pages(path)[0]  # the oldest messages': the log holds no newer copy of it
    with opened(path) as store:
        chat = conversation(title="late")
        store.save_conversation(chat)
        store.save_message(message(chat, "only in the log"))
        store.save_message(running := message(chat, "so ", role="assistant", status="streaming"))
        store.append(running.id, content="far")
        (tmp_path / "copy").mkdir()
        copy = tmp_path / "copy" / path.name
        shutil.copy(path, copy)
        shutil.copy(path.with_name(f"{path.name}-wal"), copy.with_name(f"{copy.name}-wal"))
    damage(copy, [broken])
    with opened(copy) as store:
        assert store.recovery is not None
        assert [one.content for one in store.messages(chat.id)] == ["only in the log", "so far"]


def test_what_was_deleted_does_not_come_back(path: Path) -> None:
    with opened(path) as store:
        gone = store.conversations()[:20]
        for chat in gone:
            store.delete_conversations([chat.id])
        store.purge()
        kept = everything(store)
    damage(path, message_pages(path)[:1])
    with opened(path) as store:
        assert store.recovery is not None
        assert everything(store).keys() <= kept.keys()


def test_the_notice_says_what_was_lost(path: Path, qtbot: QtBot) -> None:
    damage(path, message_pages(path)[20:21])
    (path.parent / "profile").mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.move(file, path.parent / "profile" / file.name)
    program = Program(path.parent / "profile", PROGRAM)
    assert program.greeting is not None
    recovery = program.store.recovery
    assert recovery is not None
    assert f"{recovery.num_messages} messages" in program.greeting.text
    assert recovery.lost["messages"] > 0
    assert f"Lost: {recovery.lost['messages']} messages" in program.greeting.text
    program.close()
