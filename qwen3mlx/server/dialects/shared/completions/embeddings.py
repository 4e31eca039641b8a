"""`/v1/embeddings`: unit vectors from the last hidden state."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from .....errors import InvalidRequestError
from .....quoting import quoted
from ....core.dependencies import ServiceDep
from ....http.json_response import LongReply
from ....http.sse import while_connected
from .schemas import EmbeddingBody


async def embeddings(body: EmbeddingBody, request: Request, service: ServiceDep) -> Response:
    work = service.embed(body.model, body.input, ttl=body.ttl)
    made = await while_connected(request, work)

    def reply() -> Response:
        vectors = [shorten(vector, body.dimensions) for vector in made.vectors]
        encode = to_base64 if body.encoding_format == "base64" else list
        usage = {"prompt_tokens": made.prompt_tokens, "total_tokens": made.prompt_tokens}
        data = [
            {"object": "embedding", "index": index, "embedding": encode(vector)}
            for index, vector in enumerate(vectors)
        ]
        return LongReply({"object": "list", "data": data, "model": made.model.id, "usage": usage})

    return await service.threads.read(made.num_values, reply)


def shorten(vector: Sequence[float], dimensions: int | None) -> Sequence[float]:
    """The first `dimensions` numbers as a unit vector (Matryoshka, arXiv:2205.13147).

    None and 0 mean all of them. Raises InvalidRequestError if the vector has fewer.
    """
    if not dimensions or dimensions == len(vector):
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
    """Little-endian float32, which OpenAI's clients request by default."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
