"""Read ChatGPT's export: `conversations.json`, a list of trees of nodes.

Many nodes are no messages of anybody's: hidden instructions, progress of tools, summaries of
thinking. Those are passed over, and what follows them follows the last message before.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...domain import Conversation, Message, ToolCall, Transcript, new_id
from ..values import Json, an_object, moment, objects, text

_PASSED_OVER = {"user_editable_context", "model_editable_context", "reasoning_recap"}


@dataclass(frozen=True, slots=True)
class _Above:
    """What precedes a node: the last message, its time and calls, and pending thoughts."""

    message_id: str | None
    time: float
    calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""


def read(document: Json) -> Transcript | None:
    """The conversation, or None if it has no messages."""
    created_at = moment(document.get("create_time")) or time.time()
    conversation_id = new_id()
    nodes = {key: an_object(node) for key, node in an_object(document.get("mapping")).items()}
    messages, shown = _walk(nodes, conversation_id, created_at)
    if not messages:
        return None
    leaf_id = shown.get(text(document.get("current_node"))) or messages[-1].id
    return Transcript(
        conversation=Conversation(
            id=conversation_id,
            title=text(document.get("title")).strip(),
            pinned=document.get("is_starred") is True,
            leaf_id=leaf_id,
            created_at=created_at,
            updated_at=moment(document.get("update_time")) or created_at,
        ),
        messages=tuple(messages),
    )


def _walk(
    nodes: dict[str, Json], conversation_id: str, created_at: float
) -> tuple[list[Message], dict[str, str | None]]:
    """The messages, parents first, and the message id that stands for each node."""
    children = defaultdict(list)
    for key, node in nodes.items():
        parent = node.get("parent")
        children[parent if isinstance(parent, str) and parent in nodes else None].append(key)
    messages: list[Message] = []
    shown: dict[str, str | None] = {}
    # Not recursive: a conversation may be thousands of messages deep.
    open_nodes = [(key, _Above(None, created_at)) for key in reversed(children[None])]
    while open_nodes:
        key, above = open_nodes.pop()
        message, below = _node(nodes[key], above, conversation_id, is_last=not children[key])
        if message is not None:
            messages.append(message)
        shown[key] = below.message_id
        open_nodes += [(child, below) for child in reversed(children[key])]
    return messages, shown


def _node(
    node: Json, above: _Above, conversation_id: str, *, is_last: bool
) -> tuple[Message | None, _Above]:
    """The node's message, if it is one, and what its children follow."""
    source = an_object(node.get("message"))
    role = text(an_object(source.get("author")).get("role"))
    content = an_object(source.get("content"))
    metadata = an_object(source.get("metadata"))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True
    kind = text(content.get("content_type"))
    if role not in ("user", "assistant", "tool") or hidden or kind in _PASSED_OVER:
        return None, above
    no_calls: tuple[ToolCall, ...] = ()
    if kind == "thoughts":
        above = replace(above, reasoning=_joined(above.reasoning, _thoughts(content)))
        if not is_last:
            return None, above
        said, calls = "", no_calls
    else:
        said, calls = _said(source, role, content, _file_names(metadata))
    if not (said.strip() or calls or (is_last and above.reasoning)):
        return None, above
    message = Message(
        conversation_id=conversation_id,
        parent_id=above.message_id,
        role=role,  # type: ignore[arg-type]  # one of the three
        content="" if calls else said,
        reasoning=above.reasoning if role == "assistant" else "",
        tool_calls=calls,
        tool_call_id=above.calls[0].id if role == "tool" and above.calls else None,
        model=text(metadata.get("model_slug")) or None if role == "assistant" else None,
        status="stopped" if _was_stopped(source, metadata) else "done",
        created_at=moment(source.get("create_time")) or above.time,
    )
    return message, _Above(message.id, message.created_at, calls)


def _said(
    source: Json, role: str, content: Json, names: Mapping[str, str]
) -> tuple[str, tuple[ToolCall, ...]]:
    said = _text(content, names)
    recipient = text(source.get("recipient"))
    if role == "assistant" and recipient not in ("", "all") and said.strip():
        call = ToolCall(id=f"call_{new_id()[:24]}", name=recipient, arguments=_arguments(said))
        return said, (call,)
    if role == "assistant" and content.get("content_type") == "code":
        return f"```\n{said}\n```", ()
    return said, ()


def _file_names(metadata: Json) -> dict[str, str]:
    """The names of attached files by their ids."""
    files = objects(metadata.get("attachments"))
    return {text(file.get("id")): text(file.get("name")) for file in files if text(file.get("id"))}


def _text(content: Json, names: Mapping[str, str]) -> str:
    """The text with a mark for each attached file: what is in them is not exported with it."""
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text(content.get("text")) or text(content.get("result"))
    pointers = [text(part.get("asset_pointer")) for part in objects(parts)]
    shown = {file_id for file_id in names if any(one.endswith(file_id) for one in pointers)}
    others = [f"[{name}]" for file_id, name in names.items() if name and file_id not in shown]
    return "\n".join(filter(None, (*others, *(_part(part, names) for part in parts))))


def _part(part: object, names: Mapping[str, str]) -> str:
    """The text of a part; for images and audio, which are separate files, their name or kind."""
    if isinstance(part, str):
        return text(part)
    kind = text(an_object(part).get("content_type"))
    if kind == "audio_transcription":
        return text(an_object(part).get("text"))
    pointer = text(an_object(part).get("asset_pointer"))
    name = next((name for file_id, name in names.items() if pointer.endswith(file_id)), "")
    return f"[{name or kind.removesuffix('_asset_pointer')}]" if kind else ""


def _thoughts(content: Json) -> str:
    thoughts = objects(content.get("thoughts"))
    return "\n\n".join(
        _joined(text(thought.get("summary")), text(thought.get("content"))) for thought in thoughts
    )


def _joined(first: str, second: str) -> str:
    return "\n\n".join(part for part in (first, second) if part)


def _arguments(said: str) -> str:
    """The call's text if it is a JSON object, else wrapped as code."""
    try:
        is_object = isinstance(json.loads(said), dict)
    except (ValueError, RecursionError):
        is_object = False
    return said if is_object else json.dumps({"code": said}, ensure_ascii=False)


def _was_stopped(source: Json, metadata: Json) -> bool:
    details = text(an_object(metadata.get("finish_details")).get("type"))
    return details == "interrupted" or text(source.get("status")) == "in_progress"
