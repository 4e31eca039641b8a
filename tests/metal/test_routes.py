"""The kernels that each released model takes, in every shape that this program asks for.

After an upgrade of MLX: read the files that `routes.py`, `layout.py`, `graph.py` and
`command_buffers.py` name, correct them, let `READ_FROM` say the new version, and see what fails.
"""

from __future__ import annotations

from importlib.metadata import version
from itertools import product

import pytest

from qwen3mlx.config import ModelConfig
from qwen3mlx.config.memory import PREFILL_CHUNK, PREFILL_CHUNK_OF_EXPERTS
from qwen3mlx.generate.decoder import EXACT_FROM_TOKENS
from tests.config.released import RELEASED

from .graph import READ_FROM
from .routes import (
    CHIPS,
    GENERATIONS,
    Chip,
    attention,
    experts,
    product_with_quantized_values,
    rows_of_vector_product,
)

CONFIGS = {name: ModelConfig.from_mapping(raw) for name, raw in RELEASED.items()}
GROUPS = {
    "0.6B": 2,
    "1.7B": 2,
    "4B": 4,
    "8B": 4,
    "14B": 5,
    "32B": 8,
    "30B-A3B": 8,
    "235B-A22B": 16,
}
MOE = [name for name, config in CONFIGS.items() if config.num_experts]


def test_the_tables_are_those_of_the_installed_mlx() -> None:
    assert version("mlx") == READ_FROM, "MLX is another one: see this module's docstring"


@pytest.mark.parametrize("name", RELEASED)
@pytest.mark.parametrize("chip", CHIPS)
def test_attention(name: str, chip: Chip) -> None:
    config = CONFIGS[name]
    group = config.num_attention_heads // config.num_key_value_heads
    assert group == GROUPS[name]

    def route(queries: int, keys: int, *, masked: bool = True) -> str:
        return attention(queries, keys, group, config.head_dim, masked=masked, chip=chip)

    few = "vector" if chip == "g" else "vector, two passes"
    assert [route(1, keys) for keys in (256, 1024, 4096, 32768)] == [
        "vector",
        few,
        *["vector, two passes"] * 2,
    ]
    assert route(PREFILL_CHUNK, 8192, masked=False) == "matrix"
    # Keys and values are then read once, not once for each query head.
    once = "vector, two passes, once for a group"
    exact = route(1, EXACT_FROM_TOKENS, masked=False)
    assert exact == (once if group == 8 else "vector, two passes")


@pytest.mark.parametrize("name", RELEASED)
def test_products_of_few_rows(name: str) -> None:
    """Steps of up to five rows read each weight once; a prompt's chunk takes matrix products."""
    config = CONFIGS[name]
    hidden, heads = config.hidden_size, config.num_attention_heads * config.head_dim
    keys = 2 * config.num_key_value_heads * config.head_dim
    shapes = [(hidden, heads + keys), (heads, hidden), (hidden, config.vocab_size)]
    if not config.num_experts:
        inner = config.intermediate_size
        shapes += [(hidden, 2 * inner), (inner, hidden)]
    for chip, generation in product(CHIPS, GENERATIONS):
        limits = [rows_of_vector_product(*shape, generation, chip) for shape in shapes]
        assert min(limits) > 5
        assert max(limits) <= PREFILL_CHUNK


@pytest.mark.parametrize("name", MOE)
def test_experts(name: str) -> None:
    config = CONFIGS[name]
    k, number = config.num_experts_per_tok, config.num_experts
    assert experts(k, number, sorted_rows=False) == "vector"

    def chunk(num_tokens: int) -> str:
        return experts(num_tokens * k, number, sorted_rows=True)

    # 64 tokens are the fewest; a prompt beside streams gets 512 at least (see the pace).
    assert [chunk(n) for n in (63, 64, 512, PREFILL_CHUNK_OF_EXPERTS)] == [
        "vector",
        *["matrix"] * 3,
    ]


@pytest.mark.parametrize("name", RELEASED)
def test_quantized_keys_and_values(name: str) -> None:
    """Each query head is a row by itself; as one matrix for a key head, they would be too many."""
    assert product_with_quantized_values(1, 8192) == "vector, in parts"
    as_matrix = product_with_quantized_values(GROUPS[name], 8192)
    assert as_matrix == ("matrix" if GROUPS[name] >= 4 else "vector, in parts")
