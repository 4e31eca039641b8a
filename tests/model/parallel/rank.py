"""One rank: what parts of models give, and what this rank holds of them."""

from __future__ import annotations

import json
import resource
import sys
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import mlx.core as mx
import numpy as np

from qwen3mlx.config import LoadOptions, ModelConfig
from qwen3mlx.model import Qwen3
from qwen3mlx.model.parallel import Share, load_part, pipeline_shares, tensor_shares
from qwen3mlx.model.weights import arrays_of

# Where a prompt is cut, so that caches are used as well.
CUTS = (0, 7, 8, 9)


def share_of(config: ModelConfig, mode: str, group: Any) -> Share:
    if mode == "tensor":
        return tensor_shares(config, group.size())[group.rank()]
    ones = [1] * config.num_hidden_layers
    return pipeline_shares(ones, [10**9] * group.size())[group.rank()]


def all_logits(model: Qwen3, ids: mx.array) -> mx.array:
    """Those of the ids at once, then those of the first row in pieces."""
    cache, bounds = model.make_cache(), [*CUTS, ids.shape[1]]
    pieces = []
    for start, end in pairwise(bounds):
        pieces.append(model(ids[:1, start:end], cache))
        mx.eval(pieces[-1], cache.layers)
    return mx.concatenate([model(ids), mx.concatenate(pieces, axis=1)])


def most_memory() -> int:
    """Bytes; Linux counts kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Counted:
    """What passes MLX's collectives while one token is decoded."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.counts = {"all_sum": 0, "all_gather": 0, "send": 0}
        self.sent = 0.0

    def of_a_token(self, model: Qwen3) -> list[int]:
        with ExitStack() as stack:
            for name in self.counts:
                function = getattr(mx.distributed, name)
                watched = partial(self._watched, name, function)
                stack.enter_context(mock.patch.object(mx.distributed, name, watched))
            cache = model.make_cache()
            mx.eval(model(mx.array([[1]]), cache), cache.layers)
        return [*self.counts.values(), round(self.sent)]

    def _watched(self, name: str, function: Any, x: mx.array, *rest: Any, **named: Any) -> mx.array:
        others = self.size - 1
        share = {"all_sum": 2 * others / self.size, "all_gather": others, "send": 1}[name]
        self.counts[name] += 1
        self.sent += x.nbytes * share
        return function(x, *rest, **named)


def main() -> None:
    jobs, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    group = mx.distributed.init(strict=True, backend="ring")
    base = most_memory()
    for index, job in enumerate(jobs):
        config = ModelConfig.from_folder(Path(job["folder"]))
        share = share_of(config, job["mode"], group)
        model = load_part(
            job["folder"], share, group, options=LoadOptions(kv_bits=job.get("kv_bits"))
        )
        ids = mx.array(job["ids"])
        held = model.experts.nbytes + sum({id(a): a.nbytes for a in arrays_of(model)}.values())
        logits = all_logits(model, ids) if ids.size else ids
        np.savez(
            out / f"{index}.{group.rank()}.npz",
            logits=np.asarray(logits),
            held=held,
            exchanged=Counted(group.size()).of_a_token(model),
            nbytes=model.nbytes,
            base=base,
            peak=most_memory(),
        )


if __name__ == "__main__":
    main()
