"""Broken checkpoint files cause one line that names the file and the fault."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.config import INDEX_NAME
from qwen3mlx.model import load_model
from qwen3mlx.quoting import quoted
from tests.support.examples import examples

from .faults import (
    FILE,
    JSON,
    NORM,
    Q_PROJ,
    SHARDS,
    change_header,
    only_our_errors,
    refused,
)
from .support import (
    copy_checkpoint,
)


def test_the_good_one_loads(folder: Path, sharded: Path, packed: Path, experts: Path) -> None:
    for checkpoint in (folder, sharded, packed, experts):
        load_model(checkpoint)


def test_no_folder(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "config.json")


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    refused(tmp_path / "model.gguf")


def test_no_weights(folder: Path) -> None:
    (folder / FILE).unlink()
    refused(folder, FILE)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
def test_only_a_pickle(folder: Path, name: str) -> None:
    (folder / FILE).rename(folder / name)
    refused(folder, name, "pickle", "safetensors")


@pytest.mark.parametrize("name", [FILE, "config.json"])
def test_a_pointer_of_git_lfs(folder: Path, name: str) -> None:
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    refused(folder, name, "`git lfs pull`")


def test_missing_shard(sharded: Path) -> None:
    (sharded / SHARDS[1]).unlink()
    refused(sharded, SHARDS[1], "missing")


def test_missing_shard_without_index(sharded: Path) -> None:
    (sharded / SHARDS[1]).unlink()
    (sharded / INDEX_NAME).unlink()
    refused(sharded, "has no tensor")


def test_a_directory_for_a_shard(folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    refused(folder, FILE)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"weight_map": {}}',
        '{"weight_map": ["a"]}',
        "\0\0",
        "[" * 9999,
    ],
)
def test_broken_index(sharded: Path, content: str) -> None:
    (sharded / INDEX_NAME).write_text(content)
    refused(sharded, INDEX_NAME)


@pytest.mark.parametrize(
    "name",
    ["../x.safetensors", "/etc/passwd", "a/b.safetensors", "", ".", "..", 3, None, ["a"], {}],
)
def test_index_that_points_elsewhere(sharded: Path, name: object) -> None:
    (sharded.parent / "x.safetensors").write_bytes(b"")
    index = json.loads((sharded / INDEX_NAME).read_text())
    index["weight_map"][NORM] = name
    (sharded / INDEX_NAME).write_text(json.dumps(index))
    refused(sharded, INDEX_NAME, quoted(name))


def test_index_of_another_model(sharded: Path) -> None:
    index = json.loads((sharded / INDEX_NAME).read_text())
    index["weight_map"]["model.layers.7.mlp.up_proj.weight"] = SHARDS[0]
    (sharded / INDEX_NAME).write_text(json.dumps(index))
    refused(sharded, SHARDS[0], "model.layers.7.mlp.up_proj.weight")


@pytest.mark.parametrize("stale", [0, 1])
def test_of_two_copies_the_one_in_the_index_counts(sharded: Path, stale: int) -> None:
    ids = mx.array([[1, 2, 3]])
    right = load_model(sharded)(ids)
    name, shard = (NORM, f"{Q_PROJ}.weight")[stale], sharded / SHARDS[stale]
    good, other = mx.load(str(sharded / SHARDS[1 - stale])), mx.load(str(shard))
    assert isinstance(good, dict)
    assert isinstance(other, dict)
    copies = {**other, name: good[name] * 2}
    mx.eval(copies)
    mx.save_safetensors(str(shard), copies, metadata={"format": "pt"})
    assert mx.array_equal(load_model(sharded)(ids), right)
    (sharded / INDEX_NAME).unlink()
    refused(sharded, *SHARDS, name, "both", INDEX_NAME)


@pytest.fixture(scope="module")
def scratch(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose shard is rewritten by each example."""
    return copy_checkpoint(good, tmp_path_factory.mktemp("scratch"))


@settings(max_examples=examples(60))
@given(data=st.data())
def test_truncated_anywhere(good: Path, scratch: Path, data: st.DataObject) -> None:
    content = (good / FILE).read_bytes()
    header_end = 8 + int.from_bytes(content[:8], "little")
    position = st.integers(0, header_end) | st.integers(0, len(content) - 1)
    (scratch / FILE).write_bytes(content[: data.draw(position)])
    refused(scratch, FILE, "truncated or broken")


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**63, 2**64 - 1])
def test_absurd_header_length(folder: Path, length: int) -> None:
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(length.to_bytes(8, "little") + content[8:])
    refused(folder, FILE, "header")


@pytest.mark.parametrize(
    "header", [b"nonsense", b"\xff\xfe\x00", b"[]", b"3", b'"x"', b"[" * 9999, b"9" * 9999]
)
def test_header_that_is_not_a_json_object(folder: Path, header: bytes) -> None:
    (folder / FILE).write_bytes(len(header).to_bytes(8, "little") + header)
    refused(folder, FILE, "header")


@pytest.mark.parametrize(
    "entry",
    [
        None,
        3,
        [],
        {},
        {"dtype": "BF16", "shape": [64]},
        {"dtype": "BF16", "shape": 64, "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": ["x"], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [64.5], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [-8, -8], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [float("inf")], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [2**70], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0, 1, 2]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0, None]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [128, 0]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [-128, 0]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0, 2**62]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [2**40, 2**40 + 128]},
        {"dtype": "BF16", "shape": [63], "data_offsets": [0, 128]},
        {"dtype": "F32", "shape": [64], "data_offsets": [0, 128]},
    ],
    ids=str,
)
def test_malformed_header_entry(folder: Path, entry: object) -> None:
    change_header(folder / FILE, lambda header: header.update({NORM: entry}))
    refused(folder, FILE, NORM, "truncated or broken")


@pytest.mark.parametrize("dtype", ["F8_E5M2", "I8", "I64", "F64", "BOOL", "Q4_K", ""])
def test_unsupported_dtypes(folder: Path, dtype: str) -> None:
    change_header(folder / FILE, lambda header: header[NORM].update(dtype=dtype))
    refused(folder, FILE, NORM, f"stored as {dtype}")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"__metadata__": []}, "metadata"),
        ({"__metadata__": {"format": 7}}, "metadata"),
        ({NORM: {"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}}, "9 dimensions"),
        ({NORM: {"dtype": "F32", "shape": [2**62] * 9999, "data_offsets": [0, 4]}}, "malformed"),
        ({NORM: {"dtype": "F32", "shape": [0, 2**62], "data_offsets": [0, 0]}}, "malformed"),
        ({f"t{i}": {} for i in range(50_001)}, "tensors"),
        ({"t" * 9_000_000: {}}, "header has"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_headers_have_ceilings(folder: Path, changes: dict[str, Any], named: str) -> None:
    change_header(folder / FILE, lambda header: header.update(changes))
    assert len(refused(folder, FILE, named)) < 400


def test_overlapping_tensors(folder: Path) -> None:
    def overlap(header: dict[str, Any]) -> None:
        header[NORM]["data_offsets"] = header["model.layers.0.input_layernorm.weight"][
            "data_offsets"
        ]

    change_header(folder / FILE, overlap)
    refused(folder, FILE, "overlaps")


@settings(max_examples=examples(150))
@given(
    name=st.sampled_from([NORM, f"{Q_PROJ}.weight", "__metadata__", "new"]),
    key=st.sampled_from([None, "dtype", "shape", "data_offsets"]),
    value=JSON,
)
def test_no_header_escapes(
    good: Path, scratch: Path, name: str, key: str | None, value: object
) -> None:
    def change(header: dict[str, Any]) -> None:
        if key is None or not isinstance(header.get(name), dict):
            header[name] = value
        else:
            header[name][key] = value

    shutil.copyfile(good / FILE, scratch / FILE)
    change_header(scratch / FILE, change)
    only_our_errors(lambda: load_model(scratch))


@settings(max_examples=examples(60))
@given(flips=st.dictionaries(st.integers(0, 1500), st.integers(0, 255), min_size=1, max_size=4))
def test_no_flipped_bytes_escape(good: Path, scratch: Path, flips: dict[int, int]) -> None:
    content = bytearray((good / FILE).read_bytes())
    for position, byte in flips.items():
        content[position] = byte
    (scratch / FILE).write_bytes(content)
    only_our_errors(lambda: load_model(scratch))


def test_an_index_older_than_the_file_beside_it(folder: Path) -> None:
    """What is left of a first save, after a second one in a single file."""
    (folder / INDEX_NAME).write_text(json.dumps({"weight_map": {NORM: SHARDS[0]}}))
    refused(folder, SHARDS[0], f"delete {INDEX_NAME}", FILE)


def test_tensors_that_the_index_does_not_name_are_no_part_of_the_model(sharded: Path) -> None:
    """vLLM's pull request 54230: files that a quantizer took over whole."""
    expected = load_model(sharded)(mx.array([[1, 2, 3]]))
    tensors = mx.load(str(sharded / SHARDS[1]))
    assert isinstance(tensors, dict)
    mx.eval(tensors)
    mx.save_safetensors(str(sharded / SHARDS[1]), tensors | {"stale.weight": mx.zeros((4,))})
    assert mx.array_equal(load_model(sharded)(mx.array([[1, 2, 3]])), expected)
