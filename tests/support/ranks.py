"""Run a script in several processes that form one of MLX's rings on this computer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

PATIENCE = 100


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def run_ranks(size: int, module: str, folder: Path, *arguments: str) -> None:
    """Run `python -m module arguments` as `size` ranks, with the variables that mlx.launch sets."""
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps([[f"127.0.0.1:{port}"] for port in free_ports(size)]))
    variables = {"MLX_HOSTFILE": str(hosts), "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=Path(__file__).parents[2],
            env=os.environ | variables | {"MLX_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    with ExitStack() as stack:
        for each in ranks:
            stack.enter_context(each)
            stack.callback(each.kill)
        errors = [each.communicate(timeout=PATIENCE)[1] for each in ranks]
    assert [each.returncode for each in ranks] == [0] * size, "\n".join(errors)
