from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections import namedtuple
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx import hub, library
from qwen3mlx.cli.pull import pull
from qwen3mlx.errors import (
    CheckpointError,
    DownloadError,
    ModelNotFoundError,
    Qwen3MLXError,
    UsageError,
)
from qwen3mlx.hub.download import CHUNK_BYTES
from qwen3mlx.library.names import DEMOS
from qwen3mlx.library.scan import Library
from tests.support.checkpoints import DENSE, hf_config

from .conftest import REPO, SHARDS, checkpoint_files
from .fake_hub import COMMIT, FakeHub, Fault

Usage = namedtuple("Usage", "total used free")


def test_fetch_brings_what_a_checkpoint_needs_and_no_program(fake_hub: FakeHub) -> None:
    folder = hub.fetch(REPO)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            "README.md",
            "chat_template.jinja",
            "config.json",
            "merges.txt",
            "model.safetensors.index.json",
            "tokenizer.json",
            *SHARDS,
        ]
    )
    for path in folder.iterdir():
        assert path.read_bytes() == fake_hub.repos[REPO][path.name]
    assert library.resolve(REPO) == folder


def test_progress_counts_bytes_up_to_the_total(fake_hub: FakeHub) -> None:
    seen: list[hub.Progress] = []
    folder = hub.fetch(REPO, progress=seen.append)
    total = sum(path.stat().st_size for path in folder.iterdir())
    assert {progress.total for progress in seen} == {total}
    assert [p.done for p in seen] == sorted({p.done for p in seen})
    assert seen[-1].done == total


def test_the_hashes_of_new_files_are_checked_with_progress(fake_hub: FakeHub) -> None:
    files = fake_hub.repos[REPO] = checkpoint_files(shard_bytes=3 << 20)
    fake_hub.etags |= {name: hashlib.sha256(files[name]).hexdigest() for name in SHARDS}
    seen: list[hub.Progress] = []
    hub.fetch(REPO, progress=seen.append)
    checked = [progress for progress in seen if progress.phase == "verifying"]
    assert seen.index(checked[0]) > seen.index(hub.Progress(seen[0].total, seen[0].total))
    assert {progress.total for progress in checked} == {sum(len(files[name]) for name in SHARDS)}
    assert [p.done for p in checked] == sorted({p.done for p in checked})
    assert checked[-1].done == checked[-1].total
    assert len(checked) >= 6
    seen.clear()
    hub.fetch(REPO, progress=seen.append)
    assert seen == []


def test_an_interrupted_check_of_hashes_is_made_up_for(fake_hub: FakeHub) -> None:
    """The first download is interrupted while its files are hashed; one of them is damaged."""
    files = fake_hub.repos[REPO]
    fake_hub.etags |= {name: hashlib.sha256(files[name]).hexdigest() for name in SHARDS}
    whole, files[SHARDS[1]] = files[SHARDS[1]], b"\2" + files[SHARDS[1]][1:]
    with pytest.raises(KeyboardInterrupt):
        hub.fetch(REPO, progress=_interrupt_at("verifying"))
    with pytest.raises(library.NotDownloadedError):
        library.resolve(REPO)
    files[SHARDS[1]] = whole
    with pytest.raises(DownloadError, match=f"{SHARDS[1]} of {REPO} arrived damaged"):
        hub.fetch(REPO)
    folder = hub.fetch(REPO)
    assert (folder / SHARDS[1]).read_bytes() == whole
    assert library.resolve(REPO) == folder
    seen: list[hub.Progress] = []
    hub.fetch(REPO, progress=seen.append)
    assert seen == []


def test_files_that_arrived_before_an_interruption_are_checked_with_the_rest(
    fake_hub: FakeHub,
) -> None:
    files = fake_hub.repos[REPO] = checkpoint_files(shard_bytes=3 << 20)
    fake_hub.etags |= {name: hashlib.sha256(files[name]).hexdigest() for name in SHARDS}
    fake_hub.broken[SHARDS[1]] = Fault(500)
    files[SHARDS[0]] = b"\2" + files[SHARDS[0]][1:]
    with pytest.raises(DownloadError, match="status 500"):
        hub.fetch(REPO)
    fake_hub.broken.clear()
    with pytest.raises(DownloadError, match=f"{SHARDS[0]} of {REPO} arrived damaged"):
        hub.fetch(REPO)


def test_a_scan_finds_a_download_once_it_is_verified(fake_hub: FakeHub) -> None:
    fake_hub.repos[REPO] = {path.name: path.read_bytes() for path in DEMOS["demo"].iterdir()}
    weights = fake_hub.repos[REPO]["model.safetensors"]
    fake_hub.etags["model.safetensors"] = hashlib.sha256(weights).hexdigest()
    known = Library([])
    with pytest.raises(KeyboardInterrupt):
        hub.fetch(REPO, progress=_interrupt_at("verifying"))
    reasons = {skipped.name: skipped.reason for skipped in known.scan().skipped}
    assert "has no *.safetensors: download" in reasons[REPO]
    hub.fetch(REPO)
    assert REPO in {model.id for model in known.installed()}


def test_a_second_fetch_sends_no_file_again(fake_hub: FakeHub) -> None:
    hub.fetch(REPO)
    fetched = len(fake_hub.fetched())
    seen: list[hub.Progress] = []
    hub.fetch(REPO, progress=seen.append)
    assert len(fake_hub.fetched()) == fetched
    assert seen == []


def test_a_connection_cut_in_the_middle_of_a_file_resumes_there(fake_hub: FakeHub) -> None:
    chunk = CHUNK_BYTES
    fake_hub.repos[REPO] = checkpoint_files(shard_bytes=3 * chunk)
    fake_hub.cuts[SHARDS[0]] = [chunk + 1000, 1000]
    seen: list[hub.Progress] = []
    folder = hub.fetch(REPO, progress=seen.append)
    assert (folder / SHARDS[0]).read_bytes() == fake_hub.repos[REPO][SHARDS[0]]
    assert fake_hub.ranges(SHARDS[0]) == [None, f"bytes={chunk}-", f"bytes={chunk}-"]
    assert seen[-1].done == seen[-1].total


def test_a_failed_fetch_keeps_the_finished_files_and_the_next_one_completes_it(
    fake_hub: FakeHub,
) -> None:
    fake_hub.broken[SHARDS[1]] = Fault(500)
    with pytest.raises(DownloadError, match="status 500: try again later"):
        hub.fetch(REPO)
    with pytest.raises(library.NotDownloadedError):
        library.resolve(REPO)
    fake_hub.broken.clear()
    hub.fetch(REPO)
    assert fake_hub.fetched().count(SHARDS[0]) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (
            Fault(401, "RepoNotFound"),
            ModelNotFoundError,
            "has no model org/Tiny-4bit, or it is private",
        ),
        (Fault(401), DownloadError, r"denied access to org/Tiny-4bit \(401\): check the token"),
        (Fault(404), ModelNotFoundError, "has no model org/Tiny-4bit"),
        (Fault(403, "GatedRepo"), DownloadError, "is gated: accept its terms at .*/org/Tiny-4bit"),
        (Fault(403), DownloadError, r"denied access to org/Tiny-4bit \(403\)"),
        (Fault(429), DownloadError, "rate-limiting"),
        (Fault(503), DownloadError, "failed with status 503"),
    ],
)
def test_each_refusal_of_the_hub_has_its_sentence(
    fake_hub: FakeHub, fault: Fault, kind: type[Qwen3MLXError], sentence: str
) -> None:
    fake_hub.private[REPO] = fault
    with pytest.raises(kind, match=sentence) as caught:
        hub.fetch(REPO)
    assert "\n" not in str(caught.value)


def test_an_unknown_repository_and_an_unknown_revision(fake_hub: FakeHub) -> None:
    with pytest.raises(ModelNotFoundError, match="has no model org/other"):
        hub.fetch("org/other")
    with pytest.raises(ModelNotFoundError, match="no such revision"):
        hub.fetch(REPO, revision="v9")


def test_a_revision_is_fetched_and_resolved_by_its_commit(fake_hub: FakeHub) -> None:
    folder = hub.fetch(REPO, revision=COMMIT)
    assert folder.name == COMMIT
    assert library.resolve(REPO, revision=COMMIT) == folder


def test_an_unreachable_hub(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"http://127.0.0.1:9 cannot be reached"):
        hub.fetch(REPO)


def test_offline_serves_the_cache_and_refuses_the_rest(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hub.fetch(REPO)
    fake_hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub.fetch(REPO) == folder
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
        hub.fetch("org/other")
    assert fake_hub.requests == []


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ("model", "has its weights as pickles only.* take "),
        ("config", "has no config.json"),
        ("tokenizer", "has no tokenizer.json"),
    ],
)
def test_what_cannot_run_is_refused_before_any_file_is_fetched(
    fake_hub: FakeHub, lacking: str, sentence: str
) -> None:
    files = fake_hub.repos[REPO]
    fake_hub.repos[REPO] = {n: d for n, d in files.items() if not n.startswith(lacking)}
    with pytest.raises(CheckpointError, match=sentence):
        hub.fetch(REPO)
    assert fake_hub.fetched() == []


CONFIG = hf_config(DENSE, "bfloat16")


@pytest.mark.parametrize(
    ("repo", "config", "sentence"),
    [
        ("meta/Llama-3-8B", {"model_type": "llama"}, "another family .'llama'.*take .*Qwen3-8B"),
        (
            "Qwen/Qwen3-VL-4B-Instruct",
            {"model_type": "qwen3_vl", "vision_config": {}},
            "a vision model .'qwen3_vl'.*take .*Qwen3-4B",
        ),
        (
            "org/Qwen3-0.6B-bnb-4bit",
            {**CONFIG, "quantization_config": {"quant_method": "bitsandbytes"}},
            "bitsandbytes.*take .*Qwen3-0.6B",
        ),
        ("org/Tiny", {**CONFIG, "use_sliding_window": True}, "use_sliding_window.*take .*Qwen3-8B"),
        ("org/Tiny", {**CONFIG, "architectures": ["Qwen3ForEmbedding"]}, "Qwen3ForEmbedding"),
        ("org/Tiny", {"model_type": ["qwen3"]}, "another family"),
    ],
)
def test_config_says_that_it_cannot_run_before_the_weights_are_fetched(
    fake_hub: FakeHub, repo: str, config: dict[str, object], sentence: str
) -> None:
    fake_hub.repos[repo] = checkpoint_files() | {"config.json": json.dumps(config).encode()}
    with pytest.raises(CheckpointError, match=sentence) as caught:
        hub.fetch(repo)
    assert "\n" not in str(caught.value)
    assert fake_hub.fetched() == ["config.json"]
    assert Library([]).scan().skipped == []


def test_a_broken_config_is_refused(fake_hub: FakeHub) -> None:
    fake_hub.repos[REPO]["config.json"] = b"{"
    with pytest.raises(CheckpointError, match=r"config.json.* is not JSON"):
        hub.fetch(REPO)


@pytest.mark.parametrize(
    ("name", "sentence"), [("model.gguf", "as GGUF only"), ("notes.bin", "as pickles only")]
)
def test_weights_in_other_formats(fake_hub: FakeHub, name: str, sentence: str) -> None:
    kept = {n: d for n, d in fake_hub.repos[REPO].items() if not n.startswith(("model", "pytorch"))}
    fake_hub.repos["org/Qwen3-14B-other"] = kept | {name: b"weights"}
    with pytest.raises(CheckpointError, match=f"{sentence}.*take .*Qwen3-14B"):
        hub.fetch("org/Qwen3-14B-other")


def test_a_disk_that_is_too_small_is_noticed_before_the_download(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 1000))
    with pytest.raises(DownloadError, match=r"needs 0.6 MB more, and .* has 1.0 KB free"):
        hub.fetch(REPO)
    assert fake_hub.fetched() == []


def test_a_folder_that_cannot_be_written(fake_hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("a file where the cache folder should be")
    with pytest.raises(DownloadError, match=r"hub.* cannot be written"):
        hub.fetch(REPO)


def test_an_exception_of_the_callback_ends_the_download(fake_hub: FakeHub) -> None:
    def refuse(progress: hub.Progress) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        hub.fetch(REPO, progress=refuse)
    assert threading.active_count() <= before + 1  # the server's own threads may still be closing
    with pytest.raises(library.NotDownloadedError):
        library.resolve(REPO)


def _interrupt_at(phase: str) -> hub.ProgressCallback:
    def interrupt(progress: hub.Progress) -> None:
        if progress.phase == phase:
            raise KeyboardInterrupt

    return interrupt


def test_a_newer_revision_is_told_when_asked(
    fake_hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(library.NotDownloadedError):
        pull(REPO, check=True)
    assert fake_hub.requests == []
    hub.fetch(REPO)
    pull(REPO, check=True)
    fake_hub.commit = "f" * 40
    fetched = len(fake_hub.fetched())
    pull(REPO, check=True)
    same, newer = capsys.readouterr().out.splitlines()
    assert same == f"{REPO} is up to date."
    assert newer.startswith(f"{REPO} has a newer revision, ffffffffffff (here: {COMMIT[:12]})")
    assert len(fake_hub.fetched()) == fetched
    with pytest.raises(UsageError, match="Hugging Face"):
        pull("modelscope:org/x", check=True)
