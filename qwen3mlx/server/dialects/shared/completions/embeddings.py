"""`/v1/embeddings`: unit vectors from the last hidden state."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from .....engine.embedding_inputs import Cut, shorten
from ....core.dependencies import ServiceDep
from ....http.json_response import LongReply
from ....http.sse import while_connected
from .schemas import EmbeddingBody


async def embeddings(body: EmbeddingBody, request: Request, service: ServiceDep) -> Response:
    work = service.embed(
        body.model,
        body.input,
        instruction=body.instruction,
        cut=cut_from(body.truncate_prompt_tokens),
        ttl=body.ttl,
    )
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


def cut_from(truncate_prompt_tokens: int | None) -> Cut | None:
    """vLLM's limit: -1 is what the context holds."""
    if truncate_prompt_tokens is None:
        return None
    return Cut() if truncate_prompt_tokens < 0 else Cut(truncate_prompt_tokens)


def to_base64(vector: Sequence[float]) -> str:
    """Little-endian float32, which OpenAI's clients request by default."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
