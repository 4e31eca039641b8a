from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.library import Library
from qwen3mlx.server.core.own_names import OwnNames
from qwen3mlx.server.settings import ServerSettings
from tests.library.models import write_model


def test_a_models_own_name_is_not_removed_as_an_alias_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    write_model(tmp_path / "models" / "Org" / "Model")
    settings = ServerSettings(alias=("org/model=demo", "mine=demo"))
    library = Library(roots=[tmp_path / "models"], aliases=settings.aliases)
    names = OwnNames(settings, library)
    assert not names.remove("Org/Model")  # so whoever deletes it means the model
    assert set(names.models) == {"org/model", "mine"}
    assert names.remove("Mine:latest")
    assert set(names.models) == {"org/model"}
    assert library.aliases == {"org/model": "demo"}
