"""`/v1/embeddings`: unit vectors from the last hidden state."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from .....errors import InvalidRequestError
from .....quoting import quoted
from ....core.dependencies import ServiceDep
from ....http.sse import while_connected
from .schemas import EmbeddingBody


async def embeddings(body: EmbeddingBody, request: Request, service: ServiceDep) -> dict[str, Any]:
    work = service.embed(body.model, body.input, ttl=body.ttl)
    made = await while_connected(request, work)
    vectors = [shorten(vector, body.dimensions) for vector in made.vectors]
    encode = to_base64 if body.encoding_format == "base64" else list
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": encode(vector)}
            for index, vector in enumerate(vectors)
        ],
        "model": made.model.id,
        "usage": {"prompt_tokens": made.prompt_tokens, "total_tokens": made.prompt_tokens},
    }


def shorten(vector: Sequence[float], dimensions: int | None) -> Sequence[float]:
    """The first `dimensions` of it, made a unit vector again (Matryoshka, arXiv:2205.13147).

    InvalidRequestError if it has fewer.
    """
    if dimensions is None or dimensions == len(vector):
        return vector
    if dimensions > len(vector):
        raise InvalidRequestError(
            f"dimensions is {quoted(dimensions)}; this model's embeddings have {len(vector)}.",
            param="dimensions",
        )
    kept = vector[:dimensions]
    length = math.hypot(*kept)
    return [value / length for value in kept] if length else kept


def to_base64(vector: Sequence[float]) -> str:
    """Little-endian float32, as OpenAI's clients ask for by default."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
