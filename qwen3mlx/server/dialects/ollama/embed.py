"""Ollama's embeddings: the current endpoint, and the older one for a single text."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...core.caller import caller
from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ...core.service import Service
from ...http.json_body import Route
from ...http.json_response import JSONReply
from ...http.sse import while_connected
from ...json_text import Json
from .keep_alive import seconds
from .request import plain_name
from .response import nanoseconds
from .schemas import EmbedBody, EmbeddingsBody

router = APIRouter(tags=["Ollama"], route_class=Route)


@router.post("/api/embed")
async def embed(body: EmbedBody, request: Request, service: ServiceDep) -> Response:
    return JSONReply(await while_connected(request, _embed(service, body)))


@router.post("/api/embeddings")
async def embeddings(body: EmbeddingsBody, request: Request, service: ServiceDep) -> Response:
    whole = EmbedBody(model=body.model, input=body.prompt, keep_alive=body.keep_alive)
    vectors = (await while_connected(request, _embed(service, whole)))["embeddings"]
    return JSONReply({"embedding": vectors[0] if vectors else []})


async def _embed(service: Service, body: EmbedBody) -> Json:
    """Without input, or with one that is "", the model is loaded only, as Ollama does."""
    started = time.perf_counter()
    name, ttl = plain_name(body.model), seconds(body.keep_alive)
    texts = [body.input] if isinstance(body.input, str) else body.input
    if ttl == 0 and (not texts or texts == [""]):  # nothing is asked for but that the model goes
        caller().check("models")
    loaded = await service.load(name, ttl=ttl)
    vectors: list[list[float]] = []
    num_tokens = 0
    if texts and body.input != "":
        inputs = texts if body.truncate is False else await cut(service, loaded.info, texts)
        embedded = await service.embed(name, inputs, ttl=ttl)
        vectors = [shortened(vector, body.dimensions) for vector in embedded.vectors]
        num_tokens = embedded.prompt_tokens
    return {
        "model": body.model,
        "embeddings": vectors,
        "total_duration": nanoseconds(time.perf_counter() - started),
        "load_duration": nanoseconds(loaded.load_time_s or 0),
        "prompt_eval_count": num_tokens,
    }


async def cut(service: Service, model: ModelInfo, texts: Sequence[str]) -> list[str | list[int]]:
    """The texts, the end cut off those that the context does not hold.

    One token is left for the end mark of embedding models.
    """
    context = model.context_length
    fitting: list[str | list[int]] = []
    for text in texts:
        # A token is a byte at least and a character four at most: most texts need no counting.
        ids: list[int] = []
        if 4 * len(text) >= context:
            ids = await service.tokenize(model.id, text, at_most=context)
        fitting.append(text if len(ids) < context else ids[: context - 1])
    return fitting


def shortened(vector: list[float], dimensions: int | None) -> list[float]:
    """The first numbers of a unit vector as one; 0 and None leave it as it is."""
    if not dimensions:
        return vector
    if dimensions > len(vector):
        raise InvalidRequestError(
            f"dimensions is {quoted(dimensions)}; this model's vectors have {len(vector)}.",
            param="dimensions",
        )
    first = vector[:dimensions]
    norm = math.hypot(*first) or 1.0
    return [value / norm for value in first]
