"""The model's own answers to a list of prompts, to calibrate with: no text of others is needed.

Each answer is kept in the program's folder as soon as it is complete, so that an interrupted run
goes on, and another conversion of the same model need not wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from qwen3mlx.settings.state import make_folder, state_home

from ..common import ConversionError
from ..events import OnEvent, Progress

# Tokens of prompts and answers together; of one answer, and of one with a thought.
NUM_TOKENS = 100_000
MOST_ANSWER, MOST_THOUGHT = 512, 1024
_PROMPTS = resources.files(__package__).joinpath("prompts.json")
_TOOL = {
    "type": "function",
    "function": {
        "name": "get_forecast",
        "description": "Weather forecast for a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}


class Question(NamedTuple):
    """A prompt for a chat model. `most_tokens` bounds the answer and, by half of it, a thought."""

    prompt: str
    seed: int
    most_tokens: int
    thinks: bool = False
    tools: Sequence[Mapping[str, Any]] = ()


# Loads the model in a folder and yields the place of each question, and the token ids of prompt and
# answer, as soon as that is complete. It takes questions while it has room for more, and calls
# `on_load(done, total)` with bytes and `on_step` with the tokens of what is under way.
Answer: TypeAlias = Callable[
    [Path, Iterator[Question], Callable[[int, int], None], Callable[[int], None]],
    Generator[tuple[int, list[int]]],
]


class Key(NamedTuple):
    """An answer: the round, which is also its seed, and the prompt's place in the list."""

    seed: int
    place: int


def answers(
    folder: Path, files: Sequence[Path], answer: Answer, on_event: OnEvent
) -> list[list[int]]:
    """Return prompts with the answers of the model in `folder` as token ids, NUM_TOKENS or more.

    `files` are all that decide them. Raises ConversionError while another run makes them, and what
    `answer` does.
    """
    kept = _Kept(folder, files)
    found, asked = kept.found, list[Key]()

    def questions() -> Iterator[Question]:
        for key, question in _questions():
            if kept.num_tokens >= NUM_TOKENS:
                return
            if key not in found:
                asked.append(key)
                yield question

    def on_load(done: int, total: int) -> None:
        on_event(Progress("loading", done, total, "the model"))

    def on_step(under_way: int) -> None:
        done = min(kept.num_tokens + under_way, NUM_TOKENS)
        on_event(Progress("generating", done, NUM_TOKENS, "answers"))

    if kept.num_tokens < NUM_TOKENS:
        made = answer(folder, questions(), on_load, on_step)
        with kept.locked(), closing(made):
            for place, ids in made:
                kept.add(asked[place], ids)
    return [found[key] for key in sorted(found)]


def _questions() -> Iterator[tuple[Key, Question]]:
    """Return every prompt, again and again, each time with another seed."""
    kinds: Mapping[str, list[str]] = json.loads(_PROMPTS.read_text(encoding="utf-8"))
    prompts = [(kind, prompt) for kind, those in kinds.items() for prompt in those]
    for seed in count():
        for place, (kind, prompt) in enumerate(prompts):
            thinks, tools = kind == "thoughts", [_TOOL] if kind == "calls" else []
            most = MOST_THOUGHT if thinks else MOST_ANSWER
            yield Key(seed, place), Question(prompt, seed, most, thinks, tools)


class _Kept:
    """The answers that are complete: a file with a line of JSON for each."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        stats = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
        known = [str(folder.resolve()), stats, _PROMPTS.read_text(encoding="utf-8")]
        name = hashlib.sha256(json.dumps(known).encode()).hexdigest()
        self._path = state_home() / "calibration" / f"{name}.jsonl"
        self.found = self._read()
        self.num_tokens = sum(map(len, self.found.values()))

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other runs out, whose answers to the same questions could differ."""
        make_folder(self._path.parent)
        with self._path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConversionError(
                    "Another run makes this model answer, to calibrate with it: wait for it, and "
                    "try again."
                ) from None
            yield

    def add(self, key: Key, ids: list[int]) -> None:
        self.found[key] = ids
        self.num_tokens += len(ids)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps([*key, ids]))  # after a line that was cut off

    def _read(self) -> dict[Key, list[int]]:
        if not self._path.exists():
            return {}
        lines = map(_entry, self._path.read_text(encoding="utf-8").split("\n"))
        return dict(line for line in lines if line is not None)


def _entry(line: str) -> tuple[Key, list[int]] | None:
    """Return a line's answer; None for one that is empty, or was cut off as a run was killed."""
    try:
        seed, place, ids = json.loads(line)
    except ValueError:
        return None
    return Key(seed, place), ids
