"""An imported GGUF file means what the `gguf` library says that it means."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from qwen3mlx_quantize.common import ConversionError
from qwen3mlx_quantize.gguf import ImportRequest, ImportResult, run_import
from qwen3mlx_quantize.gguf.names import tensor_name
from qwen3mlx_quantize.names import staging_folder
from qwen3mlx_quantize.source import Source

from qwen3mlx.config import read_json
from qwen3mlx.errors import CheckpointError
from qwen3mlx.model import load_model
from qwen3mlx.text import load_tokenizer
from tests.model.support import random_ids, read_tensors, relative_difference
from tests.support.checkpoints import Shape
from tests.support.gguf_files import CONTROL, END, MERGES, TEMPLATE, Gguf, write_gguf

from .support import Stopped, stopped_at

SHAPE = Shape(hidden_size=256, intermediate_size=256, head_dim=64, num_hidden_layers=1)
MOE = replace(SHAPE, num_experts=4, moe_intermediate_size=256)
EXACT = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL", "MXFP4", "F16", "BF16", "F32")
# The largest error, relative to the numbers' root mean square, in a type that is rounded.
ROUNDED = {
    "Q4_K": 4e-4,
    "Q5_K": 4e-4,
    "Q6_K": 0.006,
    "IQ4_XS": 0.006,
    "Q2_K": 0.03,
    "Q3_K": 0.03,
    "IQ2_XXS": 0.03,
}


def imported(file: Gguf | Path, output: Path, **options: Any) -> ImportResult:
    source = file.path if isinstance(file, Gguf) else file
    return run_import(ImportRequest(source=source, output=output), **options)


def refusal(file: Gguf | Path, tmp_path: Path) -> str:
    """The one line that says why a file is not imported; nothing is left."""
    output = tmp_path / "refused"
    with pytest.raises(CheckpointError) as error:
        imported(file, output)
    assert not output.exists()
    assert not staging_folder(output).exists()
    assert "\n" not in str(error.value)
    return str(error.value)


def matrices(folder: Path) -> dict[str, np.ndarray]:
    """The matrices of a checkpoint in float32, by GGUF's names."""
    source = Source(folder)
    source.dtype = mx.float32
    found = {}
    for module in source.modules:
        stack = [source.matrix(module, i) for i in range(module.num_matrices)]
        whole = stack[0] if len(module.shape) == 2 else mx.stack(stack)
        found[tensor_name(module.path)] = np.array(whole.astype(mx.float32))
    return found


@pytest.mark.parametrize("kind", EXACT)
def test_what_is_affine_means_exactly_the_same(kind: str, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "a.gguf", MOE, kind)
    done = imported(file, tmp_path / "out")
    for name, array in matrices(tmp_path / "out").items():
        assert np.array_equal(array, file.floats[name]), name
    assert {loss.error for loss in done.losses} == {0.0}


@pytest.mark.parametrize("kind", ROUNDED)
def test_the_rest_is_near_and_the_loss_is_measured(kind: str, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "a.gguf", SHAPE, kind)
    done = imported(file, tmp_path / "out")
    ours, theirs = matrices(tmp_path / "out"), file.floats
    squared = sum(float(((ours[name] - theirs[name]) ** 2).sum()) for name in ours)
    error = (squared / sum(float((theirs[name] ** 2).sum()) for name in ours)) ** 0.5
    (loss,) = done.losses
    assert 0 < error < ROUNDED[kind]
    assert loss.error == pytest.approx(error, rel=0.3)
    assert f"| {kind} | 100.0% |" in (tmp_path / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("tied", [False, True])
def test_the_model_computes_what_its_floats_do(tied: bool, tmp_path: Path) -> None:
    shape = replace(MOE, num_hidden_layers=2, tie_word_embeddings=tied)
    kinds = {"output.weight": "Q8_0", "token_embd.weight": "Q8_0"}
    file = write_gguf(tmp_path / "a.gguf", shape, lambda name: kinds.get(name, "Q4_0"))
    imported(file, tmp_path / "out")
    write_floats(file, tmp_path / "out", tmp_path / "floats")
    ids = random_ids((2, 12))
    ours, theirs = load_model(tmp_path / "out")(ids), load_model(tmp_path / "floats")(ids)
    assert relative_difference(ours, theirs) < 1e-5


def write_floats(file: Gguf, imported_to: Path, folder: Path) -> None:
    """The same model with its matrices in float32."""
    source = Source(imported_to)
    tensors = {f"{m.path}.weight": file.floats[tensor_name(m.path)] for m in source.modules}
    norms = {
        name: file.floats[tensor_name(name.removesuffix(".weight"))] for name in source.vectors
    }
    folder.mkdir()
    config = read_json(imported_to / "config.json")
    for key in ("quantization", "quantization_config"):
        del config[key]
    (folder / "config.json").write_text(json.dumps(config))
    arrays = {name: mx.array(array) for name, array in (tensors | norms).items()}
    mx.save_safetensors(str(folder / "model.safetensors"), arrays)


def test_a_mixture_is_stored_type_by_type(tmp_path: Path) -> None:
    def kind(name: str) -> str:
        return "Q6_K" if "ffn_down" in name or name == "output.weight" else "Q4_K"

    done = imported(write_gguf(tmp_path / "a.gguf", SHAPE, kind), tmp_path / "out")
    assert [loss.type for loss in done.losses] == ["Q4_K", "Q6_K"]
    stored = read_json(tmp_path / "out" / "config.json")["quantization"]
    assert (stored["bits"], stored["group_size"]) == (4, 32)
    assert stored["model.layers.0.mlp.down_proj"]["bits"] == stored["lm_head"]["bits"] == 8


def test_norms_keep_a_dtype_to_compute_in(tmp_path: Path) -> None:
    imported(write_gguf(tmp_path / "a.gguf", SHAPE, "Q4_0"), tmp_path / "out")
    tensors = read_tensors(tmp_path / "out")
    assert tensors["model.norm.weight"].dtype == mx.bfloat16
    assert tensors["model.layers.0.self_attn.q_proj.scales"].dtype == mx.float16


def test_norms_that_are_rounded_are_said(tmp_path: Path) -> None:
    told: list[object] = []
    norm = np.full((256,), 1.000_01, np.float32)
    name = "output_norm.weight"
    file = write_gguf(tmp_path / "a.gguf", SHAPE, without=(name,), extra={name: norm})
    imported(file, tmp_path / "out", on_event=told.append)
    assert any("1 norms or routers" in str(event) for event in told)


def test_a_router_that_is_rounded_has_an_error(tmp_path: Path) -> None:
    router = np.full((4, 256), 1.000_01, np.float32)
    name = "blk.0.ffn_gate_inp.weight"
    file = write_gguf(tmp_path / "a.gguf", MOE, without=(name,), extra={name: router})
    done = imported(file, tmp_path / "out")
    assert {loss.type: loss.error for loss in done.losses} == {
        "Q8_0": 0,
        "F32": pytest.approx(1e-5, rel=0.05),
    }


def test_the_configuration_is_that_of_the_metadata(tmp_path: Path) -> None:
    shape = replace(MOE, num_hidden_layers=2, mlp_only_layers=(0,))
    facts = {
        "qwen3moe.rope.scaling.type": "yarn",
        "qwen3moe.rope.scaling.factor": 4.0,
        "qwen3moe.rope.scaling.original_context_length": 1024,
        "qwen3moe.rope.scaling.attn_factor": 0.8782488562869419,
    }
    imported(write_gguf(tmp_path / "a.gguf", shape, facts=facts), tmp_path / "out")
    config = load_model(tmp_path / "out").config
    assert (config.num_experts, config.num_experts_per_tok, config.norm_topk_prob) == (4, 2, True)
    assert (config.mlp_only_layers, config.rms_norm_eps) == ((0,), 1e-6)
    assert (config.rope.kind, config.rope.factor, config.rope.theta) == ("yarn", 4.0, 1_000_000.0)
    assert config.rope.original_max_position_embeddings == 1024
    assert config.rope.attn_factor == pytest.approx(0.8782488562869419, rel=1e-6)


def test_the_tokenizer_and_the_template_are_those_of_the_file(tmp_path: Path) -> None:
    imported(write_gguf(tmp_path / "a.gguf", SHAPE), tmp_path / "out")
    tokenizer = load_tokenizer(tmp_path / "out")
    assert tokenizer.encode("hi<|im_end|>") == [256, END]
    assert tokenizer.decode([256, 257]) == "hi a"
    messages = [{"role": "user", "content": "hi"}]
    rendered = tokenizer.apply_chat_template(messages, add_generation_prompt=False)
    assert rendered == "<|im_start|>user\nhi<|im_end|>\n"
    assert read_json(tmp_path / "out" / "tokenizer_config.json")["chat_template"] == TEMPLATE
    ends = read_json(tmp_path / "out" / "generation_config.json")["eos_token_id"]
    assert ends == [END, 256 + len(MERGES) + CONTROL.index("<|endoftext|>")]


def test_an_embedding_model_and_a_reranker_stay_what_they_are(tmp_path: Path) -> None:
    tied = replace(SHAPE, tie_word_embeddings=True)
    embedding = {"qwen3.pooling_type": 3, "tokenizer.ggml.add_eos_token": True}
    imported(write_gguf(tmp_path / "e.gguf", tied, facts=embedding), tmp_path / "e")
    assert load_model(tmp_path / "e").config.kind == "embedding"
    assert load_tokenizer(tmp_path / "e").end_ids == [END]
    rows = np.stack([np.full(256, 2.0), np.full(256, 1.0)]).astype(np.float16)
    ranking = {"qwen3.pooling_type": 4, "qwen3.classifier.output_labels": ["yes", "no"]}
    file = write_gguf(tmp_path / "r.gguf", tied, facts=ranking, extra={"cls.output.weight": rows})
    imported(file, tmp_path / "r")
    config = load_model(tmp_path / "r").config
    assert (config.kind, config.labels) == ("classifier", ("no", "yes"))
    assert read_tensors(tmp_path / "r")["score.weight"][:, 0].tolist() == [1.0, 2.0]


def test_a_model_in_several_files_is_one(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "whole.gguf", SHAPE, "Q4_0")
    names = list(whole.floats)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    parts = [tmp_path / f"part-{i:05d}-of-00002.gguf" for i in (1, 2)]
    for path, other in zip(parts, reversed(halves), strict=True):
        # Each part draws the numbers of all tensors, and holds some.
        facts = {"split.count": 2, "split.no": parts.index(path)}
        write_gguf(path, SHAPE, "Q4_0", facts=facts, leave_out=other)
    imported(whole, tmp_path / "one")
    imported(parts[1], tmp_path / "two")
    one, two = read_tensors(tmp_path / "one"), read_tensors(tmp_path / "two")
    assert one.keys() == two.keys()
    assert all(mx.array_equal(one[name], two[name]) for name in one)
    parts[0].unlink()
    assert "part-00001-of-00002.gguf is missing" in refusal(parts[1], tmp_path)


def test_a_run_that_was_stopped_is_continued(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "a.gguf", SHAPE, "Q4_K")
    imported(file, tmp_path / "whole")
    with pytest.raises(Stopped):
        imported(file, tmp_path / "out", on_event=stopped_at(4))
    assert not (tmp_path / "out").exists()
    imported(file, tmp_path / "out")
    one, other = (tmp_path / name / "model.safetensors" for name in ("whole", "out"))
    assert one.read_bytes() == other.read_bytes()
    with pytest.raises(ConversionError, match="already exists"):
        imported(file, tmp_path / "out")


def test_the_numbers_do_not_depend_on_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(tmp_path / "a.gguf", SHAPE, "Q4_K")
    imported(file, tmp_path / "one")
    monkeypatch.setattr("qwen3mlx_quantize.gguf.source.BLOCK", 100 * 256)
    imported(file, tmp_path / "two")
    one, two = (tmp_path / name / "model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"general.type": "adapter"}, "holds a LoRA adapter, and no model: import the file that"),
        ({"general.type": "mmproj"}, "holds a projector for images, and no model"),
        ({"general.type": "vocab"}, "holds 'vocab', and no model"),
        ({"qwen3.pooling_type": 1}, "has pooling_type 1"),
        ({"qwen3.rope.scaling.type": "longrope"}, "has rope.scaling.type 'longrope'"),
        ({"qwen3.attention.value_length": 32}, "has attention.value_length 32"),
        ({"qwen3.attention.sliding_window": 128}, "has attention.sliding_window 128"),
        ({"qwen3.block_count": None}, "has block_count null"),
        ({"qwen3.block_count": 2}, "has no tensor blk.1."),
        ({"qwen3.block_count": 4_000_000_000}, "num_hidden_layers 4000000000"),
        ({"qwen3.embedding_length": 512}, "has shape [320, 256]"),
        ({"tokenizer.ggml.pre": "gemma"}, "splits words as 'gemma'"),
        ({"tokenizer.ggml.model": "llama"}, "a tokenizer of the kind 'llama'"),
        ({"tokenizer.ggml.merges": ["x y z"]}, "tokenizer"),
        ({"tokenizer.ggml.tokens": ["a", "a"]}, "not as many token types"),
        ({"split.count": 3}, "is one of 3 files"),
    ],
)
def test_what_no_qwen3_has_is_one_line(
    facts: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    assert sentence in refusal(write_gguf(tmp_path / "a.gguf", SHAPE, facts=facts), tmp_path)


def test_tensors_of_another_model_are_one_line(tmp_path: Path) -> None:
    extra = {"blk.0.attn_q.bias": np.zeros(256, np.float32)}
    file = write_gguf(tmp_path / "a.gguf", SHAPE, extra=extra)
    assert "holds 'blk.0.attn_q.bias', which a Qwen3" in refusal(file, tmp_path)
    file = write_gguf(tmp_path / "b.gguf", SHAPE, without=("blk.0.attn_k_norm.weight",))
    assert "has no tensor blk.0.attn_k_norm.weight" in refusal(file, tmp_path)
    file = write_gguf(tmp_path / "c.gguf", replace(SHAPE, head_dim=48), "Q4_0")
    assert isinstance(imported(file, tmp_path / "odd"), ImportResult)


def test_a_type_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", SHAPE, "Q8_0").path
    data = bytearray(path.read_bytes())
    at = data.index(b"blk.0.attn_v.weight") + len("blk.0.attn_v.weight") + 4 + 16
    assert data[at] == 8
    data[at] = 31  # Q4_0 in an order of its own, which llama.cpp no longer has
    path.write_bytes(data)
    assert "is quantized with type 31" in refusal(path, tmp_path)


def test_a_file_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", SHAPE, "Q8_0").path
    for size in (0, 3, 100, 5000, path.stat().st_size - 40_000):
        short = tmp_path / "short.gguf"
        short.write_bytes(path.read_bytes()[:size])
        assert "short.gguf" in refusal(short, tmp_path)


def test_numbers_that_are_not_finite_are_one_line(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "a.gguf", SHAPE, "Q8_0")
    data = bytearray(file.path.read_bytes())
    data[-34 * 8 : -34 * 8 + 2] = b"\xff\x7f"
    file.path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"output\.weight holds numbers that are not finite"):
        imported(file, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_qwen3s_own_vocabulary_gives_its_own_tokens(tmp_path: Path) -> None:
    from tests.support.checkpoints import copy_qwen3_tokenizer
    from tests.support.gguf_files import vocabulary_facts

    real = tmp_path / "real"
    real.mkdir()
    copy_qwen3_tokenizer(real)
    shape = replace(SHAPE, vocab_size=151_936, tie_word_embeddings=True)
    facts = vocabulary_facts(real, shape.vocab_size)
    imported(write_gguf(tmp_path / "a.gguf", shape, "Q4_0", facts=facts), tmp_path / "out")
    ours, theirs = load_tokenizer(tmp_path / "out"), load_tokenizer(real)
    texts = ["Hello, wörld! 12345", "请告诉我 🙂\n\n  x", "<think>\nhm</think><|im_end|>", "é"]
    for text in texts:
        assert ours.encode(text) == theirs.encode(text)
        assert ours.decode(ours.encode(text)) == theirs.decode(theirs.encode(text))
