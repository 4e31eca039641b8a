from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import ConfigurationError
from qwen3mlx.library import ModelSettings

YARN = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32768}


def test_nothing_saved_is_the_defaults_and_writes_nothing(tmp_path: Path) -> None:
    settings = ModelSettings(tmp_path / "state")
    assert settings.load("demo") == LoadOptions()
    assert settings.ttl("demo") is None
    assert list(tmp_path.iterdir()) == []


def test_what_was_saved_is_used_by_the_next_program(tmp_path: Path) -> None:
    options = LoadOptions(context_length=65536, rope_scaling=YARN, kv_bits=8)
    ModelSettings(tmp_path).save("org/model", options)
    ModelSettings(tmp_path).save_ttl("org/model", 600)
    assert ModelSettings(tmp_path).load("org/model") == options
    assert ModelSettings(tmp_path).ttl("org/model") == 600
    assert ModelSettings(tmp_path).load("org/other") == LoadOptions()


def test_saving_again_replaces_the_options_and_only_them(tmp_path: Path) -> None:
    file = tmp_path / "models.json"
    file.write_text(json.dumps({"m": {"kv_bits": 8, "ttl": 60, "note": "mine"}, "n": {"x": 1}}))
    settings = ModelSettings(tmp_path)
    settings.save("m", LoadOptions(context_length=100))
    settings.save_ttl("m", None)
    assert json.loads(file.read_text()) == {
        "m": {"context_length": 100, "note": "mine"},
        "n": {"x": 1},
    }


def test_a_model_without_settings_leaves_the_file(tmp_path: Path) -> None:
    settings = ModelSettings(tmp_path)
    settings.save("m", LoadOptions(kv_bits=4))
    settings.save("m", LoadOptions())
    assert json.loads((tmp_path / "models.json").read_text()) == {}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"kv_bits": 5}, r"models\.json, m: kv_bits 5 is not supported"),
        ({"context_length": "long"}, r"models\.json, m: context_length is 'long'"),
        ({"rope_scaling": []}, r"models\.json, m: rope_scaling"),
        ([], r"the settings of m are \[\]; they must be a JSON object"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path: Path, entry: object, sentence: str) -> None:
    (tmp_path / "models.json").write_text(json.dumps({"m": entry}))
    with pytest.raises(ConfigurationError, match=sentence):
        ModelSettings(tmp_path).load("m")


@pytest.mark.parametrize("ttl", ["1h", 0, -5, True, 2**40])
def test_a_time_that_cannot_be_is_named(tmp_path: Path, ttl: object) -> None:
    (tmp_path / "models.json").write_text(json.dumps({"m": {"ttl": ttl}}))
    with pytest.raises(ConfigurationError, match=r"m: ttl is .*it must be a number"):
        ModelSettings(tmp_path).ttl("m")


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "models.json"
    file.write_text("{")
    with pytest.raises(ConfigurationError, match=r"models\.json is not JSON"):
        ModelSettings(tmp_path).save("m", LoadOptions(kv_bits=8))
    assert file.read_text() == "{"


def test_sampling_defaults_are_saved_with_the_options(tmp_path: Path) -> None:
    settings = ModelSettings(tmp_path)
    settings.save("m", LoadOptions(kv_bits=8))
    settings.save_sampling("m", {"temperature": 0.2, "top_k": None})
    settings.save("m", LoadOptions())
    assert ModelSettings(tmp_path).sampling("m") == {"temperature": 0.2}
    settings.save_sampling("m", {})
    assert json.loads((tmp_path / "models.json").read_text()) == {}


@pytest.mark.parametrize("sampling", [[], {"top_p": 2}, {"seed": 3}, {"top_k": "many"}])
def test_sampling_that_cannot_be_is_named(tmp_path: Path, sampling: object) -> None:
    (tmp_path / "models.json").write_text(json.dumps({"m": {"sampling": sampling}}))
    with pytest.raises(ConfigurationError, match=r"models\.json, m: "):
        ModelSettings(tmp_path).sampling("m")
