"""Which part of a model each rank gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import ModelConfig, QuantizationConfig, QuantizationSpec
from qwen3mlx.errors import MemoryBudgetError, UsageError
from qwen3mlx.library.family import members
from qwen3mlx.model.parallel import Share, check_divides, pipeline_shares, tensor_shares
from tests.support.checkpoints import MOE, Shape, hf_config


def config_of(shape: Shape = MOE, group_size: int | None = None) -> ModelConfig:
    config = ModelConfig.from_mapping(hf_config(shape, "bfloat16"))
    if group_size is None:
        return config
    return config._replace(quantization=QuantizationConfig(QuantizationSpec(group_size, 4)))


def test_what_does_not_divide_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match=r"^3 ranks .*num_attention_heads is 4\): use 2 ranks, or"):
        check_divides(config_of(), 3)
    with pytest.raises(UsageError, match=r"num_key_value_heads is 2\): use 2 ranks"):
        check_divides(config_of(), 4)


def test_groups_stay_whole() -> None:
    check_divides(config_of(group_size=64), 2)
    with pytest.raises(UsageError, match=r"has 128 inputs in groups of 128.*: let each rank"):
        check_divides(config_of(group_size=128), 2)


def test_the_family_divides_among_the_ranks_that_the_docs_name() -> None:
    possible = {}
    for member in members():
        possible[member.name] = [n for n in (2, 4, 8) if not refused(member.config, n)]
    assert possible["qwen3:32b"] == [2, 4, 8]
    assert possible["qwen3:235b-a22b"] == [2, 4]


def refused(config: ModelConfig, size: int) -> bool:
    try:
        check_divides(config, size)
    except UsageError:
        return True
    return False


def test_a_part_of_the_configuration() -> None:
    shares = tensor_shares(config_of(), 2)
    part = shares[1].config(config_of())
    assert (part.num_attention_heads, part.num_key_value_heads) == (2, 1)
    assert (part.intermediate_size, part.moe_intermediate_size) == (128, 64)


@given(vocab_size=st.integers(1, 5000), size=st.integers(1, 16))
def test_every_token_has_one_rank(vocab_size: int, size: int) -> None:
    ranges = [Share(rank, size, range(1), True).tokens(vocab_size) for rank in range(size)]
    assert [i for tokens in ranges for i in tokens] == list(range(vocab_size))


@given(
    layers=st.lists(st.integers(1, 100), min_size=1, max_size=40),
    room=st.lists(st.integers(1, 1000), min_size=1, max_size=8),
)
def test_every_layer_has_one_rank_with_room_for_it(layers: list[int], room: list[int]) -> None:
    room = [sum(layers) * free for free in room[: len(layers)]]  # enough, but not the same
    shares = pipeline_shares(layers, room)
    assert [i for share in shares for i in share.layers] == list(range(len(layers)))
    for share, free in zip(shares, room, strict=True):
        assert 0 < sum(layers[i] for i in share.layers) <= free


def test_a_larger_computer_gets_more_layers() -> None:
    shares = pipeline_shares([10] * 12, [300, 100])
    assert [len(share.layers) for share in shares] == [9, 3]
    with pytest.raises(MemoryBudgetError, match="Rank 0 would hold 6 layers"):
        pipeline_shares([10] * 12, [50, 50])
    with pytest.raises(UsageError, match="3 ranks cannot share 2 layers"):
        pipeline_shares([10] * 2, [50, 50, 50])
