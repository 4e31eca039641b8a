"""ModelScope as a source of models."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from qwen3mlx import hub
from qwen3mlx.cli.pull import pull
from qwen3mlx.errors import (
    CheckpointError,
    ConfigurationError,
    DownloadError,
    ModelNotFoundError,
    UnreachableError,
    UsageError,
)
from qwen3mlx.hub.jobs import Downloads
from qwen3mlx.hub.sources import first_source, place, preferred, split
from qwen3mlx.library import DEMOS, Library
from qwen3mlx.library.names import meaning
from qwen3mlx.settings.user import UserSettings

from ..library.models import cached
from .conftest import MODELSCOPE_REPO as REPO
from .conftest import SHARDS, checkpoint_files
from .fake_modelscope import FakeModelScope
from .test_jobs import wait_for

NAME = f"modelscope:{REPO}"


def is_whole(folder: Path, modelscope: FakeModelScope) -> bool:
    return all(path.read_bytes() == modelscope.repos[REPO][path.name] for path in folder.iterdir())


def test_what_a_checkpoint_needs_arrives_once(modelscope: FakeModelScope) -> None:
    seen: list[hub.Progress] = []
    folder = hub.fetch(NAME, progress=seen.append)
    assert is_whole(folder, modelscope)
    assert not {"pytorch_model.bin", "modeling_tiny.py"} & {path.name for path in folder.iterdir()}
    assert seen[-1].done == seen[-1].total
    assert [each.done for each in seen] == sorted({each.done for each in seen})
    first, *fetched = modelscope.fetched()
    assert first == "config.json"  # to see whether the model can run
    assert len(fetched) == len(set(fetched))
    assert hub.fetch(NAME) == folder
    assert modelscope.fetched() == [first, *fetched]


def test_the_command_prints_its_folder(
    modelscope: FakeModelScope, capsys: pytest.CaptureFixture[str]
) -> None:
    pull(NAME)
    out, errors = capsys.readouterr()
    assert is_whole(Path(out.strip()), modelscope)
    assert f"Downloading {REPO}: 100%" in errors


def test_the_token_does_not_leave_modelscope(modelscope: FakeModelScope) -> None:
    hub.fetch(NAME)
    tokens = {(path[:5] == "/oss/", token) for path, token, _ in modelscope.requests}
    assert tokens == {(True, None), (False, "Bearer ms-secret")}


def test_the_library_finds_it_by_its_name_with_dots(modelscope: FakeModelScope) -> None:
    modelscope.repos[REPO] = {path.name: path.read_bytes() for path in DEMOS["demo"].iterdir()}
    folder = hub.fetch(NAME)
    assert folder.name == "Tiny-0___6B-4bit"
    assert Library().find(REPO.lower()).path == folder


def test_an_interrupted_file_goes_on_where_it_stopped(modelscope: FakeModelScope) -> None:
    modelscope.repos[REPO] = checkpoint_files(shard_bytes=1 << 20)

    def stop(progress: hub.Progress) -> None:
        if progress.done > 1 << 19:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.fetch(NAME, progress=stop)
    folder = hub.fetch(NAME)
    assert is_whole(folder, modelscope)
    spans = [span for path, _, span in modelscope.requests if span and path[:5] == "/oss/"]
    assert spans == ["bytes=524288-"]


@pytest.mark.parametrize("seed", range(5))
def test_files_arrive_whole_over_a_line_that_drops(modelscope: FakeModelScope, seed: int) -> None:
    dice = random.Random(seed)
    for name in SHARDS:
        modelscope.cuts[name] = sorted(dice.randrange(1, 300_000) for _ in range(4))
    modelscope.soon = [dice.choice([429, 500, 503]) for _ in range(2)]
    modelscope.ignores_ranges = seed == 4
    assert is_whole(hub.fetch(NAME), modelscope)


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (404, ModelNotFoundError, "has no model org/Tiny-0.6B-4bit, or it is private"),
        (403, DownloadError, r"denied access .*403.*set MODELSCOPE_API_TOKEN"),
        (429, UnreachableError, "failed with status 429"),
        (500, UnreachableError, "failed with status 500"),
        (418, DownloadError, "refused the request with status 418"),
    ],
)
def test_each_refusal_has_its_sentence(
    modelscope: FakeModelScope, status: int, kind: type[Exception], told: str
) -> None:
    modelscope.status = status
    with pytest.raises(kind, match=told):
        hub.fetch(NAME)


def rows(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"Data": {"Files": [{"Path": "x.json", "Size": 1, **change} for change in changes]}}


@pytest.mark.parametrize(
    "told",
    [
        b"<html>Log in to the hotel</html>",
        b"[" * 100_000,
        b" " * (5 << 20),
        [],
        {"Data": None},
        {"Data": {"Files": {}}},
        {"Data": {"Files": [1]}},
        {"Data": {"Files": [{}] * 10_001}},
        *(rows({"Path": name}) for name in ("../x.json", "/etc/x", "a/../../x", "", "a\nb", 7)),
        *(rows({"Size": size}) for size in (-1, "1", None, True)),
    ],
)
def test_a_listing_that_cannot_be_is_refused_and_nothing_is_written(
    modelscope: FakeModelScope, told: object, tmp_path: Path
) -> None:
    modelscope.listing = lambda _: told
    with pytest.raises(DownloadError, match=r"sent .*: use another hub\."):
        hub.fetch(NAME)
    assert not (tmp_path / "modelscope").exists()


def test_damaged_and_endless_files_are_noticed(modelscope: FakeModelScope) -> None:
    whole = modelscope.repos[REPO][SHARDS[0]]
    modelscope.sent[SHARDS[0]] = b"\xff" + whole[1:]
    with pytest.raises(DownloadError, match=f"{SHARDS[0]} of {REPO} arrived damaged"):
        hub.fetch(NAME)
    modelscope.sent[SHARDS[0]] = whole * 2
    with pytest.raises(DownloadError, match="more data than it announced"):
        hub.fetch(NAME)
    modelscope.sent.clear()
    assert is_whole(hub.fetch(NAME), modelscope)


@pytest.mark.parametrize("length", [0, 100])
def test_a_short_file_is_asked_for_once(modelscope: FakeModelScope, length: int) -> None:
    """All of the answer came: another attempt would get the same."""
    modelscope.sent[SHARDS[0]] = modelscope.repos[REPO][SHARDS[0]][:length]
    with pytest.raises(DownloadError, match="less data than it announced"):
        hub.fetch(NAME)
    assert modelscope.fetched().count(SHARDS[0]) == 1
    modelscope.sent.clear()
    assert is_whole(hub.fetch(NAME), modelscope)


def test_a_repository_without_safetensors_is_refused(modelscope: FakeModelScope) -> None:
    modelscope.repos[REPO] = {"model.gguf": b"", "config.json": b"{}"}
    with pytest.raises(CheckpointError, match="its weights as GGUF only"):
        hub.fetch(NAME)


def test_another_family_is_refused_before_its_weights(
    modelscope: FakeModelScope, tmp_path: Path
) -> None:
    modelscope.repos[REPO]["config.json"] = b'{"model_type": "qwen3_vl", "vision_config": {}}'
    with pytest.raises(CheckpointError, match=r"is a vision model .*: take "):
        hub.fetch(NAME)
    assert modelscope.fetched() == ["config.json"]
    assert not (tmp_path / "modelscope").exists()


def test_a_link_out_of_the_cache_is_not_followed(
    modelscope: FakeModelScope, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (tmp_path / "modelscope" / "models").mkdir(parents=True)
    (tmp_path / "modelscope" / "models" / "org").symlink_to(victim)
    with pytest.raises(DownloadError, match="leads out of"):
        hub.fetch(NAME)
    assert list(victim.iterdir()) == []


def test_no_connection(modelscope: FakeModelScope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"http://127.0.0.1:9 cannot be reached"):
        hub.fetch(NAME)


def test_it_is_a_job_like_any_other(modelscope: FakeModelScope) -> None:
    jobs = Downloads()
    job = jobs.start(REPO, "ada", source="modelscope")
    other = jobs.start(REPO, "ada", source="kaggle")
    assert other is not job
    wait_for(lambda: job.status == "completed" and other.status == "failed")
    assert job.downloaded_bytes == job.total_bytes
    assert isinstance(other.error, UsageError)
    jobs.close()


@pytest.mark.parametrize(
    ("name", "source", "repo_id"),
    [
        ("modelscope:qwen3:8b-4bit", "modelscope", "mlx-community/Qwen3-8B-4bit"),
        ("ModelScope:Qwen/Qwen3-8B", "modelscope", "Qwen/Qwen3-8B"),
        ("kaggle:qwen3:8b", "kaggle", "qwen-lm/qwen-3/transformers/8b"),
        ("kaggle:a/b/c/d", "kaggle", "a/b/c/d"),
    ],
)
def test_names_with_a_prefix(name: str, source: str, repo_id: str) -> None:
    prefix, rest = split(name)
    assert place(prefix or "", rest) == (source, repo_id)


@pytest.mark.parametrize(
    "name",
    ["modelscope:", "modelscope:nobody", "kaggle:a/../c/d", "kaggle:qwen3:32b-base", "kaggle:x"],
)
def test_names_that_no_source_knows(name: str) -> None:
    prefix, rest = split(name)
    with pytest.raises(ModelNotFoundError, match=r"name|known"):
        place(prefix or "", rest)


@pytest.mark.parametrize("name", ["qwen3:8b", "org/repo", "./modelscope:x"])
def test_other_names_have_no_prefix(name: str) -> None:
    assert split(name) == (None, name)
    assert split(f"HF:{name}") == ("hf", name)


@pytest.mark.parametrize(
    ("name", "first", "there"),
    [
        ("qwen3:8b-4bit", "hf", "hf:Qwen/Qwen3-8B-MLX-4bit"),
        ("qwen3:8b-4bit", "modelscope", "modelscope:mlx-community/Qwen3-8B-4bit"),
        ("Qwen/Qwen3-8B", "modelscope", "modelscope:Qwen/Qwen3-8B"),
        ("qwen3:8b-bf16", "kaggle", "kaggle:qwen-lm/qwen-3/transformers/8b"),
    ],
)
def test_a_setting_chooses_among_the_hubs_that_have_the_same_numbers(
    name: str, first: str, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    wanted = meaning(name)
    assert wanted is not None
    found = preferred(wanted, first)
    assert (found.place.name, found.notes) == (there, ())


@pytest.mark.parametrize(
    ("name", "first", "title"),
    [
        ("nobody/Qwen3-8B-4bit", "modelscope", "ModelScope"),
        ("Qwen/Qwen3-8B-MLX-4bit", "modelscope", "ModelScope"),
        ("qwen3:8b-4bit", "kaggle", "Kaggle"),  # which has the released numbers alone
    ],
)
def test_where_the_first_hub_has_no_equivalent_it_is_said(
    name: str, first: str, title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    wanted = meaning(name)
    assert wanted is not None
    found = preferred(wanted, first)
    assert found.place == ("hf", wanted.repository.repo_id)
    assert found.notes == (
        f"{wanted.repository.repo_id} is not known on {title}: Hugging Face has it.",
    )


def test_pull_asks_the_hub_that_comes_first_and_no_other(
    modelscope: FakeModelScope,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "home"))
    UserSettings().save_server({"source": "modelscope"})
    there = "mlx-community/Qwen3-0.6B-4bit"
    modelscope.repos = {there: checkpoint_files()}
    pull("qwen3:0.6b-4bit")
    folder = Path(capsys.readouterr().out.strip())
    assert folder.parent.name == "mlx-community"
    assert (folder / SHARDS[0]).read_bytes() == modelscope.repos[there][SHARDS[0]]
    modelscope.repos = {}
    with pytest.raises(ModelNotFoundError, match="has no model mlx-community/Qwen3-1"):
        pull("qwen3:1.7b-4bit")
    with pytest.raises(DownloadError, match=r"^Qwen/Qwen3.* HF_HUB_OFFLINE forbids"):
        pull("hf:qwen3:1.7b-4bit")


def test_what_is_here_already_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    wanted = meaning("qwen3:0.6b-4bit")
    assert wanted is not None
    cached(tmp_path, wanted.repository.repo_id)
    assert preferred(wanted, "modelscope").place.source == "hf"


@pytest.mark.parametrize("saved", ["elsewhere", 7, [], ""])
def test_a_source_that_is_none_is_named(
    saved: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    UserSettings().save_server({"source": saved})
    with pytest.raises(
        ConfigurationError, match=r"server\.source .* use hf or modelscope or kaggle"
    ):
        first_source()


def test_kaggle_is_asked_for_the_configuration_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    def model_download(handle: str, path: str | None = None) -> str:
        asked.append(path)
        (tmp_path / "config.json").write_text('{"model_type": "gemma3"}')
        return str(tmp_path / path) if path else str(tmp_path)

    client = SimpleNamespace(model_download=model_download)
    monkeypatch.setitem(sys.modules, "kagglehub", client)
    with pytest.raises(CheckpointError, match="of another family"):
        hub.fetch("kaggle:qwen3:8b")
    assert asked == ["config.json"]


def test_kaggles_client_is_asked_for() -> None:
    with pytest.raises(UsageError, match="pip install kagglehub"):
        hub.fetch("kaggle:qwen3:8b")
