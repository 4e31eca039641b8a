"""Profile folders of the app that someone tampered with, or that a disk damaged."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from qwen3mlx_app.services.store.schema import MIGRATIONS

from .values import broken_json, json_value, scalar, text

Make = Callable[[Path], None]

DATABASE = "conversations.sqlite"
FILES = (
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
    f"{DATABASE}-journal",
    f"{DATABASE}-open",
    "window.json",
    "window.ini",
    "window.lock",
    "quantize.json",
    "settings.json",
    "server-crash.log",
    "models",
)
SETTINGS = {
    "theme": "dark",
    "language": "en",
    "font_size": 14,
    "show_tray": True,
    "hub_mirror": "",
    "last_model": "demo",
    "last_conversation_id": "c0",
    "first_run_done": True,
    "place": [10, 10, 900, 700],
    "sidebar_width": 250,
    "folded": ["pinned"],
}
QUALITY = {
    "source": "/models/a",
    "name": "a-4bit",
    "size_bytes": 5000,
    "bits_per_weight": 4.5,
    "kl_mean": 0.01,
    "kl_99": 0.2,
    "agreement": 0.97,
    "perplexity": 9.1,
    "reference_perplexity": 9.0,
    "edges": [-8.0, -4.0, 2.0],
    "counts": [10, 3],
}
JOB = {"source": "/models/a", "output": "/models/b", "recipe": "4bit", "method": "mse"}


def cases(rng: random.Random) -> Iterator[tuple[str, Make]]:
    """Yield endlessly a name, and a function that writes the case into an empty profile folder."""
    kinds: list[tuple[str, Callable[[random.Random, Path], None]]] = [
        ("row", altered_rows),
        ("tree", altered_tree),
        ("schema", altered_schema),
        ("bytes", altered_bytes),
        ("file", odd_file),
        ("settings", altered_settings),
    ]
    number = 0
    while True:
        name, make = kinds[number % len(kinds)]
        seed = rng.getrandbits(32)
        yield f"{name}-{seed}", _made(make, seed)
        number += 1


def good(folder: Path, rng: random.Random) -> None:
    """Write a profile as the program itself does."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as database:
        for number, script in enumerate(MIGRATIONS, start=1):
            database.executescript(f"BEGIN;{script}; PRAGMA user_version = {number}; COMMIT;")
        _fill(database, rng)
    (folder / "window.json").write_text(json.dumps(SETTINGS))
    (folder / "quantize.json").write_text(json.dumps({"job": None, "qualities": [QUALITY]}))


def altered_rows(rng: random.Random, folder: Path) -> None:
    good(folder, rng)
    with closing(_connected(folder)) as database:
        for _ in range(rng.choice((1, 1, 2, 5))):
            table = rng.choice(("folders", "conversations", "messages", "presets", "deltas"))
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            column = rng.choice([name for name in columns if name != "number"])
            some = "" if rng.random() < 0.3 else " WHERE rowid % 2 = 0"
            _try(database, f"UPDATE {table} SET {column} = ?{some}", scalar(rng))
        if rng.random() < 0.2:
            _raw_text(database, rng)


def altered_tree(rng: random.Random, folder: Path) -> None:
    good(folder, rng)
    with closing(_connected(folder)) as database:
        changes = [
            "UPDATE messages SET parent_id = id",
            "UPDATE messages SET parent_id = 'm0-3' WHERE id = 'm0-0'",
            "UPDATE messages SET parent_id = 'm1-0' WHERE id LIKE 'm0-%'",
            "UPDATE messages SET parent_id = 'nowhere' WHERE id LIKE '%-2'",
            "DELETE FROM messages WHERE id LIKE '%-1'",
            "UPDATE messages SET conversation_id = 'nowhere' WHERE id LIKE 'm0-%'",
            "UPDATE conversations SET leaf_id = 'nowhere'",
            "UPDATE conversations SET leaf_id = 'm1-2' WHERE id = 'c0'",
            "UPDATE conversations SET folder_id = 'nowhere'",
            "UPDATE messages SET status = 'streaming'",
            "UPDATE messages SET parent_id = NULL",
            "DELETE FROM conversations WHERE id = 'c0'",
        ]
        for change in rng.sample(changes, rng.choice((1, 2, 3))):
            _try(database, change)
        if rng.random() < 0.2:
            _chain(database, rng.choice((500, 3000)))


def altered_schema(rng: random.Random, folder: Path) -> None:
    good(folder, rng)
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n"
    )
    changes = [
        "PRAGMA user_version = 99",
        "PRAGMA user_version = -1",
        "PRAGMA user_version = 0",
        "DROP TABLE messages",
        "DROP TABLE conversations",
        "DROP TABLE words",
        "DROP TABLE presets; CREATE TABLE presets (id, name, settings)",
        "ALTER TABLE messages ADD COLUMN evil TEXT DEFAULT 'x'",
        'ALTER TABLE folders ADD COLUMN "a) VALUES (1); --" TEXT',
        "ALTER TABLE conversations ADD COLUMN g TEXT AS (hex(zeroblob(1000000)))",
        "ALTER TABLE conversations RENAME COLUMN title TO subject",
        "CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM conversations; END",
        "CREATE TRIGGER t AFTER UPDATE ON messages BEGIN SELECT RAISE(FAIL, 'no'); END",
        "CREATE VIEW v AS SELECT * FROM messages",
        f"DROP TABLE folders; CREATE VIEW folders AS {endless}",
        f"DROP TABLE presets; CREATE VIEW presets AS {endless}",
        "CREATE INDEX i ON messages (lower(content))",
        "CREATE TABLE sqlite_evil_no (x)",
        "DELETE FROM words_data",
        "UPDATE words_data SET block = randomblob(200)",
        "UPDATE words_config SET v = 99",
        "DROP TABLE words; CREATE TABLE words (text)",
        "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5 (text, content = 'messages')",
        "ANALYZE",
        "PRAGMA application_id = 7",
        "PRAGMA encoding = 'UTF-16'",
        "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM",
    ]
    with closing(_connected(folder)) as database:
        for change in rng.sample(changes, rng.choice((1, 1, 2))):
            _try_script(database, change)
        if rng.random() < 0.2:
            _rewrite_schema(database, rng)


def altered_bytes(rng: random.Random, folder: Path) -> None:
    good(folder, rng)
    path = folder / DATABASE
    data = bytearray(path.read_bytes())
    kind = rng.randrange(6)
    if kind == 0:
        data = data[: rng.randrange(len(data))]
    elif kind == 1:
        for _ in range(rng.choice((1, 5, 50, 500))):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:
        start = rng.randrange(0, len(data), 4096)
        data[start : start + 4096] = rng.randbytes(4096)
    elif kind == 3:
        for _ in range(rng.choice((1, 3))):
            data[rng.randrange(100)] = rng.randrange(256)
    elif kind == 4:
        data = bytearray(rng.choice((b"", b"\0" * 5000, b"SQLite format 3\0", rng.randbytes(9000))))
    path.write_bytes(bytes(data))
    if kind == 5 or rng.random() < 0.3:
        for ending in ("-wal", "-shm", "-journal"):
            if rng.random() < 0.6:
                path.with_name(path.name + ending).write_bytes(_beside(rng, bytes(data)))
    if rng.random() < 0.5:
        path.with_name(f"{path.name}-open").touch()


def odd_file(rng: random.Random, folder: Path) -> None:
    """A pipe, a link, a folder, or something unreadable in the place of a file."""
    good(folder, rng)
    for name in rng.sample(FILES, rng.choice((1, 1, 2))):
        path = folder / name
        path.unlink(missing_ok=True)
        kind = rng.randrange(7)
        if kind == 0:
            os.mkfifo(path)
        elif kind == 1:
            path.mkdir()
            (path / "inside").write_text("x")
        elif kind == 2:
            path.symlink_to("/dev/zero")
        elif kind == 3:
            path.symlink_to(path)
        elif kind == 4:
            outside = folder.parent / f"{folder.name}-outside"
            outside.write_text("not yours")
            path.symlink_to(outside)
        elif kind == 5:
            path.write_bytes(rng.randbytes(3000))
        else:
            path.symlink_to(folder / "nowhere")


def altered_settings(rng: random.Random, folder: Path) -> None:
    good(folder, rng)
    for name, known in (
        ("window.json", SETTINGS),
        ("quantize.json", {"job": JOB, "qualities": [QUALITY, QUALITY]}),
        ("settings.json", {"server": {"port": 1234}}),
    ):
        if rng.random() < 0.3:
            (folder / name).write_bytes(broken_json(rng))
        else:
            (folder / name).write_text(json.dumps(_altered(rng, known)))
    geometry = rng.choice(
        ("@ByteArray(\\x1\\xd9\\xd0\\xcb\\0\\x3)", "@Variant(\\0\\0\\0\\x4a)", "x")
    )
    (folder / "window.ini").write_text(f"[General]\ngeometry={geometry}\nsplitter={geometry}\n")


def _made(make: Callable[[random.Random, Path], None], seed: int) -> Make:
    return lambda folder: make(random.Random(seed), folder)


def _fill(database: sqlite3.Connection, rng: random.Random) -> None:
    database.execute("INSERT INTO folders VALUES ('f0', 'Work', 0), ('f1', 'Play', 1)")
    settings = '{"system_prompt":"","thinking":null,"thinking_budget":null,"sampling":{}}'
    database.execute("INSERT INTO presets VALUES ('p0', 'Brief', ?)", (settings,))
    for number in range(3):
        chat, leaf = f"c{number}", f"m{number}-3"
        database.execute(
            "INSERT INTO conversations VALUES (?, ?, ?, 0, 'demo', ?, '', ?, 1.7e9, 1.7e9, NULL)",
            (chat, f"Chat {number}", "f0" if number else None, settings, leaf),
        )
        for place in range(4):
            above = f"m{number}-{place - 1}" if place else None
            role = "assistant" if place % 2 else "user"
            said = text(rng) if rng.random() < 0.3 else f"needle {place}"
            database.execute(
                "INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?, '', '[]', NULL, '[]', 'demo',"
                " 'done', NULL, 'stop', NULL, 1.7e9)",
                (f"m{number}-{place}", chat, above, role, said),
            )
    database.execute("INSERT INTO deltas VALUES ('m0-3', 'more', '')")
    database.execute("INSERT INTO words (rowid, text) SELECT number, content FROM messages")


def _connected(folder: Path) -> sqlite3.Connection:
    database = sqlite3.connect(folder / DATABASE, isolation_level=None)
    database.execute("PRAGMA foreign_keys = OFF")
    return database


def _try(database: sqlite3.Connection, statement: str, *values: Any) -> None:
    # Some combinations contradict each other.
    with suppress(sqlite3.Error, OverflowError, UnicodeEncodeError):
        database.execute(statement, values)


def _try_script(database: sqlite3.Connection, script: str) -> None:
    with suppress(sqlite3.Error):
        database.executescript(script)


def _raw_text(database: sqlite3.Connection, rng: random.Random) -> None:
    """Text that is not UTF-8."""
    column = rng.choice(("content", "id", "role", "tool_calls"))
    _try(database, f"UPDATE messages SET {column} = CAST(X'ff80eda080' AS TEXT) WHERE rowid = 2")
    _try(database, "UPDATE conversations SET title = CAST(X'c328' AS TEXT) WHERE rowid = 1")


def _chain(database: sqlite3.Connection, length: int) -> None:
    columns = "'c0', ?, 'user', 'deep', '', '[]', NULL, '[]', NULL, 'done', NULL, NULL, NULL, 1e9"
    rows = [(f"d{n}", f"d{n - 1}" if n else None) for n in range(length)]
    database.execute("BEGIN")
    database.executemany(f"INSERT INTO messages VALUES (NULL, ?, {columns})", rows)
    database.execute("UPDATE conversations SET leaf_id = ? WHERE id = 'c0'", (f"d{length - 1}",))
    database.execute("COMMIT")


def _rewrite_schema(database: sqlite3.Connection, rng: random.Random) -> None:
    """Content that only a hand-written file can have."""
    _try(database, "PRAGMA writable_schema = ON")
    change = rng.choice(
        (
            "UPDATE sqlite_master SET sql = 'CREATE TABLE messages (id)' WHERE name = 'messages'",
            "UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'presets'",
            "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'folders'",
            "UPDATE sqlite_master SET rootpage = 99999 WHERE name = 'deltas'",
            "UPDATE sqlite_master SET type = 'view' WHERE name = 'folders'",
        )
    )
    _try(database, change)


def _beside(rng: random.Random, data: bytes) -> bytes:
    return rng.choice(
        (rng.randbytes(4000), b"", data[:4096], b"\x37\x7f\x06\x82" + rng.randbytes(60))
    )


def _altered(rng: random.Random, known: Any) -> Any:
    """The same JSON with one part replaced."""
    if rng.random() < 0.15 or not isinstance(known, (dict, list)) or not known:
        return json_value(rng)
    if isinstance(known, list):
        place = rng.randrange(len(known))
        return [*known[:place], _altered(rng, known[place]), *known[place + 1 :]]
    name = rng.choice(list(known))
    return {**known, name: _altered(rng, known[name])}
