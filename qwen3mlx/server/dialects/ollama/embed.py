"""Ollama's embeddings: the current endpoint, and the older one for a single text."""

from __future__ import annotations

import time
from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....engine.embedding_inputs import Cut, shorten
from ...core.caller import caller
from ...core.dependencies import ServiceDep
from ...core.rows import Embeddings
from ...core.service import Service
from ...http.json_body import Route
from ...http.json_response import LongReply
from ...http.sse import while_connected
from ...json_text import Json
from .keep_alive import seconds
from .request import plain_name
from .response import nanoseconds
from .schemas import EmbedBody, EmbeddingsBody

router = APIRouter(tags=["Ollama"], route_class=Route)


@router.post("/api/embed")
async def embed(body: EmbedBody, request: Request, service: ServiceDep) -> Response:
    return await while_connected(request, _embed(service, body))


@router.post("/api/embeddings")
async def embeddings(body: EmbeddingsBody, request: Request, service: ServiceDep) -> Response:
    whole = EmbedBody(model=body.model, input=body.prompt, keep_alive=body.keep_alive)
    work = _embed(service, whole, lambda reply: {"embedding": (reply["embeddings"] or [[]])[0]})
    return await while_connected(request, work)


async def _embed(
    service: Service, body: EmbedBody, form: Callable[[Json], Json] = lambda reply: reply
) -> Response:
    """Without input, or if it is "", the model is only loaded, like in Ollama.

    `form` makes the reply of /api/embed that of another endpoint.
    """
    started = time.perf_counter()
    name, ttl = plain_name(body.model), seconds(body.keep_alive)
    texts = [body.input] if isinstance(body.input, str) else body.input
    if ttl == 0 and (not texts or texts == [""]):  # the request only unloads the model
        caller().check("models")
    loaded = await service.load(name, ttl=ttl)
    embedded = Embeddings(loaded.info, [], 0)
    if texts and body.input != "":
        cut = None if body.truncate is False else Cut()
        embedded = await service.embed(name, texts, cut=cut, ttl=ttl)

    def reply() -> Response:
        made = {
            "model": body.model,
            "embeddings": [shorten(vector, body.dimensions) for vector in embedded.vectors],
            "total_duration": nanoseconds(time.perf_counter() - started),
            "load_duration": nanoseconds(loaded.load_time_s or 0),
            "prompt_eval_count": embedded.prompt_tokens,
        }
        return LongReply(form(made))

    return await service.threads.read(embedded.num_values, reply)
