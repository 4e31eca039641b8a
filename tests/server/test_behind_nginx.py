"""Two servers behind nginx, with the configuration of docs/scaling.md."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Serve
from tests.support.places import ROOT
from tests.support.ranks import free_ports

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NUM_CONVERSATIONS, NUM_TURNS = 100, 5

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Serve]]:
    started = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        started.append(Serve(tmp_path / name, "--model", "demo"))
    yield started
    for each in started:
        if each.process.poll() is None:
            each.end()
        each.close()


@pytest.fixture
def proxy(servers: list[Serve], tmp_path: Path) -> Iterator[str]:
    """The address of nginx, which runs in the foreground and without a system's files."""
    page = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    found = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert found is not None
    (port,) = free_ports(1)
    config = found[1].replace("listen 8080", f"listen 127.0.0.1:{port}")
    for address, server in zip(("10.0.0.1:1234", "10.0.0.2:1234"), servers, strict=True):
        assert address in config
        config = config.replace(address, server.url.removeprefix("http://"))
    paths = "".join(
        f"{name}_temp_path {tmp_path / name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"daemon off;\nmaster_process off;\npid {tmp_path / 'pid'};\nevents {{}}\n"
    file = tmp_path / "nginx.conf"
    file.write_text(f"{main}http {{\naccess_log off;\n{paths}{config}}}\n")
    assert NGINX is not None
    process = subprocess.Popen([NGINX, "-p", str(tmp_path), "-e", "stderr", "-c", str(file)])
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            httpx.get(f"{url}/health").raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < end
            time.sleep(0.05)


class Conversation:
    """One person's; `cached` are the prompts' tokens that a server knew already."""

    def __init__(self, url: str, number: int) -> None:
        self.number = number
        self.cached = self.failures = 0
        self._url = url
        self._messages: list[dict[str, str]] = []

    def turn(self) -> None:
        said = f"This is what {self.number} says about number {len(self._messages)}. " * 3
        self._messages.append({"role": "user", "content": said})
        body = {"model": "demo", "max_tokens": 2, "temperature": 0, "messages": self._messages}
        headers = {"X-Conversation-Id": f"c-{self.number}"}
        try:
            reply: Any = httpx.post(
                f"{self._url}/v1/chat/completions", json=body, headers=headers, timeout=60
            )
            reply.raise_for_status()
        except httpx.HTTPError:
            self.failures += 1
            return
        usage = reply.json()["usage"]
        self.cached += usage["prompt_tokens_details"]["cached_tokens"]
        self._messages.append({"role": "assistant", "content": "Yes."})


def talk(url: str) -> list[Conversation]:
    """All conversations, turn by turn, so that others come between."""
    conversations = [Conversation(url, number) for number in range(NUM_CONVERSATIONS)]
    for _ in range(NUM_TURNS):
        with ThreadPoolExecutor(4) as people:
            list(people.map(Conversation.turn, conversations))
    return conversations


def test_prefixes_are_found_again(servers: list[Serve], proxy: str, tmp_path: Path) -> None:
    behind = talk(proxy)
    for server in servers:  # both have work
        assert "qwen3mlx_" in httpx.get(f"{server.url}/metrics").text
    (tmp_path / "alone").mkdir()
    single = Serve(tmp_path / "alone", "--model", "demo")
    try:
        alone = talk(single.url)
    finally:
        single.end()
        single.close()
    assert not any(each.failures for each in (*behind, *alone))
    assert sum(each.cached for each in behind) >= 0.9 * sum(each.cached for each in alone) > 0


def test_a_server_that_dies_takes_only_its_running_requests(
    servers: list[Serve], proxy: str
) -> None:
    for number in range(20):
        Conversation(proxy, number).turn()
    servers[1].end(signal.SIGKILL)
    conversations = [Conversation(proxy, number) for number in range(20)]
    for each in conversations:
        each.turn()
    assert [each.failures for each in conversations] == [0] * 20


def test_streams_arrive_as_they_are_made(servers: list[Serve], proxy: str) -> None:
    body = {"model": "demo", "stream": True, "max_tokens": 3000, "ignore_eos": True, "prompt": "A"}
    with httpx.stream("POST", f"{proxy}/v1/completions", json=body, timeout=60) as stream:
        lines = stream.iter_lines()  # which, dropped, would close the stream
        while not next(lines).startswith("data: "):
            pass
        running = [httpx.get(f"{each.url}/metrics").text for each in servers]
        assert any(re.search(r"running\S* 1", text) for text in running), "it is still answering"
