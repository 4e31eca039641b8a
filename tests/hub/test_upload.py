"""Uploads to a hub on the loopback address, which fails in every way that hubs do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

from qwen3mlx.errors import UploadError, UsageError
from qwen3mlx.hub.upload import Target, send, target

from .fake_upload_hub import TOKEN, FakeUploadHub, Refusal

REPO = "me/Tiny-4bit"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeUploadHub]:
    """The hub that this process talks to, by LFS, and without waiting between two attempts."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)  # else it starts a thread
    disable_progress_bars()
    with FakeUploadHub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        yield running
    enable_progress_bars()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    content = {
        "README.md": b"---\nlicense: apache-2.0\n---\n# Tiny",
        "config.json": b"{}",
        SHARDS[0]: bytes(range(256)) * 40,
        SHARDS[1]: b"\1" * 10_000,
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    return [tmp_path / name for name in content]


def upload(files: list[Path], *, is_private: bool = True) -> str:
    return send(target(REPO, is_private=is_private), files, lambda place: None)


def test_all_files_arrive_in_one_commit_in_a_private_repository(
    hub: FakeUploadHub, files: list[Path]
) -> None:
    to = target(REPO, is_private=True)
    assert to == Target(REPO, f"{hub.url}/{REPO}", True)
    assert not hub.repos  # nothing is changed by looking
    places: list[int] = []
    commit = send(to, files, places.append)
    assert commit.startswith(f"{hub.url}/{REPO}/commit/")
    assert places == [0, 1, 2, 3, 4]
    arrived = hub.repos[REPO]
    assert {file.name: file.read_bytes() for file in files}.items() <= arrived.items()
    assert hub.private[REPO]
    assert sum("/commit/" in path for path in hub.kinds("POST")) == 1
    assert not hub.leaked


def test_a_second_run_sends_nothing_again(hub: FakeUploadHub, files: list[Path]) -> None:
    upload(files)
    sent = list(hub.put)
    assert target(REPO, is_private=True).exists
    upload(files)
    assert hub.put == sent
    files[1].write_bytes(b'{"new": true}')
    upload(files)
    assert hub.put == sent
    assert hub.repos[REPO]["config.json"] == b'{"new": true}'


def test_parts_of_a_large_file_arrive_in_order(hub: FakeUploadHub, files: list[Path]) -> None:
    hub.chunk = 4096
    upload(files)
    assert hub.put == [4096, 4096, 2048, 4096, 4096, 1808]
    assert hub.repos[REPO][SHARDS[0]] == files[2].read_bytes()


def test_what_passes_is_tried_again_by_itself(hub: FakeUploadHub, files: list[Path]) -> None:
    hub.faults["put"] = [Refusal(500, cut=3000), Refusal(0, cut=5000), Refusal(503)]
    upload(files)
    assert hub.repos[REPO][SHARDS[1]] == files[3].read_bytes()


@pytest.mark.parametrize("fault", [Refusal(500, "broken", cut=3000), Refusal(0, cut=3000)])
def test_only_what_is_missing_is_sent_after_an_upload_that_failed(
    hub: FakeUploadHub, files: list[Path], fault: Refusal
) -> None:
    hub.on_put = lambda: hub.faults.update(put=[fault] * 12)  # after the first file
    with pytest.raises(UploadError, match="what has arrived is not sent again"):
        upload(files)
    assert list(hub.repos[REPO]) == [".gitattributes"]  # nobody sees half a checkpoint
    hub.on_put = lambda: None
    hub.faults.clear()
    upload(files)
    assert hub.put == [10_240, 10_000]
    assert {file.name for file in files} < set(hub.repos[REPO])


@pytest.mark.parametrize(
    ("kind", "fault", "told"),
    [
        ("whoami", Refusal(401, "Invalid username or password."), "does not accept the token"),
        ("whoami", Refusal(429, "too many"), "wait a few minutes"),
        ("create", Refusal(403, "You don't have the rights"), "may not write to me/Tiny-4bit"),
        ("create", Refusal(409, "You already created it"), "is taken, or changed meanwhile"),
        (
            "yaml",
            Refusal(400, '"license" must be one of'),
            "between `---` in README.md are not valid",
        ),
        ("preupload", Refusal(403, "Forbidden"), "may not write to"),
        ("batch", Refusal(403, "storage limit reached"), "storage limit reached"),
        ("put", Refusal(403, "expired"), r"did not take a file \(403.*run it again"),
        ("commit", Refusal(400, "your files contain secrets"), "your files contain secrets"),
        ("commit", Refusal(412, "the branch has moved"), "changed meanwhile"),
        ("commit", Refusal(409, "conflict"), "changed meanwhile"),
        ("commit", Refusal(413, "too large"), "has no room"),
        ("commit", Refusal(500, ""), r"failed \(500.*\): wait a while"),
        ("commit", Refusal(0), "cannot be reached"),
        ("info", Refusal(0), "cannot be reached"),
    ],
)
def test_each_fault_is_one_line_without_the_token(
    hub: FakeUploadHub, files: list[Path], kind: str, fault: Refusal, told: str
) -> None:
    fault.said += f" (Bearer {TOKEN}\nsecond line)"
    hub.faults[kind] = [fault]
    with pytest.raises(UploadError, match=told) as raised:
        upload(files)
    text = str(raised.value)
    assert TOKEN not in text
    assert "\n" not in text
    assert len(text) < 500
    assert raised.value.__suppress_context__


def test_a_token_that_cannot_write_here_is_told_before_anything_is_sent(
    hub: FakeUploadHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UploadError, match="neither the owner of this token nor"):
        target("someone/Tiny-4bit", is_private=True)
    assert target("team/Tiny-4bit", is_private=True).repo_id == "team/Tiny-4bit"
    hub.role = "read"
    with pytest.raises(UploadError, match="can only read"):
        target(REPO, is_private=True)
    monkeypatch.setenv("HF_TOKEN", "hf_" + "w" * 34)
    with pytest.raises(UploadError, match="does not accept the token"):
        target(REPO, is_private=True)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nonexistent/token")
    with pytest.raises(UploadError, match="There is no Hugging Face token here"):
        target(REPO, is_private=True)
    assert not hub.kinds("POST")


@pytest.mark.parametrize("is_private", [True, False])
def test_a_repository_keeps_its_visibility(hub: FakeUploadHub, is_private: bool) -> None:
    hub.repos[REPO], hub.private[REPO] = {"old.safetensors": b""}, is_private
    assert target(REPO, is_private=is_private).others == ("old.safetensors",)
    with pytest.raises(UploadError, match=r"(use|leave out) --public"):
        target(REPO, is_private=not is_private)


def test_a_card_that_is_no_yaml_is_told_before_anything_is_sent(
    hub: FakeUploadHub, files: list[Path]
) -> None:
    files[0].write_text("---\nlicense: [\n---\n")
    with pytest.raises(UploadError, match=r"are not valid: .*line 1, column 11: license"):
        upload(files)
    assert not hub.repos


def test_a_hub_that_lost_a_file_is_noticed(hub: FakeUploadHub, files: list[Path]) -> None:
    upload(files)
    to = target(REPO, is_private=True)

    def lose(place: int) -> None:
        if place == 1:  # after the commit
            del hub.repos[REPO][SHARDS[0]]

    with pytest.raises(UploadError, match=r"does not have model-00001"):
        send(to, files[2:3], lose)


@pytest.mark.parametrize("name", ["Tiny", "a/b/c", "../x", "https://huggingface.co/me/x", "me/ x"])
def test_what_is_no_name_of_a_repository_is_refused(hub: FakeUploadHub, name: str) -> None:
    with pytest.raises(UsageError, match="USER/NAME"):
        target(name, is_private=True)
    assert not hub.requests


def test_nothing_is_sent_offline(hub: FakeUploadHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UploadError, match="HF_HUB_OFFLINE"):
        target(REPO, is_private=True)
    assert not hub.requests


def test_a_hub_that_is_not_there_is_one_line(
    hub: FakeUploadHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UploadError, match=r"cannot be reached \(Connect\w+\): check"):
        target(REPO, is_private=True)


def test_by_xet_too(
    hub: FakeUploadHub, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    hub.xet = tmp_path / "store"
    hub.xet.mkdir()
    upload(files)
    assert not hub.put
    assert any(hub.xet.rglob("*"))
    assert {file.name for file in files} < set(hub.repos[REPO])


def test_importing_the_verb_imports_no_hub() -> None:
    code = (
        "import sys, qwen3mlx.cli.upload, qwen3mlx.hub.upload; "
        "print(sorted({'huggingface_hub', 'httpx2', 'mlx', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
