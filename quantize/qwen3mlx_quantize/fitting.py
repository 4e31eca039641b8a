"""`--fit`: the bits per weight with which a model, its KV cache and the system fit in a memory."""

from __future__ import annotations

from qwen3mlx.errors import UsageError
from qwen3mlx.library.fit import Asked, fit
from qwen3mlx.library.machine import machine
from qwen3mlx.model.footprint import Footprint
from qwen3mlx.quoting import size_text

from .events import JobWarning, OnEvent
from .source import Source

# Bytes of a key or a value where the model will run.
VALUE_BYTES = 2


def target_bpw(source: Source, memory: str, context: int | None, on_event: OnEvent) -> float:
    """Return the bits per weight for a Mac with `memory`, as `16GB`, and `context` tokens.

    Raises InvalidRequestError for a memory or context that there is not, UsageError if nothing is
    left for weights.
    """
    needs = Footprint(source.config._replace(quantization=None), 0, VALUE_BYTES)
    found = fit(needs, machine(memory).limit_bytes, Asked(context))
    room = found.limit_bytes - found.kv_bytes - found.activation_bytes
    cache = f"a context of {found.context_length:,} tokens takes {size_text(found.kv_bytes)}"
    if room <= 0:
        raise UsageError(
            f"With {memory}, models get {size_text(found.limit_bytes)}, of which {cache}: nothing "
            "is left for the weights; use a smaller --context."
        )
    on_event(
        JobWarning(
            f"With {memory}, models get {size_text(found.limit_bytes)}; {cache}, activations "
            f"{size_text(found.activation_bytes)}, which leaves {size_text(room)} for the weights."
        )
    )
    return 8 * room / source.num_weights
