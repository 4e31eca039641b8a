"""What an import cost: the error of each type of tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from . import forms
from .names import tensor_name
from .source import GgufSource


class Loss(NamedTuple):
    """The matrices of one ggml `type`: their `share` of the weights, and what they became.

    `error` is the root of the squared error over the squared weights, in a sample of rows; 0 means
    that all numbers are the same.
    """

    type: str
    share: float
    stored: str
    error: float


def losses_of(source: GgufSource, errors: Mapping[str, float]) -> list[Loss]:
    """Return the loss of each type, the largest share first, given the errors of the modules."""
    weights: dict[str, int] = {}
    squared: dict[str, float] = {}
    for module in source.modules:
        name = source.type_of(module.path)
        weights[name] = weights.get(name, 0) + module.num_weights
        rounding = source.rounded.get(tensor_name(module.path), 0.0)
        error = errors.get(module.path, rounding)
        squared[name] = squared.get(name, 0.0) + error * module.num_weights
    total = sum(weights.values())
    found = [
        Loss(name, count / total, _stored(source, name), math.sqrt(squared[name] / count))
        for name, count in weights.items()
    ]
    return sorted(found, key=lambda loss: -loss.share)


def total_error(losses: list[Loss]) -> float:
    """Return the error of all matrices together."""
    return math.sqrt(sum(loss.share * loss.error**2 for loss in losses))


def error_text(error: float) -> str:
    return f"{error:.2%}" if error >= 1e-4 else f"{error:.1e}" if error else "none"


def _stored(source: GgufSource, name: str) -> str:
    form = forms.form_of(name)
    if form is not None:
        return f"{form.bits} bit, groups of {forms.GROUP_SIZE}"
    modules = [module for module in source.modules if source.type_of(module.path) == name]
    return str(source.stored_dtype(modules[0])).rpartition(".")[2]
