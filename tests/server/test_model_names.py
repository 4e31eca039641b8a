"""A name of a model means the same in every dialect; one that means none gets its error."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from huggingface_hub import constants
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.library import DEMOS
from qwen3mlx.server.http.warning_headers import WARNING_HEADER
from qwen3mlx.settings.user import UserSettings

from .live import LiveServer, live_server

REPO = "Qwen/Qwen3-32B-MLX-4bit"
COMMIT = "a" * 40
# The last one is the own name of a model that is here.
ALIASES = ("gpt-4o=qwen3:32b", "tiny=demo", "lost=qwen3:14b", f"{REPO}=demo")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with aliases, and the demo model in the cache under the name of a released one."""
    cache = tmp_path_factory.mktemp("hub")
    repository = cache / f"models--{REPO.replace('/', '--')}"
    shutil.copytree(DEMOS["demo"], repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(cache))
        patch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("home")))
        with live_server(alias=ALIASES) as server:
            yield server


MESSAGES = [{"role": "user", "content": "Hi"}]


def openai(name: str) -> tuple[str, dict[str, Any]]:
    return "/v1/chat/completions", {"model": name, "messages": MESSAGES, "max_tokens": 1}


def responses(name: str) -> tuple[str, dict[str, Any]]:
    return "/v1/responses", {"model": name, "input": "Hi", "max_output_tokens": 1}


def anthropic(name: str) -> tuple[str, dict[str, Any]]:
    return "/v1/messages", {"model": name, "messages": MESSAGES, "max_tokens": 1}


def lmstudio_v0(name: str) -> tuple[str, dict[str, Any]]:
    return "/api/v0/chat/completions", openai(name)[1]


def lmstudio(name: str) -> tuple[str, dict[str, Any]]:
    return "/api/v1/chat", {"model": name, "input": "Hi", "max_output_tokens": 1}


def ollama(name: str) -> tuple[str, dict[str, Any]]:
    options = {"num_predict": 1}
    return "/api/chat", {"model": name, "messages": MESSAGES, "stream": False, "options": options}


def ollama_show(name: str) -> tuple[str, dict[str, Any]]:
    return "/api/show", {"model": name}


def native(name: str) -> tuple[str, dict[str, Any]]:
    return "/api/qwen3mlx/models/unload", {"model": name}


Call = Callable[[str], tuple[str, dict[str, Any]]]
CALLS: list[Call] = [
    openai,
    responses,
    anthropic,
    lmstudio_v0,
    lmstudio,
    ollama,
    ollama_show,
    native,
]
HEADERS = {"anthropic-version": "2023-06-01"}


def send(server: LiveServer, call: Call, name: str) -> httpx.Response:
    path, body = call(name)
    headers = {**server.person, **(HEADERS if call is anthropic else {})}
    return server.http.post(path, json=body, headers=headers)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "name",
    [
        "qwen3-32b-mlx",
        "qwen/qwen3-32b",
        "qwen3:32b",
        "QWEN3:32B",
        "Qwen3-32B-MLX-4bit",
        "qwen3:32b:latest",
        "gpt-4o",
        "GPT-4o:latest",
        "tiny",
    ],
)
def test_a_name_works_in_every_dialect(named: LiveServer, call: Call, name: str) -> None:
    reply = send(named, call, name)
    assert reply.status_code == 200, reply.text
    assert WARNING_HEADER not in reply.headers


@pytest.mark.parametrize("call", CALLS)
def test_the_nearest_quantization_is_told_in_a_header(
    named: LiveServer, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    reply = send(named, call, "qwen3:32b-q4_K_M")
    assert reply.status_code == 200, reply.text
    told = f"model names the quantization q4_k_m; the nearest for MLX is {REPO}."
    assert reply.headers[WARNING_HEADER] == told
    assert told in caplog.messages


WRONG = {
    "qwen3:32bb": "did you mean",
    "lost": 'an alias for "qwen3:14b", is not on this computer: download it with',
    "qwen3:14b": "`qwen3mlx pull qwen3:14b`",
    "unsloth/Qwen3-32B-GGUF:Q4_K_M": "GGUF",
    "../../etc/passwd": "There is no model",
    "/etc": "There is no model",
    "qwen3:32b\u202e": "cannot be printed",
    "qw\u0435n3:32b": "CYRILLIC",
    "x" * 4000: "4,000 characters",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", WRONG, ids=lambda name: ascii(name)[:20])
def test_a_name_of_no_model_gets_the_error_of_its_dialect(
    named: LiveServer, call: Call, name: str
) -> None:
    reply = send(named, call, name)
    assert reply.status_code == 404, reply.text
    message = message_of(call, reply.json())
    assert WRONG[name] in message
    assert message.isprintable()


def message_of(call: Call, body: dict[str, Any]) -> str:
    """Return the message of an error object, after a look at its form."""
    if call in (ollama, ollama_show):
        assert set(body) == {"error"}
        return str(body["error"])
    error = body["error"]
    if call is anthropic:
        assert (body["type"], error["type"]) == ("error", "not_found_error")
    elif call is lmstudio:
        assert error["type"] == "model_not_found"
    else:
        assert error["code"] == "model_not_found"
    return str(error["message"])


@pytest.mark.parametrize("call", CALLS)
def test_a_name_of_a_million_characters_is_refused(named: LiveServer, call: Call) -> None:
    reply = send(named, call, "x" * 1_000_000)
    assert reply.status_code in (400, 422), reply.text
    assert len(reply.text) < 1000


def test_aliases_are_listed_for_programs_that_filter_by_the_list(named: LiveServer) -> None:
    listed = [each["id"] for each in named.http.get("/v1/models").json()["data"]]
    assert listed == ["demo", "demo-moe", REPO, "gpt-4o", "tiny"]
    assert named.http.get("/v1/models/gpt-4o").json()["id"] == REPO
    tags = [each["name"] for each in named.http.get("/api/tags").json()["models"]]
    assert sorted(tags) == sorted(
        ["demo:latest", "demo-moe:latest", "qwen3:32b", "gpt-4o:latest", "tiny:latest"]
    )
    for tag in tags:
        assert send(named, ollama_show, tag).status_code == 200


def test_what_is_here_under_any_name_is_not_downloaded(named: LiveServer) -> None:
    for name in ("gpt-4o", "qwen3-32b-mlx", "tiny"):
        pulled = named.http.post("/api/pull", json={"model": name}, headers=named.person)
        assert pulled.text == '{"status":"success"}\n'
        body = {"model": name}
        reply = named.http.post("/api/v1/models/download", json=body, headers=named.person)
        assert reply.json() == {"status": "already_downloaded"}


def test_a_copy_is_another_name_and_deleting_it_leaves_the_model(named: LiveServer) -> None:
    def ask(method: str, path: str, body: dict[str, str]) -> httpx.Response:
        return named.http.request(method, f"/api/{path}", json=body, headers=named.person)

    for source in ("demo", "qwen3-32b-mlx"):  # the second in place of the first
        made = ask("POST", "copy", {"source": source, "destination": "Mine:latest"})
        assert made.status_code == 200, made.text
    assert send(named, openai, "mine").json()["model"] == REPO
    saved = UserSettings().server()["alias"]
    assert saved == [f"mine={REPO}"]
    for taken in (REPO, "demo"):
        refused = ask("POST", "copy", {"source": "demo", "destination": taken})
        assert refused.status_code == 400
        assert "own" in refused.json()["error"] or "rename" in refused.json()["error"]
    assert ask("POST", "copy", {"source": "lost", "destination": "b"}).status_code == 404
    for odd in ("a\nb", "a=b", " "):
        assert ask("POST", "copy", {"source": "demo", "destination": odd}).status_code == 400
    assert ask("DELETE", "delete", {"model": "mine"}).status_code == 200
    assert "alias" not in UserSettings().server()
    assert send(named, openai, "mine").status_code == 404
    assert send(named, openai, REPO).status_code == 200


NAMES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["qwen3:32b", "gpt-4o", "demo", REPO, "qwen3-32b-mlx", "lost"])
    .flatmap(lambda name: st.tuples(st.just(name), st.text(max_size=3), st.integers(0, 9)))
    .map(lambda parts: parts[0][: parts[2]] + parts[1] + parts[0][parts[2] :]),
)


@settings(max_examples=60, deadline=None)
@given(name=NAMES)
def test_any_name_gets_an_answer_or_a_clear_refusal(named: LiveServer, name: str) -> None:
    name = name.encode("utf-8", "replace").decode()
    for call in (ollama_show, native):
        reply = send(named, call, name)
        assert reply.status_code in (200, 400, 404), reply.text
        if reply.status_code == 404:
            assert message_of(call, reply.json()).isprintable()
