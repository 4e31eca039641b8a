"""The guards of conftest.py: each offence fails, and its innocent sibling passes.

In workers as well, where `make test` runs them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

OFFENCES = """
import logging, socket, subprocess, sys, threading, time, urllib.request, warnings

import pytest

SLEEP = [sys.executable, "-c", "import time; time.sleep(30)"]
kept = []


def test_bad_thread():
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()


def test_good_thread():
    threading.Thread(target=time.sleep, args=(0.01,)).start()


def test_bad_child():
    kept.append(subprocess.Popen(SLEEP))


def test_good_child():
    child = kept.pop()
    child.kill()
    child.wait()


def test_bad_log():
    logging.getLogger("some.library").warning("look here")


def test_bad_log_of_a_logger_that_does_not_propagate():
    logger = logging.getLogger("aloof")
    logger.propagate = False
    logger.error("look here")


def test_good_log(caplog):
    logging.getLogger("some.library").warning("look here")
    logging.getLogger("some.library").info("nothing")
    assert "look here" in caplog.text


def test_bad_warning():
    warnings.warn("deprecated")


def test_bad_network_swallowed():
    try:
        urllib.request.urlopen("http://example.org")
    except Exception:
        pass


def test_bad_network_address():
    with pytest.raises(Exception):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)


def test_good_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()


def test_good_traced_threads():
    failed = []
    threading.excepthook, before = failed.append, threading.excepthook
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=begin_to_trace) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(0.005)
    threading.excepthook = before
    assert not failed


def begin_to_trace():
    for _ in range(20_000):
        sys.settrace(None)


def test_bad_widget(qapp):
    from PySide6.QtWidgets import QLabel

    kept.append(QLabel("left"))


def test_good_widget(qtbot):
    from PySide6.QtWidgets import QLabel

    kept.pop().deleteLater()
    kept.append(QLabel("closed by qtbot"))
    qtbot.addWidget(kept[0])


@pytest.mark.slow
def test_bad_slow():
    assert False
"""


@pytest.mark.parametrize(
    "workers", [[], ["-n", "2", "--dist", "loadfile"]], ids=["alone", "workers"]
)
def test_each_offence_fails_and_nothing_else_does(tmp_path: Path, workers: list[str]) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_offences.py").write_text(OFFENCES)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=no", *workers]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    report = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    ).stdout

    failed = set(re.findall(r"^(?:ERROR|FAILED) \S+::(test_\w+)", report, re.MULTILINE))
    named = set(re.findall(r"def (test_bad_\w+)", OFFENCES))
    assert failed == named - {"test_bad_slow"}, report
