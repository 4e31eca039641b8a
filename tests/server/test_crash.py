"""Real signals crash the server: its log, its clients, and its restart."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

ENDLESS = {"model": "demo", "prompt": "Once", "max_tokens": 4000, "min_tokens": 4000}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Supervised:
    """`serve` on one port under the rule of the unit files in docs/api/server.md.

    It is started again after every end but a success and wrong usage; `ends` are the return codes.
    """

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.ends: list[int] = []
        self.logs: list[str] = []
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="supervisor")
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def process(self) -> subprocess.Popen[str]:
        """The one that runs, once it answers."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._process is not None, timeout=60)
            assert self._process is not None
            return self._process

    def end(self) -> None:
        with self._changed:
            if self._thread.is_alive() and self._process is not None:
                self._process.terminate()
        self._thread.join(timeout=60)

    def wait_for_ends(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.ends) == count, timeout=60)

    def _run(self) -> None:
        while True:
            command = [sys.executable, "-m", "qwen3mlx", "serve", "--port", str(self.port)]
            with subprocess.Popen(
                [*command, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                assert process.stdout is not None
                if process.stdout.readline():
                    self._set(process)
                _, log = process.communicate()
            self.logs.append(log)
            self._set(None, process.returncode)
            if process.returncode in (0, 2):
                return

    def _set(self, process: subprocess.Popen[str] | None, *ends: int) -> None:
        with self._changed:
            self._process = process
            self.ends.extend(ends)
            self._changed.notify_all()


@pytest.fixture
def supervised() -> Iterator[Supervised]:
    server = Supervised("--model", "demo")
    yield server
    server.end()


@contextmanager
def streaming(url: str) -> Iterator[Iterator[str]]:
    """Lines of an answer that has begun."""
    body = ENDLESS | {"stream": True}
    with httpx.stream("POST", f"{url}/v1/completions", json=body, timeout=30) as answer:
        lines = answer.iter_lines()
        assert any("text" in line for line in lines)
        yield lines


def test_it_is_started_again_after_crashes_and_not_after_sigterm(supervised: Supervised) -> None:
    numbers = [signal.SIGSEGV, signal.SIGKILL]
    for count, number in enumerate(numbers, start=1):
        running = supervised.process()
        with streaming(supervised.url) as lines:
            running.send_signal(number)
            # The client is told that this is not the end of the answer.
            with pytest.raises(httpx.RemoteProtocolError):
                assert "data: [DONE]" not in list(lines)
        supervised.wait_for_ends(count)
    supervised.process()
    body = {"model": "demo", "prompt": "Once", "max_tokens": 4}
    answer = httpx.post(f"{supervised.url}/v1/completions", json=body)
    assert answer.status_code == 200
    supervised.end()
    assert supervised.ends == [*(-number for number in numbers), 0]
    assert "Fatal Python error: Segmentation fault" in supervised.logs[0]
    assert all("Fatal" not in log for log in supervised.logs[1:])


def test_a_client_of_the_sdk_gets_an_error_and_its_next_call_an_answer(
    supervised: Supervised,
) -> None:
    running = supervised.process()
    client = openai.OpenAI(base_url=f"{supervised.url}/v1", api_key="none", max_retries=0)
    long = client.completions.create(model="demo", prompt="Once", max_tokens=4000, stream=True)
    with client, long as stream:
        next(iter(stream))
        running.send_signal(signal.SIGSEGV)
        with pytest.raises((openai.APIError, httpx.HTTPError)):
            for _ in stream:
                pass
        supervised.wait_for_ends(1)
        supervised.process()
        assert client.completions.create(model="demo", prompt="Once", max_tokens=4).choices


CRASH_IN_THE_ENGINE = """
import signal, sys, threading
from qwen3mlx.cli import main
from qwen3mlx.server import run
def crash(port, url):
    [engine] = [t for t in threading.enumerate() if t.name == "qwen3mlx-engine"]
    signal.pthread_kill(engine.ident, signal.SIGSEGV)
run._ready = crash
sys.argv = ["qwen3mlx", "serve", "--port", "0"]
main()
"""

END_OF_THE_ENGINE = """
import sys
from qwen3mlx.cli import main
from qwen3mlx.engine.worker import Worker
def fault(worker):
    raise SystemExit
Worker._turn = fault
sys.argv = ["qwen3mlx", "serve", "--port", "0"]
main()
"""


def run_script(script: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
        **{"capture_output": True} | options,
    )


def test_a_crash_of_the_engines_thread_names_its_place() -> None:
    done = run_script(CRASH_IN_THE_ENGINE)
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr
    place = done.stderr.partition("Current thread")[2].partition("\n\n")[0]
    assert "engine/worker.py" in place


def test_a_server_whose_engine_has_ended_does_not_stay_there_dead() -> None:
    done = run_script(END_OF_THE_ENGINE)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("qwen3mlx: The engine has stopped")


def test_without_stderr_it_serves_and_crashes_all_the_same() -> None:
    with subprocess.Popen(
        ["/bin/sh", "-c", f'exec "{sys.executable}" -m qwen3mlx serve --port 0 2>&-'],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "url" in process.stdout.readline()
        process.send_signal(signal.SIGSEGV)
        assert process.wait(30) == -signal.SIGSEGV
