"""`/v1/rerank` of Cohere and Jina, `/v1/score` of vLLM: how relevant documents are to a query."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, ClassVar

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from ....engine.embedding_inputs import Cut
from ....errors import InvalidRequestError
from ... import bounds
from ...core.dependencies import ServiceDep
from ...core.rows import Ranking
from ...http.json_body import Route
from ...http.sse import while_connected
from ...json_text import Json
from ..shared.completions.embeddings import cut_from
from ..shared.completions.schemas import KeptTokens, TimeToLive
from ..shared.request_fields import Body, Flag, ModelName, Object, Text, UpTo, Whole

router = APIRouter(tags=["Rerank"], route_class=Route)

_Texts = Annotated[list[Text], UpTo(bounds.MAX_PROMPTS)]


class RerankBody(Body):
    """Cohere's and Jina's body."""

    sections: ClassVar[tuple[str, ...]] = ("rerank",)

    model: ModelName
    query: Text
    documents: Annotated[list[Text | Object], UpTo(bounds.MAX_PROMPTS)]
    top_n: Annotated[Whole, Field(ge=1)] | None = None
    return_documents: Flag | None = None
    instruction: Text | None = None
    max_tokens_per_doc: Annotated[Whole, Field(ge=1)] | None = None
    truncate_prompt_tokens: KeptTokens | None = None
    ttl: TimeToLive | None = None


class ScoreBody(Body):
    """vLLM's body: one query and its documents, or as many on both sides."""

    sections: ClassVar[tuple[str, ...]] = ("score",)

    model: ModelName
    text_1: Text | _Texts
    text_2: Text | _Texts
    instruction: Text | None = None
    truncate_prompt_tokens: KeptTokens | None = None
    ttl: TimeToLive | None = None


@router.post("/v1/rerank")
@router.post("/v2/rerank", include_in_schema=False)
async def rerank(body: RerankBody, request: Request, service: ServiceDep) -> Json:
    documents = [_text(document, i) for i, document in enumerate(body.documents)]
    if not documents:
        raise InvalidRequestError("documents must not be empty.", param="documents")
    work = service.rerank(
        body.model,
        [(body.query, document) for document in documents],
        instruction=body.instruction,
        cut=_cut(body),
        ttl=body.ttl,
    )
    ranking = await while_connected(request, work)
    order = sorted(range(len(documents)), key=lambda i: -ranking.scores[i])[: body.top_n]
    results: list[Json] = [{"index": i, "relevance_score": ranking.scores[i]} for i in order]
    if body.return_documents:
        for result in results:
            result["document"] = {"text": documents[result["index"]]}
    return {
        "id": f"rerank-{uuid.uuid4().hex}",
        "model": ranking.model.id,
        "results": results,
        "usage": _usage(ranking),
    }


@router.post("/v1/score")
async def score(body: ScoreBody, request: Request, service: ServiceDep) -> Json:
    work = service.rerank(
        body.model,
        _pairs(body),
        instruction=body.instruction,
        cut=cut_from(body.truncate_prompt_tokens),
        ttl=body.ttl,
        param="text_2",
    )
    ranking = await while_connected(request, work)
    data = [
        {"index": index, "object": "score", "score": value}
        for index, value in enumerate(ranking.scores)
    ]
    return {
        "id": f"score-{uuid.uuid4().hex}",
        "object": "list",
        "created": int(time.time()),
        "model": ranking.model.id,
        "data": data,
        "usage": _usage(ranking),
    }


def _text(document: str | Json, index: int) -> str:
    """A document, or the `text` of an object."""
    text = document if isinstance(document, str) else document.get("text")
    if not isinstance(text, str):
        where = f"documents[{index}]"
        raise InvalidRequestError(
            f"{where} must be a string or an object with a text.", param=where
        )
    return text


def _cut(body: RerankBody) -> Cut | None:
    if body.max_tokens_per_doc is None:
        return cut_from(body.truncate_prompt_tokens)
    if body.truncate_prompt_tokens is not None:
        raise InvalidRequestError(
            "max_tokens_per_doc cannot be combined with truncate_prompt_tokens.",
            param="max_tokens_per_doc",
        )
    return Cut(body.max_tokens_per_doc, of_document=True)


def _pairs(body: ScoreBody) -> list[tuple[str, str]]:
    one, two = (
        [texts] if isinstance(texts, str) else texts for texts in (body.text_1, body.text_2)
    )
    if len(one) == 1:
        one = one * len(two)
    if not two or len(one) != len(two):
        raise InvalidRequestError(
            f"text_1 and text_2 have {len(one)} and {len(two)} texts: send one query, or as many "
            "as documents.",
            param="text_2",
        )
    return list(zip(one, two, strict=True))


def _usage(ranking: Ranking) -> Json:
    return {"prompt_tokens": ranking.prompt_tokens, "total_tokens": ranking.prompt_tokens}
