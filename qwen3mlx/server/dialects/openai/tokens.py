"""`/tokenize`, `/detokenize` and `/tokenizer_info` of vLLM; llama.cpp has the first two."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from ....errors import InvalidRequestError
from ....request import GenerationRequest
from ....text import Tokenizer
from ...core.dependencies import ServiceDep
from ...core.template_traits import template_traits
from ...http.json_body import Route
from ...http.json_response import LongReply
from ..shared.completions.history import former_names
from ..shared.completions.request import conversation, goes_on
from ..shared.completions.schemas import DetokenizeBody, TokenizeBody
from ..shared.request_fields import Parameter
from ..shared.tools import client_tools, functions, tool_fields

router = APIRouter(tags=["Tokens"], route_class=Route)


@router.post("/tokenize")
async def tokenize(body: TokenizeBody, service: ServiceDep) -> Response:
    request = tokenize_request(body)
    ids = await service.prompt_ids(body.model, request)
    info = (await service.load(body.model)).info
    tokenizer = await service.tokenizer(body.model)

    def reply() -> Response:
        return LongReply(
            {
                "count": len(ids),
                "max_model_len": info.context_length,
                "tokens": _with_pieces(tokenizer, ids) if body.with_pieces else ids,
                # llama.cpp's name: a prompt may contain control tokens, text in messages is data.
                "parse_special": request.messages is None,
            }
        )

    return await service.threads.read(len(ids), reply)


@router.post("/detokenize")
async def detokenize(body: DetokenizeBody, service: ServiceDep) -> Response:
    """`content` is llama.cpp's name for vLLM's `prompt`."""
    text = await service.detokenize(body.model, body.tokens)
    return await service.threads.read(len(text), LongReply, {"prompt": text, "content": text})


@router.get("/tokenizer_info")
async def tokenizer_info(service: ServiceDep, model: Parameter | None = None) -> dict[str, Any]:
    """Return all a client needs to render prompts and count tokens itself, as in vLLM.

    Describes `model`, or the default model, without loading it.
    """
    info = await service.default_model(model)
    tokenizer = await service.tokenizer(info.id)
    template = await asyncio.to_thread(template_traits, info.path)
    no_tokens = dict.fromkeys(("bos_token", "eos_token", "pad_token", "unk_token"))
    return {
        "tokenizer_class": tokenizer.class_name,
        **no_tokens,
        **tokenizer.named_tokens(),
        "model_max_length": info.context_length,
        "vocab_size": tokenizer.vocab_size,
        "chat_template": template.text,
    }


def _with_pieces(tokenizer: Tokenizer, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Each token with its text, or with its bytes if they are only part of a character."""

    def piece(token_id: int) -> str | list[int]:
        data = tokenizer.token_bytes(token_id)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return list(data)

    return [{"id": token_id, "piece": piece(token_id)} for token_id in ids]


def tokenize_request(body: TokenizeBody) -> GenerationRequest:
    """The request for whose prompt the client asks. Raises InvalidRequestError."""
    if body.parse_special is False:
        raise InvalidRequestError(
            "parse_special must be true: special tokens in the text are always parsed.",
            param="parse_special",
        )
    if body.prompt is not None and body.content is not None:
        raise InvalidRequestError("content cannot be combined with prompt.", param="content")
    prompt = body.prompt if body.content is None else body.content
    if body.messages is None:
        return GenerationRequest(prompt=prompt)
    tools = client_tools(body.tools)
    return GenerationRequest(
        messages=conversation(body.messages),
        prompt=prompt,
        tools=functions(tools),
        field_names={**tool_fields(tools), **former_names(body.messages)},
        chat_template_kwargs=body.chat_template_kwargs or {},
        continue_final_message=goes_on(body),
    )
