"""What an adapter adds to each matrix of a model, read from its tensors and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import mlx.core as mx

from ..config import ModelConfig, expert_path
from ..config.adapter import AdapterConfig, Part
from ..errors import CheckpointError
from ..quoting import quoted
from .checkpoint import are_finite, check_finite, load_arrays

_LORA: tuple[Part, ...] = ("a", "b")
_DORA: tuple[Part, ...] = ("a", "b", "magnitude")


class Delta(NamedTuple):
    """What is added to the matrix [out, in] of a module, in float32: up.T @ down.T.

    `down` [in, rank], and `up` [rank, out] with the scale in it; both have experts first where the
    module is a stack of them. A DoRA's `magnitude` [out] is the length of each row of the sum.
    """

    down: mx.array
    up: mx.array
    magnitude: mx.array | None = None

    @classmethod
    def nothing(cls, shape: Sequence[int]) -> Delta:
        """Return a delta of rank 0 for a matrix [out, in] or a stack of them."""
        *stack, out, width = shape
        return cls(mx.zeros((*stack, width, 0)), mx.zeros((*stack, 0, out)))

    def added_to(self, matrix: mx.array) -> mx.array:
        """Return the sum with a matrix [out, in], or a stack of them, in float32; without a DoRA's
        gain.
        """
        return matrix + self.up.swapaxes(-1, -2) @ self.down.swapaxes(-1, -2)

    def gain(self, total: mx.array) -> mx.array:
        """Return what a DoRA multiplies the rows of the sum `total` [out, in] with: [out]."""
        if self.magnitude is None:
            return mx.ones(total.shape[0])
        return self.magnitude / mx.linalg.norm(total, axis=1)


Deltas = Mapping[str, Delta]


def adapter_bytes(folder: Path, dtype: mx.Dtype) -> int:
    """Return the memory that the adapter in `folder` takes. Raises CheckpointError."""
    infos = AdapterConfig.from_folder(folder).read_infos()
    return sum(math.prod(info.shape) for info in infos.values()) * dtype.size


def read_deltas(folder: Path, config: ModelConfig) -> Deltas:
    """Read the adapter in `folder`: what it adds to each module of a model of `config`.

    Raises CheckpointError if it is broken, not supported, or for a model of another shape.
    """
    return _Reader(AdapterConfig.from_folder(folder), config).deltas()


class _Reader:
    """Modules are called as the file names them, and paths are ours."""

    def __init__(self, adapter: AdapterConfig, config: ModelConfig) -> None:
        self._adapter = adapter
        self._infos = adapter.read_infos()
        self._parts = _DORA if adapter.is_dora else _LORA
        self._shapes = {module.path: module.shape for module in config.modules()}
        del self._shapes["model.embed_tokens"]
        stored = load_arrays(adapter.weights)
        self._arrays = {key: stored[info.stored] for key, info in self._infos.items()}

    def deltas(self) -> Deltas:
        modules = dict.fromkeys(module for module, _ in self._infos)
        named = {_own_path(module): module for module in modules}
        found: dict[str, Delta] = {}
        for path, shape in self._shapes.items():
            if path in named:
                found[path] = self._delta(named.pop(path), shape)
            elif len(shape) == 3 and (delta := self._of_experts(path, shape, named)) is not None:
                found[path] = delta
        for module in named.values():
            raise self._misfit(module, "which is no matrix of this model that can be adapted")
        arrays = {self._infos[key].stored: array for key, array in self._arrays.items()}
        finite = are_finite(arrays)
        mx.eval(finite)
        check_finite(finite, self._adapter.weights)
        return found

    def _of_experts(self, path: str, shape: tuple[int, ...], named: dict[str, str]) -> Delta | None:
        """Stack the adapters of single experts; one without any, and missing ranks, are zeros."""
        paths = [expert_path(path, expert) for expert in range(shape[0])]
        if not any(path in named for path in paths):
            return None
        if self._adapter.is_dora:
            raise self._misfit(path, "but DoRA is not supported for experts")
        deltas = [
            self._delta(named.pop(path), shape[1:]) if path in named else Delta.nothing(shape[1:])
            for path in paths
        ]
        rank = max(delta.up.shape[0] for delta in deltas)
        missing = [(0, rank - delta.up.shape[0]) for delta in deltas]
        pairs = list(zip(deltas, missing, strict=True))
        return Delta(
            mx.stack([mx.pad(delta.down, [(0, 0), zeros]) for delta, zeros in pairs]),
            mx.stack([mx.pad(delta.up, [zeros, (0, 0)]) for delta, zeros in pairs]),
        )

    def _delta(self, module: str, shape: tuple[int, ...]) -> Delta:
        """Return the delta of a matrix [out, in], or of a stack [experts, out, in]."""
        adapter = self._adapter
        if len(shape) == 3 and adapter.is_dora:
            raise self._misfit(module, "but DoRA is not supported for experts")
        by_rows = adapter.form == "peft" or len(shape) == 3
        self._check(module, shape, by_rows=by_rows)
        a, b, *rest = (self._arrays[module, part].astype(mx.float32) for part in self._parts)
        if by_rows:
            a, b = a.swapaxes(-1, -2), b.swapaxes(-1, -2)
        return Delta(a, b * adapter.scale_of(module), *rest)

    def _check(self, module: str, shape: tuple[int, ...], *, by_rows: bool) -> None:
        """Raise CheckpointError unless the module's tensors are there and fit its matrix."""
        adapter = self._adapter
        infos = {part: self._infos[module, part] for part in _DORA if (module, part) in self._infos}
        if tuple(infos) != self._parts:
            raise CheckpointError(
                f"{adapter.weights} holds {len(infos)} tensors for {quoted(module)}, "
                f"adapter_config.json asks for {len(self._parts)}; copy the adapter again."
            )
        *stack, out, width = shape
        first = infos["a"].shape
        rank = 0 if len(first) < 2 else first[-2] if by_rows else first[-1]
        expected = {"a": (*stack, rank, width), "b": (*stack, out, rank), "magnitude": (out,)}
        if not by_rows:
            expected |= {"a": (width, rank), "b": (rank, out)}
        for part, info in infos.items():
            if info.shape != expected[part]:
                raise self._misfit(module, f"with {list(info.shape)} for a matrix {[out, width]}")
        if adapter.form == "peft" and rank != adapter.rank_of(module):
            raise CheckpointError(
                f"{adapter.weights} has rank {rank} for {quoted(module)}, adapter_config.json says "
                f"{adapter.rank_of(module)}; copy the adapter again."
            )

    def _misfit(self, module: str, why: str) -> CheckpointError:
        base = self._adapter.base
        return CheckpointError(
            f"{self._adapter.weights} adapts {quoted(module)}, {why}; the adapter was made for "
            f"{quoted(base) if base else 'another model'}."
        )


def _own_path(module: str) -> str:
    """Return our path of a module; a bare model's names begin with `layers`."""
    return f"model.{module}" if module.startswith("layers.") else module
