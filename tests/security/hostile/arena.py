"""One live server among hostile cases, watched throughout."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from tests.hub.fake_hub import FakeHub
from tests.support.places import IMPORT_PATH, PROGRAM

from . import KEY
from .requests import http
from .window import Window

HOST = "127.0.0.1"
PATIENCE_S, HEALTH_S, MEMORY_MB = 10.0, 1.0, 300.0
QUESTION = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Hello!"}],
    "max_tokens": 4,
    "temperature": 0,
}
# Internals that must never be visible.
COLLAPSE = re.compile(rb"Traceback \(most recent call last\)|panicked at|Fatal Python error")


class Hung(Exception):
    """Nothing came for ten seconds, and nothing was being computed."""


class Arena:
    """`attempt` tries a case and says what went wrong; `outcomes` counts how it ended.

    Cases lie in `library`, a folder with models; the files in `outside` are nobody's business.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.library = root / "library"
        self.outside = root / "outside"
        self.home = root / "home"
        for folder in (self.library, self.home):
            folder.mkdir()
        self._write_outside()
        self.hub = FakeHub()
        self.outcomes: Counter[str] = Counter()
        self._number = 0
        self._log = root / "stderr.log"
        self._log.touch()
        self._log_read = 0

    def __enter__(self) -> Arena:
        self.hub.__enter__()
        self.window = Window(self.environment(), self.root / "window.log")
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()
        self.window.close()
        self.hub.__exit__()

    def environment(self) -> dict[str, str]:
        quiet = {name: text for name, text in os.environ.items() if name != "HF_HUB_OFFLINE"}
        return quiet | {
            "HOME": str(self.home),
            "QWEN3MLX_HOME": str(self.home / "state"),
            "HF_HOME": str(self.root / "huggingface"),
            "HF_ENDPOINT": self.hub.url,
            "QWEN3MLX_PARENT_KEY": KEY,
            "PYTHONPATH": IMPORT_PATH,
            "QT_QPA_PLATFORM": "offscreen",
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cache(self) -> Path:
        return self.root / "huggingface" / "hub"

    # The trials

    def send(self, data: bytes, *, is_whole: bool = True) -> int:
        """Return the response's status; 0 if the connection was closed without one."""
        end = time.monotonic() + PATIENCE_S
        received = b""
        with socket.create_connection((HOST, self.port), timeout=PATIENCE_S) as connection:
            try:
                connection.sendall(data)
                if not is_whole:
                    connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(1 << 16):
                    received = (received + piece)[: 1 << 20]
                    connection.settimeout(max(0.01, end - time.monotonic()))
            except TimeoutError:
                # The log is a stream without end.
                if b"text/event-stream" not in received and not self._is_generating():
                    raise Hung(data[:200].decode("latin-1")) from None
                self.outcomes["still answering"] += 1
            except OSError:
                pass  # it was hung up on: an answer may have come before
        status = received[9:12]
        self.answer = received.partition(b"\r\n\r\n")[2]
        self.outcomes[status.decode("latin-1")] += 1
        return int(status) if status.isdigit() else 0

    def ask(self, method: str, path: str, body: object = None) -> int:
        data = b"" if body is None else json.dumps(body).encode()
        return self.send(http(method, path, data))

    def command(self, words: Sequence[str]) -> list[str]:
        """Return what went wrong with `qwen3mlx WORDS`."""
        what = f"qwen3mlx {' '.join(words)}"
        try:
            done = subprocess.run(
                [*PROGRAM, *words],
                cwd=self.home,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=3 * PATIENCE_S,  # the start of a program on a busy machine is in it
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [f"{what} hung"]
        self.outcomes[f"exit {done.returncode}"] += 1
        said = done.stdout + done.stderr
        if done.returncode not in (0, 1, 2) or COLLAPSE.search(said):
            return [f"{what} ended with {done.returncode}: {said[-1500:].decode(errors='replace')}"]
        return []

    # The trial of a case

    def attempt(
        self, write: Callable[[Path], None], trial: Callable[[Arena, Path], list[str]]
    ) -> list[str]:
        """Return what went wrong. A server that is no longer usable is restarted."""
        self._number += 1
        folder = self.library / f"case-{self._number}"
        folder.mkdir()
        write(folder)
        self._write_settings()
        self._watch.begin()
        before = _contents(self.outside)
        try:
            faults = trial(self, folder)
        except Hung as error:
            faults = [f"hung: {error}"]
        except OSError as error:
            faults = [f"no connection: {error}"]
        faults += self._aftermath()
        if _contents(self.outside) != before:
            faults.append("files outside of the case were changed")
        _remove(folder)
        self._write_outside()
        if faults:
            self._stop()
            self._start()
        return faults

    def _aftermath(self) -> list[str]:
        """Check what must hold after any input."""
        faults = []
        try:
            if self.ask("POST", "/v1/chat/completions", QUESTION) != 200:
                faults.append(f"the demo does not answer: {self.answer[:300]!r}")
            elif self._said() != self._reference:
                faults.append("the demo answers otherwise")
            if self._is_left():
                faults.append("a request is left in the engine")
        except (Hung, OSError) as error:
            faults.append(f"the demo does not answer: {type(error).__name__}")
            with suppress(subprocess.TimeoutExpired):  # it may be about to end
                self._process.wait(1)
        faults += self._watch.faults()
        with self._log.open("rb") as log:
            log.seek(self._log_read)
            said = log.read()
        self._log_read += len(said)
        if found := COLLAPSE.search(said):
            faults.append(f"in the log: {said[found.start() :][-1500:].decode(errors='replace')}")
        if (code := self._process.poll()) is not None:
            faults.append(f"the server ended with {code}")
        return faults

    def _said(self) -> object:
        return json.loads(self.answer)["choices"][0]["message"]

    def _is_generating(self) -> bool:
        """Something is being computed, or waits for that."""
        counts = re.findall(
            rb"^qwen3mlx_(?:running|waiting)_requests (\S+)$", self._get("/metrics"), re.M
        )
        return any(float(count) for count in counts)

    def _is_left(self) -> bool:
        """Return whether something is still computed although no client is left."""
        end = time.monotonic() + PATIENCE_S
        while self._is_generating():
            if time.monotonic() > end:
                return True
            time.sleep(0.02)
        return False

    def _get(self, path: str) -> bytes:
        with socket.create_connection((HOST, self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(http("GET", path))
            received = b""
            while piece := connection.recv(1 << 16):
                received += piece
        return received

    def _write_outside(self) -> None:
        shutil.rmtree(self.outside, ignore_errors=True)
        self.outside.mkdir()
        (self.outside / "letter.txt").write_text("dear")

    # The server

    def _write_settings(self) -> None:
        """A case may have changed them."""
        state = self.home / "state"
        state.mkdir(exist_ok=True)
        settings = {"model_folders": [str(self.library)]}
        (state / "settings.json").write_text(json.dumps(settings))

    def _start(self) -> None:
        self._write_settings()
        words = ["serve", "--port", "0", "--model", "demo", "--prefix-cache", "0.05"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*PROGRAM, *words],
                cwd=self.home,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text(errors="replace")[-2000:]
        self.port = int(json.loads(line)["url"].rpartition(":")[2])
        # Every dialect once: what is imported with the first request is no case's doing.
        for path in ("/v1/models", "/api/tags", "/api/v1/models", "/api/qwen3mlx/models"):
            self.ask("GET", path)
        assert self.ask("POST", "/v1/chat/completions", QUESTION) == 200, self.answer
        self._reference = self._said()
        self._log_read = self._log.stat().st_size
        self._watch = Watch(self.port, self._process.pid)
        self._watch.start()

    def _stop(self) -> None:
        self._watch.end()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Watch(threading.Thread):
    """Asks for `/health`, and looks at the memory of the server and its children, all the while."""

    def __init__(self, port: int, pid: int) -> None:
        super().__init__(name="watch", daemon=True)
        self._port = port
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._family = self._found()
        self._idle = self._memory()
        self.begin()

    def begin(self) -> None:
        self._slowest = 0.0
        self._most = 0.0

    def faults(self) -> list[str]:
        found = []
        if self._slowest > HEALTH_S:
            found.append(f"/health took {self._slowest:.1f} s")
        if (above := self._most - self._idle) > MEMORY_MB:
            found.append(f"{above:.0f} MB more than idle")
        return found

    def run(self) -> None:
        number = 0
        while not self._over.wait(0.03):
            self._most = max(self._most, self._memory())
            number += 1
            if number % 3 == 0:
                self._slowest = max(self._slowest, self._health())
                self._family = self._found()

    def end(self) -> None:
        self._over.set()
        self.join()

    def _found(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            return [self._process, *self._process.children(recursive=True)]
        return []

    def _memory(self) -> float:
        """Return the memory of all of them together, in MB."""
        return sum(map(_resident, self._family)) / 1e6

    def _health(self) -> float:
        """Return seconds; the timeout if there was no answer."""
        start = time.monotonic()
        try:
            with socket.create_connection((HOST, self._port), timeout=PATIENCE_S) as connection:
                connection.sendall(http("GET", "/health"))
                if not connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return PATIENCE_S
        except ConnectionRefusedError:
            return 0.0  # it has ended, which is said elsewhere
        except OSError:
            return PATIENCE_S
        return time.monotonic() - start


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        rss: int = process.memory_info().rss
        return rss
    return 0


def _contents(folder: Path) -> dict[str, Any]:
    """Everything in it, at any depth; how many names a file has counts."""
    return {
        str(path): (path.lstat().st_nlink, path.read_bytes() if path.is_file() else None)
        for path in folder.rglob("*")
    }


def _remove(folder: Path) -> None:
    """Remove the folder, even if a case made that difficult."""
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
