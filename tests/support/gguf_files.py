"""GGUF files as llama.cpp writes them, made by the `gguf` library from random checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, TokenType, quants

from qwen3mlx.text import byte_level

from .checkpoints import Shape

# Two words of two letters, and the control tokens of a chat.
MERGES = [("h", "i"), ("Ġ", "a")]
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = ["<think>", "</think>"]
END = 256 + len(MERGES) + CONTROL.index("<|im_end|>")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
)


@dataclass
class Gguf:
    """A file, and the numbers that its tensors mean, by GGUF's names."""

    path: Path
    floats: dict[str, np.ndarray] = field(default_factory=dict)


def write_gguf(
    path: Path,
    shape: Shape,
    kind: str | Callable[[str], str] = "Q8_0",
    *,
    facts: Mapping[str, Any] | None = None,
    without: tuple[str, ...] = (),
    leave_out: Collection[str] = (),
    extra: Mapping[str, np.ndarray] | None = None,
    seed: int = 0,
) -> Gguf:
    """Write a model whose matrices have the type `kind`, or the one that it returns for a name.

    `facts` replace or, with None, drop keys of the metadata. `without` names tensors that the model
    does not have, `leave_out` those that are in another file.
    """
    writer = GGUFWriter(path, "qwen3moe" if shape.num_experts else "qwen3")
    for key, value in (_facts(shape) | dict(facts or {})).items():
        _add(writer, key, value)
    made = Gguf(path)
    rng = np.random.default_rng(seed)
    for name, size in tensor_shapes(shape):
        if name in without:
            continue
        is_small = len(size) == 1 or name.endswith("ffn_gate_inp.weight")
        chosen = "F32" if is_small else kind if isinstance(kind, str) else kind(name)
        stored, floats = random_tensor(size, chosen, rng)
        if name in leave_out:
            continue
        made.floats[name] = floats
        writer.add_tensor(name, stored, raw_dtype=GGMLQuantizationType[chosen])
    for name, array in (extra or {}).items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return made


def random_tensor(
    size: tuple[int, ...], kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a file stores for random numbers, and the numbers that this means.

    The library cannot quantize to all types: of those, any bytes with small scales are numbers.
    """
    values = rng.standard_normal(size, dtype=np.float32) / np.sqrt(size[-1])
    if len(size) == 1:
        values = _as_bfloat16(values * 0.2 + 1)
    if kind == "F32":
        values = _as_bfloat16(values)  # as all of them were released
        return values, values
    try:
        stored = quants.quantize(values, GGMLQuantizationType[kind])
    except NotImplementedError:
        stored = random_bytes(size, kind, rng)
    return stored, quants.dequantize(stored, GGMLQuantizationType[kind]).astype(np.float32)


def random_bytes(size: tuple[int, ...], kind: str, rng: np.random.Generator) -> np.ndarray:
    block, nbytes = GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
    blocks = rng.integers(0, 256, (int(np.prod(size)) // block, nbytes), np.uint8)
    for at in _scales_at(kind, nbytes):
        scale = rng.uniform(0.5, 1.5, len(blocks)) * 0.002
        blocks[:, at : at + 2] = scale.astype(np.float16).view(np.uint8).reshape(-1, 2)
    return blocks.reshape(*size[:-1], size[-1] // block * nbytes)


def _scales_at(kind: str, nbytes: int) -> tuple[int, ...]:
    """Return where a block of this type has numbers in float16."""
    both = {"Q4_K": (0, 2), "Q5_K": (0, 2), "Q2_K": (nbytes - 4, nbytes - 2)}
    last = {"Q6_K", "Q3_K", "TQ1_0", "TQ2_0"}
    return both.get(kind, (nbytes - 2,) if kind in last else (0,))


def _as_bfloat16(values: np.ndarray) -> np.ndarray:
    return (values.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)


def tensor_shapes(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield every tensor by GGUF's name, with its shape as an array has it."""
    hidden, heads = shape.hidden_size, shape.num_attention_heads * shape.head_dim
    keys = shape.num_key_value_heads * shape.head_dim
    yield "token_embd.weight", (shape.vocab_size, hidden)
    for layer in range(shape.num_hidden_layers):
        parts: dict[str, tuple[int, ...]] = {
            "attn_norm": (hidden,),
            "attn_q": (heads, hidden),
            "attn_k": (keys, hidden),
            "attn_v": (keys, hidden),
            "attn_output": (hidden, heads),
            "attn_q_norm": (shape.head_dim,),
            "attn_k_norm": (shape.head_dim,),
            "ffn_norm": (hidden,),
        }
        if shape.is_sparse(layer):
            inner, experts = shape.moe_intermediate_size, shape.num_experts
            parts |= {
                "ffn_gate_inp": (experts, hidden),
                "ffn_gate_exps": (experts, inner, hidden),
                "ffn_up_exps": (experts, inner, hidden),
                "ffn_down_exps": (experts, hidden, inner),
            }
        else:
            inner = shape.intermediate_size
            parts |= {
                "ffn_gate": (inner, hidden),
                "ffn_up": (inner, hidden),
                "ffn_down": (hidden, inner),
            }
        for name, size in parts.items():
            yield f"blk.{layer}.{name}.weight", size
    yield "output_norm.weight", (hidden,)
    if not shape.tie_word_embeddings:
        yield "output.weight", (shape.vocab_size, hidden)


def _facts(shape: Shape) -> dict[str, Any]:
    """Return the metadata; a vocabulary of all bytes, padded to the model's."""
    arch = "qwen3moe" if shape.num_experts else "qwen3"
    tokens = [*byte_level.ALPHABET, *map("".join, MERGES), *CONTROL, *USER_DEFINED]
    types = [TokenType.NORMAL] * (256 + len(MERGES))
    types += [TokenType.CONTROL] * len(CONTROL) + [TokenType.USER_DEFINED] * len(USER_DEFINED)
    unused = shape.vocab_size - len(tokens)
    own = {
        "context_length": shape.max_position_embeddings,
        "embedding_length": shape.hidden_size,
        "block_count": shape.num_hidden_layers,
        "feed_forward_length": shape.intermediate_size,
        "attention.head_count": shape.num_attention_heads,
        "attention.head_count_kv": shape.num_key_value_heads,
        "attention.key_length": shape.head_dim,
        "attention.value_length": shape.head_dim,
        "attention.layer_norm_rms_epsilon": 1e-6,
        "rope.freq_base": 1_000_000.0,
    }
    if shape.num_experts:
        own |= {
            "expert_count": shape.num_experts,
            "expert_used_count": shape.num_experts_per_tok,
            "expert_feed_forward_length": shape.moe_intermediate_size,
        }
    return {
        "general.name": "Tiny",
        **{f"{arch}.{key}": value for key, value in own.items()},
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": [*tokens, *(f"[PAD{i}]" for i in range(unused))],
        "tokenizer.ggml.token_type": [*map(int, types), *[int(TokenType.UNUSED)] * unused],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in MERGES],
        "tokenizer.ggml.eos_token_id": END,
        "tokenizer.ggml.padding_token_id": 256 + len(MERGES),
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": TEMPLATE,
    }


def vocabulary_facts(folder: Path, size: int) -> dict[str, Any]:
    """Return the metadata of the tokenizer in a folder, as llama.cpp converts it."""
    content = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    tokens = {i: token for token, i in content["model"]["vocab"].items()}
    types = dict.fromkeys(tokens, TokenType.NORMAL)
    for added in content["added_tokens"]:
        tokens[added["id"]] = added["content"]
        types[added["id"]] = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
    ends = {token: i for i, token in tokens.items()}
    return {
        "tokenizer.ggml.tokens": [tokens.get(i, f"[PAD{i}]") for i in range(size)],
        "tokenizer.ggml.token_type": [int(types.get(i, TokenType.UNUSED)) for i in range(size)],
        "tokenizer.ggml.merges": [
            merge if isinstance(merge, str) else " ".join(merge)
            for merge in content["model"]["merges"]
        ],
        "tokenizer.ggml.eos_token_id": ends["<|im_end|>"],
        "tokenizer.ggml.padding_token_id": ends["<|endoftext|>"],
    }


def _add(writer: GGUFWriter, key: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)
