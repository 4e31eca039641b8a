"""The window in a process of its own, which opens profiles and shows documents as it is told."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.places import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen3mlx_app.composition import Program
    from qwen3mlx_app.views.main_window import MainWindow

PATIENCE_S = 10.0
LOOK_S = 0.05
PAGES = ("models", "quantize", "server", "settings", "chat")


class Window:
    """`open` says what went wrong with a profile, or with documents; a dead one is started anew."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = dict(environment)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, kind: str, folder: Path) -> list[str]:
        from .arena import COLLAPSE

        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"kind": kind, "folder": str(folder)}).encode() + b"\n")
        process.stdin.flush()
        faults: list[str] = []
        line = b""
        while not faults and line != b"done\n":
            ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
            line = process.stdout.readline() if ready else b""
            if not ready:
                faults.append("the window hung")
            elif not line:
                faults.append(f"the window ended with {process.wait()}")
        said = self._log.read_bytes()
        os.truncate(self._log, 0)
        if faults or COLLAPSE.search(said):
            faults.append(f"the window said: {said[-1500:].decode(errors='replace')}")
            self.close()
        return faults

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    bufsize=0,
                    stderr=log,
                )
            assert self._process.stdout is not None
            self._process.stdout.readline()  # it is up
        return self._process


@contextmanager
def _shown(profile: Path) -> Iterator[tuple[Program, MainWindow] | None]:
    """The window over this profile, without a server; None where it says that it cannot be."""
    import shiboken6
    from qwen3mlx_app.composition import Program
    from qwen3mlx_app.services.store import StoreError
    from qwen3mlx_app.views.window import make_window

    os.environ["QWEN3MLX_HOME"] = str(profile)
    try:
        program = Program(profile, PROGRAM)
    except StoreError:
        yield None
        return
    window = make_window(program)
    window.show()
    _look()
    try:
        yield program, window
    finally:
        window.close()
        shiboken6.delete(window)
        program.close()
        _look()


def _look() -> None:
    """What is due is drawn, and said to be."""
    from PySide6.QtWidgets import QApplication

    end = time.monotonic() + LOOK_S
    while time.monotonic() < end:
        QApplication.processEvents()
    print("looked", flush=True)


def profiles(folder: Path) -> None:
    with _shown(folder) as shown:
        if shown is None:
            return
        program, window = shown
        for conversation in program.store.conversations()[:3]:
            window.open(conversation.id)
            _look()
        for page in PAGES:
            window.show_page(page)
            _look()


def documents(folder: Path) -> None:
    """Each is attached, and what is text is shown as an answer."""
    from qwen3mlx_app.domain import Conversation, Message, Transcript
    from qwen3mlx_app.services.attachments import AttachmentRefused, read_attachment

    texts = []
    for path in sorted(folder.iterdir()):
        with suppress(AttachmentRefused):
            texts.append(read_attachment(path, PROGRAM).text)
        if path.is_file():
            texts.append(path.read_bytes()[:1_000_000].decode("utf-8", "replace"))
    with tempfile.TemporaryDirectory() as profile, _shown(Path(profile)) as shown:
        assert shown is not None
        program, window = shown
        for number, text in enumerate(texts):
            conversation = Conversation(title=text[:200], created_at=0, updated_at=number)
            message = Message(
                conversation_id=conversation.id, role="assistant", content=text, created_at=0
            )
            program.store.add([Transcript(conversation=conversation, messages=(message,))])
            window.open(conversation.id)
            _look()


def main() -> None:
    from PySide6.QtWidgets import QApplication

    application = QApplication(["qwen3mlx"])
    print("up", flush=True)
    for line in sys.stdin:
        task: dict[str, Any] = json.loads(line)
        {"profiles": profiles, "documents": documents}[task["kind"]](Path(task["folder"]))
        print("done", flush=True)
    del application


if __name__ == "__main__":
    main()
