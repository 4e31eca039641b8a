"""The places of the sparse layers' experts: a layer asks a store for its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..config import TensorInfo
from .linear import ExpertProjection
from .weights import arrays_of


@dataclass(frozen=True, slots=True, eq=False)
class Experts:
    """One layer's: each projection has a matrix for every expert."""

    gate_up_proj: ExpertProjection
    down_proj: ExpertProjection


class ExpertStore(Protocol):
    """The experts of a model, wherever they are."""

    @property
    def nbytes(self) -> int:
        """Memory that the store holds."""

    def experts(self, layer: int) -> Experts:
        """Those of one layer, to compute with."""


class ResidentExperts:
    """Every expert of every layer, in memory for as long as the model is."""

    def __init__(self) -> None:
        self._layers: dict[int, Experts] = {}

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in arrays_of(tuple(self._layers.values())))

    def add(self, layer: int, experts: Experts) -> None:
        """Keep the experts of one layer."""
        self._layers[layer] = experts

    def experts(self, layer: int) -> Experts:
        return self._layers[layer]

    @staticmethod
    def resident(infos: Mapping[str, TensorInfo]) -> Iterable[TensorInfo]:
        """Those of a checkpoint's tensors that stay in memory beside this store: all of them."""
        return infos.values()
