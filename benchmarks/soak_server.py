"""`qwen3mlx serve` in which requests with certain seeds fail after some tokens, each in its own
way.
"""

from __future__ import annotations

import sys

import mlx.core as mx

from qwen3mlx.engine.sequence import Sequence, Token
from qwen3mlx.server.run import serve
from qwen3mlx.server.settings import ServerSettings

STEP_FAULT, TOKEN_FAULT = 666_001, 666_002
TOKENS_BEFORE = 3


class InjectedFault(Exception):
    """The fault that the server must survive."""


def inject_faults() -> None:
    """Inject faults into this process from now on."""
    bias, accept = Sequence.bias, Sequence.accept

    def failing_bias(sequence: Sequence, vocab_size: int) -> mx.array | None:
        """Fail in a step that other requests share."""
        _fail_if(sequence, STEP_FAULT)
        return bias(sequence, vocab_size)

    def failing_accept(sequence: Sequence, token: Token) -> list[int]:
        """Fail when one request takes its token."""
        _fail_if(sequence, TOKEN_FAULT)
        return accept(sequence, token)

    Sequence.bias = failing_bias  # type: ignore[method-assign]
    Sequence.accept = failing_accept  # type: ignore[method-assign]


def _fail_if(sequence: Sequence, seed: int) -> None:
    if sequence.params.seed == seed and sequence.num_generated >= TOKENS_BEFORE:
        raise InjectedFault("a fault was injected")


if __name__ == "__main__":
    inject_faults()
    # A small prefix cache fills quickly, so that a leak shows in later memory use.
    serve(ServerSettings(port=int(sys.argv[1]), model="demo", prefix_cache_bytes=48_000_000))
