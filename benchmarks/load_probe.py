"""A program that loads a checkpoint and reports the cost, as one line of JSON.

python -m benchmarks.load_probe ours|peer CHECKPOINT
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

import mlx.core as mx

from .worker import make_side


def main(name: str, path: str) -> None:
    side = make_side(name)
    before = peak_rss()
    start, start_cpu = time.perf_counter(), time.process_time()
    side.load(path)
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    found = {
        "before": before,
        "peak_rss": peak_rss(),
        "weight_bytes": side.weight_bytes,
        "mlx_peak": mx.get_peak_memory(),
        "seconds": seconds,
        "cpu_s": cpu_s,
    }
    print(json.dumps(found))


def peak_rss() -> int:
    """Return bytes. Linux's ru_maxrss is unsuitable, since a child starts with its parent's."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return int(found.group(1)) * 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
