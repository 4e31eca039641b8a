"""Run all scenarios in turn; each prints its table, and its JSON as a line on stdout."""

from __future__ import annotations

from . import (
    decode_narrow,
    decode_wide,
    load_memory,
    prefill_wide,
    primitives,
    quantized_bf16,
    serving,
    startup,
)
from .report import peer_arguments, publish

SCENARIOS = (
    primitives,
    decode_narrow,
    decode_wide,
    prefill_wide,
    quantized_bf16,
    serving,
    startup,
    load_memory,
)


def main() -> None:
    options = peer_arguments(__doc__)
    for scenario in SCENARIOS:
        publish(scenario.run(options.repeats), save=options.save)


if __name__ == "__main__":
    main()
