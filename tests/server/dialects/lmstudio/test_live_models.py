from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3mlx.library import DEMOS

from ....hub.conftest import REPO, SHARDS, checkpoint_files
from ....hub.fake_hub import FakeHub, Fault
from ...live import LiveServer
from .support import chat

MODELS = "/api/v1/models"
YARN = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 4096}


@pytest.fixture
def http(own_server: LiveServer) -> httpx.Client:
    return own_server.http


def post(http: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    reply = http.post(f"{MODELS}/{path}", json=body)
    assert reply.status_code == 200, reply.text
    result: dict[str, Any] = reply.json()
    return result


def listed(http: httpx.Client, key: str) -> dict[str, Any]:
    models = http.get(MODELS).json()["models"]
    found: dict[str, Any] = next(model for model in models if model["key"] == key)
    return found


def test_the_list_tells_what_a_model_is_and_can(http: httpx.Client) -> None:
    demo = listed(http, "demo-moe")
    size = sum(file.stat().st_size for file in Path(DEMOS["demo-moe"]).iterdir())
    assert demo == {
        "type": "llm",
        "publisher": "local",
        "key": "demo-moe",
        "display_name": "demo moe",
        "architecture": "qwen3_moe",
        "quantization": {
            "name": "8bit",
            "bits_per_weight": demo["quantization"]["bits_per_weight"],
        },
        "size_bytes": size,
        "params_string": demo["params_string"],
        "loaded_instances": [],
        "max_context_length": 4096,
        "format": "mlx",
        "capabilities": {
            "vision": False,
            "trained_for_tool_use": True,
            "reasoning": {
                "allowed_options": ["off", "low", "medium", "high", "on"],
                "default": "on",
            },
        },
        "description": None,
    }
    assert 8 < demo["quantization"]["bits_per_weight"] < 9


def test_a_model_is_loaded_with_settings_that_a_later_request_uses_too(http: httpx.Client) -> None:
    loaded = post(http, "load", model="demo-moe", context_length=512, echo_load_config=True)
    assert loaded.pop("load_time_seconds") > 0
    assert loaded == {
        "type": "llm",
        "instance_id": "demo-moe",
        "status": "loaded",
        "load_config": {"context_length": 512},
    }
    instance = {"id": "demo-moe", "config": {"context_length": 512}}
    assert listed(http, "demo-moe")["loaded_instances"] == [instance]
    assert post(http, "unload", instance_id="demo-moe") == {"instance_id": "demo-moe"}
    assert listed(http, "demo-moe")["loaded_instances"] == []
    chat(http, model="demo-moe", input="Hi", max_output_tokens=1)
    assert listed(http, "demo-moe")["loaded_instances"] == [instance]


def test_other_settings_load_it_anew_and_none_leave_it(http: httpx.Client) -> None:
    body = {"model": "demo-moe", "echo_load_config": True}
    first = post(http, "load", **body, rope_scaling=YARN, kv_bits=8, ttl=100)
    assert first["load_config"] == {"context_length": 8192, "rope_scaling": YARN, "kv_bits": 8}
    again = post(http, "load", **body)
    assert again["load_time_seconds"] == 0
    assert again["load_config"] == first["load_config"]
    assert "load_config" not in post(http, "load", model="demo-moe")


def test_the_idle_time_is_taken(own_server: LiveServer) -> None:
    post(own_server.http, "load", model="demo-moe", ttl=1234)
    assert own_server.service.engine.resident["demo-moe"].ttl_s == 1234


def test_settings_of_llama_cpp_change_nothing(http: httpx.Client) -> None:
    extra = {"flash_attention": True, "eval_batch_size": 512}
    loaded = post(http, "load", model="demo", echo_load_config=True, **extra)
    assert loaded["load_config"] == {"context_length": 4096}


@pytest.mark.parametrize(
    ("fields", "status", "kind", "param"),
    [
        ({}, 400, "invalid_request", "model"),
        ({"model": "org/none"}, 404, "model_not_found", None),
        ({"model": "demo", "context_length": 2**20}, 400, "invalid_request", "context_length"),
        ({"model": "demo", "context_length": 2**99}, 400, "invalid_request", "context_length"),
        ({"model": "demo", "kv_bits": 3}, 400, "invalid_request", "kv_bits"),
        ({"model": "demo", "rope_scaling": "yarn"}, 400, "invalid_request", "rope_scaling"),
        ({"model": "demo", "ttl": -1}, 400, "invalid_request", "ttl"),
        ({"model": "demo", "num_experts": 4}, 400, "invalid_request", "num_experts"),
    ],
)
def test_a_load_that_cannot_be_is_refused_and_not_remembered(
    own_server: LiveServer, fields: dict[str, Any], status: int, kind: str, param: str
) -> None:
    before = own_server.service.model_settings.load("demo")
    reply = own_server.http.post(f"{MODELS}/load", json=fields)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error.get("param")) == (status, kind, param)
    assert own_server.service.model_settings.load("demo") == before


def test_only_what_is_in_memory_can_be_unloaded(http: httpx.Client) -> None:
    post(http, "load", model="demo-moe")
    post(http, "unload", instance_id="demo-moe")
    for name in ("demo-moe", "org/none"):
        reply = http.post(f"{MODELS}/unload", json={"instance_id": name})
        assert reply.status_code == 404
        assert reply.json()["error"]["type"] == "model_not_found"


def finished(http: httpx.Client, job_id: str) -> dict[str, Any]:
    patience = time.monotonic() + 20
    while time.monotonic() < patience:
        job: dict[str, Any] = http.get(f"{MODELS}/download/status/{job_id}").json()
        if job["status"] != "downloading":
            return job
        time.sleep(0.02)
    raise AssertionError(job)


@pytest.mark.parametrize(
    "name", ["org/Tiny-4bit", "https://huggingface.co/org/Tiny-4bit/tree/main"]
)
def test_a_download_goes_on_after_the_reply(
    http: httpx.Client, fake_hub: FakeHub, name: str
) -> None:
    fake_hub.repos[REPO] = checkpoint_files(shard_bytes=2**20)
    fake_hub.delays[SHARDS[0]] = 0.05
    begun = post(http, "download", model=name)
    assert re.fullmatch("job_[0-9a-f]{10}", begun["job_id"])
    assert begun["status"] == "downloading"
    assert 0 < begun["downloaded_bytes"] <= begun["total_size_bytes"]
    assert begun["bytes_per_second"] > 0
    times = [begun["started_at"], begun["estimated_completion"]]
    assert post(http, "download", model=name)["job_id"] == begun["job_id"]
    job = finished(http, begun["job_id"])
    assert job.keys() == {
        "job_id",
        "status",
        "total_size_bytes",
        "downloaded_bytes",
        "started_at",
        "completed_at",
    }
    assert job["status"] == "completed"
    assert job["downloaded_bytes"] == job["total_size_bytes"] == begun["total_size_bytes"]
    for moment in [*times, job["completed_at"]]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)


def test_a_model_that_was_downloaded_can_be_asked_at_once(
    own_server: LiveServer, fake_hub: FakeHub
) -> None:
    http, folder = own_server.http, Path(DEMOS["demo"])
    fake_hub.repos["org/Demo-8bit"] = {file.name: file.read_bytes() for file in folder.iterdir()}
    unknown = http.post("/api/v1/chat", json={"model": "org/Demo-8bit", "input": "Hi"})
    assert unknown.status_code == 404
    assert fake_hub.requests == []
    assert finished(http, post(http, "download", model="org/Demo-8bit")["job_id"])
    assert post(http, "download", model="org/Demo-8bit") == {"status": "already_downloaded"}
    chat(http, model="org/Demo-8bit", input="Hi", max_output_tokens=1)
    post(http, "unload", instance_id="org/Demo-8bit")


def test_a_download_that_breaks_off_says_why(http: httpx.Client, fake_hub: FakeHub) -> None:
    fake_hub.repos[REPO] = checkpoint_files(shard_bytes=2**20)
    fake_hub.delays[SHARDS[0]] = 0.05
    fake_hub.broken[SHARDS[1]] = Fault(403)
    job = finished(http, post(http, "download", model=REPO)["job_id"])
    assert job["status"] == "failed"
    assert REPO in job["error"]
    assert "completed_at" not in job


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({}, 400, "invalid_request"),
        ({"model": "org/Nowhere"}, 404, "model_not_found"),
        ({"model": "/etc"}, 404, "model_not_found"),
        ({"model": "."}, 404, "model_not_found"),
        ({"model": "../x"}, 404, "model_not_found"),
        ({"model": "http://example.com/org/repo"}, 404, "model_not_found"),
        ({"model": "http://["}, 404, "model_not_found"),
        ({"model": REPO, "quantization": "Q4_K_M"}, 400, "not_implemented"),
    ],
)
def test_a_download_that_cannot_be_is_refused(
    http: httpx.Client, fake_hub: FakeHub, fields: dict[str, Any], status: int, kind: str
) -> None:
    reply = http.post(f"{MODELS}/download", json=fields)
    assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
    assert fake_hub.fetched() == []


def test_a_quantization_chooses_the_repository(
    http: httpx.Client, fake_hub: FakeHub, caplog: pytest.LogCaptureFixture
) -> None:
    fake_hub.repos["Qwen/Qwen3-0.6B-MLX-8bit"] = checkpoint_files()
    job = post(http, "download", model="qwen/qwen3-0.6b", quantization="Q8_0")
    assert finished(http, job["job_id"])["status"] == "completed"
    assert {path.split("/")[2] for _, path, _ in fake_hub.requests if "resolve" in path} == {
        "Qwen3-0.6B-MLX-8bit"
    }
    assert "the nearest for MLX is Qwen/Qwen3-0.6B-MLX-8bit" in caplog.text


def test_what_is_here_is_not_downloaded(http: httpx.Client, fake_hub: FakeHub) -> None:
    assert post(http, "download", model="demo") == {"status": "already_downloaded"}
    assert fake_hub.requests == []


def test_an_unknown_job_is_not_found(http: httpx.Client) -> None:
    reply = http.get(f"{MODELS}/download/status/job_0")
    assert reply.status_code == 404
    assert reply.json()["error"]["type"] == "job_not_found"
