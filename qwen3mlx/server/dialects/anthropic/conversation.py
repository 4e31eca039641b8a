"""Converts Anthropic's system prompt and messages to OpenAI's format for the engine.

Consecutive messages of one role are merged, as in Anthropic's API. The assistant's reasoning and
tool calls move to where the chat template expects them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NoReturn

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....text import check_new_message, is_media, left_out
from ...json_text import Json
from ..shared.located import LocatedMessages
from ..shared.sealed import unseal
from .blocks import block_text, content_text, is_served_call, is_served_result, served_call
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

Located = tuple[str, Block]  # a path in the body, for errors, and what is there

# Claude Code starts its prompt with this line and changes a number in it every time, so that the
# prefix cache would never match: https://github.com/anthropics/claude-code/issues/68900
_BILLING_LINE = re.compile(r"\Ax-anthropic-billing-header:[^\n]*\n*")


def chat_messages(
    system: str | Sequence[TextBlock] | None, messages: Sequence[Message]
) -> LocatedMessages:
    """Raises InvalidRequestError for a block that cannot be fulfilled."""
    chat = LocatedMessages()
    if instructions := _system_text(system):
        chat.add({"role": "system", "content": instructions}, "system")
    call_ids: list[str] = []
    last: Sequence[Located] = ()
    for role, numbered in groupby(enumerate(messages), key=lambda numbered: numbered[1].role):
        turn = list(numbered)
        where = f"messages[{turn[0][0]}].content"
        blocks = [
            block
            for index, message in turn
            for block in _located(message.content, f"messages[{index}].content")
        ]
        if role == "user":
            _add_user_turn(chat, blocks, call_ids, where)
            call_ids = []
            last = blocks
        elif role == "assistant":
            _add_assistant_turns(chat, blocks, where)
            call_ids = [block.id for _, block in blocks if isinstance(block, ToolUseBlock)]
        else:
            said = {"role": "system", "content": _text(blocks, "a system message")}
            chat.add(said, where)
    if messages and messages[-1].role == "user":
        check_new_message((*_said(block), where) for where, block in last)
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


def _add_user_turn(
    chat: LocatedMessages, blocks: Sequence[Located], call_ids: Sequence[str], beginning: str
) -> None:
    """Adds the tool results first: one for each of `call_ids`, in the same order."""
    results: dict[str, tuple[str, Json]] = {}
    rest: list[Located] = []
    for where, block in blocks:
        if not isinstance(block, ToolResultBlock):
            rest.append((where, block))
            continue
        _check_result(block.tool_use_id, call_ids, results, f"{where}.tool_use_id")
        results[block.tool_use_id] = where, _tool_message(block, where)
    if missing := [call_id for call_id in call_ids if call_id not in results]:
        where = blocks[0][0] if blocks else beginning
        raise InvalidRequestError(
            f"{where} must start with a tool_result for the preceding tool_use "
            f"{quoted(missing[0])}.",
            param=where,
        )
    for where, result in map(results.__getitem__, call_ids):
        chat.add(result, where, tool_call_id="tool_use_id")
    if rest or not call_ids:
        chat.add({"role": "user", "content": _text(rest, "a user message")}, beginning)


def _check_result(
    call_id: str, call_ids: Sequence[str], results: Mapping[str, object], field: str
) -> None:
    if call_id not in call_ids:
        problem = "it must be the id of a tool_use in the preceding assistant message"
    elif call_id in results:
        problem = "it already has a tool_result"
    else:
        return
    raise InvalidRequestError(f"{field} is {quoted(call_id)}; {problem}.", param=field)


def _tool_message(block: ToolResultBlock, where: str) -> Json:
    content = block.content if isinstance(block.content, str) else block.content or []
    text = _text(_located(content, f"{where}.content"), "a tool_result")
    if block.is_error:
        text = f"Error: {text}"
    return {"role": "tool", "tool_call_id": block.tool_use_id, "content": text}


def _add_assistant_turns(chat: LocatedMessages, blocks: Sequence[Located], beginning: str) -> None:
    """Adds one turn; each result of a tool that Anthropic's servers ran starts another one."""
    results = {
        block.field("tool_use_id"): content_text(block.field("content"))
        for _, block in blocks
        if isinstance(block, OtherBlock) and is_served_result(block)
    }
    chat.add({"role": "assistant", "content": ""}, beginning)
    for where, block in blocks:
        if chat[-1]["role"] == "tool":
            chat.add({"role": "assistant", "content": ""}, where)
        if isinstance(block, OtherBlock) and is_served_call(block):
            call = served_call(block)
            chat.add_call(call, where, call_id="id", arguments="input")
            result = results.get(call["id"], content_text(None))
            message = {"role": "tool", "tool_call_id": call["id"], "content": result}
            chat.add(message, where, tool_call_id="id")
        elif not isinstance(block, OtherBlock) or not is_served_result(block):
            _add_to_turn(chat, block, where)


def _add_to_turn(chat: LocatedMessages, block: Block, where: str) -> None:
    turn = chat[-1]
    if isinstance(block, ThinkingBlock):
        if thought := block.thinking or unseal(block.signature):
            earlier = turn.get("reasoning_content")
            turn["reasoning_content"] = f"{earlier}\n{thought}" if earlier else thought
    elif isinstance(block, ToolUseBlock):
        function = {"name": block.name, "arguments": block.input}
        call = {"id": block.id, "type": "function", "function": function}
        chat.add_call(call, where, call_id="id", arguments="input")
    elif not isinstance(block, RedactedThinkingBlock):
        turn["content"] += _block_text(block, where, "an assistant message")


def _text(blocks: Sequence[Located], place: str) -> str:
    return "\n\n".join(_block_text(block, where, place) for where, block in blocks)


def _block_text(block: Block, where: str, place: str) -> str:
    if isinstance(block, TextBlock):
        return block.text
    text = block_text(block) if isinstance(block, OtherBlock) else None
    if text is None and is_media(block.type):
        return left_out(block.type, where)
    if text is None:
        _refuse(where, block, place)
    return text


def _said(block: Block) -> tuple[str, str | None]:
    """The type of the block, and its text if it has any."""
    if isinstance(block, TextBlock):
        return "text", block.text
    text = block_text(block) if isinstance(block, OtherBlock) else None
    return (block.type, None) if text is None else ("text", text)


def _refuse(where: str, block: Block, place: str) -> NoReturn:
    if isinstance(block, OtherBlock):
        problem = "Qwen3 only reads text: send its text instead."
    else:
        problem = f"it is not allowed in {place}."
    field = f"{where}.type"
    raise InvalidRequestError(f"{field} is {quoted(block.type)}; {problem}", param=field)
