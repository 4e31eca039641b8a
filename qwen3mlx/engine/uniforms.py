"""A request's random numbers: one for each position of its answer, from its seed."""

from __future__ import annotations

import random
from collections.abc import Iterator


def uniforms(seed: int | None) -> Iterator[float]:
    """Yield numbers in [0, 1) without end, the same for the same seed; None draws a seed."""
    if seed is None:
        seed = random.SystemRandom().getrandbits(64)
    # `random.Random` ignores the sign of a seed; seeds have 64 bits.
    generator = random.Random(2**64 - seed if seed < 0 else seed)
    while True:
        yield generator.random()
