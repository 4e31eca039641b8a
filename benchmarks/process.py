"""The parent's end of a worker: requests and replies over pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

SideName = Literal["ours", "peer"]
SIDES: tuple[SideName, ...] = ("ours", "peer")
REPOSITORY = Path(__file__).parents[1]


class Peer:
    """Who is measured beside us: mlx-lm, or another checkout of this project."""

    name = "mlx-lm"
    checkout: Path | None = None

    @classmethod
    def use(cls, checkout: Path) -> None:
        """Measure `checkout`, for what a change cost. Raises SystemExit if it is none of ours."""
        if not (checkout / "benchmarks" / "worker.py").exists():
            raise SystemExit(f"{checkout} is not a checkout of this project with its benchmarks.")
        cls.checkout = checkout.resolve()
        cls.name = cls.checkout.name

    @classmethod
    def ratio(cls) -> str:
        """Return what a row's ratio divides by default."""
        return f"ours/{cls.name}"


def program(side: SideName) -> SideName:
    """Return whose program `side` runs: with another checkout, both are ours."""
    return "ours" if Peer.checkout else side


def root(side: SideName) -> Path:
    """Return the checkout in which `side` runs."""
    return Peer.checkout if side == "peer" and Peer.checkout else REPOSITORY


def script(name: str) -> list[str]:
    """Return this environment's installed command, or else the module."""
    path = Path(sys.executable).with_name(name)
    return [str(path)] if path.exists() else [sys.executable, "-m", name]


def environment(side: SideName = "ours") -> dict[str, str]:
    """Return an environment: offline, unbuffered, with this side's packages first."""
    packages = os.pathsep.join(str(root(side) / folder) for folder in ("", "app", "quantize"))
    quiet = {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **quiet, "PYTHONPATH": packages}


class WorkerDied(Exception):
    """The worker ended; its stderr has been shown already."""


class WorkerProcess:
    """A long-lived process that holds one side's model, so that runs can alternate."""

    def __init__(self, side: SideName) -> None:
        self.side = side
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", program(side)],
            cwd=root(side),
            env=environment(side),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"op": op, **arguments}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise WorkerDied(f"the {self.side} worker ended during {op}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def both_sides(checkpoint: Path) -> Iterator[dict[SideName, WorkerProcess]]:
    """Yield workers with `checkpoint` loaded."""
    workers = {side: WorkerProcess(side) for side in SIDES}
    try:
        for worker in workers.values():
            worker.ask("load", path=str(checkpoint))
        yield workers
    finally:
        for worker in workers.values():
            worker.close()
