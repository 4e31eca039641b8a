"""Checkpoints whose small files, headers or folders are broken, odd or ruinous."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from . import Cases
from .mutations import fifo, read, write_demo

Json = Any
Change = Callable[[Path], None]

INDEX = "model.safetensors.index.json"
WEIGHTS = "model.safetensors"
FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "chat_template.jinja",
    WEIGHTS,
    INDEX,
)
DEEP = 100_000


def cases(rng: random.Random) -> Cases:
    """One checkpoint for each fault; which values are odd differs with the seed."""
    for kind, faults in (
        ("config", _configs(rng)),
        ("JSON", _texts(rng)),
        ("index", _indices(rng)),
        ("weights", _weights(rng)),
        ("folder", _folders(rng)),
    ):
        for name, change in faults:
            yield f"{kind}: {name}", partial(_write, change)


def _write(change: Change, folder: Path) -> None:
    write_demo(folder, {})
    change(folder)


def _odd(rng: random.Random) -> Json:
    return rng.choice(
        [None, True, 0, -1, 1, 3, 1.5, 2**31 - 1, 2**31, 2**63, 10**30, 10**4000, float("nan"),
         float("inf"), "", "x", "\0\ud800", "x" * 100_000, [], {}, [[]], [None], {"a": {}},
         [0] * 200_000, {str(i): i for i in range(50_000)}]
    )  # fmt: skip


def _configs(rng: random.Random) -> Iterator[tuple[str, Change]]:
    keys = [
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "head_dim",
        "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "rms_norm_eps",
        "tie_word_embeddings", "eos_token_id", "rope_theta", "rope_scaling", "rope_parameters",
        "quantization", "quantization_config", "dtype", "torch_dtype", "model_type", "layer_types",
        "hidden_act", "attention_bias", "use_sliding_window",
    ]  # fmt: skip
    for key in keys:
        yield key, partial(_change_json, "config.json", {key: _odd(rng)})
    for key, value in (
        ("num_hidden_layers", 2**31 - 1),
        ("num_hidden_layers", 10**9),
        ("vocab_size", 2**31 - 1),
        ("hidden_size", 2**31 - 1),
        ("max_position_embeddings", 2**31 - 1),
        ("eos_token_id", [-(10**9), 2**31 - 2]),
        ("eos_token_id", list(range(300_000))),
        ("quantization", {f"m{i}": {"bits": 4, "group_size": 64} for i in range(50_000)}),
        ("quantization", {"mode": ["x"], "bits": {}, "group_size": []}),
        ("rope_scaling", {"rope_type": "yarn", "factor": 1e308}),
        ("rope_scaling", {"rope_type": "yarn", "factor": 4, "beta_fast": [], "mscale": "x"}),
    ):
        yield f"{key} {str(value)[:20]}", partial(_change_json, "config.json", {key: value})
    experts = {
        "model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 2,
        "moe_intermediate_size": 64,
    }  # fmt: skip
    for odd in (
        {"num_experts": 2**31 - 1, "num_experts_per_tok": 2**31 - 1},
        {"num_hidden_layers": 1024, "num_experts": 4096},
        {"mlp_only_layers": list(range(300_000)), "num_hidden_layers": 1024},
        {"mlp_only_layers": [10**30, -1]},
        {"decoder_sparse_step": 10**9},
        {"moe_intermediate_size": 10**18},
    ):
        yield f"experts {str(odd)[:30]}", partial(_change_json, "config.json", experts | odd)
    for key in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "eos_token_id"):
        change = partial(_change_json, "generation_config.json", {key: _odd(rng)})
        yield f"generation {key}", change


def _texts(rng: random.Random) -> Iterator[tuple[str, Change]]:
    """Invalid JSON in place of each file."""
    contents: dict[str, str | bytes] = {
        "lists without end": "[" * DEEP,
        "objects without end": '{"a":' * DEEP,
        "deep lists": "[" * DEEP + "]" * DEEP,
        "deep objects": '{"a":' * 900 + "1" + "}" * 900,
        "a deep value": '{"model_type": "qwen3", "hidden_size": ' + "[" * 900 + "]" * 900 + "}",
        "a key twice": '{"model_type": "qwen3", "model_type": "qwen3_moe"}',
        "a long number": '{"model_type": "qwen3", "vocab_size": ' + "9" * 5000 + "}",
        "a long text": '{"model_type": "' + "x" * 20_000_000 + '"}',
        "blanks": " " * 20_000_000,
        "nothing": "",
        "a list": "[]",
        "a number": "7",
        "null": "null",
        "other bytes": rng.randbytes(1000),
        "another encoding": '{"model_type": "qwen3"}'.encode("utf-16"),
        "a mark first": b'\xef\xbb\xbf{"model_type": "qwen3"}',
        "half a pair": '{"model_type": "\\ud800"}',
    }
    for name, content in contents.items():
        for file in ("config.json", INDEX, *rng.sample(FILES, 1)):
            yield f"{name} as {file}", partial(_replace, file, content)


def _indices(rng: random.Random) -> Iterator[tuple[str, Change]]:
    names: list[Json] = [
        5, None, [], {}, True, "", ".", "..", "/", "../model.safetensors", "/etc/passwd",
        "a/b.safetensors", "\0.safetensors", "\ud800.safetensors", "x\x1b[2J.safetensors",
        "x" * 5000 + ".safetensors", "config.json", "gone.safetensors", ".safetensors",
    ]  # fmt: skip
    for name in names:
        index: Json = {"weight_map": {"a": name, "b": rng.choice([WEIGHTS, 1, name])}}
        yield f"a shard {str(name)[:20]!r}", partial(_write_index, index)
    for weight_map in ([], "x", 7, None, {}, [{"a": "b"}], {"a": {"a": WEIGHTS}}):
        yield f"a map {weight_map!r}", partial(_write_index, {"weight_map": weight_map})
    for count in (100_000, 1_000_000):
        many = {f"t{i}": f"{i}.safetensors" for i in range(count)}
        yield f"{count} entries", partial(_write_index, {"weight_map": many})


def _weights(rng: random.Random) -> Iterator[tuple[str, Change]]:
    tensor = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
    shapes: list[Json] = [
        [2**62], [0, 2**62], [2**31, 0], [-1, -4], [1.5], ["2"], None, 4, {}, [[2]], [True] * 4,
        [1] * 100_000, [2**62] * 50_000, [10**400], [],
    ]  # fmt: skip
    for shape in shapes:
        yield f"shape {str(shape)[:20]}", partial(_write_header, {"a": tensor | {"shape": shape}})
    offsets: list[Json] = [
        [0, 10**9], [10**9, 10**9 + 16], [16, 0], [-16, 0], [0, 2**64], [0.0, 16.0], [0], None,
        ["0", "16"], [0, 16, 16], {}, [2**63, 2**63 + 16],
    ]  # fmt: skip
    for offset in offsets:
        header = {"a": tensor | {"data_offsets": offset}}
        yield f"offsets {str(offset)[:20]}", partial(_write_header, header)
    dtypes: list[object] = [None, 7, "F33", "I64", [], "x" * 100_000]
    for dtype in dtypes:
        yield f"dtype {str(dtype)[:20]}", partial(_write_header, {"a": tensor | {"dtype": dtype}})
    headers: dict[str, Json] = {
        "overlaps": {"a": tensor, "b": tensor},
        "no tensor": {},
        "a list": [tensor],
        "no object": {"a": 5, "b": None},
        "metadata": {"__metadata__": rng.choice([[], 7, {"a": 1}, {"a": {}}]), "a": tensor},
        "odd names": {"\0": tensor, "x" * 100_000: tensor, "\x1b[2J": tensor},
        "many": {f"t{i}": tensor | {"shape": [0], "data_offsets": [0, 0]} for i in range(100_000)},
    }
    for name, value in headers.items():
        yield name, partial(_write_header, value)
    for length in (0, 1, 7, 2**31, 2**63, 2**64 - 1, 30_000_000):
        content = struct.pack("<Q", length) + b'{"a": 1}'
        yield f"length {length}", partial(_replace, WEIGHTS, content)
    for name, text in {
        "deep": b'{"a":' * DEEP, "twice": b'{"a": {}, "a": {}}', "other bytes": rng.randbytes(999),
    }.items():  # fmt: skip
        content = struct.pack("<Q", len(text)) + text + bytes(64)
        yield f"header {name}", partial(_replace, WEIGHTS, content)
    yield "cut off", partial(_cut_off, rng.randrange(3_000_000))


def _folders(rng: random.Random) -> Iterator[tuple[str, Change]]:
    for file in FILES:
        yield f"a pipe {file}", partial(_instead, file, fifo)
        yield f"a folder {file}", partial(_instead, file, os.mkdir)
        target = rng.choice(["/dev/zero", "/etc/passwd", "/proc/self/environ", ".", "..", file])
        yield f"a link {file} to {target}", partial(_instead, file, partial(os.symlink, target))
        yield f"no {file}", partial(_instead, file, lambda path: None)
        yield f"an unreadable {file}", partial(_unreadable, file)
    yield "many files", _many_files
    yield "a name that is no UTF-8", _no_utf8
    yield "an unreadable folder", lambda folder: folder.chmod(0)


def _change_json(file: str, change: dict[str, Json], folder: Path) -> None:
    (folder / file).write_text(json.dumps(read(file) | change))


def _replace(file: str, content: str | bytes, folder: Path) -> None:
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)


def _write_index(index: Json, folder: Path) -> None:
    (folder / INDEX).write_text(json.dumps(index))


def _write_header(header: Json, folder: Path) -> None:
    text = json.dumps(header).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + bytes(64))


def _cut_off(size: int, folder: Path) -> None:
    os.truncate(folder / WEIGHTS, size)


def _instead(file: str, make: Callable[[Path], object], folder: Path) -> None:
    (folder / file).unlink(missing_ok=True)
    make(folder / file)


def _unreadable(file: str, folder: Path) -> None:
    if (folder / file).exists():
        (folder / file).chmod(0)


def _many_files(folder: Path) -> None:
    for number in range(20_000):
        (folder / f"{number}.txt").touch()


def _no_utf8(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with open(os.fsencode(folder) + b"/model-\xff.safetensors", "wb") as file:
        file.write(struct.pack("<Q", 2) + b"{}")
