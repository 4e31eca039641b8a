from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.server.core.model_info import ModelInfo, ResidentInfo
from qwen3mlx.server.dialects.lmstudio.models import (
    load_config,
    reasoning_options,
    v0_model,
    v1_model,
)

INFO = ModelInfo(
    id="Qwen/Qwen3-8B-MLX-4bit",
    path=Path("/models/qwen3"),
    source="cache",
    size_bytes=4_350_000_000,
    modified=0.0,
    arch="qwen3",
    quantization="4bit",
    bits_per_weight=4.25,
    params="8B",
    publisher="Qwen",
    max_context_length=40960,
    kind="chat",
)
LOADED = ResidentInfo(
    context_length=8192,
    load_options=LoadOptions(context_length=8192, kv_bits=8),
    ttl_s=60.0,
    expires_in_s=None,
    nbytes=5,
    num_requests=1,
)
EMBEDDING = replace(INFO, kind="embedding")


def test_a_model_has_the_name_of_its_repository_to_show() -> None:
    described = v1_model(INFO, (True, False))
    assert described["display_name"] == "Qwen3 8B MLX 4bit"
    assert described["publisher"] == "Qwen"
    assert described["quantization"] == {"name": "4bit", "bits_per_weight": 4.25}


def test_an_embedding_model_has_no_capabilities() -> None:
    assert v0_model(EMBEDDING)["type"] == "embeddings"
    described = v1_model(EMBEDDING, (False,))
    assert described["type"] == "embedding"
    assert "capabilities" not in described


@pytest.mark.parametrize(
    ("thinking", "options", "default"),
    [
        ((True, False), ["off", "low", "medium", "high", "on"], "on"),
        ((True,), ["low", "medium", "high", "on"], "on"),
        ((False, True), ["off", "low", "medium", "high", "on"], "off"),
    ],
)
def test_what_a_model_can_say_of_its_reasoning(
    thinking: tuple[bool, ...], options: list[str], default: str
) -> None:
    assert reasoning_options(thinking) == options
    reasoning = v1_model(INFO, thinking)["capabilities"]["reasoning"]
    assert reasoning == {"allowed_options": options, "default": default}


def test_a_model_that_never_thinks_has_no_reasoning() -> None:
    assert "reasoning" not in v1_model(INFO, (False,))["capabilities"]


def test_the_context_it_is_loaded_with_is_the_one_that_is_told() -> None:
    loaded = replace(INFO, state="loaded", loaded=LOADED)
    assert v0_model(loaded)["loaded_context_length"] == 8192
    assert load_config(LOADED) == {"context_length": 8192, "kv_bits": 8}
    instances = v1_model(loaded, (True,))["loaded_instances"]
    assert instances == [{"id": INFO.id, "config": load_config(LOADED)}]
