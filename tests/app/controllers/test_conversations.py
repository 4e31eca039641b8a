"""Every change is on disk; what cannot be saved is said, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers import importer
from qwen3mlx_app.controllers.conversations import ConversationsController
from qwen3mlx_app.controllers.search import Search
from qwen3mlx_app.controllers.undo import UndoStack
from qwen3mlx_app.domain import ChatSettings, Conversation, Folder, Message, Notice, Transcript
from qwen3mlx_app.services.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "conversations.sqlite")
    yield opened
    opened.close()


class Listener:
    """What the controller said."""

    def __init__(self, controller: ConversationsController) -> None:
        self.notices: list[Notice] = []
        self.removed: list[str] = []
        self.wanted: list[str] = []
        self.changed: list[Conversation] = []
        self.folders: list[Folder] = []
        self.undos = UndoStack()
        controller.notice.connect(self.notices.append)
        controller.notice.connect(self.undos.follow)
        controller.removed.connect(self.removed.append)
        controller.current_wanted.connect(self.wanted.append)
        controller.changed.connect(self.changed.append)
        controller.folder_added.connect(self.folders.append)


def add(store: Store, *keys: str, text: str = "Hello") -> None:
    """The first is the last used."""
    for number, key in enumerate(keys):
        at = 1000.0 - number
        said = Message(conversation_id=key, role="user", content=f"{text} {key}", created_at=at)
        chat = Conversation(
            id=key, title=key.upper(), leaf_id=said.id, created_at=at, updated_at=at
        )
        store.add([Transcript(conversation=chat, messages=(said,))])


def made(store: Store) -> tuple[ConversationsController, Listener]:
    controller = ConversationsController(store)
    return controller, Listener(controller)


def ids(controller: ConversationsController) -> list[str]:
    return [one.id for one in controller.conversations.values()]


def on_disk(store: Store, key: str) -> Conversation:
    found = store.conversation(key)
    assert found is not None
    return found


def make_read_only(store: Store) -> None:
    store._connection.execute("PRAGMA query_only = ON")


def refuse(store: Store, key: str) -> None:
    """A disk that takes every other conversation."""
    store._connection.execute(
        f"CREATE TRIGGER refuse BEFORE UPDATE ON conversations WHEN old.id = '{key}'"
        " BEGIN SELECT RAISE(ABORT, 'it is refused'); END"
    )


def test_the_last_used_come_first_and_the_pinned_before_them(store: Store) -> None:
    add(store, "a", "b", "c")
    controller, said = made(store)
    assert ids(controller) == ["a", "b", "c"]
    controller.set_pinned(["c"], True)
    assert ids(controller) == ["c", "a", "b"]
    assert on_disk(store, "c").pinned
    assert [one.id for one in said.changed] == ["c"]
    controller.set_pinned(["c"], False)
    assert ids(controller) == ["a", "b", "c"]


def test_rename(store: Store) -> None:
    add(store, "a")
    controller, said = made(store)
    controller.rename("a", "  A new name ")
    assert on_disk(store, "a").title == "A new name"
    assert said.changed == [controller.conversations.value(0)] == [on_disk(store, "a")]
    controller.rename("a", "   ")
    controller.rename("unknown", "Name")
    assert on_disk(store, "a").title == "A new name"
    assert len(said.changed) == 1


def test_what_is_as_it_was_is_not_told(store: Store) -> None:
    add(store, "a")
    controller, said = made(store)
    controller.set_pinned(["a"], False)
    controller.move(["a"], None)
    controller.rename("a", "A")
    assert said.changed == []


def test_folders(store: Store) -> None:
    add(store, "a", "b")
    controller, said = made(store)
    controller.add_folder(" Work ", ["b"])
    controller.add_folder("Home")
    controller.add_folder("  ")
    assert said.folders == controller.folders.values() == store.folders()
    work, home = said.folders
    assert (work.name, home.name) == ("Work", "Home")
    assert on_disk(store, "b").folder_id == work.id
    controller.move(["a", "b"], home.id)
    assert {on_disk(store, key).folder_id for key in "ab"} == {home.id}
    controller.move(["a"], None)
    assert on_disk(store, "a").folder_id is None
    controller.rename_folder(home.id, " House ")
    controller.rename_folder(work.id, " ")
    controller.rename_folder("unknown", "Name")
    assert [folder.name for folder in store.folders()] == ["Work", "House"]


def test_what_was_in_a_folder_stays_outside(store: Store) -> None:
    add(store, "a", "b")
    controller, said = made(store)
    controller.add_folder("Work", ["a"])
    controller.add_folder("Home", ["b"])
    said.changed.clear()
    controller.delete_folder(said.folders[0].id)
    assert [folder.name for folder in controller.folders.values()] == ["Home"]
    assert ids(controller) == ["a", "b"]
    assert [(one.id, one.folder_id) for one in said.changed] == [("a", None)]
    controller.add_folder("Third")
    assert [folder.name for folder in store.folders()] == ["Home", "Third"]
    assert len({folder.position for folder in store.folders()}) == 2


def test_several_are_deleted_and_taken_back_together(store: Store) -> None:
    add(store, "a", "b", "c", "d")
    controller, said = made(store)
    controller.delete(["b", "d", "unknown"])
    assert ids(controller) == ["a", "c"] == [one.id for one in store.conversations()]
    assert said.removed == ["b", "d"]
    [notice] = said.notices
    assert notice.text == "2 conversations were deleted."
    controller.delete(["a"])
    assert said.notices[-1].text == "“A” was deleted."
    said.undos.undo_last()
    assert ids(controller) == ["a", "c"]
    said.undos.undo_last()
    assert ids(controller) == ["a", "b", "c", "d"] == [one.id for one in store.conversations()]
    assert said.wanted == ["a", "b"]
    said.undos.undo_last()
    assert said.wanted == ["a", "b"]


def test_nothing_is_deleted_where_nothing_is_known(store: Store) -> None:
    controller, said = made(store)
    controller.delete([])
    controller.delete(["unknown"])
    said.undos.undo_last()
    assert said.notices == said.removed == []


def test_what_was_deleted_stays_away_when_it_changes_later(store: Store) -> None:
    """A title that the model still wrote, say."""
    add(store, "a", "b")
    controller, said = made(store)
    late = controller.conversations.value(0)
    controller.delete(["a"])
    controller.upsert(late)
    assert ids(controller) == ["b"]
    said.undos.undo_last()
    controller.upsert(late)
    assert ids(controller) == ["a", "b"]


def test_a_change_elsewhere_is_taken(store: Store) -> None:
    add(store, "a", "b")
    controller, said = made(store)
    used = Conversation(id="b", title="Used", created_at=0.0, updated_at=2000.0)
    controller.upsert(used)
    assert ids(controller) == ["b", "a"]
    controller.upsert(Conversation(id="new", created_at=3000.0, updated_at=3000.0))
    assert ids(controller) == ["new", "b", "a"]
    assert said.changed == []


def test_search(store: Store, qtbot: QtBot) -> None:
    add(store, "a", "b", text="needle")
    add(store, "c", text="hay")
    controller, _ = made(store)
    search = Search(store, controller)
    with qtbot.waitSignal(search.hits.modelReset):
        search.look_for("needle")
    assert sorted(hit.conversation_id for hit in search.hits.values()) == ["a", "b"]
    titles = [search.hits.data(search.hits.index(row)) for row in range(2)]
    assert sorted(titles) == ["A", "B"]
    controller.delete(["a"])
    assert [hit.conversation_id for hit in search.hits.values()] == ["b"]
    search.look_for("  ")
    assert search.hits.rowCount() == 0


def test_only_the_last_of_what_is_typed_is_searched(store: Store, qtbot: QtBot) -> None:
    add(store, "a", text="needle")
    controller, _ = made(store)
    search = Search(store, controller)
    resets: list[int] = []
    search.hits.modelReset.connect(lambda: resets.append(search.hits.rowCount()))
    for end in range(1, 7):
        search.look_for("needle"[:end])
    qtbot.waitUntil(lambda: resets == [1])
    search.look_for("x")
    search.look_for("")
    qtbot.wait(200)
    assert resets == [1, 0]


def test_presets(store: Store) -> None:
    controller, _ = made(store)
    controller.save_preset("Brief", ChatSettings(system_prompt="Be brief."))
    controller.save_preset("Brief", ChatSettings(system_prompt="Be very brief."))
    [preset] = store.presets()
    assert controller.presets.values() == [preset]
    assert preset.settings.system_prompt == "Be very brief."
    controller.delete_preset(preset.id)
    assert controller.presets.values() == store.presets() == []


def test_what_goes_out_comes_in_again(store: Store, tmp_path: Path) -> None:
    add(store, "a", "b")
    controller, said = made(store)
    path = tmp_path / "out.json"
    controller.export_to(["a", "b", "unknown"], path)
    assert said.notices[-1] == Notice(text="Exported to out.json.")
    controller.delete(["a", "b"])
    controller.import_files([path])
    assert said.notices[-1] == Notice(text="2 conversations imported.", topic="import")
    assert sorted(one.title for one in controller.conversations.values()) == ["A", "B"]
    assert said.wanted[-1] in ids(controller)
    imported = store.messages(said.wanted[-1])
    assert [message.content for message in imported] == ["Hello b"]


def test_what_is_here_is_not_imported_again(store: Store, tmp_path: Path) -> None:
    add(store, "a", "b")
    controller, said = made(store)
    path = tmp_path / "out.json"
    controller.export_to(["a", "b"], path)
    controller.rename("a", "Another name")
    controller.import_files([path, path])
    text = "No conversations imported, 4 already here."
    assert said.notices[-1] == Notice(text=text, topic="import")
    assert sorted(ids(controller)) == ["a", "b"]
    assert said.wanted[-1] == "a"
    controller.delete(["b"])
    controller.import_files([path, path])
    assert said.notices[-1].text == "1 conversation imported, 3 already here."


def test_a_conversation_that_went_on_elsewhere_is_imported(store: Store, tmp_path: Path) -> None:
    """Nothing that it says is lost, and what was said here is kept."""
    add(store, "a")
    controller, said = made(store)
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    controller.export_to(["a"], before)
    store.save_message(
        Message(conversation_id="a", role="assistant", content="More.", created_at=9.0)
    )
    controller.export_to(["a"], after)
    controller.import_files([before])
    assert said.notices[-1].text == "No conversations imported, 1 already here."
    store.purge(-1)
    controller.delete(["a"])
    store.purge(-1)
    controller.import_files([before])
    controller.import_files([after])
    assert said.notices[-1].text == "1 conversation imported."
    assert len(controller.conversations.values()) == 2


def test_many_are_imported_between_other_events(
    store: Store, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "SLICE", 0.0)
    controller, said = made(store)
    chats = [chatgpt(number) for number in range(100)]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([*chats, {"mapping": {}}]))
    controller.import_files([path])
    assert 0 < len(store.conversations()) < 100
    assert said.notices[-1].text == "Importing: 20 of 100 conversations"
    assert said.wanted == []
    qtbot.waitUntil(lambda: len(said.wanted) == 1)
    assert said.notices[-1].text == "100 conversations imported, 1 without messages."
    assert {notice.topic for notice in said.notices} == {"import"}
    assert len(controller.conversations.values()) == 100


def chatgpt(number: int) -> dict[str, object]:
    said = {
        "author": {"role": "user"},
        "content": {"content_type": "text", "parts": [f"Hello {number}"]},
        "create_time": 1.7e9,
    }
    mapping = {"root": {"parent": None, "message": None}, "a": {"parent": "root", "message": said}}
    return {"title": f"Chat {number}", "mapping": mapping, "current_node": "a"}


def test_markdown_goes_out(store: Store, tmp_path: Path) -> None:
    add(store, "a", "b")
    controller, _ = made(store)
    controller.export_to(["a", "b"], tmp_path / "out.MD")
    text = (tmp_path / "out.MD").read_text(encoding="utf-8")
    assert "# A" in text
    assert "Hello b" in text


def test_a_file_that_is_none_of_ours_is_said_and_the_others_come(
    store: Store, tmp_path: Path
) -> None:
    add(store, "a")
    controller, said = made(store)
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    controller.export_to(["a"], good)
    bad.write_text(json.dumps({"what": "else"}))
    said.notices.clear()
    controller.import_files([bad, good, tmp_path / "absent.json"])
    assert [notice.kind for notice in said.notices] == ["error", "error", "info"]
    assert "bad.json" in said.notices[0].text
    assert "absent.json" in said.notices[1].text
    assert said.notices[2].text == "No conversations imported, 1 already here."


def test_a_place_that_cannot_be_written_is_said(store: Store, tmp_path: Path) -> None:
    add(store, "a")
    controller, said = made(store)
    controller.export_to(["a"], tmp_path / "absent" / "out.json")
    [notice] = said.notices
    assert notice.kind == "error"
    assert notice.text == "out.json cannot be written: No such file or directory."


def test_nothing_changes_that_cannot_be_saved(store: Store, tmp_path: Path) -> None:
    add(store, "a", "b")
    controller, said = made(store)
    controller.add_folder("Work", ["a"])
    (tmp_path / "chat.json").write_text(json.dumps([chatgpt(1)]))
    controller.delete(["b"])
    before, folders = controller.conversations.values(), controller.folders.values()
    undos, said = said.undos, Listener(controller)
    make_read_only(store)
    for change in (
        lambda: controller.rename("a", "Other"),
        lambda: controller.set_pinned(["a"], True),
        lambda: controller.move(["a"], None),
        lambda: controller.delete(["a"]),
        undos.undo_last,
        lambda: controller.add_folder("Home"),
        lambda: controller.rename_folder(folders[0].id, "Other"),
        lambda: controller.delete_folder(folders[0].id),
        lambda: controller.save_preset("Brief", ChatSettings()),
        lambda: controller.import_files([tmp_path / "chat.json"]),
        lambda: controller.purge(10),
    ):
        said.notices.clear()
        change()
        assert {notice.kind for notice in said.notices} == {"error"}
        assert "cannot be saved" in said.notices[0].text
        assert controller.conversations.values() == before
        assert controller.folders.values() == folders
        assert controller.presets.rowCount() == 0
    assert said.changed == said.removed == said.wanted == said.folders == []


def test_one_that_cannot_be_saved_ends_it_with_one_word(store: Store) -> None:
    add(store, "a", "b", "c")
    controller, said = made(store)
    refuse(store, "b")
    controller.set_pinned(["a", "b", "c"], True)
    assert [one.pinned for one in controller.conversations.values()] == [True, False, False]
    assert [one.id for one in said.changed] == ["a"]
    assert len(said.notices) == 1
    controller.delete(["a", "b", "c"])
    assert ids(controller) == ["a", "b", "c"] == [one.id for one in store.conversations()]
    assert said.removed == []
    assert [notice.kind for notice in said.notices] == ["error", "error"]


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    store = Store(tmp_path / "conversations.sqlite")
    add(store, "a")
    controller, said = made(store)
    store._connection.close()
    search = Search(store, controller)
    search.notice.connect(said.notices.append)
    search.look_for("hello")
    qtbot.waitUntil(lambda: len(said.notices) == 1)
    controller.export_to(["a"], tmp_path / "out.json")
    assert [notice.kind for notice in said.notices] == ["error", "error"]
    assert ids(controller) == ["a"]
    assert not (tmp_path / "out.json").exists()


def test_what_was_deleted_long_ago_is_gone_for_good(store: Store) -> None:
    add(store, "a", "b")
    controller, _ = made(store)
    controller.delete(["a", "b"])
    store._connection.execute("UPDATE conversations SET deleted_at = 1.0 WHERE id = 'a'")
    assert controller.purge(10)
    assert not controller.purge(10)
    assert store.conversation("a") is None
    assert store.conversation("b") is not None
