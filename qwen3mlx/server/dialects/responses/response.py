"""The response object, except for its output."""

from __future__ import annotations

import time

from ....config import SamplingParams
from ....events import Usage
from ...json_text import Json
from .items import new_id
from .mcp import without_secrets
from .schemas import ResponseBody


def response_head(body: ResponseBody, model: str, params: SamplingParams) -> Json:
    """A response before its first token; `params` includes defaults.

    It has all fields that the specification requires.
    """
    return {
        "id": new_id("resp"),
        "object": "response",
        "created_at": int(time.time()),
        "completed_at": None,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "usage": None,
        "previous_response_id": body.previous_response_id,
        **({"conversation": {"id": body.conversation_id}} if body.conversation_id else {}),
        "instructions": body.instructions,
        "tools": [_tool(tool) for tool in body.tools or ()],
        "tool_choice": body.tool_choice or "auto",
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "max_tool_calls": body.max_tool_calls,
        "text": {"format": _text_format(body)},
        "reasoning": _reasoning(body),
        "truncation": body.truncation or "disabled",
        "temperature": params.temperature,
        "top_p": params.top_p,
        "presence_penalty": params.presence_penalty,
        "frequency_penalty": params.frequency_penalty,
        "top_logprobs": params.top_logprobs,
        "max_output_tokens": params.max_tokens,
        "store": body.store is not False,
        "background": False,
        "service_tier": "default",
        "metadata": body.metadata or {},
        "user": body.user,
        "safety_identifier": body.safety_identifier,
        "prompt_cache_key": body.prompt_cache_key,
    }


def usage_json(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _tool(tool: Json) -> Json:
    """The tool as it was declared; a function in the flat form, with all fields."""
    if tool.get("type") == "mcp":
        return without_secrets(tool)
    if tool.get("type", "function") != "function":
        return tool
    function = tool.get("function", tool)
    optional = {"description": None, "parameters": None, "strict": None}
    return {**optional, **function, "type": "function"}


def _text_format(body: ResponseBody) -> Json:
    given = body.text.format if body.text else None
    if given is None or given.get("type") != "json_schema":
        return given or {"type": "text"}
    # Chat completions nest what Responses puts next to `type`; both are accepted.
    fields = {**given, **given.get("json_schema", {})}
    return {
        "type": "json_schema",
        "name": fields.get("name", "response"),
        "description": fields.get("description"),
        "schema": fields["schema"],
        "strict": fields.get("strict") is not False,
    }


def _reasoning(body: ResponseBody) -> Json:
    given = body.reasoning
    effort = given.effort if given and given.effort else body.reasoning_effort
    return {"effort": effort, "summary": given.wanted_summary if given else None}
