"""Models in Ollama's format."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import pytest
from ollama import ListResponse, ProcessResponse, ShowResponse

from qwen3mlx.config import LoadOptions
from qwen3mlx.library.scan import Library
from qwen3mlx.server.core.model_info import ModelInfo, ResidentInfo
from qwen3mlx.server.core.template_traits import TemplateTraits, template_traits
from qwen3mlx.server.dialects.ollama import models

YEAR = 365 * 24 * 3600


@pytest.fixture(scope="module")
def demo() -> ModelInfo:
    return ModelInfo.of(Library(roots=()).find("demo"), None, None)


@pytest.fixture(scope="module")
def moe() -> ModelInfo:
    return ModelInfo.of(Library(roots=()).find("demo-moe"), None, None)


def in_memory(model: ModelInfo, **fields: Any) -> ModelInfo:
    state = ResidentInfo(
        context_length=2048, load_options=LoadOptions(), ttl_s=300, expires_in_s=300, nbytes=1000,
        num_requests=0,
    )  # fmt: skip
    return replace(model, state="loaded", loaded=state._replace(**fields))


def test_tags_list_the_latest_first(demo: ModelInfo, moe: ModelInfo) -> None:
    older = replace(moe, modified=demo.modified - 10)
    listed = ListResponse(**models.tags([older, demo], {}))
    assert [model.model for model in listed.models] == ["demo:latest", "demo-moe:latest"]
    first = listed.models[0]
    assert first.size == demo.size_bytes
    assert first.details is not None
    assert first.details.family == "qwen3"
    assert first.details.parameter_size == demo.params
    assert first.modified_at is not None
    assert first.modified_at.timestamp() == pytest.approx(demo.modified, abs=1)


def test_a_digest_tells_models_and_their_versions_apart(demo: ModelInfo, moe: ModelInfo) -> None:
    newer = replace(demo, modified=demo.modified + 1)
    digests = [entry["digest"] for entry in models.tags([demo, moe, newer, demo], {})["models"]]
    assert len(set(digests)) == 3
    assert all(len(digest) == 64 for digest in digests)


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("Qwen/Qwen3-8B-MLX-4bit", "qwen3:8b"),
        ("Qwen/Qwen3-8B-MLX-8bit", "qwen3:8b-8bit"),
        ("someone/Qwen3-8B", "someone/Qwen3-8B:latest"),
        ("mlx-community/Qwen3-4B-Thinking-2507-4bit", "qwen3:4b-thinking-2507"),
    ],
)
def test_names_are_aliases_or_have_a_tag(
    demo: ModelInfo, monkeypatch: pytest.MonkeyPatch, model_id: str, name: str
) -> None:
    monkeypatch.setattr("qwen3mlx.library.family.memory_bytes", lambda: 16 * 2**30)
    first = replace(demo, id="Qwen/Qwen3-8B-MLX-4bit")
    assert models.tagged_names([replace(demo, id=model_id), first])[model_id] == name


@pytest.mark.parametrize(
    ("quantization", "bits", "level"), [("4bit", 4.5, "4bit"), (None, 16.02, "16bit")]
)
def test_quantization_level(
    demo: ModelInfo, quantization: str | None, bits: float, level: str
) -> None:
    model = replace(demo, quantization=quantization, bits_per_weight=bits)
    assert models.tags([model], {})["models"][0]["details"]["quantization_level"] == level


def test_processes_are_the_models_in_memory(demo: ModelInfo, moe: ModelInfo) -> None:
    running = ProcessResponse(**models.processes([moe, in_memory(demo)])).models
    assert [model.name for model in running] == ["demo:latest"]
    assert running[0].context_length == 2048
    assert running[0].size == running[0].size_vram == 1000


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"expires_in_s": 300}, 295, 305),
        ({"expires_in_s": None, "ttl_s": 60, "num_requests": 1}, 55, 65),
        ({"expires_in_s": None, "ttl_s": math.inf}, 100 * YEAR, 300 * YEAR),
    ],
    ids=["idle", "in use", "for good"],
)
def test_expires_at(demo: ModelInfo, fields: dict[str, Any], low: float, high: float) -> None:
    (running,) = ProcessResponse(**models.processes([in_memory(demo, **fields)])).models
    assert running.expires_at is not None
    assert low < running.expires_at.timestamp() - time.time() < high


def test_show(demo: ModelInfo) -> None:
    raw = models.show(demo, template_traits(demo.path))
    shown = ShowResponse(**raw)
    assert shown.capabilities == ["completion", "tools", "thinking"]
    assert shown.modelinfo is not None
    assert shown.modelinfo["general.architecture"] == "qwen3"
    assert shown.modelinfo["qwen3.context_length"] == demo.max_context_length
    assert shown.template is not None
    assert "<|im_start|>" in shown.template
    assert shown.modelfile is not None
    assert shown.modelfile.startswith("FROM demo\n")
    assert dict(line.split() for line in (shown.parameters or "").splitlines())["top_k"] == "20"
    assert raw["thinking"] == {"values": [True, False], "default": True}


def test_show_has_the_experts_of_a_moe(moe: ModelInfo) -> None:
    info = models.show(moe, template_traits(moe.path))["model_info"]
    assert info["general.architecture"] == "qwen3moe"
    assert info["qwen3moe.expert_count"] > info["qwen3moe.expert_used_count"] > 0


@pytest.mark.parametrize(
    ("kind", "traits", "expected"),
    [
        ({"kind": "embedding"}, (True, (True, False)), ["embedding"]),
        ({"kind": "base"}, (True, (True, False)), ["completion"]),
        ({}, (True, (False,)), ["completion", "tools"]),
        ({}, (False, (True,)), ["completion", "thinking"]),
    ],
    ids=["embedding", "base", "Instruct-2507", "Thinking-2507"],
)
def test_capabilities(
    demo: ModelInfo,
    kind: dict[str, Any],
    traits: tuple[bool, tuple[bool, ...]],
    expected: list[str],
) -> None:
    has_tools, thinking = traits
    found = TemplateTraits(text="", has_tools=has_tools, thinking=thinking)
    assert models.capabilities(replace(demo, **kind), found) == expected


def test_the_users_own_names_are_listed_too(demo: ModelInfo, moe: ModelInfo) -> None:
    own = {"gpt-4o": moe, "llama3:8b": demo}
    listed = models.tags([demo, moe], own)["models"]
    digests = {entry["name"]: entry["digest"] for entry in listed}
    assert digests.keys() == {"demo:latest", "demo-moe:latest", "gpt-4o:latest", "llama3:8b"}
    assert digests["gpt-4o:latest"] == digests["demo-moe:latest"]


def test_a_name_that_the_user_gave_away_is_not_the_models_own(demo: ModelInfo) -> None:
    model = replace(demo, id="Qwen/Qwen3-8B-MLX-4bit")
    own = {"qwen3:8b": demo}
    listed = [entry["name"] for entry in models.tags([demo, model], own)["models"]]
    assert sorted(listed) == ["Qwen/Qwen3-8B-MLX-4bit:latest", "demo:latest", "qwen3:8b"]
    running = models.processes([in_memory(model)], own)["models"]
    assert [entry["name"] for entry in running] == ["Qwen/Qwen3-8B-MLX-4bit:latest"]
