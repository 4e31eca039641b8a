"""`/tokenize` and `/detokenize`, as vLLM has them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from ...errors import InvalidRequestError
from ...request import GenerationRequest
from ..dependencies import get_service
from ..service import Service
from ..tools import tools_from
from .catalog import context_length
from .schemas import DetokenizeBody, TokenizeBody

router = APIRouter(tags=["Tokens"])


@router.post("/tokenize")
async def tokenize(
    body: TokenizeBody, service: Annotated[Service, Depends(get_service)]
) -> dict[str, Any]:
    request = tokenize_request(body)
    ids = await service.prompt_ids(body.model, request)
    info = (await service.load(body.model)).info
    return {
        "count": len(ids),
        "max_model_len": context_length(info),
        "tokens": ids,
        # By llama.cpp's name: a prompt may hold control tokens, the text of messages is data.
        "parse_special": request.messages is None,
    }


@router.post("/detokenize")
async def detokenize(
    body: DetokenizeBody, service: Annotated[Service, Depends(get_service)]
) -> dict[str, Any]:
    return {"prompt": await service.detokenize(body.model, body.tokens)}


def tokenize_request(body: TokenizeBody) -> GenerationRequest:
    """The request whose prompt is asked for; InvalidRequestError names what cannot be honoured."""
    if body.add_generation_prompt is False and not body.continue_final_message:
        raise InvalidRequestError(
            "add_generation_prompt must be true: a request's prompt always ends where the answer "
            "begins.",
            param="add_generation_prompt",
        )
    if body.messages is None:
        return GenerationRequest(prompt=body.prompt)
    return GenerationRequest(
        messages=body.messages,
        prompt=body.prompt,
        tools=tools_from(body.tools),
        chat_template_kwargs=body.chat_template_kwargs or {},
        continue_final_message=bool(body.continue_final_message),
    )
