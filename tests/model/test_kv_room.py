"""A write that would leave its row is refused before any array is touched, from every caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.config import LoadOptions, SamplingParams
from qwen3mlx.generate import Decoder, SamplingBatch
from qwen3mlx.model import Batch, BatchView, KVPool, KVRoomError, KVRow, Qwen3, load_model

from .support import GOLDENS, grow


@pytest.fixture(scope="module", params=[None, 8, 4], ids=["float", "8bit", "4bit"])
def model(request: pytest.FixtureRequest) -> Qwen3:
    return load_model(GOLDENS / "moe", options=LoadOptions(kv_bits=request.param))


@dataclass(frozen=True)
class Case:
    """`excess` tokens more than `row` has room for; `neighbour` shares its arrays."""

    model: Qwen3
    pool: KVPool
    neighbour: KVRow
    row: KVRow
    excess: int

    @property
    def too_many(self) -> int:
        return self.row.capacity - self.row.offset + self.excess

    def new(self, num_tokens: int) -> mx.array:
        config = self.model.config
        return mx.zeros((2, config.num_key_value_heads, num_tokens, config.head_dim))

    def queries(self, num_tokens: int) -> mx.array:
        config = self.model.config
        return mx.zeros((1, config.num_attention_heads, num_tokens, config.head_dim))

    def write(self, position: int, num_tokens: int) -> None:
        self.row.write(0, position, self.pool.kind.pack(self.new(num_tokens)))


def write_beyond_the_end(case: Case) -> None:
    case.write(case.row.offset, case.too_many)


def write_before_the_beginning(case: Case) -> None:
    case.write(-case.excess, 1)


def attend(case: Case) -> None:
    new = case.new(case.too_many)
    case.row.attend(0, case.queries(case.too_many), new, 1.0)


def prefill(case: Case) -> None:
    Decoder(case.model).extend([1] * case.too_many, case.row)


def prefill_with_logits(case: Case) -> None:
    Decoder(case.model).logits([1] * case.too_many, case.row)


def advance(case: Case) -> None:
    case.row.advance(case.too_many)


def go_back(case: Case) -> None:
    case.row.advance(-case.excess)


def move_to_a_shorter_row(case: Case) -> None:
    case.pool.move(case.row, case.row.offset - case.excess)


def decode(case: Case) -> None:
    case.row.advance(case.row.capacity - case.row.offset)
    vocab_size = case.model.config.vocab_size
    sampling = SamplingBatch.for_requests(
        [SamplingParams(temperature=0.0)] * 2, [[0]] * 2, vocab_size
    )
    rows, tokens = [case.neighbour, case.row], mx.zeros(2, mx.int32)
    Decoder(case.model).step(tokens, rows, sampling, mx.zeros((2, 1)), None)


def decode_several_tokens_at_once(case: Case) -> None:
    """A step has asked for room for one."""
    case.row.trim(1)
    view = BatchView(case.pool.kind, Batch.of([case.row]))
    new = case.new(1 + case.excess)
    view.attend(0, case.queries(1 + case.excess), new, 1.0)


BEYOND = [
    write_beyond_the_end,
    write_before_the_beginning,
    attend,
    prefill,
    prefill_with_logits,
    advance,
    go_back,
    move_to_a_shorter_row,
    decode,
    decode_several_tokens_at_once,
]


@pytest.mark.parametrize("attempt", BEYOND)
@settings(max_examples=10)
@given(
    size=st.sampled_from([1, 254, 255, 256, 511, 700]),
    room=st.integers(0, 40),
    excess=st.integers(1, 300),
)
def test_what_a_row_has_no_room_for(
    model: Qwen3, attempt: Callable[[Case], None], size: int, room: int, excess: int
) -> None:
    case = case_of(model, size, room, excess)
    before = held(case.pool)
    with pytest.raises(KVRoomError):
        attempt(case)
    assert held(case.pool) == before


def use_a_released_row(case: Case) -> None:
    case.row.release()
    case.pool.allocate(case.row.capacity)  # in the same place
    case.write(0, 1)


def step_with_a_released_row(case: Case) -> None:
    case.row.release()
    Batch.of([case.row])


def release_twice(case: Case) -> None:
    case.row.release()
    case.pool.allocate(case.row.capacity)
    case.row.release()


def move_what_a_cleared_pool_held(case: Case) -> None:
    case.pool.clear()
    grow(case.row)


AFTERWARDS = [
    use_a_released_row,
    step_with_a_released_row,
    release_twice,
    move_what_a_cleared_pool_held,
]


@pytest.mark.parametrize("attempt", AFTERWARDS)
def test_a_row_that_is_the_pools_again(model: Qwen3, attempt: Callable[[Case], None]) -> None:
    with pytest.raises(KVRoomError, match="released"):
        attempt(case_of(model, 300, 5, 1))


def case_of(model: Qwen3, size: int, room: int, excess: int) -> Case:
    pool = KVPool(model)
    case = Case(model, pool, pool.allocate(size), pool.allocate(size), excess)
    case.row.advance(case.row.capacity - room)
    return case


def held(pool: KVPool) -> list[int]:
    """The arrays of the pool by identity: each write replaces one."""
    return [id(array) for stack in pool._stacks for layer in stack.layers for array in layer]


@pytest.mark.parametrize("room", [0, 1, 30])
def test_what_fits_to_the_last_position_is_not(model: Qwen3, room: int) -> None:
    pool = KVPool(model)
    row = pool.allocate(200)
    Decoder(model).extend([1] * (row.capacity - room), row)
    if room:
        Decoder(model).extend([1] * room, row)
    assert row.offset == row.capacity
    grow(row, 300)
    assert row.capacity >= row.offset + 300
