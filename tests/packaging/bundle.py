"""How the bundle is run: without Python on PATH, and to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def bare(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": "/nowhere", "LANG": "C.UTF-8", **more}


@contextmanager
def started(command: Sequence[str | Path], environment: dict[str, str]) -> Iterator[psutil.Popen]:
    pipe = subprocess.PIPE
    process = psutil.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()
