"""`/search`: models on a hub, whether they fit this computer, and their cards."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from ....errors import InvalidRequestError, UsageError
from ....hub.cards import card
from ....hub.search import Found, search
from ....hub.sources import HUGGING_FACE, Place, split
from ....library.fit import of_size
from ....library.machine import Machine, machine
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.json_body import Route
from ...json_text import Json
from ..shared.request_fields import Parameter

router = APIRouter(prefix="/search", route_class=Route)

# As many as a person looks through.
MOST = 30


@router.get("")
async def find(service: ServiceDep, words: Parameter, source: Parameter | None = None) -> Json:
    """Ask a hub, `hf` or `modelscope`; without `source`, the one that comes first here."""
    return await asyncio.to_thread(_found, service, words, source or service.settings.source)


@router.get("/card")
async def read_card(model: Annotated[Parameter, Query()]) -> Json:
    """The README of a repository, as in `modelscope:org/repo`: Markdown that a stranger wrote."""
    source, repo_id = split(model)
    return {"text": await asyncio.to_thread(card, source or HUGGING_FACE, repo_id)}


def _found(service: Service, words: str, source: str) -> Json:
    there = machine()._replace(limit_bytes=service.engine.budget.limit)
    try:
        found = search(words, source=source, limit=MOST)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="source") from None
    return {"source": source, "models": [_json(each, there) for each in found]}


def _json(found: Found, there: Machine) -> Json:
    """`fit` and `speed` are estimates, null where the hub does not tell the size."""
    about: Json = {"fit": None, "speed": None}
    if found.size_bytes is not None:
        judged = of_size(found.repo_id, found.size_bytes, there)
        fast = None if judged.speed is None else judged.speed._asdict()
        about = {"fit": judged.fit._asdict(), "speed": fast}
    return {
        "model": found.repo_id,
        "download": Place(found.source, found.repo_id).name,
        "downloads": found.downloads,
        "updated": found.updated,
        "size_bytes": found.size_bytes,
        **about,
    }
