"""One model in several processes: each holds a part, and MLX's collectives put them together.

`tensor`: every rank computes a part of each matrix, and the results are added up twice a layer.
`pipeline`: every rank computes some of the layers, and hands its hidden states to the next.

The parts of a matrix are those of `mlx.nn.layers.distributed`, whose layers would first need the
whole matrix in memory.
"""

from .loading import layer_bytes, load_part, part_bytes
from .share import Share, check_divides, pipeline_shares, tensor_shares

__all__ = [
    "Share",
    "check_divides",
    "layer_bytes",
    "load_part",
    "part_bytes",
    "pipeline_shares",
    "tensor_shares",
]
