"""`/tokens`: count the tokens of texts and of a chat before they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from ....config import ModelConfig
from ....engine import render_chat
from ....request import GenerationRequest, num_characters
from ....text import Tokenizer
from ...bounds import MAX_COUNTED
from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ...core.server_tools import Source
from ...core.service import Service, check_counted
from ...http.json_body import Route
from ...json_text import Json
from ..shared.tools import tools_from
from .schemas import TokensBody

router = APIRouter(prefix="/tokens", route_class=Route)


@router.post("")
async def count(body: TokensBody, service: ServiceDep) -> Json:
    """The tokens of each text, and of a chat as a prompt; no weights are loaded.

    Those of a chat that is too long to be counted are the least that it can have, where these
    exceed the context already.
    """
    length = num_characters([body.texts, body.messages])
    info = await service.default_model(body.model)
    tokenizer = await service.tokenizer(info.id)
    context_length = await asyncio.to_thread(_context_length, service, info)
    told = {"model": info.id, "context_length": context_length}
    if length > MAX_COUNTED and not body.texts:
        least = _least(tokenizer, body)
        if least > context_length:
            return {**told, "texts": [], "chat": least, "at_least": True}
    check_counted(length)
    tools = await asyncio.to_thread(_functions, service, body)
    texts, chat = await service.threads.read(length, _count, tokenizer, body, tools)
    return {**told, "texts": texts, "chat": chat, "at_least": False}


def _least(tokenizer: Tokenizer, body: TokensBody) -> int:
    contents = [message.get("content") for message in body.messages or ()]
    return tokenizer.least_tokens("".join(text for text in contents if isinstance(text, str)))


def _functions(service: Service, body: TokensBody) -> Sequence[Mapping[str, Any]]:
    """The tools of the body and of its servers, as far as those have told them."""
    if not body.servers:
        return tools_from(body.tools)
    from ....tools.toolbox import Toolbox

    service.tools.check([Source(name, "servers") for name in body.servers])
    return [*tools_from(body.tools), *Toolbox(service.tools.host.known(body.servers)).functions]


def _count(
    tokenizer: Tokenizer, body: TokensBody, tools: Sequence[Mapping[str, Any]]
) -> tuple[list[int], int | None]:
    texts = [len(tokenizer.encode(text)) for text in body.texts]
    if body.messages is None:
        return texts, None
    request = GenerationRequest(
        messages=body.messages,
        tools=tools,
        enable_thinking=body.enable_thinking,
    )
    return texts, len(tokenizer.encode_chat(render_chat(tokenizer, request)))


def _context_length(service: Service, info: ModelInfo) -> int:
    """The context of the model in memory, or else as it would be loaded."""
    if info.loaded is not None:
        return info.loaded.context_length
    options = service.model_settings.load(info.options_id)
    return ModelConfig.from_folder(info.path).with_options(options).max_position_embeddings
