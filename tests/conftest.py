"""The conditions of every test: offline, away from the user's files, and without leaks."""

from __future__ import annotations

import gc
import ipaddress
import logging
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import settings

# Set before anything reads them: huggingface_hub does so when it is imported.
_STATE = tempfile.mkdtemp(prefix="qwen3mlx-tests-")
for _name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "QWEN3MLX_"))]:
    del os.environ[_name]
# Each of them makes rich or typer colour a pipe.
for _name in ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS"):
    os.environ.pop(_name, None)
# The backtrace of a library's panic takes ten seconds to write.
os.environ["RUST_BACKTRACE"] = "0"
# An M5's products of float32 would be of fewer bits than the numbers that tests compare.
os.environ["MLX_ENABLE_TF32"] = "0"
os.environ.update(
    HF_HOME=os.path.join(_STATE, "huggingface"),
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    QWEN3MLX_HOME=os.path.join(_STATE, "qwen3mlx"),
)

# Nothing here speaks TLS: a client that reads one certificate instead of all begins at once.
_END = "-----END CERTIFICATE-----\n"
_certificate, _, _ = Path(certifi.where()).read_text("utf-8").partition(_END)
Path(_STATE, "certificate.pem").write_text(_certificate + _END, "utf-8")
os.environ["SSL_CERT_FILE"] = os.path.join(_STATE, "certificate.pem")

# The full numbers of examples are for `make test-all`: see tests/support/examples.py.
settings.register_profile("all", deadline=None)
settings.register_profile("default", deadline=None, max_examples=25)
settings.register_profile("ci", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector the tests themselves: many objects, which all stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    shutil.rmtree(_STATE, ignore_errors=True)


class Outside(Exception):
    """A test reached for the network."""


_reached: list[str] = []


def _is_this_machine(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in ("", "None", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refuse_outside(what: str, host: object) -> None:
    if not _is_this_machine(host):
        _reached.append(f"{what} {host}")
        raise Outside(f"the tests are offline: {what} to {host}")


def _guarded(name: str) -> Callable[..., Any]:
    """A method of sockets whose last argument is an address."""
    method = getattr(socket.socket, name)

    def call(self: socket.socket, *args: Any) -> Any:
        if isinstance(args[-1], tuple):
            _refuse_outside(name, args[-1][0])
        return method(self, *args)

    return call


def _look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
    _refuse_outside("getaddrinfo", host)
    return _getaddrinfo(host, *args, **kwargs)


# An audit hook would see more, but up to Python 3.11 threads that begin to be traced, as coverage
# traces them, fail while another one is in a hook.
_getaddrinfo = socket.getaddrinfo
socket.getaddrinfo = _look_up
for _name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, _name, _guarded(_name))


@pytest.fixture(autouse=True)
def _stays_offline() -> Iterator[None]:
    _reached.clear()
    yield
    assert not _reached, f"reached for the network: {_reached}"


@pytest.fixture(autouse=True)
def _leaves_no_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    patience = time.monotonic() + 20
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, patience - time.monotonic()))
    left = [t for t in threading.enumerate() if t not in before]
    assert not left, f"threads still running: {left}"


@pytest.fixture(autouse=True)
def _leaves_no_widgets() -> Iterator[None]:
    """What `deleteLater` left goes now: each theme would style it, and no event loop runs here."""
    before = set(_widgets())
    yield
    if (qt := sys.modules.get("PySide6.QtCore")) and qt.QCoreApplication.instance():
        qt.QCoreApplication.sendPostedEvents(None, qt.QEvent.Type.DeferredDelete.value)
    left = set(_widgets()) - before
    assert not left, f"{len(left)} widgets are left: {[w for w in left if w.parent() is None]}"


def _widgets() -> list[Any]:
    qt = sys.modules.get("PySide6.QtWidgets")
    return qt.QApplication.allWidgets() if qt and qt.QApplication.instance() else []


@pytest.fixture(autouse=True)
def _leaves_no_children(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    started: list[subprocess.Popen[Any]] = []
    start = subprocess.Popen.__init__

    def start_and_remember(process: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
        start(process, *args, **kwargs)
        started.append(process)

    monkeypatch.setattr(subprocess.Popen, "__init__", start_and_remember)
    before = set(multiprocessing.active_children())
    yield
    if (templates := sys.modules.get("qwen3mlx.text.templates.pool")) is not None:
        templates.close()  # its children are kept for the next template
    grammars = sys.modules.get("qwen3mlx.grammar.process")
    kept = grammars.processes() if grammars else []  # they end with their models
    left: list[object] = [p for p in started if p not in kept and not _has_ended(p)]
    left += set(multiprocessing.active_children()) - before
    assert not left, f"child processes still running: {left}"


def _has_ended(process: subprocess.Popen[Any]) -> bool:
    """Also works while another thread is about to end it."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(2)
    return process.returncode is not None


@pytest.fixture(autouse=True)
def _logs_nothing_unasked(request: pytest.FixtureRequest) -> Iterator[None]:
    # A record factory sees the records of loggers that do not propagate, too.
    records: list[logging.LogRecord] = []
    make = logging.getLogRecordFactory()

    def make_and_remember(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if record.levelno >= logging.WARNING:
            records.append(record)
        return record

    logging.setLogRecordFactory(make_and_remember)
    if (warnings := sys.modules.get("qwen3mlx.request_warnings")) is not None:
        warnings._log.cache_clear()  # each test has its own log, which has each warning once
    yield
    logging.setLogRecordFactory(make)
    if "caplog" not in request.fixturenames:
        stray = [f"{record.name}: {record.getMessage()}" for record in records]
        assert not stray, f"logged without a test asking for caplog: {stray}"
