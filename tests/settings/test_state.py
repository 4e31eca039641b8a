from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from pathlib import Path

import pytest

from qwen3mlx.errors import ConfigurationError, NotSavedError
from qwen3mlx.settings import state
from qwen3mlx.settings.state import StateFile, state_home


def test_the_variable_moves_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("QWEN3MLX_HOME", "~/elsewhere")
    assert state_home() == Path("/home/someone/elsewhere")
    monkeypatch.delenv("QWEN3MLX_HOME")
    assert state_home().name == "qwen3mlx"
    assert str(state_home()).startswith("/home/someone/")


def test_what_was_written_is_read_and_only_by_its_owner(tmp_path: Path) -> None:
    file = StateFile("a.json", tmp_path / "not" / "yet")
    assert file.read() == {}
    with file.edit() as values:
        values["é"] = [1]
    assert StateFile("a.json", tmp_path / "not" / "yet").read() == {"é": [1]}
    assert file.path.stat().st_mode & 0o077 == 0
    assert os.listdir(file.path.parent) == ["a.json"]


def test_a_pipe_or_a_device_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").symlink_to("/dev/zero")
    for name in ("a.json", "b.json"):
        with pytest.raises(ConfigurationError, match=rf"{name} is not an ordinary file"):
            StateFile(name, tmp_path).read()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(60 * 10**6)
    with pytest.raises(ConfigurationError, match=r"a\.json has 60.0 MB, too much"):
        StateFile("a.json", tmp_path).read()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold a JSON object, not list"),
        ("null", "must hold a JSON object, not null"),
        ("1.5", "must hold a JSON object, not number"),
        ("\xff", r"is not JSON \(byte 1 is not UTF-8\)"),
        ('{\n  "a": 1,\n}', r"is not JSON \(the fault is at line 3, column 1\)"),
        ("[" * 100_000, r"is not JSON \(it is nested too deeply\)"),
        ("1" * 5000, r"is not JSON \(a number is too long\)"),
    ],
)
def test_a_broken_file_is_named_and_kept(tmp_path: Path, text: str, sentence: str) -> None:
    file = StateFile("a.json", tmp_path)
    file.path.write_text(text, "latin-1")
    with pytest.raises(ConfigurationError, match=rf"a\.json {sentence}.*delete it"):
        file.read()
    with pytest.raises(ConfigurationError), file.edit():
        pass
    assert file.path.read_text("latin-1") == text


def test_the_mark_with_which_some_editors_begin_a_file_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}', "utf-8-sig")
    assert StateFile("a.json", tmp_path).read() == {"a": 1}


def test_what_fails_on_the_way_leaves_the_old_content(tmp_path: Path) -> None:
    file = StateFile("a.json", tmp_path)
    with file.edit() as values:
        values["kept"] = True
    with pytest.raises(ZeroDivisionError), file.edit() as values:
        values["kept"] = 1 / 0
    with pytest.raises(TypeError), file.edit() as values:
        values["unwritable"] = object()
    assert file.read() == {"kept": True}
    assert os.listdir(tmp_path) == ["a.json"]


def test_edits_at_once_all_count_and_readers_never_see_a_part(tmp_path: Path) -> None:
    def count() -> None:
        for _ in range(20):
            with StateFile("a.json", tmp_path).edit() as values:
                values["n"] = values.get("n", 0) + 1

    writers = [threading.Thread(target=count) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        StateFile("a.json", tmp_path).read()
    for writer in writers:
        writer.join()
    assert json.loads((tmp_path / "a.json").read_text()) == {"n": 80}


def test_a_program_that_holds_the_lock_for_ever_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "LOCK_PATIENCE", 0.1)
    file = StateFile("settings.json", tmp_path)
    with file.edit() as values:
        values["a"] = 1
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(NotSavedError, match="another program"), file.edit() as values:
        values["a"] = 2
    os.close(held)
    assert file.read() == {"a": 1}


def test_a_full_disk_is_one_sentence_and_the_old_content_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = StateFile("settings.json", tmp_path)
    with file.edit() as values:
        values["a"] = 1
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotSavedError, match="make room on that disk"), file.edit() as values:
        values["a"] = 2
    assert file.read() == {"a": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["settings.json"]
