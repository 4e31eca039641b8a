"""AWQ, GPTQ and FP8 checkpoints: ranks share the layers, but no matrix that is stored so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import CheckpointError
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model, weight_bytes
from qwen3mlx.model.parallel import part_bytes, pipeline_shares
from qwen3mlx.ranks import group
from qwen3mlx.ranks.group import Group
from tests.engine.support import Request, ids_alone
from tests.support.checkpoints import Shape
from tests.support.foreign import awq, gptq, write_fp8, write_pair
from tests.text.support import write_tiny_tokenizer

from .support import PATIENCE, PROMPT, TWO, engine_of, resident_of, wait_for

DENSE = Shape(num_hidden_layers=2)
MOE = Shape(num_hidden_layers=2, num_experts=4)
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": True}
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": False, "sym": True}
IDS = [id % DENSE.vocab_size for id in PROMPT]

Writer = Callable[[Path, Shape], Path]
FORMS: dict[str, Writer] = {
    "awq": lambda folder, shape: write_pair(folder, shape, AWQ, awq(32)).published,
    "gptq": lambda folder, shape: write_pair(folder, shape, GPTQ, gptq(4, 32)).published,
    "fp8": lambda folder, shape: write_fp8(folder, shape).published,
}


@pytest.mark.parametrize("form", FORMS)
def test_matrices_that_cannot_be_cut(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started."""
    monkeypatch.setattr(group, "Link", None)
    folder = FORMS[form](tmp_path, DENSE)
    shared = Group(TWO, "published", folder)
    for attempt in (shared.survey, lambda: shared.load(LoadOptions(), lambda done, total: None)):
        with pytest.raises(CheckpointError, match=r"cannot be cut .* MLX version, or .*\(pipeline"):
            attempt()


def test_memory_of_what_is_quantized_as_it_loads(tmp_path: Path) -> None:
    folder = FORMS["fp8"](tmp_path, DENSE)
    shares = pipeline_shares([1, 1], [2, 2])
    for bits in (None, 8):
        parts = [part_bytes(folder, share, bits) for share in shares]
        whole = weight_bytes(folder, LoadOptions(quantize=bits))
        assert sum(parts) == pytest.approx(whole, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
@pytest.mark.parametrize(
    ("form", "bits"), [("awq", None), ("gptq", None), ("fp8", None), ("fp8", 8)]
)
def test_layers_are_shared(form: str, bits: int | None, shape: Shape, tmp_path: Path) -> None:
    folder = FORMS[form](tmp_path, shape)
    write_tiny_tokenizer(folder)
    options = LoadOptions(quantize=bits)
    alone = Decoder(load_model(folder, options=options))
    with engine_of(TWO._replace(parallel="pipeline")) as engine:
        engine.load("published", folder, options).result(PATIENCE)
        request = Request(IDS, max_tokens=20)
        engine.submit(resident_of(engine), request.sequence).result(PATIENCE)
        wait_for(request)
    assert request.ids == ids_alone(alone, IDS, max_tokens=20)
