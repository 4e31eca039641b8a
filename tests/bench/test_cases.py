"""Which prompts are sent, what their times mean, and that both sides take them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qwen3mlx import library
from qwen3mlx.bench import Ours, Peer, is_installed, machine, measure, peer
from qwen3mlx.bench.cases import DEPTHS, EQUAL, MIXED, NUM_TOKENS, Prompts
from qwen3mlx.bench.results import Answered, Memory, together_tps
from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import MemoryBudgetError, UnavailableError

CONTEXT = 5_000


class Clockwork:
    """Prefills 100 tokens per second, or a known prompt at once, and decodes 10 per second."""

    keeps_prompts = True

    def __init__(self) -> None:
        self.sent: list[Prompts] = []

    def answer(self, prompts: Prompts, num_tokens: int) -> list[Answered]:
        is_known = prompts in self.sent
        self.sent.append(prompts)
        assert num_tokens == NUM_TOKENS
        seconds = 1 if is_known else sum(map(len, prompts)) / 100
        times = tuple(5 + seconds + index / 10 for index in range(num_tokens))
        return [Answered(5.0, times) for _ in prompts]

    def memory(self) -> Memory:
        return Memory(7, 8)


def test_each_number_is_what_it_says() -> None:
    said: list[str] = []
    side = Clockwork()
    speeds = measure(
        side, vocab_size=1_000, context_length=CONTEXT, repeats=3, progress=said.append
    )
    assert speeds.first_ten_s == pytest.approx(16 / 100 + 0.9)
    assert [depth.prompt_tokens for depth in speeds.depths] == [16, 512, 4_096]
    for depth in speeds.depths:
        assert depth.prefill_tps == pytest.approx(100)
        assert depth.decode_tps == pytest.approx(10)
        assert depth.cached_ttft_s == pytest.approx(1)
    assert [each.streams for each in speeds.streams] == [1, 2, 4, 8]
    for each in speeds.streams:
        assert each.equal_tps == pytest.approx(10 * each.streams)
        assert each.mixed_tps == pytest.approx(10 * each.streams)
    assert speeds.memory == (7, 8)
    assert set(speeds.left_out) == {"a prompt of 16,384 tokens", "a prompt of 32,768 tokens"}
    assert "8 streams" in said
    assert speeds.as_json()["depths"][1]["prompt_tokens"] == 512


def test_no_prompt_is_found_in_the_cache_by_chance() -> None:
    side = Clockwork()
    measure(side, vocab_size=1_000, context_length=CONTEXT, repeats=2, progress=print)
    begun = [tuple(prompt[:8]) for prompts in side.sent for prompt in prompts]
    again = 2 * len([length for length in DEPTHS if length < CONTEXT])
    assert len(begun) - len(set(begun)) == again
    together = [sorted(map(len, prompts)) for prompts in side.sent if len(prompts) == 8]
    assert together == [[EQUAL] * 8] * 2 + [sorted(MIXED)] * 2


def test_what_does_not_fit_in_memory_is_left_out() -> None:
    class Small(Clockwork):
        def answer(self, prompts: Prompts, num_tokens: int) -> list[Answered]:
            if sum(map(len, prompts)) > 2_000:
                raise MemoryBudgetError("That takes 9 GB.")
            return super().answer(prompts, num_tokens)

    speeds = measure(Small(), vocab_size=999, context_length=CONTEXT, repeats=1, progress=print)
    assert [depth.prompt_tokens for depth in speeds.depths] == [16, 512]
    assert speeds.left_out["a prompt of 4,096 tokens"] == "That takes 9 GB."
    assert speeds.left_out["8 streams"] == "That takes 9 GB."


def test_together_is_while_all_are_written() -> None:
    first = Answered(0, (1.0, 2.0, 3.0, 4.0))
    second = Answered(0, (2.0, 3.0, 4.0, 5.0))
    assert together_tps([first, second]) == pytest.approx(4 / 2)
    after = Answered(0, (5.0, 6.0, 7.0))
    assert together_tps([first, after]) == pytest.approx(6 / 6)


@pytest.fixture(scope="module")
def demo() -> Path:
    return library.resolve("demo")


@pytest.fixture
def ours(demo: Path) -> Iterator[Ours]:
    with closing(Ours(demo, LoadOptions())) as side:
        yield side


def check(answers: list[Answered]) -> None:
    assert [len(answer.tokens) for answer in answers] == [5, 5]
    for answer in answers:
        assert sorted(answer.tokens) == list(answer.tokens)
        assert answer.sent < answer.tokens[0]


def test_the_engine_answers(ours: Ours) -> None:
    check(ours.answer([[5, 6, 7], [8] * 40], 5))
    assert ours.memory().peak > 0


@pytest.mark.skipif(not is_installed(), reason="mlx-lm is an extra")
def test_mlx_lm_answers(demo: Path) -> None:
    with closing(Peer(demo)) as side:
        check(side.answer([[5, 6, 7], [8] * 40], 5))
        check(side.answer([[5, 6, 7], [8] * 40], 5))
        assert side.memory().peak > 0


@pytest.mark.skipif(not is_installed(), reason="mlx-lm is an extra")
def test_what_mlx_lm_does_not_load_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"^mlx-lm failed: .*config"):
        Peer(tmp_path)


@pytest.mark.skipif(not is_installed(), reason="mlx-lm is an extra")
def test_however_much_mlx_lm_says_it_goes_on(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody reads would hold 64 KB, and then stop it."""
    talkative = tmp_path / "child.py"
    noise = 'import sys\nsys.stderr.write("x" * 200_000)\nsys.stderr.flush()\n'
    talkative.write_text(noise + 'print("{}", flush=True)\nsys.stdin.read()\n')
    monkeypatch.setattr(peer, "CHILD", talkative)
    with closing(Peer(demo)) as side:
        assert side.memory() == (0, 0)


def test_the_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLX_MAX_OPS_PER_BUFFER", raising=False)
    monkeypatch.setenv("MLX_MAX_MB_PER_BUFFER", "200")
    named = machine()
    assert named["command_buffer"] == "MLX_MAX_MB_PER_BUFFER=200"
    assert named["chip"]
    assert named["device"] in ("CPU", "GPU")
    assert int(named["memory_bytes"]) > 2**30
