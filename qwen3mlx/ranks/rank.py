"""The process of one rank. It says what its computer has, loads its part, and carries out plans.

Commands come as lines on standard input. When that ends, or says nothing for long, the process
exits at once, whatever it computes.
"""

from __future__ import annotations

import fcntl
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import CheckpointError, ModelNotFoundError, UnavailableError
from .network import Network, check_backend, free_ports, join, use_variables
from .wire import ALIVE, BEAT, line, packed, unpacked

if TYPE_CHECKING:
    from ..engine.rows import Rows

# Seconds without a word of the server's after which this process ends: where a network has failed,
# nothing else tells it.
SILENCE = 30.0


def main() -> None:
    """Carry out commands until standard input ends."""
    said = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What libraries print is no message.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(commands,), daemon=True).start()
    rank = _Rank(said)
    while True:
        command = commands.get()
        try:
            ((name, values),) = command.items()
            rank.say(getattr(rank, f"on_{name}")(values))
        except Exception as error:
            rank.say(packed(error))


def _listen(commands: queue.SimpleQueue[dict[str, Any]]) -> None:
    """A computation that waits for a lost rank never returns: this thread ends the process."""
    heard = threading.Event()
    threading.Thread(target=_watch, args=(heard,), daemon=True).start()
    with os.fdopen(sys.stdin.fileno(), "rb") as lines:
        for text in lines:
            heard.set()
            command = json.loads(text)
            if command != ALIVE:
                commands.put(command)
    os._exit(0)


def _watch(heard: threading.Event) -> None:
    while heard.wait(SILENCE):
        heard.clear()
    os._exit(0)


def _live(rank: _Rank) -> None:
    """Say that this process runs, even while it computes."""
    while True:
        rank.say(ALIVE)
        time.sleep(BEAT)


class _Rank:
    """Each method `on_NAME` carries out the command of that name, and returns the reply."""

    def __init__(self, said: IO[bytes]) -> None:
        self._said = said
        self._speaks = threading.Lock()
        self._folder = Path()
        self._works: dict[int, Generator[None, None, Rows]] = {}

    def say(self, message: dict[str, Any]) -> None:
        try:
            with self._speaks:
                self._said.write(line(message))
                self._said.flush()
        except BrokenPipeError:
            os._exit(0)

    def on_check(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what this computer has, before anything large is read."""
        use_variables(values["envs"])
        from ..model.device import default_memory_limit
        from .fingerprint import fingerprint, versions

        check_backend(values["backend"], values["rdma"])
        # MLX is imported, during which nothing else runs: from here on, silence means a loss.
        threading.Thread(target=_live, args=(self,), daemon=True).start()
        self._folder = _found(values["names"])
        checkpoint = fingerprint(self._folder)
        if values["locks"]:
            self._lock(checkpoint, values["lock_folder"])
        return {
            "facts": {
                "version": versions(),
                "checkpoint": checkpoint,
                "limit": default_memory_limit(),
                "ports": free_ports(values["ips"], values["port"]),
            }
        }

    def _lock(self, checkpoint: str, folder: str | None) -> None:
        """Hold a lock for as long as this process lives."""
        if folder is None:
            from ..settings.state import state_home

            folder = str(state_home() / "ranks")
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._locked = os.open(Path(folder) / checkpoint[:16], os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnavailableError(
                "a group that serves this model is running there already, or this computer is "
                "named twice: stop that one, or remove it from the hosts file"
            ) from None

    def on_load(self, values: dict[str, Any]) -> dict[str, Any]:
        """Join the group, and load this rank's part."""
        from ..config import LoadOptions
        from ..engine.runner import Runner
        from ..generate import Decoder
        from ..model.parallel import Share, load_part

        _be_silent()
        rank, size, start, stop, is_tensor = values["share"]
        share = Share(rank, size, range(start, stop), is_tensor)
        model = load_part(
            self._folder,
            share,
            join(rank, Network(*values["network"])),
            options=LoadOptions(**values["options"]),
            on_progress=self._report,
        )
        # What is compiled would have to be so in all ranks at the same step.
        self._decoder = Decoder(model, eager_steps=sys.maxsize)
        self._runner = Runner(self._decoder)
        return {
            "loaded": {
                "nbytes": model.nbytes,
                "bytes_per_token": self._runner.bytes_per_token,
                "num_layers": self._runner.num_layers,
                "max_chunk": self._runner.max_chunk,
            }
        }

    def _report(self, done: int, total: int) -> None:
        self.say({"progress": [done, total]})

    def on_run(self, plan: Any) -> dict[str, Any]:
        """Carry out a plan."""
        return {"outputs": packed(self._runner.run(unpacked(plan)))}

    def on_rows(self, values: dict[str, Any]) -> dict[str, Any]:
        """Begin to compute embeddings, or logits, as `on_more` goes on."""
        from ..engine.rows import read_rows

        number = values["number"]
        self._works[number] = read_rows(self._decoder, values["inputs"], values["token_ids"])
        return self.on_more(number)

    def on_more(self, number: int) -> dict[str, Any]:
        """Compute the next chunk; return the rows once all of them are there."""
        try:
            next(self._works[number])
        except StopIteration as done:
            return {"rows": done.value} | self.on_forget(number)
        return {"rows": None}

    def on_forget(self, number: int) -> dict[str, Any]:
        """Compute no more of these."""
        del self._works[number]
        return {}


def _be_silent() -> None:
    """Discard what libraries print: nobody reads it, and SSH's pipe would be full one day."""
    with open(os.devnull, "wb") as nowhere:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere.fileno(), stream.fileno())


def _found(names: list[str]) -> Path:
    """Return the folder of the first name that this computer has."""
    from ..library import resolve

    for name in names:
        try:
            return resolve(name)
        except (CheckpointError, ModelNotFoundError):
            continue
    raise ModelNotFoundError(f"it does not have {names[0]}: run `qwen3mlx pull {names[0]}` there")
