"""Score a demo checkpoint on held-out prompts: `python -m training.score --model dense`.

Greedy decoding of the shipped, quantized checkpoint on the qwen3mlx runtime. An answer counts if it
is exact: calls as JSON, everything else as text. `--write` puts the table in the model card.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import qwen3mlx
from qwen3mlx.runtime import Runtime
from qwen3mlx.text import Content
from training import card
from training.cases import SKILLS, Case, cases
from training.paths import DEMO

MAX_TOKENS = 700
MODES = ("thinking", "non-thinking")
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Task:
    """One cell of the table."""

    folder: Path
    skill: str
    mode: str
    count: int


def completion(runtime: Runtime, case: Case) -> str:
    """Return the raw text after the prompt, including the thought."""
    events = runtime.generate(case.prompt, temperature=0.0, max_tokens=MAX_TOKENS)
    return "".join(event.text for event in events if isinstance(event, Content))


def misses(task: Task) -> list[dict[str, str]]:
    """Return the cases of one cell that are not exact."""
    runtime = qwen3mlx.load(task.folder)
    wrong = []
    for case in cases(task.skill, task.count, task.mode == "thinking"):
        text = completion(runtime, case)
        if not case.is_exact(text):
            wrong.append({"prompt": case.prompt[-400:], "expected": case.expected, "got": text})
    return wrong


def score(tasks: list[Task], jobs: int, show: int) -> Scores:
    """Return the share of exact answers per skill and mode; print the first `show` misses."""
    scores: Scores = {}
    with ProcessPoolExecutor(jobs, mp_context=mp.get_context("spawn")) as pool:
        for task, wrong in zip(tasks, pool.map(misses, tasks), strict=True):
            share = 1 - len(wrong) / task.count
            scores.setdefault(task.skill, {})[task.mode] = share
            print(f"{task.skill:22} {task.mode:13} {share:6.1%}", flush=True)
            for miss in wrong[:show]:
                print(json.dumps(miss, ensure_ascii=False), flush=True)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", choices=("dense", "moe"), default="dense")
    parser.add_argument("--path", type=Path, help="another checkpoint folder")
    parser.add_argument("--count", type=int, default=200, help="prompts per skill and mode")
    parser.add_argument("--skills", nargs="+", choices=SKILLS, default=list(SKILLS))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--show", type=int, default=0, help="print this many misses per cell")
    parser.add_argument("--write", action="store_true", help="write the table to the model card")
    options = parser.parse_args()
    folder = options.path or DEMO / options.model
    tasks = [
        Task(folder, skill, mode, options.count)
        for skill in options.skills
        for mode in options.modes
        if (skill, mode) != ("/no_think", "non-thinking")
    ]
    scores = score(tasks, options.jobs, options.show)
    print(json.dumps(scores))
    if options.write:
        card.write(options.model, folder, scores, options.count)


if __name__ == "__main__":
    main()
