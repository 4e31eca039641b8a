"""Run by `peer.py` with the interpreter that has mlx-lm: one JSON request per line on stdin.

`{"prompts": [[ids]], "num_tokens": n}` -> `{"sent": s, "tokens": [[s]], "memory": {...}}`. The
first reply is empty: the model is loaded.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import mlx.core as mx


def main(folder: str) -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what mlx-lm prints is no reply
    model, _ = import_module("mlx_lm.utils").load_model(Path(folder))
    mx.reset_peak_memory()
    reply: dict[str, Any] = {}
    print(json.dumps(reply), file=replies, flush=True)
    for line in sys.stdin:
        reply = _answer(model, **json.loads(line))
        print(json.dumps(reply), file=replies, flush=True)


def _answer(model: Any, prompts: list[list[int]], num_tokens: int) -> dict[str, Any]:
    batch_size = len(prompts)
    generator = import_module("mlx_lm.generate").BatchGenerator(
        model,
        max_tokens=num_tokens,
        completion_batch_size=batch_size,
        prefill_batch_size=batch_size,
    )
    sent = time.perf_counter()
    places = {uid: place for place, uid in enumerate(generator.insert(prompts))}
    times: list[list[float]] = [[] for _ in prompts]
    while any(len(one) < num_tokens for one in times):
        _, responses = generator.next()
        moment = time.perf_counter()
        for response in responses:
            times[places[response.uid]].append(moment)
    generator.close()
    memory = {"peak": mx.get_peak_memory(), "cached": mx.get_cache_memory()}
    return {"sent": sent, "tokens": times, "memory": memory}


if __name__ == "__main__":
    main(sys.argv[1])
