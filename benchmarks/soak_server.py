"""`qwen3mlx serve` in which requests with certain seeds fail after some tokens, each in its own
way.
"""

from __future__ import annotations

import sys
from itertools import islice

import mlx.core as mx

from qwen3mlx.engine.live_row import LiveRow
from qwen3mlx.engine.outputs import Token
from qwen3mlx.engine.plan import Draw
from qwen3mlx.engine.sequence import Sequence
from qwen3mlx.engine.uniforms import uniforms
from qwen3mlx.server.run import serve
from qwen3mlx.server.settings import ServerSettings

STEP_FAULT, TOKEN_FAULT = 666_001, 666_002
TOKENS_BEFORE = 3


class InjectedFault(Exception):
    """The fault that the server must survive."""


def inject_faults() -> None:
    """From now on, in this process."""
    bias, accept = LiveRow.bias, Sequence.accept
    # A row knows no seed, but its random numbers come from one.
    fatal = next(islice(uniforms(STEP_FAULT), TOKENS_BEFORE, None))

    def failing_bias(row: LiveRow, draw: Draw) -> mx.array | None:
        """In a step that other requests share."""
        if draw.uniform == fatal:
            raise InjectedFault("a fault was injected")
        return bias(row, draw)

    def failing_accept(sequence: Sequence, token: Token) -> list[int] | None:
        """Where one request takes its token."""
        if sequence.params.seed == TOKEN_FAULT and sequence.num_generated >= TOKENS_BEFORE:
            raise InjectedFault("a fault was injected")
        return accept(sequence, token)

    LiveRow.bias = failing_bias  # type: ignore[assignment, method-assign]
    Sequence.accept = failing_accept  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    inject_faults()
    # A small prefix cache fills quickly, so that a leak shows in later memory use.
    serve(ServerSettings(port=int(sys.argv[1]), model="demo", prefix_cache=0.048))
