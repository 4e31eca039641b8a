"""Anthropic's system prompt and messages -> the OpenAI-shaped messages of the engine.

Turns of one role in a row are one turn, as Anthropic has it. Thoughts and tool calls of the
assistant go where the chat template reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NoReturn

from ...errors import InvalidRequestError
from ..responses.items import unseal
from .schemas import (
    Block,
    Message,
    OtherBlock,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

Json = dict[str, Any]
Located = tuple[str, Block]  # where in the body, for errors

# Claude Code puts this line first and a new number into it each time, so that nothing behind it
# would ever be found in the prefix cache: https://github.com/anthropics/claude-code/issues/68900
_BILLING_LINE = re.compile(r"\Ax-anthropic-billing-header:[^\n]*\n*")


def chat_messages(
    system: str | Sequence[TextBlock] | None, messages: Sequence[Message]
) -> list[Json]:
    """InvalidRequestError names the block that cannot be honoured."""
    chat: list[Json] = []
    if instructions := _system_text(system):
        chat.append({"role": "system", "content": instructions})
    call_ids: list[str] = []
    for role, turn in groupby(enumerate(messages), key=lambda numbered: numbered[1].role):
        blocks = [
            block
            for index, message in turn
            for block in _located(message.content, f"messages[{index}].content")
        ]
        if role == "user":
            chat += _user_turn(blocks, call_ids)
            call_ids = []
        elif role == "assistant":
            chat.append(_assistant_turn(blocks))
            call_ids = [block.id for _, block in blocks if isinstance(block, ToolUseBlock)]
        else:
            chat.append({"role": "system", "content": _text(blocks, "a system message")})
    return chat


def _system_text(system: str | Sequence[TextBlock] | None) -> str:
    if system is None or isinstance(system, str):
        text = system or ""
    else:
        text = "\n\n".join(block.text for block in system)
    return _BILLING_LINE.sub("", text)


def _located(content: str | Sequence[Block], where: str) -> list[Located]:
    if isinstance(content, str):
        return [(where, TextBlock(type="text", text=content))]
    return [(f"{where}[{index}]", block) for index, block in enumerate(content)]


def _user_turn(blocks: Sequence[Located], call_ids: Sequence[str]) -> list[Json]:
    """Results first, one for each of `call_ids`, and in their order."""
    results: dict[str, Json] = {}
    rest: list[Located] = []
    for where, block in blocks:
        if not isinstance(block, ToolResultBlock):
            rest.append((where, block))
            continue
        _check_result(block.tool_use_id, call_ids, results, f"{where}.tool_use_id")
        results[block.tool_use_id] = _tool_message(block, where)
    if missing := [call_id for call_id in call_ids if call_id not in results]:
        where = blocks[0][0] if blocks else "messages"
        raise InvalidRequestError(
            f"{where} must begin with a tool_result for the tool_use {missing[0]!r} before it.",
            param=where,
        )
    chat = [results[call_id] for call_id in call_ids]
    if rest or not chat:
        chat.append({"role": "user", "content": _text(rest, "a user message")})
    return chat


def _check_result(
    call_id: str, call_ids: Sequence[str], results: Mapping[str, Json], field: str
) -> None:
    if call_id not in call_ids:
        problem = "it must be the id of a tool_use in the assistant's turn before it"
    elif call_id in results:
        problem = "there is a tool_result for it already"
    else:
        return
    raise InvalidRequestError(f"{field} is {call_id!r}; {problem}.", param=field)


def _tool_message(block: ToolResultBlock, where: str) -> Json:
    content = block.content if isinstance(block.content, str) else block.content or []
    text = _text(_located(content, f"{where}.content"), "a tool_result")
    if block.is_error:
        text = f"Error: {text}"
    return {"role": "tool", "tool_call_id": block.tool_use_id, "content": text}


def _assistant_turn(blocks: Sequence[Located]) -> Json:
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[Json] = []
    for where, block in blocks:
        if isinstance(block, TextBlock):
            texts.append(block.text)
        elif isinstance(block, ThinkingBlock):
            thoughts.append(block.thinking or unseal(block.signature))
        elif isinstance(block, ToolUseBlock):
            function = {"name": block.name, "arguments": block.input}
            calls.append({"id": block.id, "type": "function", "function": function})
        elif not isinstance(block, RedactedThinkingBlock):
            _refuse(where, block, "an assistant message")
    turn: Json = {"role": "assistant", "content": "".join(texts)}
    if any(thoughts):
        turn["reasoning_content"] = "\n".join(thoughts)
    if calls:
        turn["tool_calls"] = calls
    return turn


def _text(blocks: Sequence[Located], place: str) -> str:
    texts: list[str] = []
    for where, block in blocks:
        if not isinstance(block, TextBlock):
            _refuse(where, block, place)
        texts.append(block.text)
    return "\n\n".join(texts)


def _refuse(where: str, block: Block, place: str) -> NoReturn:
    if isinstance(block, OtherBlock):
        problem = f"has type {block.type!r}; Qwen3 reads text only: send its text instead."
    else:
        problem = f"has type {block.type!r}, which has no place in {place}."
    raise InvalidRequestError(f"{where} {problem}", param=where)
