"""What is on this computer: the library's folders, and the models in them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.config import ModelConfig
from qwen3mlx.config.hub_layout import UNVERIFIED
from qwen3mlx.errors import CheckpointError, ModelNotFoundError
from qwen3mlx.library import DEMOS, Library, LocalModel
from qwen3mlx.library.local_model import params_string
from qwen3mlx.quoting import quoted
from tests.config.released import RELEASED

from .models import CONFIG, cached, ids, skipped, write_model


def test_the_folders_of_other_programs_are_searched(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODELSCOPE_CACHE", raising=False)
    cache = home / "user" / ".cache"
    write_model(cache / "lm-studio" / "models" / "old" / "Qwen3-4B")
    write_model(cache / "modelscope" / "hub" / "models" / "Qwen" / "Qwen3-0___6B")
    (cache / "modelscope" / "hub" / "models" / "Qwen" / "Qwen3-0.6B").symlink_to("Qwen3-0___6B")
    assert {"old/Qwen3-4B", "Qwen/Qwen3-0.6B"} <= set(ids(Library()))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(home / "elsewhere"))
    write_model(home / "elsewhere" / "models" / "Qwen" / "Qwen3-8B")
    assert "Qwen/Qwen3-8B" in ids(Library())
    assert "Qwen/Qwen3-0.6B" not in ids(Library())


def test_without_a_cache_there_are_the_demos(home: Path) -> None:
    dense, moe = Library().installed()
    assert (dense.id, dense.arch, dense.quantization) == ("demo", "qwen3", "8bit")
    assert (moe.id, moe.arch, moe.publisher) == ("demo-moe", "qwen3_moe", "local")
    assert dense.path == DEMOS["demo"]
    assert dense.is_chat
    assert not dense.is_embedding
    assert dense.max_context_length == CONFIG["max_position_embeddings"]
    assert dense.size_bytes == sum(file.stat().st_size for file in dense.path.iterdir())
    assert dense.bits_per_weight == pytest.approx(8.5, abs=0.1)


def test_the_cache_is_listed_with_and_without_an_index(home: Path) -> None:
    cached(home, "org/One")
    folder = cached(home, "Qwen/Qwen3-8B-MLX-4bit", shards=2)
    library = Library()
    assert ids(library) == ["demo", "demo-moe", "Qwen/Qwen3-8B-MLX-4bit", "org/One"]
    model = library.find("Qwen/Qwen3-8B-MLX-4bit")
    assert (model.path, model.publisher, model.source) == (folder, "Qwen", "cache")


def test_what_is_incomplete_or_broken_is_left_out_and_said(home: Path) -> None:
    (cached(home, "org/Part", shards=2) / "model-1.safetensors").unlink()
    (cached(home, "org/Untold") / "tokenizer.json").unlink()
    (cached(home, "org/Broken") / "config.json").write_text("{")
    cached(home, "org/Other", quantization={"quant_method": "bitsandbytes"})
    cached(home, "org/Good")
    library = Library()
    assert ids(library) == ["demo", "demo-moe", "org/Good"]
    reasons = skipped(library)
    assert reasons.keys() == {"org/Part", "org/Untold", "org/Broken", "org/Other"}
    assert "model-1.safetensors is missing" in reasons["org/Part"]
    with pytest.raises(ModelNotFoundError, match=r"org/Part cannot be loaded: .*model-1"):
        library.find("org/part")


def test_other_families_and_files_in_the_cache_are_ignored(home: Path) -> None:
    cached(home, "google/bert", model_type="bert")
    (home / "hub" / "datasets--org--data").mkdir()
    (home / "hub" / "models--org--empty").mkdir()
    (home / "hub" / "version.txt").touch()
    assert Library().scan() == Library(roots=[]).scan()
    assert ids(Library()) == ["demo", "demo-moe"]
    assert skipped(Library()) == {}
    write_model(home / "user" / ".lmstudio" / "models" / "org" / "llama", model_type="llama")
    assert skipped(Library()) == {}
    for name in ("google/bert", "bert", "org/llama"):
        with pytest.raises(ModelNotFoundError, match=r"cannot be loaded: .*has model_type"):
            Library().find(name)


def test_another_family_in_a_user_folder_is_reported(home: Path) -> None:
    write_model(home / "disk" / "Mistral-7B", model_type="mistral")
    library = Library([home / "disk"])
    assert "has model_type 'mistral'" in skipped(library)["Mistral-7B"]
    with pytest.raises(ModelNotFoundError, match=r"Mistral-7B cannot be loaded: .*'mistral'"):
        library.find("mistral-7b")


def test_a_missing_user_folder_is_reported(home: Path) -> None:
    settings = home / "state" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"model_folders": [str(home / "unplugged")]}))
    assert skipped(Library()) == {
        str(home / "unplugged"): "This folder does not exist, but model_folders lists it."
    }


def test_lm_studio_s_folder_and_the_user_s_are_searched(home: Path) -> None:
    write_model(home / "user" / ".lmstudio" / "models" / "lmstudio-community" / "Qwen3-4B-4bit")
    write_model(home / "disk" / "mine")
    write_model(home / "disk" / "publisher" / "model")
    write_model(home / "disk" / ".hidden")
    write_model(home / "single")
    library = Library()
    assert "lmstudio-community/Qwen3-4B-4bit" in ids(library)
    folders = [str(home / name) for name in ("disk", "single", "unplugged")]
    settings = home / "state" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"model_folders": folders}))
    assert ids(library)[2:] == [
        "mine",
        "publisher/model",
        "single",
        "lmstudio-community/Qwen3-4B-4bit",
    ]
    assert library.find("single").path == home / "single"
    assert library.find("single").source == "folder"


@pytest.mark.parametrize("value", ["/models", 7, {"a": "/models"}, None])
def test_an_invalid_folder_list_is_reported_once_and_hides_nothing_else(
    home: Path, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    write_model(home / "user" / ".lmstudio" / "models" / "org" / "model")
    (home / "state").mkdir()
    (home / "state" / "settings.json").write_text(json.dumps({"model_folders": value}))
    library = Library()
    for _ in range(2):
        assert ids(library) == ["demo", "demo-moe", "org/model"]
    assert "settings.json: model_folders" in skipped(library)["settings.json"]
    assert library.find("demo").path == DEMOS["demo"]
    assert caplog.text.count("model_folders") == 1


@pytest.mark.parametrize(
    "row",
    ["models", "./models", "", " ", "~nobody-at-all/x", "/a\0b", "~\0", "/\ud800", 7, None, [], {}],
)
def test_a_row_that_names_no_folder_costs_itself_alone(home: Path, row: object) -> None:
    write_model(home / "disk" / "mine")
    write_model(home / "single")
    rows = [str(home / "disk"), row, row, str(home / "single")]
    (home / "state").mkdir()
    (home / "state" / "settings.json").write_text(json.dumps({"model_folders": rows}))
    models, faults, *_ = Library().scan()
    assert [model.id for model in models][2:] == ["mine", "single"]
    [(name, reason)] = faults
    assert name == "settings.json"
    assert reason.startswith(f"{home}/state/settings.json: model_folders holds {quoted(row)}; it ")
    assert reason.endswith("must be the whole path of a folder, as in /Volumes/Models.")


def test_a_row_that_leads_nowhere_costs_itself_alone(home: Path) -> None:
    write_model(home / "disk" / "mine")
    (home / "letter.txt").write_text("dear")
    (home / "loop").symlink_to("loop")
    reasons = {
        home / "unplugged": "does not exist",
        home / "letter.txt": "is not a folder",
        home / "letter.txt" / "models": "is not a folder",
        home / "loop": "cannot be read",
        home / ("x" * 300): "cannot be read",
    }
    rows = [str(path) for path in (*reasons, home / "disk", home / "disk")]
    (home / "state").mkdir()
    (home / "state" / "settings.json").write_text(json.dumps({"model_folders": rows}))
    models, faults, *_ = Library().scan()
    assert [model.id for model in models][2:] == ["mine"]
    assert [name for name, _ in faults] == list(map(str, reasons))
    for (_, reason), words in zip(faults, reasons.values(), strict=True):
        assert reason.startswith((f"This folder {words}", f"This {words}"))


def test_one_folder_reached_twice_is_one_model(home: Path) -> None:
    write_model(home / "disk" / "org" / "model")
    (home / "link").symlink_to(home / "disk")
    library = Library([home / "disk", home / "link", home / "disk" / "org"])
    assert ids(library)[2:] == ["org/model"]
    assert skipped(library) == {}


def test_of_two_models_with_one_name_the_first_is_listed(home: Path) -> None:
    first = cached(home, "org/model")
    second = write_model(home / "disk" / "Org" / "Model")
    library = Library([home / "disk"])
    assert library.find("Org/Model").path == first
    assert skipped(library) == {str(second): f"{first} has the same name."}


def test_an_extra_folder_may_be_named_by_its_path_or_its_name(home: Path) -> None:
    folder = write_model(home / "disk" / "demo")
    other = write_model(home / "disk" / "other")
    library = Library([], extra=[folder])
    assert library.find(str(folder)).id == "demo"
    assert library.find(f"{folder}/").path == folder
    assert library.find("demo").path == folder  # it was asked for by name: it goes before ours
    with pytest.raises(ModelNotFoundError):
        library.find(str(other))


def test_an_extra_folder_that_is_listed_already_keeps_its_name(home: Path) -> None:
    snapshot = cached(home, "org/model")
    library = Library([], extra=[snapshot])
    assert library.find(str(snapshot)).id == "org/model"
    assert ids(library) == ["demo", "demo-moe", "org/model"]


def test_a_broken_extra_folder_says_why(home: Path) -> None:
    (home / "empty").mkdir()
    bert = write_model(home / "bert", model_type="bert")
    library = Library([], extra=[home / "empty", bert])
    with pytest.raises(CheckpointError, match=r"empty/config\.json is missing"):
        library.find(str(home / "empty"))
    with pytest.raises(CheckpointError, match="model_type 'bert'"):
        library.find(str(bert))
    assert ids(library) == ["demo", "demo-moe"]


def test_a_look_sees_what_changed_and_reads_only_that(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    original = ModelConfig.from_mapping.__func__  # type: ignore[attr-defined]

    def counted(cls: type[ModelConfig], raw: object, *, source: str) -> ModelConfig:
        read.append(Path(source).parent.name)
        return original(cls, raw, source=source)

    monkeypatch.setattr(ModelConfig, "from_mapping", classmethod(counted))
    folder = write_model(home / "disk" / "one")
    library = Library([home / "disk"])
    library.installed()
    read.clear()
    assert ids(library)[2:] == ["one"]
    assert read == []
    write_model(home / "disk" / "two")
    assert ids(library)[2:] == ["one", "two"]
    assert read == ["two"]
    with (folder / "model-0.safetensors").open("ab") as weights:
        weights.write(b"\0" * 500)
    assert library.installed()[2].size_bytes == sum(f.stat().st_size for f in folder.iterdir())
    shutil.rmtree(folder)
    assert ids(library)[2:] == ["two"]


def test_a_first_look_opens_each_file_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_model(home / "models" / "Qwen3-Mine")
    opened: list[str] = []
    to_open = Path.open

    def counted(path: Path, *args: Any, **options: Any) -> Any:
        if path.parent == folder:
            opened.append(path.name)
        return to_open(path, *args, **options)

    monkeypatch.setattr(Path, "open", counted)
    assert "Qwen3-Mine" in ids(Library([home / "models"]))
    assert sorted(opened) == ["config.json", "model-0.safetensors", "tokenizer.json"]


def test_base_and_embedding_models_are_not_chat_models(home: Path) -> None:
    def kind(model: LocalModel) -> tuple[bool, bool]:
        return model.is_chat, model.is_embedding

    write_model(home / "disk" / "Qwen3-8B-Base-4bit")
    write_model(home / "disk" / "Qwen3-Embedding-0.6B")
    modules = [{"type": "sentence_transformers.models.Pooling"}]
    (write_model(home / "disk" / "sentences") / "modules.json").write_text(json.dumps(modules))
    (write_model(home / "disk" / "pairs") / "modules.json").write_text("[]")
    library = Library([home / "disk"])
    assert kind(library.find("qwen3-8b-base-4bit")) == (False, False)
    assert kind(library.find("qwen3-embedding-0.6b")) == (False, True)
    assert kind(library.find("sentences")) == (False, True)
    assert kind(library.find("pairs")) == (True, False)


@pytest.mark.parametrize(
    ("quantization", "shown"),
    [
        (None, None),
        ({"group_size": 64, "bits": 4}, "4bit"),
        ({"group_size": 32, "bits": 4, "mode": "mxfp4"}, "mxfp4"),
    ],
)
def test_quantization_in_one_word(home: Path, quantization: object, shown: str | None) -> None:
    write_model(home / "disk" / "model", quantization=quantization, quantization_config=None)
    assert Library([home / "disk"]).find("model").quantization == shown


def test_entries_that_are_not_folders_break_nothing(home: Path) -> None:
    (home / "loop").symlink_to("loop")
    (home / "file").touch()
    (home / "disk" / "odd" / "config.json").mkdir(parents=True)
    (home / "disk" / "control\x1b").mkdir()
    write_model(home / "disk" / "control\x1b" / "model")
    roots = [home / name for name in ("loop", "file", "nowhere", "disk")]
    library = Library(roots, extra=roots)
    assert ids(library) == ["demo", "demo-moe"]


def test_consecutive_requests_share_a_scan_but_see_new_models(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwen3mlx.library.scan._FRESH_SECONDS", 60)
    library = Library([home / "disk"])
    looks: list[int] = []
    scan = library.scan
    library.scan = lambda: looks.append(1) or scan()  # type: ignore[func-returns-value,method-assign]
    for _ in range(5):
        assert library.find("demo").id == "demo"
    assert len(looks) == 1
    write_model(home / "disk" / "new")
    assert library.find("new").id == "new"
    assert len(looks) == 2


@pytest.mark.parametrize("name", RELEASED)
def test_the_size_is_in_qwens_notation(name: str) -> None:
    assert params_string(ModelConfig.from_mapping(RELEASED[name])) == name


@pytest.mark.parametrize("name", ["model-0.safetensors", "tokenizer.json"])
def test_truncated_files_are_reported_before_loading(home: Path, name: str) -> None:
    folder = cached(home, "Qwen/Qwen3-0.6B")
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {}}}) + "\n\n")
    assert "Qwen/Qwen3-0.6B" in ids(library := Library())
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    assert "Qwen/Qwen3-0.6B" not in ids(library)
    assert f"{folder / name} is " in skipped(library)["Qwen/Qwen3-0.6B"]


def test_bits_per_weight_leave_headers_out(home: Path) -> None:
    cached(home, "Qwen/Qwen3-0.6B")
    (model,) = (model for model in Library().installed() if model.source == "cache")
    parameters = ModelConfig.from_mapping(CONFIG).num_parameters
    assert model.bits_per_weight == round(8 * (1000 - 88) / parameters, 3)


def test_a_download_that_was_not_verified_is_no_model_yet(home: Path) -> None:
    snapshot = cached(home, "Org/Model")
    weights, blobs = snapshot / "model-0.safetensors", snapshot.parents[1] / "blobs"
    unverified = snapshot.parents[1] / UNVERIFIED
    blobs.mkdir()
    unverified.mkdir()
    weights.rename(blobs / "abc")
    weights.symlink_to(blobs / "abc")
    (unverified / "abc").touch()
    library = Library(roots=())
    assert "safetensors" in skipped(library)["Org/Model"]
    (unverified / "abc").unlink()
    assert "Org/Model" in ids(library)
