from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.cli.cp import cp
from qwen3mlx.cli.rm import rm
from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import ModelNotFoundError, UsageError
from qwen3mlx.library import Library, user_aliases
from qwen3mlx.library.model_settings import ModelSettings


def test_all_settings_of_a_model_replace_those_of_another(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ModelSettings()
    settings.save("demo", LoadOptions(context_length=1000))
    settings.save_sampling("demo", {"temperature": 0.3})
    settings.save_ttl("org/model", 60)
    cp("DEMO", "org/model")
    assert settings.load("org/model").context_length == 1000
    assert settings.sampling("org/model") == {"temperature": 0.3}
    assert settings.ttl("org/model") is None
    assert capsys.readouterr().err == (
        "org/model now has the settings of demo: context_length, sampling.\n"
    )
    cp("demo-moe", "org/model", as_json=True)
    told = {"source": "demo-moe", "target": "org/model", "settings": {}}
    assert json.loads(capsys.readouterr().out) == told
    assert settings.load("org/model") == LoadOptions()
    assert settings.load("demo").context_length == 1000


def test_both_must_be_here_and_different(cache: Path) -> None:
    with pytest.raises(UsageError, match="same model"):
        cp("demo", "demo:latest")
    with pytest.raises(ModelNotFoundError, match="gpt-4o"):
        cp("demo", "gpt-4o")


def test_removing_an_alias_leaves_the_model(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    user_aliases.save("gpt-4o", "org/model")
    user_aliases.save("mine", "demo")
    rm("GPT-4o:latest", yes=True)
    assert capsys.readouterr().err == "Deleted the name GPT-4o:latest; the model stays.\n"
    assert user_aliases.saved_aliases() == {"mine": "demo"}
    assert "org/model" in [model.id for model in Library().installed()]
