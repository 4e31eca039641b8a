"""Names of models that users of other programs reported trouble with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx import library
from qwen3mlx.library import DEMOS, Library

from .live import LiveServer, live_server

CODER = "lmstudio-community/Qwen3-Coder-30B-A3B-Instruct-MLX-4bit"
LOADED = "Qwen3.5-Tuned-4bit"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in a folder of its own, as `serve --model ./folder` gets it."""
    place = tmp_path_factory.mktemp("elsewhere") / LOADED
    shutil.copytree(DEMOS["demo"], place)
    return place


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[LiveServer]:
    home = tmp_path_factory.mktemp("user")
    shutil.copytree(DEMOS["demo"], home / ".lmstudio" / "models" / CODER)
    aliases = ("auto=demo", "gpt-4o=qwen3-coder", "o4-mini=demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("QWEN3MLX_HOME", str(home / "state"))
        patch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        with live_server(alias=aliases, model=str(folder)) as running:
            yield running


def shown(server: LiveServer, name: str) -> str:
    """Return the id of the model that `name` means in a request."""
    reply = server.http.get(f"/v1/models/{name}")
    assert reply.status_code == 200, reply.text
    return str(reply.json()["id"])


def test_case_of_a_tag_does_not_matter(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    """https://github.com/ollama/ollama/issues/336 and 4250"""
    assert shown(server, "qwen3-coder:30b-a3b-q4_K_M") == CODER
    assert shown(server, "qwen3-coder:30b-a3b-q4_k_m") == CODER
    assert "the nearest for MLX is" in caplog.text


def test_a_capital_letter_is_no_other_model(server: LiveServer) -> None:
    """https://github.com/ollama/ollama/issues/6783"""
    assert shown(server, "Qwen3-Coder") == shown(server, "qwen3-coder") == CODER


def test_the_tag_latest_can_be_added_to_any_name(server: LiveServer) -> None:
    """https://github.com/ParisNeo/lollms_hub/issues/48: Open WebUI adds it."""
    for name in ("auto:latest", f"{CODER}:latest", f"{LOADED}:latest", "qwen3-coder:latest"):
        reply = server.http.post("/api/show", json={"model": name})
        assert reply.status_code == 200, reply.text


def test_an_alias_is_found_by_every_path(server: LiveServer) -> None:
    """https://github.com/open-webui/open-webui/issues/22134"""
    assert shown(server, "gpt-4o") == CODER
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    for path in ("/v1/chat/completions", "/api/v0/chat/completions"):
        assert server.http.post(path, json=body).status_code == 200


def test_a_wired_in_name_works(server: LiveServer) -> None:
    """https://github.com/assafelovic/gpt-researcher/issues/1556, lmstudio-ai/lmstudio-js 11"""
    assert shown(server, "o4-mini") == "demo"
    reply = server.http.get("/v1/models/gpt-4.1")
    assert reply.status_code == 404
    assert f"on this computer: there are {LOADED}, demo" in reply.json()["error"]["message"]


def test_a_folder_that_is_served_is_known_by_its_own_name(server: LiveServer, folder: Path) -> None:
    """https://github.com/ml-explore/mlx-lm/issues/1133, mlx-examples 888: no hub is asked."""
    for name in (LOADED, LOADED.lower(), str(folder)):
        body = {"model": name, "prompt": "Hi", "max_tokens": 1}
        reply = server.http.post("/v1/completions", json=body)
        assert reply.status_code == 200, reply.text
        assert reply.json()["model"] == LOADED


def test_a_program_that_filters_by_the_list_finds_its_name(server: LiveServer) -> None:
    """https://github.com/mudler/LocalAI/issues/36"""
    listed = {model["id"] for model in server.http.get("/v1/models").json()["data"]}
    assert {"gpt-4o", "o4-mini", "auto", CODER, LOADED} <= listed


def test_a_probe_for_a_model_gets_an_error_object(server: LiveServer) -> None:
    """https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/814"""
    reply = server.http.get("/v1/models/test")
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("name", ["qwen3-coder", "Qwen3-Coder-30B", "qwen/qwen3-coder-30b"])
def test_a_name_that_the_terminal_takes_is_taken_by_the_server(
    server: LiveServer, name: str
) -> None:
    """https://github.com/lmstudio-ai/lms/issues/419, raullenchai/Rapid-MLX 2035"""
    path = library.resolve(name)
    assert path == Library().find(name).path
    assert path.parts[-2:] == tuple(CODER.split("/"))
    assert shown(server, name) == CODER
