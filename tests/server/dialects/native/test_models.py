"""The library, memory fit, load settings, loading and unloading."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.config import GenerationConfig
from qwen3mlx.library import DEMOS, members

from ...live import LiveServer, live_server
from .support import BASE, chat, events, get, load, long_answer, model, refused, send

NOTHING_SET: dict[str, Any] = {
    "context_length": None,
    "rope_scaling": None,
    "kv_bits": None,
    "ttl": None,
    "sampling": {},
}
YARN = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 4096}


def test_a_model_that_is_not_in_memory(own: LiveServer) -> None:
    demo = model(own, "demo")
    assert demo["state"] == "not-loaded"
    assert demo["loaded"] is None
    assert demo["load_progress"] is None
    assert demo["settings"] == NOTHING_SET
    assert demo["source"] == "demo"
    assert Path(demo["path"]) == DEMOS["demo"]
    assert demo["thinking"] == {"can": True, "default": True, "can_disable": True}
    advised = GenerationConfig.from_folder(DEMOS["demo"])
    assert demo["sampling_defaults"] == {
        "thinking": advised.sampling_defaults(thinking=True),
        "no_thinking": advised.sampling_defaults(thinking=False),
    }
    assert demo["fit"]["verdict"] == "comfortable"
    assert demo["fit"]["context_length"] == demo["max_context_length"]
    parts = ("weight_bytes", "kv_bytes", "activation_bytes", "cache_bytes")
    assert demo["fit"]["needed_bytes"] == sum(demo["fit"][part] for part in parts)


def test_loading_tells_how_far_it_is_and_unloading_gives_it_back(own: LiveServer) -> None:
    *steps, (name, end) = load(own, "demo")
    assert {name for name, _ in steps} == {"progress"}
    fractions = [data["progress"] for _, data in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert name == "loaded"
    assert end["load_time"] > 0
    assert end["model"] == model(own, "demo") | {"loaded": end["model"]["loaded"]}
    assert end["model"]["loaded"]["nbytes"] > 0
    assert load(own, "demo")[-1][1]["load_time"] is None
    left = send(own, "POST", "/models/unload", {"model": "demo"})
    assert left["state"] == "not-loaded"
    assert send(own, "POST", "/models/unload", {"model": "demo"}) == left


def test_saved_settings_are_loaded_with_and_loaded_anew_for(own: LiveServer) -> None:
    load(own, "demo")
    wanted = {"context_length": 777, "kv_bits": 8, "ttl": 60.5}
    saved = send(own, "PUT", "/models/settings", {"model": "demo", **wanted})
    assert saved["settings"] == NOTHING_SET | wanted
    assert saved["loaded"]["ttl"] == 60.5
    assert saved["loaded"]["kv_bits"] is None
    assert saved["fit"]["context_length"] == 777
    loaded = load(own, "demo")[-1][1]["model"]["loaded"]
    assert (loaded["context_length"], loaded["kv_bits"], loaded["ttl"]) == (777, 8, 60.5)
    cleared = send(own, "PUT", "/models/settings", {"model": "demo"})
    assert cleared["settings"] == NOTHING_SET
    assert cleared["loaded"]["ttl"] == 3600


def test_a_longer_context_by_yarn(own: LiveServer) -> None:
    settings = {"model": "demo", "rope_scaling": YARN, "context_length": 8000}
    saved = send(own, "PUT", "/models/settings", settings)
    assert saved["settings"]["rope_scaling"] == YARN
    assert load(own, "demo")[-1][1]["model"]["loaded"]["context_length"] == 8000


@pytest.mark.parametrize(
    ("fields", "param", "sentence"),
    [
        ({"context_length": 10**7}, "context_length", "context"),
        ({"context_length": "long"}, "context_length", "integer"),
        ({"kv_bits": 5}, "kv_bits", "use 4 or 8"),
        ({"rope_scaling": {"rope_type": "magic"}}, "rope_scaling", "magic"),
        ({"ttl": 0}, "ttl", "greater than 0"),
        ({"sampling": {"temperature": -1}}, "sampling.temperature", "temperature is -1"),
        ({"sampling": {"seed": 1}}, "sampling.seed", "Unknown sampling option"),
        ({"sampling": []}, "sampling", "dictionary"),
        ({"context": 1}, "context", "not permitted"),
    ],
)
def test_settings_that_cannot_be_are_named_and_not_saved(
    server: LiveServer, fields: dict[str, object], param: str, sentence: str
) -> None:
    error = refused(server, "PUT", "/models/settings", {"model": "demo", **fields})
    assert error["param"] == param
    assert sentence in error["message"]
    assert model(server, "demo")["settings"] == NOTHING_SET


def test_saved_sampling_is_what_requests_take_that_say_nothing_else(own: LiveServer) -> None:
    def answers(**fields: object) -> set[str]:
        replies = [chat(own, max_tokens=12, **fields) for _ in range(3)]
        messages = [reply.json()["choices"][0]["message"] for reply in replies]
        return {json.dumps(message) for message in messages}

    body = {"model": "demo", "sampling": {"temperature": 0, "top_k": None}}
    saved = send(own, "PUT", "/models/settings", body)
    assert saved["settings"]["sampling"] == {"temperature": 0}
    assert len(answers()) == 1
    assert len(answers(temperature=50, top_k=0, top_p=1.0)) == 3


def test_a_model_in_use_is_loaded_anew_when_nobody_uses_it(own: LiveServer) -> None:
    load(own, "demo")
    send(own, "PUT", "/models/settings", {"model": "demo", "context_length": 900})
    with long_answer(own):
        assert model(own, "demo")["loaded"]["num_requests"] == 1
        assert model(own, "demo")["loaded"]["context_length"] > 900
    assert load(own, "demo")[-1][1]["model"]["loaded"]["context_length"] == 900


@pytest.mark.parametrize("path", ["/models/load", "/models/unload", "/models/settings"])
def test_a_model_that_is_not_here_is_a_404(server: LiveServer, path: str) -> None:
    method = "PUT" if path.endswith("settings") else "POST"
    reply = server.http.request(method, f"/api/qwen3mlx{path}", json={"model": "nobody/nothing"})
    assert reply.status_code == 404
    assert "demo" in reply.json()["error"]["message"]


def test_a_model_that_fails_to_load_is_an_event(own: LiveServer, home: Path) -> None:
    folder = home / "models" / "broken"
    shutil.copytree(DEMOS["demo"], folder)
    (folder / "tokenizer.json").write_text("{}")
    send(own, "POST", "/folders", {"path": str(folder.parent)})
    name, data = load(own, "broken")[-1]
    assert name == "error"
    assert "tokenizer.json" in data["error"]["message"]


def test_a_broken_model_does_not_hide_the_others(own: LiveServer, home: Path) -> None:
    (home / "models.json").write_text('{"demo": {"kv_bits": 5}}')
    listed = get(own, "/models")
    assert [m["id"] for m in listed["models"]] == ["demo-moe"]
    assert [entry["name"] for entry in listed["skipped"]] == ["demo"]
    assert "kv_bits 5" in listed["skipped"][0]["reason"]


def test_what_is_too_large_for_the_memory_is_said_before_it_is_loaded() -> None:
    with live_server(memory_limit=0.001) as small:
        assert model(small, "demo")["fit"]["verdict"] == "too-large"
        name, data = load(small, "demo")[-1]
    assert name == "error"
    assert "MB can be used here" in data["error"]["message"]


def test_the_whole_family_is_judged_before_anything_is_downloaded(server: LiveServer) -> None:
    told = get(server, "/fit", memory="16GB", chip="m4", context_length=100_000)
    assert told["machine"]["memory_bytes"] == 16 << 30
    assert told["machine"]["chip"] == "M4"
    by_name = {each["name"]: each for each in told["models"]}
    assert len(by_name) == len(members())
    assert by_name["qwen3:32b"]["verdict"] == "too-large"
    assert by_name["qwen3:32b"]["speed"] is None
    assert by_name["qwen3:0.6b"]["speed"]["source"] == "estimated"
    assert by_name["qwen3:0.6b"]["context_length"] == 40960
    assert by_name["qwen3:4b-instruct-2507"]["context_length"] == 100_000
    assert by_name["qwen3:0.6b"]["download"] == f"hf:{by_name['qwen3:0.6b']['model']}"
    own = get(server, "/fit")["machine"]
    assert own["limit_bytes"] == get(server, "/status")["memory"]["limit_bytes"]


def test_what_is_offered_comes_from_the_hub_that_is_set() -> None:
    with live_server(source="modelscope") as own:
        offered = {each["name"]: each["download"] for each in get(own, "/fit")["models"]}
    assert offered["qwen3:0.6b"].startswith("modelscope:")


@pytest.mark.parametrize(
    ("field", "value"), [("chip", "M99"), ("memory", "lots"), ("memory", "0"), ("parallel", 0)]
)
def test_an_unknown_machine_is_refused(server: LiveServer, field: str, value: object) -> None:
    assert refused(server, "GET", "/fit", **{field: value})["param"] == field


def test_fit_is_told_for_the_context_that_is_asked_about(server: LiveServer) -> None:
    short, long = (model(server, "demo", context_length=n)["fit"] for n in (512, 4096))
    assert 4 * short["kv_bytes"] <= long["kv_bytes"]
    assert short["context_length"] == 512
    assert refused(server, "GET", "/models", context_length=0)["param"] == "context_length"


def test_a_watcher_is_told_at_once_and_at_each_change(own: LiveServer) -> None:
    with own.http.stream("GET", f"{BASE}/models/events", headers=own.person) as reply:
        told = events(reply)
        name, first = next(told)
        assert name == "models"
        assert first == get(own, "/models")
        load(own, "demo")
        for _, now in told:
            if next(one for one in now["models"] if one["id"] == "demo")["state"] == "loaded":
                break
        send(own, "PUT", "/models/settings", {"model": "demo", "sampling": {"top_k": 7}})
        for _, now in told:
            demo = next(one for one in now["models"] if one["id"] == "demo")
            if demo["settings"]["sampling"]:
                break
