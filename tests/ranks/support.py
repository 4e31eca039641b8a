"""Engines whose model is shared by ranks on this computer, and what is asked of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from qwen3mlx.config import EngineConfig
from qwen3mlx.engine import Engine, ResidentModel
from qwen3mlx.generate import Decoder
from qwen3mlx.ranks import GroupLoader
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts
from tests.cli.conftest import Serve
from tests.engine import support
from tests.engine.support import Request, ids_alone
from tests.support.places import ROOT

PATIENCE = 30
TWO = Hosts((Host(LOCAL, (LOCAL,)),) * 2)
PROMPT = [7, 300, 12, 500, 44, 9, 1000, 3] * 5
OPTIONS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.9, "top_k": 20, "seed": 3},
    {"presence_penalty": 0.5, "repetition_penalty": 1.2, "logit_bias": {3: 4.0}},
    {"logprobs": True, "top_logprobs": 3},
    {"prompt_logprobs": True, "logprobs": True},
]


SSH = """\
#!/bin/sh
while [ "$1" != "--" ]; do shift; done
if [ "$2" = refused.local ]; then
  echo "ssh: connect to host refused.local port 22: Connection refused" >&2
  exit 255
fi
exec sh -c "exec $3"
"""


def script(file: Path, text: str) -> str:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return str(file)


def program(tmp_path: Path, down: Path | None = None, module: str = "qwen3mlx") -> str:
    """The program itself, as on another computer, which sleeps while there is a file `down`."""
    asleep = f'if [ -e "{down}" ]; then echo it is asleep >&2; exit 1; fi'
    home = f'export QWEN3MLX_HOME="{tmp_path / "there"}"'
    start = f'cd "{ROOT}" && exec "{sys.executable}" -m {module} "$@"'
    return script(tmp_path / "qwen3mlx", f"#!/bin/sh\n{asleep}\n{home}\n{start}\n")


class Odd(support.Odd):
    """For the vocabulary of the demo."""

    def mask(self) -> bytes | None:
        return b"\xaa" * 248 if self.seen >= 2 else None


@contextmanager
def engine_of(hosts: Hosts) -> Iterator[Engine]:
    engine = Engine(EngineConfig(), GroupLoader(hosts))
    engine.start()
    try:
        yield engine
    finally:
        engine.close()


def wait(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def wait_for(request: Request, seconds: float = PATIENCE) -> None:
    wait(lambda: request.is_done, seconds)


def sent(engine: Engine, **options: Any) -> Request:
    request = Request(PROMPT, **options)
    engine.submit(resident_of(engine), request.sequence).result(PATIENCE)
    return request


def resident_of(engine: Engine) -> ResidentModel:
    (resident,) = engine.resident.values()
    return resident


def process_ids(engine: Engine) -> list[int]:
    loaded: Any = resident_of(engine).loaded
    return loaded.group.process_ids


def is_back(engine: Engine, lost: Sequence[int]) -> bool:
    """Whether the model is in other processes than the `lost` ones."""
    if engine.trouble is not None or not engine.resident:
        return False
    return bool(process_ids(engine)) and set(lost).isdisjoint(process_ids(engine))


def ranks_of(serve: Serve) -> list[int]:
    """The processes of a server's group, in the order in which they were started."""
    ranks = []
    for child in psutil.Process(serve.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            if "qwen3mlx.ranks.rank" in child.cmdline():
                ranks.append((child.create_time(), child.pid))
    return [process_id for _, process_id in sorted(ranks)]


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def check_answers(engine: Engine, decoder: Decoder, max_tokens: int) -> None:
    """Those that run together are those of one process."""
    requests = [sent(engine, max_tokens=max_tokens, **options) for options in OPTIONS]
    for request, options in zip(requests, OPTIONS, strict=True):
        wait_for(request)
        assert request.ids == ids_alone(decoder, PROMPT, max_tokens=max_tokens, **options)
