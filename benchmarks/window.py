"""The app's responsiveness: streaming into a long conversation, opening, searching, starting."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from .process import REPOSITORY
from .report import Report, Row, Target, arguments, publish
from .stats import Summary

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from qwen3mlx_app.composition import Program
    from qwen3mlx_app.domain import Transcript
    from qwen3mlx_app.views.main_window import MainWindow

TOKENS_PER_SECOND = 200
STREAM_SECONDS = 15
NUM_STREAMED_INTO, NUM_OPENED, NUM_SEARCHED = 500, 2000, 100_000
QUESTIONS = ("strawberry", "the", "w17 w2", "w4", "千问", "nothing like it", "w1")
PARAGRAPH = """### Step {n}

The **kernel** reads `w{n}` from memory, then *writes* it back; see [the docs](https://example.com).

```python
def step_{n}(values: list[int]) -> int:
    return sum(value * {n} for value in values)
```

| size | time |
|---|---|
| {n} | {n} ms |

- first of all
- then the rest

"""

# Answers that are one large block, and a question of 200 KB.
LARGE = {
    "800 lines of code": "```python\n" + "".join(f"x{n} = f({n})\n" for n in range(800)) + "```\n",
    "a table of 200 rows": "| a | b | c | d |\n|---|---|---|---|\n"
    + "".join(f"| {n} | `w{n}` | **{n}** ms | plain words |\n" for n in range(200)),
    "a list of 300 items": "".join(f"- item {n} with `w{n}` and **more**\n" for n in range(300)),
}
QUESTION = "A line of the file that was pasted, with its number.\n" * 3900
NUM_IMPORTED = 3000


def run(repeats: int | None = None) -> Report:
    repeats = repeats or 5
    with tempfile.TemporaryDirectory() as folder:
        stalls, computed, growth, seen = measure_stream(Path(folder, "stream"))
        large = {
            name: measure_stream(Path(folder, str(number)), name)[0]
            for number, name in enumerate(LARGE)
        }
        asked = measure_stream(Path(folder, "asked"), question=QUESTION)[0]
        large_opened = measure_large_opening(Path(folder, "large"), repeats)
        importing = measure_import(Path(folder, "import"))
        opening = measure_opening(Path(folder, "open"), repeats)
        searching = measure_search(Path(folder, "search"), repeats)
        starting = [measure_start(Path(folder, f"start-{n}")) for n in range(repeats + 1)][1:]
    return Report(
        scenario="window",
        setup=(
            f"The real window, offscreen: {TOKENS_PER_SECOND} tokens/s of Markdown for "
            f"{STREAM_SECONDS} s over HTTP from another process into a conversation of "
            f"{NUM_STREAMED_INTO} messages; opening one of {NUM_OPENED:,}; searching "
            f"{NUM_SEARCHED:,} messages; large answers of one block; an answer to a question of "
            f"{len(QUESTION) // 1000} KB; an answer of 1 MB; {NUM_IMPORTED:,} conversations of "
            "ChatGPT; from the start of the process to a window that accepts "
            "input, with files in the system's cache. The machine was shared with other work."
        ),
        rows=[
            _alone("longest stall of the event loop while streaming", "ms", [stalls], 50),
            _alone("longest uninterrupted CPU time", "ms", [computed], 50),
            _alone("memory growth while streaming", "MB", [growth], 60),
            _alone("tokens/s shown", "tokens/s", [seen], None),
            _alone(f"open {NUM_OPENED:,} messages, to the first paint", "ms", opening, 200),
            _alone(f"search {NUM_SEARCHED:,} messages, slowest query", "ms", searching, 50),
            *(
                _alone(f"longest stall while streaming {name}", "ms", [stall], 50)
                for name, stall in large.items()
            ),
            _alone("longest stall after a question of 200 KB", "ms", [asked], 50),
            _alone("open an answer of 1 MB, to the first paint", "ms", large_opened, 300),
            _alone(f"longest time without paint, {NUM_IMPORTED:,} imported", "s", [importing], 1.5),
            _alone("cold start to a usable window", "s", starting, 1.5),
        ],
    )


def measure_stream(
    profile: Path, kind: str = "", question: str = "Go on"
) -> tuple[float, float, float, float]:
    """Stream one of `LARGE`, or many short blocks.

    Return the longest stall and the most CPU time in one (ms), MB gained, and tokens/s shown.

    On a shared machine a stall may be someone else's; the CPU time is the app's own.
    """
    from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer

    with _window(profile, NUM_STREAMED_INTO) as (program, window), _server(kind) as url:
        _connect(program, url)
        _wait(lambda: program.models.models.rowCount() > 0)
        window.show()
        _settle()
        beats, clock, loop = [], QElapsedTimer(), QEventLoop()
        clock.start()
        heart = QTimer()
        heart.timeout.connect(
            lambda: beats.append((clock.nsecsElapsed() / 1e6, time.thread_time() * 1000))
        )
        program.chat.finished.connect(loop.quit)
        before = psutil.Process().memory_info().rss
        heart.start(1)
        program.chat.send(question)
        start = time.perf_counter()
        loop.exec()
        seconds = time.perf_counter() - start
        heart.stop()
        grown = (psutil.Process().memory_info().rss - before) / 1e6
        stalls = [b[0] - a[0] for a, b in itertools.pairwise(beats)]
        computed = [b[1] - a[1] for a, b in itertools.pairwise(beats)]
        answer = program.chat.messages.values()[-1].message
        assert answer.status == "done", answer.error
        return max(stalls), max(computed), grown, STREAM_SECONDS * TOKENS_PER_SECOND / seconds


def measure_opening(profile: Path, repeats: int) -> list[float]:
    return _opening_times(profile, repeats, NUM_OPENED)


def measure_large_opening(profile: Path, repeats: int) -> list[float]:
    """A conversation of one answer of 1 MB."""
    block = PARAGRAPH * 20
    text = "".join(block.format(n=n) for n in range(1_000_000 // len(block)))
    return _opening_times(profile, repeats, 2, lambda _: text)


def _opening_times(
    profile: Path, repeats: int, num_messages: int, text: Callable[[int], str] | None = None
) -> list[float]:
    """Open a conversation, to its first paint, after once for warming up; in ms."""
    with _window(profile, num_messages, text) as (program, window):
        window.show()
        _settle()
        shown = program.chat.conversation
        assert shown is not None
        times = []
        for _ in range(repeats + 1):
            program.chat.open(None)
            _settle()
            start = time.perf_counter()
            program.chat.open(shown.id)
            window.chat.messages.viewport().repaint()
            times.append((time.perf_counter() - start) * 1000)
            _settle()
        assert program.chat.messages.rowCount() == num_messages
        return times[1:]


def measure_import(profile: Path) -> float:
    """Return the longest time without paint, in seconds."""
    from PySide6.QtCore import QElapsedTimer, QTimer

    profile.mkdir()
    export = profile / "conversations.json"
    export.write_text(json.dumps([_exported(number) for number in range(NUM_IMPORTED)]))
    with _window(profile / "profile", 2) as (program, window):
        window.show()
        _settle()
        beats, clock, heart = [0.0], QElapsedTimer(), QTimer()
        clock.start()
        heart.timeout.connect(lambda: beats.append(clock.nsecsElapsed() / 1e9))
        heart.timeout.connect(window.sidebar.repaint)
        heart.start(10)
        program.conversations.import_files([export])
        known = program.conversations.conversations
        _wait(lambda: known.rowCount() > NUM_IMPORTED, 120)
        _settle()
        return max(b - a for a, b in itertools.pairwise(beats))


def _exported(number: int) -> dict[str, object]:
    """A conversation as ChatGPT exports it."""
    mapping: dict[str, object] = {"root": {"parent": None, "message": None}}
    above = "root"
    for place in range(6):
        key, role = f"{number}-{place}", "assistant" if place % 2 else "user"
        content = {"content_type": "text", "parts": [PARAGRAPH.format(n=place)]}
        message = {"author": {"role": role}, "content": content, "create_time": 1.7e9 + number}
        mapping[key] = {"parent": above, "message": message}
        above = key
    return {
        "title": f"Conversation {number}",
        "mapping": mapping,
        "current_node": above,
        "create_time": 1.7e9 + number,
        "update_time": 1.7e9 + number,
    }


def measure_search(profile: Path, repeats: int) -> list[float]:
    """Return the times of the slowest query."""
    from qwen3mlx_app.services.store import Store

    profile.mkdir()
    store = Store(profile / "conversations.sqlite")
    for _ in range(NUM_SEARCHED // 500):
        store.add([_transcript(500, _words)])
    times = []
    for _ in range(repeats):
        slowest = 0.0
        for question in QUESTIONS:
            start = time.perf_counter()
            store.search(question)
            slowest = max(slowest, (time.perf_counter() - start) * 1000)
        times.append(slowest)
    store.close()
    return times


STARTER = """
import pathlib, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from qwen3mlx_app import main
from qwen3mlx_app.views import window as views
make = views.make_window
def announce(program):
    window = make(program)
    def usable():
        window.chat.composer.text.insertPlainText("a")
        window.repaint()
        print("usable", flush=True)
        QApplication.quit()
    QTimer.singleShot(0, usable)
    return window
views.make_window = announce
sys.exit(main.main(pathlib.Path(sys.argv[1]), ("qwen3mlx",)))
"""


def measure_start(profile: Path) -> float:
    """Return seconds; the server is not waited for."""
    profile.mkdir()
    (profile / "window.json").write_text('{"start_server": false}')
    command = [sys.executable, "-c", STARTER, str(profile)]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"usable\n"
        seconds = time.perf_counter() - start
        process.stdout.read()
    return seconds


@contextmanager
def _window(
    profile: Path, num_messages: int, text: Callable[[int], str] | None = None
) -> Iterator[tuple[Program, MainWindow]]:
    """Yield an app with one open conversation and no server."""
    from PySide6.QtWidgets import QApplication
    from qwen3mlx_app.composition import Program
    from qwen3mlx_app.views.window import make_window

    from qwen3mlx.child_process import own_command

    QApplication.instance() or QApplication([])
    program = Program(profile, own_command())
    transcript = _transcript(num_messages, text or (lambda n: PARAGRAPH.format(n=n)))
    program.store.add([transcript])
    program.conversations.upsert(transcript.conversation)
    window = make_window(program)
    program.chat.open(transcript.conversation.id)
    yield program, window
    window.close()
    program.close()
    window.deleteLater()


def _transcript(num_messages: int, text: Callable[[int], str]) -> Transcript:
    from qwen3mlx_app.domain import Conversation, Message, Transcript

    now = time.time()
    conversation = Conversation(title="A long one", created_at=now, updated_at=now)
    messages: list[Message] = []
    for number in range(num_messages):
        is_answer = number % 2 == 1
        messages.append(
            Message(
                conversation_id=conversation.id,
                parent_id=messages[-1].id if messages else None,
                role="assistant" if is_answer else "user",
                content=text(number) if is_answer else f"And what about step {number}?",
                created_at=now,
            )
        )
    shown = replace(conversation, leaf_id=messages[-1].id)
    return Transcript(conversation=shown, messages=tuple(messages))


def _words(number: int) -> str:
    """Return words, of which some are in many messages, some in few."""
    words = [f"w{min(int(random.paretovariate(0.6)), 5000)}" for _ in range(40)]
    rare = " strawberry" if number % 250 == 1 else ""
    chinese = " 通义千问可以在本地运行" if number % 50 == 1 else ""
    return " ".join(["the", *words]) + rare + chinese


SERVER = """
import sys, threading, time
from benchmarks.window import LARGE, PARAGRAPH, STREAM_SECONDS, TOKENS_PER_SECOND
from tests.app.fake_endpoint import FakeEndpoint, delta, ending

class Pause(threading.Event):
    def wait(self, timeout=None):
        global due
        due += 1 / TOKENS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        return True

text = LARGE.get(sys.argv[1]) or "".join(PARAGRAPH.format(n=n) for n in range(400))
tokens = [text[i:i + 4] for i in range(0, len(text), 4)][:STREAM_SECONDS * TOKENS_PER_SECOND]
steps = []
for token in tokens:
    steps += [Pause(), delta(content=token)]
class Late(list):
    def __iter__(self):
        global due
        due = time.perf_counter()
        return super().__iter__()
with FakeEndpoint() as fake:
    fake.script = [Late([*steps, ending()])]
    print(fake.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _server(kind: str = "") -> Iterator[str]:
    command = [sys.executable, "-c", SERVER, kind]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def _connect(program: Program, url: str) -> None:
    from qwen3mlx_app.domain import ServerState

    program.process._set(ServerState(phase="ready", url=url))


def _wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    from PySide6.QtWidgets import QApplication

    patience = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < patience
        QApplication.processEvents()


def _settle() -> None:
    end = time.monotonic() + 0.5
    _wait(lambda: time.monotonic() > end)


def _alone(metric: str, unit: str, values: list[float], target: float | None) -> Row:
    summary = Summary.of(values)
    aim = None if target is None else Target("<=", target)
    return Row(metric, unit, summary, None, summary.median, aim, unit)


if __name__ == "__main__":
    options = arguments(__doc__)
    publish(run(options.repeats), save=options.save)
