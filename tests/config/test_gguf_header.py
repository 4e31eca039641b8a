"""A GGUF header is read within bounds: every count and length is checked before it is used."""

from __future__ import annotations

import os
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen3mlx.config.gguf_header import (
    is_later_shard,
    plain_stem,
    read_gguf_facts,
    read_gguf_header,
    shards_of,
)
from qwen3mlx.errors import CheckpointError

HUGE = 2**60


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def fact(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str = "t", shape: tuple[int, ...] = (4,), kind: int = 0, start: int = 0) -> bytes:
    sizes = struct.pack(f"<{len(shape)}Q", *shape)
    return text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", kind, start)


def gguf(*facts: bytes, tensors: tuple[bytes, ...] = (), version: int = 3) -> bytes:
    counts = struct.pack("<IQQ", version, len(tensors), len(facts))
    return b"GGUF" + counts + b"".join(facts) + b"".join(tensors)


GOOD = gguf(
    fact("general.architecture", 8, text("qwen3")),
    fact("qwen3.block_count", 4, struct.pack("<I", 28)),
    fact("list", 9, struct.pack("<IQ", 5, 2) + struct.pack("<2i", -1, 7)),
    fact("words", 9, struct.pack("<IQ", 8, 2) + text("é") + text("")),
    tensors=(tensor("a", (4, 3)), tensor("b", (2,), 1, 64)),
) + bytes(256)  # fmt: skip
FAULTS = {
    "nothing": b"",
    "another format": b"PK\3\4" + bytes(100),
    "a pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "version 1": gguf(version=1),
    "big-endian": gguf(version=3 << 24),
    "many tensors": b"GGUF" + struct.pack("<IQQ", 3, HUGE, 0),
    "many facts": b"GGUF" + struct.pack("<IQQ", 3, 0, HUGE),
    "a long key": gguf(struct.pack("<Q", HUGE) + b"x"),
    "a long text": gguf(text("k") + struct.pack("<IQ", 8, HUGE)),
    "a long array": gguf(fact("k", 9, struct.pack("<IQ", 0, HUGE))),
    "a long list of texts": gguf(fact("k", 9, struct.pack("<IQ", 8, 1 << 20))),
    "an array of arrays": gguf(fact("k", 9, struct.pack("<IQ", 9, 1))),
    "an unknown type": gguf(fact("k", 99, b"")),
    "a key twice": gguf(*[fact("k", 7, b"\1")] * 2),
    "no UTF-8": gguf(fact("k", 8, text(b"\xff"))),
    "many dimensions": gguf(tensors=(text("t") + struct.pack("<I", 2**31),)),
    "an empty tensor": gguf(tensors=(tensor(shape=(0,)),)) + bytes(64),
    "a wide tensor": gguf(tensors=(tensor(shape=(HUGE,)),)) + bytes(64),
    "a tensor elsewhere": gguf(tensors=(tensor(start=HUGE),)) + bytes(64),
    "an alignment of 0": gguf(fact("general.alignment", 4, bytes(4))),
    "an alignment of 3": gguf(fact("general.alignment", 4, struct.pack("<I", 3))),
    "an alignment that is text": gguf(fact("general.alignment", 8, text("32"))),
}


def test_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(GOOD)
    header = read_gguf_header(path)
    assert header.metadata["list"] == [-1, 7]
    assert header.metadata["words"] == ["é", ""]
    a, b = header.tensors
    assert (a.name, a.shape, a.type) == ("a", (3, 4), 0)
    assert a.start % 32 == 0
    assert b.start == a.start + 64


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_takes_little(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(FAULTS[fault])
    tracemalloc.start()
    with pytest.raises(CheckpointError) as error:
        read_gguf_header(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_is_an_error_or_another_header(data: st.DataObject, tmp_path: Path) -> None:
    damaged = bytearray(GOOD[: data.draw(st.integers(0, len(GOOD)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            at = data.draw(st.integers(0, len(damaged) - 1))
            damaged[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.gguf"
    path.write_bytes(damaged)
    for read in (read_gguf_header, read_gguf_facts):
        with suppress(CheckpointError):
            read(path)


def test_the_facts_end_before_the_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    broken = fact("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, HUGE))
    path.write_bytes(gguf(fact("general.name", 8, text("x")), broken))
    assert read_gguf_facts(path) == {"general.name": "x"}


def test_a_pipe_and_a_folder_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.gguf")
    (tmp_path / "b.gguf").mkdir()
    for name in ("a.gguf", "b.gguf", "c.gguf"):
        with pytest.raises(CheckpointError, match=name):
            read_gguf_header(tmp_path / name)


def test_parts_are_found_by_their_names(tmp_path: Path) -> None:
    names = [f"m-{i:05d}-of-00003.gguf" for i in (1, 2, 3)]
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for path in shards_of(tmp_path / names[1])] == names
    assert [is_later_shard(Path(name)) for name in names] == [False, True, True]
    assert plain_stem(Path(names[0])) == "m"
    assert plain_stem(Path("Qwen3-8B-Q4_K_M.gguf")) == "Qwen3-8B-Q4_K_M"
    assert shards_of(tmp_path / "other.gguf") == [tmp_path / "other.gguf"]
    (tmp_path / names[2]).unlink()
    with pytest.raises(CheckpointError, match=r"m-00003-of-00003\.gguf is missing"):
        shards_of(tmp_path / names[0])
    with pytest.raises(CheckpointError, match="cannot be one of 99999"):
        shards_of(tmp_path / "m-00001-of-99999.gguf")


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_a_list_that_is_there_may_be_too_long_for_memory(size: int, tmp_path: Path) -> None:
    """A byte of the file becomes eight in a list."""
    path = tmp_path / "a.gguf"
    items = struct.pack("<IQ", 0, size) + bytes(size)
    path.write_bytes(gguf(fact("k", 9, items)) + bytes(64))
    if size > 1 << 20:
        with pytest.raises(CheckpointError, match="1,048,577 items"):
            read_gguf_header(path)
    else:
        assert len(read_gguf_header(path).metadata["k"]) == size
