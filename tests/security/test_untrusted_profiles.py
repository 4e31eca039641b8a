"""The app opens and works with a profile that someone tampered with, or that a disk damaged."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers.quantize import QuantizeController
from qwen3mlx_app.domain import AppSettings
from qwen3mlx_app.services.files import read_file
from qwen3mlx_app.services.quantize_file import QuantizeFile
from qwen3mlx_app.services.settings import SettingsFile
from qwen3mlx_app.services.store import Store, StoreError

from tests.support.places import PROGRAM

from .hostile import profiles
from .hostile.window import Window
from .window import opened

SEED = 20261


def faults(window: Window, folder: Path, number: int) -> list[str]:
    """Return the results of this many cases, and what was repaired in each."""
    found = []
    for name, make in islice(profiles.cases(random.Random(SEED)), number):
        profile = folder / "window" / "cases" / name
        profile.mkdir(parents=True)
        make(profile)
        for _ in range(2):
            found += [f"{name}: {fault}" for fault in window.open("profiles", profile)]
    return found


def test_a_few_profiles_of_others(window: Window, tmp_path: Path) -> None:
    assert not faults(window, tmp_path, 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_untrusted_profiles(window: Window, tmp_path: Path) -> None:
    assert not faults(window, tmp_path, 500)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    folder.mkdir()
    profiles.good(folder, random.Random(1))
    return folder


def change(profile: Path, *statements: str) -> None:
    with closing(sqlite3.connect(profile / profiles.DATABASE, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def titles(store: Store) -> list[str]:
    return sorted(one.title for one in store.conversations())


def test_one_unreadable_row_costs_nothing_but_itself(profile: Path) -> None:
    change(
        profile,
        "UPDATE conversations SET settings = '{', updated_at = 9e999 WHERE id = 'c0'",
        "UPDATE conversations SET title = CAST(X'c328' AS TEXT) WHERE id = 'c1'",
        "UPDATE messages SET role = 'god', stats = '[]' WHERE id = 'm2-1'",
    )
    path = profile / profiles.DATABASE
    store = Store(path)
    assert titles(store) == ["Chat 0", "Chat 2", "\ufffd("]
    assert "2" in (store.aside.news() or "")
    assert [len(store.messages(f"c{number}")) for number in range(3)] == [4, 4, 4]
    assert store.aside.news() is not None
    store.close()
    lines = (profile / "conversations-unreadable.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert [one["table"] for one in kept] == ["conversations", "conversations", "messages"]
    assert next(one["row"] for one in kept if one["row"]["id"] == "c0")["settings"] == "{"
    assert kept[-1]["row"]["role"] == "god"
    again = Store(path)  # it was mended
    assert len(again.conversations()) == 3
    assert again.aside.news() is None
    again.close()


def test_a_row_without_an_id_keeps_its_messages(profile: Path) -> None:
    change(
        profile,
        "PRAGMA foreign_keys = OFF",
        "UPDATE conversations SET id = X'ff00' WHERE id = 'c0'",
        "UPDATE messages SET conversation_id = X'ff00' WHERE conversation_id = 'c0'",
    )
    store = Store(profile / profiles.DATABASE)
    ids = {one.title: one.id for one in store.conversations()}
    assert len(store.messages(ids["Chat 0"])) == 4
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE messages SET parent_id = id",
        "UPDATE messages SET parent_id = 'm0-3' WHERE id = 'm0-0'",
        "UPDATE messages SET parent_id = 'nowhere' WHERE id = 'm0-2'",
        "UPDATE conversations SET leaf_id = 'nowhere'",
    ],
)
def test_a_broken_tree_is_shown_as_far_as_possible(profile: Path, statement: str) -> None:
    change(profile, statement)
    store = Store(profile / profiles.DATABASE)
    transcript = store.transcript("c0")
    assert transcript is not None
    assert len(transcript.messages) == 4
    known: set[str] = set()
    for message in transcript.messages:
        assert message.parent_id is None or message.parent_id in known
        known.add(message.id)
    assert transcript.conversation.leaf_id in known
    store.close()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM conversations; END"],
        ["CREATE VIEW v AS SELECT * FROM messages"],
        ["ALTER TABLE messages ADD COLUMN evil TEXT"],
        ["ALTER TABLE messages ADD COLUMN g TEXT AS (hex(content))"],
        ['ALTER TABLE folders ADD COLUMN "a) VALUES (1); --" TEXT'],
        ["PRAGMA user_version = -1"],
        ["PRAGMA user_version = 0"],
        ["DROP TABLE presets"],
    ],
)
def test_tables_that_are_not_ours_are_set_aside_and_rescued(
    profile: Path, statements: list[str]
) -> None:
    change(profile, *statements)
    store = Store(profile / profiles.DATABASE)
    assert store.recovery is not None
    assert store.recovery.backup.exists()
    assert titles(store) == ["Chat 0", "Chat 1", "Chat 2"]
    assert store.messages("c0") or "COLUMN g" in statements[0]
    assert len(store.search("needle")) > 0 or "COLUMN g" in statements[0]
    store.close()


def test_a_view_that_never_ends_is_not_asked(profile: Path) -> None:
    endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT * FROM n"
    change(profile, "DROP TABLE folders", f"CREATE VIEW folders AS {endless}")
    store = Store(profile / profiles.DATABASE)
    assert titles(store) == ["Chat 0", "Chat 1", "Chat 2"]
    assert store.folders() == []
    store.close()


def test_a_newer_file_is_left_alone_and_the_window_opens(profile: Path, qtbot: QtBot) -> None:
    change(profile, "PRAGMA user_version = 99")
    before = (profile / profiles.DATABASE).read_bytes()
    with opened(profile, qtbot) as window:
        assert window.notices.isVisible()
        assert window.program.greeting is not None
        assert "conversations-older.sqlite" in window.program.greeting.text
    assert (profile / profiles.DATABASE).read_bytes() == before


@pytest.mark.parametrize("name", profiles.FILES)
def test_a_pipe_or_a_link_in_the_place_of_a_file(profile: Path, name: str) -> None:
    outside = profile.parent / "outside"
    outside.write_text("not yours")
    for make in (os.mkfifo, lambda path: path.symlink_to(outside)):
        (profile / name).unlink(missing_ok=True)
        make(profile / name)
        program = Program(profile, PROGRAM)
        program.settings.update(font_size=program.settings.settings.font_size % 20 + 8)
        program.close()
        assert outside.read_text() == "not yours"


def test_reading_is_of_files_alone_and_of_so_many_bytes(tmp_path: Path) -> None:
    for make in (os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)):
        path = tmp_path / "odd"
        make(path)
        with pytest.raises(OSError, match=r"."):
            read_file(path)
        path.rmdir() if path.is_dir() else path.unlink()
    path.write_bytes(b"x" * 100)
    with pytest.raises(OSError, match="large"):
        read_file(path, 99)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("place", [0, 0, 1e99, 5]),
        ("place", [1, 2, 3]),
        ("place", [10**9, 0, 500, 500]),
        ("sidebar_width", -5),
        ("folded", [1, 2]),
        ("hub_mirror", "file:///etc"),
        ("last_model", "\ud800"),
        ("theme", ["dark"]),
    ],
)
def test_a_setting_that_cannot_be_is_the_default(tmp_path: Path, name: str, value: object) -> None:
    (tmp_path / "window.json").write_text(json.dumps({name: value, "send_with": "ctrl_enter"}))
    assert SettingsFile(tmp_path / "window.json").read() == AppSettings(send_with="ctrl_enter")


@pytest.mark.parametrize(
    "place", [[-90_000, -90_000, 500, 500], [0, 0, 99_999, 99_999], [5, 5, 1, 1]]
)
def test_the_window_is_on_the_screen(profile: Path, qtbot: QtBot, place: list[int]) -> None:
    (profile / "window.json").write_text(json.dumps({"place": place}))
    with opened(profile, qtbot) as window:
        screen = window.screen().availableGeometry()
        assert window.width() <= max(screen.width(), window.minimumSizeHint().width(), 1120)
        assert screen.intersects(window.geometry())


@pytest.mark.parametrize(
    "job",
    [
        {"source": "/m", "output": "/home/me", "recipe": "4bit", "method": "mse"},
        {"source": "--help", "output": "/p/models/x", "recipe": "4bit", "method": "mse"},
        {"source": "/m", "output": "/p/models/..", "recipe": "4bit", "method": "mse"},
        {"source": "/m", "output": "/p/models/x", "recipe": "--force", "method": "mse"},
        {"source": 1, "output": 2, "recipe": 3, "method": 4},
    ],
)
def test_a_conversion_that_the_page_did_not_start_is_not_resumed(
    tmp_path: Path, job: object, qtbot: QtBot
) -> None:
    (tmp_path / "quantize.json").write_text(json.dumps({"job": job, "qualities": [{"name": 3}]}))
    quantize = QuantizeController(
        QuantizeFile(tmp_path / "quantize.json"), Path("/p/models"), PROGRAM
    )
    assert quantize.state.phase == "idle"
    assert quantize.qualities.values() == []


def test_a_broken_store_says_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as error:
        Store(tmp_path / "file" / "conversations.sqlite")
    assert "\n" not in str(error.value)
