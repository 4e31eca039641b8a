"""How many command buffers Metal would get for a step, simulated on the graph of real shapes.

MLX hands over what it has collected once that is more than so many kernels, or touches more than so
many millions of numbers (MLX 0.32.4: metal/device.cpp, Device::Device and needs_commit).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import mlx.core as mx

from .graph import kernels_of

# Kernels, and millions of numbers, by the kind of the chip.
LIMITS = {"base and Pro": (40, 40), "Max and Ultra": (50, 50)}
# MLX waits while more than these are under way (transforms.cpp, MAX_ACTIVE_TASKS).
UNDER_WAY = 10

# What mx.compile fuses (compile.cpp, is_fusable), as far as it occurs here.
ELEMENTWISE = {
    "Add",
    "AsType",
    "Cos",
    "Divide",
    "Greater",
    "GreaterEqual",
    "LessEqual",
    "Multiply",
    "Negative",
    "Select",
    "Sigmoid",
    "Sin",
    "Subtract",
}

Array = tuple[str, tuple[int, ...], mx.Dtype]


class Kernel(NamedTuple):
    """`touched`: the buffers that it reads and writes, with their sizes in numbers."""

    name: str
    dispatches: int
    touched: dict[str, int]


def exported(function: Callable[..., Any], arguments: Sequence[Any]) -> list[Kernel]:
    """Return the kernels of a function of arrays, in the order of its graph."""
    nodes: list[dict[str, Any]] = []
    mx.disable_compile()
    try:
        mx.export_function(nodes.append, function, *arguments)
    finally:
        mx.enable_compile()
    return list(_kernels([node for node in nodes if node["type"] == "primitive"]))


def _kernels(nodes: Sequence[dict[str, Any]]) -> Iterator[Kernel]:
    fused, buffers = _fused(nodes), dict[str, str]()
    for node in nodes:
        inputs: list[Array] = node["inputs"]
        outputs: list[Array] = node["outputs"]
        dispatches = kernels_of(node["name"], len(inputs))
        if not dispatches:
            root = buffers.get(inputs[0][0], inputs[0][0])
            buffers.update((name, root) for name, _, _ in outputs)
        elif outputs[0][0] not in fused:
            touched = {
                buffers.get(name, name): math.prod(shape) for name, shape, _ in inputs + outputs
            }
            yield Kernel(node["name"], dispatches, touched)


def _fused(nodes: Sequence[dict[str, Any]]) -> set[str]:
    """The results inside of fused kernels: those that only elementwise operations use."""
    readers: dict[str, list[str]] = {}
    for node in reversed(nodes):
        kinds = [node["name"]]
        if node["name"] == "Broadcast":
            kinds = readers.get(node["outputs"][0][0], [])
        for name, _, _ in node["inputs"]:
            readers.setdefault(name, []).extend(kinds)
    return {
        output[0]
        for node in nodes
        for output in node["outputs"]
        if node["name"] in ELEMENTWISE and set(readers.get(output[0], [""])) <= ELEMENTWISE
    }


def command_buffers(kernels: Iterable[Kernel], most_kernels: int, most_millions: int) -> int:
    """Return how many there are, the last one included."""
    count, dispatches, touched = 1, 0, dict[str, int]()
    for kernel in kernels:
        dispatches += kernel.dispatches
        touched = kernel.touched | touched
        if dispatches > most_kernels or sum(touched.values()) >> 20 > most_millions:
            count, dispatches, touched = count + 1, 0, {}
    return count
