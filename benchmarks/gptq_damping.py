"""How gptq's damping should grow as calibration rows get few: error on other rows, relative to mse.

Random heavy-tailed weights [48, 256] in 3 bits; the variances of the inputs' principal components
fall with the power `FALLS` of their rank, and `SHARES` rows per input are seen.
"""

from __future__ import annotations

import mlx.core as mx
import numpy as np
from qwen3mlx_quantize.methods import gptq, mse
from qwen3mlx_quantize.packing import PackedMatrix

from qwen3mlx.config import QuantizationSpec

OUT, WIDTH, SPEC = 48, 256, QuantizationSpec(64, 3)
FALLS, SHARES, OF_FEW = (0.5, 1.0, 2.0), (0.25, 0.5, 1, 4), (0.0, 0.1, 0.3, 1.0)


def main() -> None:
    random = np.random.default_rng(0)
    weight = mx.array((random.standard_t(4, (OUT, WIDTH)) * 0.02).astype(np.float32))
    for fall in FALLS:
        turned = np.linalg.qr(random.normal(size=(WIDTH, WIDTH)))[0]
        turned = turned * np.arange(1, WIDTH + 1) ** (-fall / 2)
        test = _inputs(random, turned, 4096)
        base = _off(mse.quantized(weight, SPEC), weight, test)
        for share in SHARES:
            seen = _inputs(random, turned, int(share * WIDTH))
            found = []
            for gptq.DAMPING_OF_FEW in OF_FEW:
                made = gptq.quantized(weight, seen.T @ seen, seen.shape[0], SPEC)
                found.append(f"{gptq.DAMPING_OF_FEW}: {_off(made, weight, test) / base:.2f}")
            print(f"fall {fall}, {share} rows per input; {'; '.join(found)}", flush=True)


def _inputs(random: np.random.Generator, turned: np.ndarray, rows: int) -> mx.array:
    return mx.array((random.normal(size=(rows, WIDTH)) @ turned.T).astype(np.float32))


def _off(made: PackedMatrix, weight: mx.array, test: mx.array) -> float:
    lost = test @ (made.unpacked(SPEC, mx.float32) - weight).T
    return float(np.array(lost * lost).mean())


if __name__ == "__main__":
    main()
