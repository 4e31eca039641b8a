"""A chat template is untrusted code: its cost is limited to its own model."""

from __future__ import annotations

import ast
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from qwen3mlx.errors import CheckpointError, OverloadedError, Qwen3MLXError
from qwen3mlx.server.core.template_traits import template_traits
from qwen3mlx.text import load_tokenizer
from tests.server.live import LiveServer
from tests.support.places import PROGRAM, ROOT

from .hostile import templates
from .hostile.mutations import write_demo
from .with_models import command, environment, serving

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
HUGE = "{{ 'x' * 10 ** 10 }}"
HONEST = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
HELLO = [{"role": "user", "content": "Hello!"}]


def model(folder: Path, template: str) -> Path:
    folder.mkdir(parents=True)
    write_demo(folder, {"chat_template.jinja": template.encode()})
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for name, template in {"endless": ENDLESS, "huge": HUGE, "honest": HONEST}.items():
        model(root / name, template)
    return root


@pytest.fixture(scope="module")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(models, tmp_path_factory.mktemp("home")) as running:
        yield running


def chat(server: LiveServer, name: str, **fields: Any) -> httpx.Response:
    body = {"model": name, "messages": HELLO, "max_tokens": 2, **fields}
    return server.http.post("/v1/chat/completions", json=body)


CHATS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"messages": HELLO}),
    "responses": ("/v1/responses", {"input": "Hello!"}),
    "anthropic": ("/v1/messages", {"messages": HELLO, "max_tokens": 2}),
    "anthropic count": ("/v1/messages/count_tokens", {"messages": HELLO}),
    "ollama": ("/api/chat", {"messages": HELLO, "stream": False}),
    "ollama generate": ("/api/generate", {"prompt": "Hello!", "stream": False}),
    "ollama show": ("/api/show", {}),
    "lmstudio": ("/api/v0/chat/completions", {"messages": HELLO}),
    "lmstudio v1": ("/api/v1/chat", {"input": "Hello!"}),
    "window": ("/api/qwen3mlx/tokens", {"messages": HELLO}),
}


@pytest.mark.parametrize("dialect", CHATS)
def test_a_ruinous_template_is_an_error_of_the_request(server: LiveServer, dialect: str) -> None:
    path, body = CHATS[dialect]
    answer = server.http.post(path, json={"model": "huge", **body})
    assert answer.status_code == 422, answer.text
    said = answer.json()["error"]
    message = said if isinstance(said, str) else said["message"]
    assert "chat_template.jinja" in message
    assert "MB of memory" in message


def test_a_good_unknown_template_works(server: LiveServer) -> None:
    assert chat(server, "honest").status_code == 200


def test_others_are_served_while_one_runs(server: LiveServer) -> None:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(chat(server, "endless")))
    thread.start()
    served = 0
    while not answers:
        assert server.http.get("/health").status_code == 200
        assert chat(server, "demo").status_code == 200
        assert chat(server, "honest").status_code == 200
        served += 1
        thread.join(0.01)
    assert served
    # A busy computer may reach the wall-clock limit first.
    assert answers[0].status_code in (422, 429)
    assert answers[0].json()["error"]["code"] in ("invalid_chat_template", "overloaded")


def test_a_crowd_before_one_template_leaves_the_others_alone(server: LiveServer) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(chat(server, "endless").status_code))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert chat(server, "demo").status_code == 200
        assert server.http.get("/v1/models").status_code == 200
    for thread in threads:
        thread.join()
    assert len(statuses) == 24
    assert set(statuses) <= {422, 429}


@pytest.mark.parametrize("path", ["/v1/models", "/api/tags", "/api/v1/models", "/api/v0/models"])
def test_lists_show_the_models_all_the_same(server: LiveServer, path: str) -> None:
    answer = server.http.get(path)
    assert answer.status_code == 200
    assert all(name in answer.text for name in ("demo", "endless", "huge", "honest"))


def test_the_window_s_list_says_what_is_wrong(server: LiveServer) -> None:
    answer = server.http.get("/api/qwen3mlx/models").json()
    assert {entry["id"] for entry in answer["models"]} >= {"demo", "demo-moe", "honest"}
    assert {entry["name"] for entry in answer["skipped"]} == {"endless", "huge"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_and_its_children_with_it(
    models: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"],
        env=environment(models, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]

    def ask() -> None:
        body = {"model": "endless", "messages": HELLO}
        with suppress(httpx.HTTPError):  # the server ends
            httpx.post(f"{url}/v1/chat/completions", json=body, timeout=30)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while not (children := psutil.Process(process.pid).children()):
        time.sleep(0.01)
    process.send_signal(number)
    code = process.wait(timeout=10)
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    for thread in threads:
        thread.join()
    process.stdout.close()


def test_the_command_says_it_in_one_line(models: Path, tmp_path: Path) -> None:
    shown = command(models, tmp_path, "show", "endless")
    assert shown.returncode == 0, shown.stderr
    done = command(models, tmp_path, "run", "huge", "Hello!")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "chat_template.jinja" in done.stderr


def test_there_is_one_door() -> None:
    """Nobody compiles a template beside `ChatTemplate` and the child it starts."""
    importers: dict[str, set[str]] = {"jinja2": set(), "templates.jinja": set()}
    for folder in ("qwen3mlx", "quantize", "training", "app"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            for node in ast.walk(ast.parse(text if "jinja" in text else "")):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if "jinja2" in {name.split(".")[0] for name in names}:
                    importers["jinja2"].add(path.stem)
                if any(name.split(".")[-1] == "jinja" for name in names):
                    importers["templates.jinja"].add(path.stem)
    assert importers == {"jinja2": {"jinja"}, "templates.jinja": {"chat_template", "worker"}}


def render(folder: Path) -> str | None:
    """What both ways to a template say of one: None, or a sentence."""
    try:
        template_traits(folder)
        load_tokenizer(folder).apply_chat_template(HELLO)
    except (CheckpointError, OverloadedError) as error:
        return str(error)
    except Qwen3MLXError as error:
        return f"refused: {error}"
    return None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(3))
def test_hostile_templates(tmp_path: Path, seed: int) -> None:
    for name, write_case in templates.cases(random.Random(seed)):
        folder = tmp_path / f"{len(os.listdir(tmp_path))}"
        folder.mkdir()
        write_case(folder)
        said = render(folder)
        assert said is None or "\n" not in said, name
        assert said is None or len(said) < 1000, name
