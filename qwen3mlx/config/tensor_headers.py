"""The tensors in a checkpoint's safetensors files, read from the headers.

Only safetensors is supported, because a pickle can run code. The small header accounts for every
byte of its file, so a truncated or broken file is recognized before gigabytes are loaded.
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import fnmatch
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import CheckpointError
from ..quoting import quoted, shortened
from .json_file import LARGEST_JSON, parse_json
from .model_files import open_model_file
from .tensor_names import is_of_adapter, mlx_names
from .weight_index import INDEX_NAME, missing_shard, read_weight_map

SINGLE_NAME = "model.safetensors"
_SHARDS = "model*.safetensors"

# safetensors dtype names -> bytes per element, for the types in a Qwen3 checkpoint: floats, MLX's
# packed integers and scales; those of AWQ and GPTQ, and FP8.
_ELEMENT_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "U32": 4, "U8": 1, "I32": 4, "F8_E4M3": 1}
# Of those, the types of numbers that mean themselves.
FLOATS = ("F32", "F16", "BF16")
# MLX stores a dimension in 32 bits; no Qwen3 tensor has more than three.
_LARGEST_DIMENSION = 2**31 - 1
_MOST_DIMENSIONS = 8
# Per file; the largest released checkpoint has 36,000 in 118 files.
_MOST_TENSORS = 50_000


class TensorInfo(NamedTuple):
    """A tensor's place: `stored` is its name in the file, `start` its first byte there."""

    stored: str
    shard: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    nbytes: int


def read_infos(folder: Path) -> dict[str, TensorInfo]:
    """Read the shards' headers: tensor infos by MLX's names. Raises CheckpointError.

    Of a tensor that several files hold, the one counts that the index names; a tensor that it does
    not name is no part of the model.
    """
    infos: dict[str, TensorInfo] = {}
    shards, indexed = _shards(folder)
    for shard in shards:
        for name, info in read_header(shard).items():
            if indexed and name not in indexed:
                continue
            infos[name] = _indexed(infos[name], info, indexed) if name in infos else info
    for name, shard_name in indexed.items():
        if name not in infos:
            raise CheckpointError(
                f"{folder / shard_name} does not hold {quoted(name)}, "
                f"but {INDEX_NAME} says it does; download the model again."
            )
    for name, info in infos.items():
        if is_of_adapter(name):
            raise CheckpointError(
                f"{info.shard} holds {quoted(name)}, a part of an adapter that was not merged into "
                "the model: merge it with PEFT's merge_and_unload(), and save the model "
                "again."
            )
    names = mlx_names(infos)
    if len(names) < len(infos):
        twice = next(name for name in infos if name not in names.values())
        raise CheckpointError(f"{folder} holds {quoted(twice)} under two names; remove one file.")
    return {name: infos[stored] for name, stored in names.items()}


def _indexed(one: TensorInfo, other: TensorInfo, indexed: dict[str, str]) -> TensorInfo:
    place = indexed.get(one.stored)
    for info in (one, other):
        if info.shard.name == place:
            return info
    raise CheckpointError(
        f"{one.shard} and {other.shard.name} both hold {quoted(one.stored)}, and no {INDEX_NAME} "
        "says which to read; remove the file that does not belong."
    )


def _shards(folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Return the shard files and the index's tensor -> file name (empty if there is no index)."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder; use one that holds config.json.")
    if not (folder / INDEX_NAME).exists():
        shards = sorted(folder / name for name in fnmatch.filter(os.listdir(folder), _SHARDS))
        if not shards:
            raise CheckpointError(_nothing_to_load(folder))
        if len(shards) > 1 and folder / SINGLE_NAME in shards:
            raise CheckpointError(
                f"{folder} holds {SINGLE_NAME} and other shards, but no {INDEX_NAME} that says "
                "which to read; remove the files that do not belong."
            )
        return shards, {}
    weight_map = read_weight_map(folder)
    names = sorted(set(weight_map.values()))
    for name in names:
        if not (folder / name).is_file():
            raise CheckpointError(missing_shard(folder, name))
    return [folder / name for name in names], weight_map


def _nothing_to_load(folder: Path) -> str:
    pickles = [*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pth")]
    if pickles:
        return (
            f"{pickles[0]} is a pickle, which can run code, so it is not loaded; "
            "get the model's safetensors version."
        )
    return f"{folder} holds no {SINGLE_NAME}; download the model again."


def read_header(shard: Path) -> dict[str, TensorInfo]:
    """Read one file's header: tensor infos by their names in it. Raises CheckpointError."""
    try:
        with open_model_file(shard) as file:
            size = os.fstat(file.fileno()).st_size
            (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
            if not 2 <= length <= size - 8:
                raise CheckpointError(broken_shard(shard, "its header is cut off"))
            if length > LARGEST_JSON:
                raise CheckpointError(broken_shard(shard, f"its header has {length / 1e6:,.0f} MB"))
            header = parse_json(file.read(length).decode("utf-8"))
    except OSError as error:
        raise CheckpointError(f"{shard} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise CheckpointError(broken_shard(shard, "its header is not JSON")) from None
    if not isinstance(header, dict):
        raise CheckpointError(broken_shard(shard, "its header is not a JSON object"))
    if len(header) > _MOST_TENSORS:
        raise CheckpointError(broken_shard(shard, f"it lists {len(header):,} tensors"))
    metadata = header.pop("__metadata__", None)
    if metadata is None:  # as MLX writes it if there is no metadata
        metadata = {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise CheckpointError(broken_shard(shard, "its metadata values are not all strings"))
    first = 8 + length
    infos = {name: _tensor_info(shard, name, entry, first, size) for name, entry in header.items()}
    previous_end = first
    for name, info in sorted(infos.items(), key=lambda item: item[1].start):
        if info.start < previous_end:
            raise CheckpointError(broken_shard(shard, f"{quoted(name)} overlaps another tensor"))
        previous_end = info.start + info.nbytes
    return infos


def _tensor_info(shard: Path, name: str, entry: Any, first: int, size: int) -> TensorInfo:
    """`first` is the byte where the data begin in a file of `size` bytes."""
    try:
        dtype, shape = str(entry["dtype"]), tuple(map(_dimension, entry["shape"]))
        start, end = map(_size, entry["data_offsets"])
    except (TypeError, KeyError, ValueError):
        raise CheckpointError(
            broken_shard(shard, f"its entry for {quoted(name)} is malformed")
        ) from None
    if len(shape) > _MOST_DIMENSIONS:
        raise CheckpointError(broken_shard(shard, f"{quoted(name)} has {len(shape)} dimensions"))
    if dtype not in _ELEMENT_BYTES:
        raise CheckpointError(
            f"{shard}: {quoted(name)} is stored as {shortened(dtype)}; only "
            f"{', '.join(_ELEMENT_BYTES)} are supported: get the model's bfloat16 or MLX version."
        )
    if not start <= end <= size - first:
        raise CheckpointError(broken_shard(shard, f"{quoted(name)} lies beyond its end"))
    expected = _ELEMENT_BYTES[dtype]
    for dimension in shape:
        expected *= dimension
    if end - start != expected:
        raise CheckpointError(
            broken_shard(shard, f"{quoted(name)} has {end - start} bytes, not {expected}")
        )
    return TensorInfo(name, shard, dtype, shape, first + start, end - start)


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(value)
    return value


def _dimension(value: Any) -> int:
    if _size(value) > _LARGEST_DIMENSION:
        raise ValueError(value)
    return int(value)


def broken_shard(shard: Path, fault: str) -> str:
    """Return the error sentence for a file with this fault."""
    return f"{shard} is truncated or broken ({fault}); download it again."
