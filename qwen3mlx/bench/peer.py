"""mlx-lm's side: its batch generator, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ..errors import UnavailableError
from ..model.device import OWN_DEFAULTS
from .cases import Prompts
from .results import Answered, Memory

CHILD = Path(__file__).with_name("peer_child.py")


def is_installed() -> bool:
    """Whether mlx-lm is installed beside this program."""
    return find_spec("mlx_lm") is not None


class Peer:
    """Answers are greedy. Code in the checkpoint is never run, and the hub never asked.

    Raises UnavailableError if mlx-lm fails; close it when done.
    """

    keeps_prompts = False

    def __init__(self, folder: Path) -> None:
        self._memory = Memory(0, 0)
        # A pipe would have to be read all the time. `close` closes it, or a failure.
        self._said = TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(CHILD), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={
                **{name: v for name, v in os.environ.items() if name not in OWN_DEFAULTS},
                "HF_HUB_OFFLINE": "1",
            },
            text=True,
        )
        self._read()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def answer(self, prompts: Prompts, num_tokens: int) -> list[Answered]:
        assert self._process.stdin is not None
        request = {"prompts": [list(prompt) for prompt in prompts], "num_tokens": num_tokens}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None
        reply = self._read()
        self._memory = Memory(**reply["memory"])
        return [Answered(reply["sent"], tuple(times)) for times in reply["tokens"]]

    def memory(self) -> Memory:
        return self._memory

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> UnavailableError:
        self._process.communicate()
        with self._said as file:
            file.seek(0)
            said = file.read().decode("utf-8", "replace")
        last = said.strip().rpartition("\n")[2] or f"exit code {self._process.returncode}"
        return UnavailableError(f"mlx-lm failed: {last}")
