"""Backups are whole, bounded in number, never of what is broken, and can be put back."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from qwen3mlx_app.domain import ChatSettings, Draft, Preset
from qwen3mlx_app.services.store import (
    Store,
    StoreError,
    backup_folder,
    backups,
    is_due,
    keep_last,
    make_backup,
    restore,
    schema,
)
from qwen3mlx_app.services.store.backups import KEPT

from .support import conversation, message


def fill(store: Store, *ids: str) -> None:
    for one in ids:
        chat = conversation(id=one, title=f"About {one}")
        store.save_conversation(chat)
        store.save_message(message(chat, f"the word{one} is asked for"))


def ids(store: Store) -> set[str]:
    return {one.id for one in store.conversations()}


def made(path: Path, kind: str, moment: datetime) -> Path:
    """A backup as if it had been made then."""
    copy = make_backup(path, "daily")
    other = copy.with_name(f"{path.stem}-{kind}-{moment:%Y%m%d-%H%M%S}.sqlite")
    copy.rename(other)
    return other


def names(path: Path) -> set[str]:
    return {one.name for one in backup_folder(path).iterdir()}


def test_a_backup_is_one_file_that_has_everything(store: Store, path: Path) -> None:
    fill(store, "a", "b")
    store.delete_conversations(["b"])
    copy = make_backup(path, "daily")
    assert names(path) == {copy.name}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    [listed] = backups(path)
    assert (listed.path, listed.kind, listed.num_conversations) == (copy, "daily", 1)
    assert abs(listed.made_at - datetime.now()) < timedelta(minutes=1)
    fill(store, "c")
    restore(path, copy)
    assert ids(store) == {"a"}
    store.restore_conversations(["b"])
    assert ids(store) == {"a", "b"}
    assert [hit.conversation_id for hit in store.search("worda")] == ["a"]
    assert store.search("wordc") == []
    assert copy.name in names(path)


def test_what_was_there_before_is_backed_up_and_comes_back(store: Store, path: Path) -> None:
    fill(store, "a")
    copy = make_backup(path, "daily")
    fill(store, "later")
    store.save_draft(Draft(id="later", conversation_id="later", text="half"))
    store.save_preset(Preset(id="p", name="Mine", settings=ChatSettings()))
    before = restore(path, copy)
    assert (ids(store), store.presets()) == ({"a"}, [])
    again = restore(path, before)
    assert ids(store) == {"a", "later"}
    assert [one.text for one in store.drafts("later")] == ["half"]
    assert [one.name for one in store.presets()] == ["Mine"]
    assert len({copy, before, again} & {one.path for one in backups(path)}) == 3
    store.close()
    opened = Store(path)
    assert opened.recovery is None
    opened.close()


def test_an_answer_that_was_being_written_is_whole_in_what_is_restored(
    store: Store, path: Path
) -> None:
    chat = conversation(id="a")
    store.save_conversation(chat)
    store.save_message(message(chat, "", id="m", role="assistant", status="streaming"))
    store.append("m", content="half an answer")
    restore(path, make_backup(path, "daily"))
    store.finish_interrupted()
    [answer] = store.messages("a")
    assert (answer.content, answer.status) == ("half an answer", "stopped")


def test_the_last_days_are_kept_and_other_kinds_are_not_counted(store: Store, path: Path) -> None:
    fill(store, "a")
    today = datetime.now()
    update = made(path, "upgrade", today - timedelta(days=100))
    old = [made(path, "daily", today - timedelta(days=day)) for day in range(1, 10)]
    newest = make_backup(path, "daily")
    assert names(path) == {
        update.name,
        newest.name,
        *(one.name for one in old[: KEPT["daily"] - 1]),
    }
    assert not is_due(path)
    assert [one.kind for one in backups(path)] == ["daily"] * KEPT["daily"] + ["upgrade"]


def test_one_is_due_each_day_that_there_is_something(store: Store, path: Path) -> None:
    assert not is_due(path)  # an empty one must not take the place of a full one
    fill(store, "a")
    assert is_due(path)
    made(path, "daily", datetime.now() - timedelta(days=1))
    assert is_due(path)
    make_backup(path, "daily")
    assert not is_due(path)


def test_a_clock_that_was_wrong_does_not_push_the_others_out(store: Store, path: Path) -> None:
    fill(store, "a")
    today = datetime.now()
    far = [made(path, "daily", today + timedelta(days=3650 + day)) for day in range(7)]
    true = [made(path, "daily", today - timedelta(days=day)) for day in range(1, 7)]
    newest = make_backup(path, "daily")
    assert {newest.name, *(one.name for one in true)} == names(path)
    assert far[0].name not in names(path)


def break_pages(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(2, path.stat().st_size // 4096):
            file.seek(4096 * page + 100)
            file.write(os.urandom(3000))


def test_what_is_broken_takes_the_place_of_nothing(store: Store, path: Path) -> None:
    fill(store, *(f"c{number}" for number in range(200)))
    good = make_backup(path, "daily")
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    break_pages(path)
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        make_backup(path, "daily")
    assert names(path) == {good.name}
    assert backups(path)[0].num_conversations == 200


def test_a_broken_or_strange_backup_changes_nothing(store: Store, path: Path) -> None:
    fill(store, *(f"c{number}" for number in range(200)))
    broken = make_backup(path, "daily")
    break_pages(broken)
    strange = broken.with_name("conversations-daily-20260101-000000.sqlite")
    with closing(sqlite3.connect(strange)) as other:
        other.execute(
            "CREATE VIEW conversations AS WITH RECURSIVE n(x) AS"
            " (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS deleted_at FROM n"
        )
    shutil.copy(strange, strange.with_name("conversations-daily-20260231-000000.sqlite"))
    strange.with_name("conversations-daily-20260102-000000.sqlite").symlink_to(path)
    strange.with_name("conversations-daily-20260103-000000.sqlite").write_bytes(b"no database")
    assert strange not in {one.path for one in backups(path)}
    before = ids(store)
    for copy in (broken, strange):
        with pytest.raises(sqlite3.DatabaseError):
            restore(path, copy)
        assert ids(store) == before
    assert [one for one in names(path) if one.startswith(".")] == []
    assert {one.kind for one in backups(path)} <= {"daily"}


def test_a_full_disk_leaves_room_for_what_is_written(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "a")
    usage = shutil.disk_usage(path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=path.stat().st_size))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        make_backup(path, "daily")
    assert names(path) == set()


def test_the_copy_just_made_is_never_the_one_that_goes(store: Store, path: Path) -> None:
    """Several in a second: the name of one that went is free again."""
    fill(store, "a")
    made: list[Path] = []
    for _ in range(2 * KEPT["restore"] + 2):
        made.append(make_backup(path, "restore"))
        assert made[-1].exists()
    assert {one.path for one in backups(path)} == set(made[-KEPT["restore"] :])


def test_a_backup_is_of_one_moment_while_others_write(store: Store, path: Path) -> None:
    fill(store, "a")
    chat, is_over = conversation(id="b"), threading.Event()
    store.save_conversation(chat)
    copies: list[Path] = []

    def copy() -> None:
        while not is_over.is_set():
            copies.append(make_backup(path, "restore"))

    thread = threading.Thread(target=copy)
    thread.start()
    while len(copies) < 3:
        for _ in range(20):
            store.save_message(message(chat, "word " * 500))
    is_over.set()
    thread.join()
    num_messages = []
    for made_now in copies[-2:]:
        opened = Store(made_now)
        num_messages.append(len(opened.messages("b")))
        opened.close()
    assert num_messages == sorted(num_messages)
    assert num_messages[0] > 0


THIRD = "CREATE TABLE extra (id TEXT PRIMARY KEY);"


def test_a_copy_is_kept_before_the_schema_changes(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "a")
    store.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, THIRD))
    newer = Store(path)
    assert ids(newer) == {"a"}
    [listed] = backups(path)
    assert (listed.kind, listed.num_conversations) == ("upgrade", 1)
    fill(newer, "b")
    restore(path, listed.path)  # it is brought up to date, too; the copy stays as it is
    assert ids(newer) == {"a"}
    assert {one.kind for one in backups(path)} == {"upgrade", "restore"}
    assert not (backup_folder(path) / "backups").exists()
    with closing(sqlite3.connect(listed.path)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) - 1,)
    newer.close()


def test_a_change_that_fails_says_where_the_copy_is(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "a")
    store.close()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, f"{THIRD}\nBAD SQL;"))
        with pytest.raises(StoreError) as told:
            Store(path)
        [listed] = backups(path)
        assert str(listed.path) in str(told.value)
    same = Store(path)
    assert ids(same) == {"a"}
    same.close()


def test_nothing_changes_where_no_copy_can_be_made(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "a")
    store.close()
    usage = shutil.disk_usage(path.parent)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, THIRD))
        with pytest.raises(StoreError, match="disk is full"):
            Store(path)
    same = Store(path)
    assert ids(same) == {"a"}
    same.close()


def test_the_last_one_from_before_the_damage_is_set_apart(store: Store, path: Path) -> None:
    assert keep_last(path) is None
    fill(store, "a")
    today = datetime.now()
    made(path, "daily", today - timedelta(days=2))
    made(path, "daily", today - timedelta(days=1))
    kept = keep_last(path)
    assert kept is not None
    assert kept.date() == (today - timedelta(days=1)).date()
    assert [one.kind for one in backups(path)] == ["rescue", "daily"]
    for day in range(10):
        made(path, "daily", today - timedelta(days=day, minutes=5))
        make_backup(path, "daily")
    assert [one.kind for one in backups(path)].count("rescue") == 1


@pytest.mark.parametrize("name", ["a b#c?d%41&e", "目录 é", 'it\'s "here"'])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "conversations.sqlite"
    opened = Store(path)
    fill(opened, "a")
    copy = make_backup(path, "daily")
    fill(opened, "b")
    assert [one.num_conversations for one in backups(path)] == [1]
    restore(path, copy)
    assert ids(opened) == {"a"}
    opened.close()


def test_a_link_in_the_place_of_the_folder_is_not_followed(
    store: Store, path: Path, tmp_path: Path
) -> None:
    fill(store, "a")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    precious = elsewhere / "conversations-daily-20200101-000000.sqlite"
    for day in range(1, 10):
        precious.with_name(f"conversations-daily-2020010{day}-000000.sqlite").write_text("mine")
    backup_folder(path).symlink_to(elsewhere)
    copy = make_backup(path, "daily")
    assert not backup_folder(path).is_symlink()
    assert names(path) == {copy.name}
    assert len(list(elsewhere.iterdir())) == 9


def test_a_backup_that_is_larger_than_the_room_is_not_begun(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, *(f"c{number}" for number in range(200)))
    copy = make_backup(path, "daily")
    usage = shutil.disk_usage(path.parent)
    free = copy.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        restore(path, copy)
    assert names(path) == {copy.name}
    assert len(ids(store)) == 200


def test_what_was_left_half_made_is_no_backup(store: Store, path: Path) -> None:
    fill(store, "a")
    copy = make_backup(path, "daily")
    shutil.copy(copy, copy.with_name(f".{copy.name}.part"))
    assert [one.path for one in backups(path)] == [copy]
