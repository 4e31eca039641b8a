"""Conversations as other programs write them, made up for the tests."""

from __future__ import annotations

import json
from typing import Any

CREATED_MS = 1734038000000
ANSWERED_MS = 1734038234123

THINKING_STEP = {
    "type": "contentBlock",
    "stepIdentifier": f"{ANSWERED_MS}-0.5218",
    "content": [
        {"type": "text", "text": "<think>", "isStructural": True, "tokensCount": 1},
        {"type": "text", "text": "They ask for the weather.", "isStructural": False},
        {"type": "text", "text": "</think>", "isStructural": True, "tokensCount": 1},
    ],
    "defaultShouldIncludeInContext": False,
    "shouldIncludeInContext": False,
    "style": {"type": "thinking", "ended": True, "title": "Thought for 1.2 seconds"},
    "prefix": "<think>",
    "suffix": "</think>",
}
CALL_STEP = {
    "type": "contentBlock",
    "stepIdentifier": f"{ANSWERED_MS + 1}-0.1",
    "content": [
        {
            "type": "toolCallRequest",
            "callId": 1,
            "toolCallRequestId": "388713961",
            "name": "weather",
            "parameters": {"city": "北京"},
            "pluginIdentifier": "mcp/weather",
        }
    ],
}
STATUS_STEP = {"type": "toolStatus", "callId": 1, "statusState": {"status": {"type": "called"}}}
RESULT_STEP = {
    "type": "contentBlock",
    "stepIdentifier": f"{ANSWERED_MS + 2}-0.2",
    "roleOverride": "tool",
    "content": [
        {
            "type": "toolCallResult",
            "toolCallRequestId": "388713961",
            "content": json.dumps([{"type": "text", "text": "sunny, 21 degrees"}]),
        }
    ],
}
DEBUG_STEP = {"type": "debugInfoBlock", "debugInfo": "Conversation naming technique: 'prompt'"}


def answer_step(text: str, stop_reason: str = "eosFound") -> dict[str, Any]:
    return {
        "type": "contentBlock",
        "stepIdentifier": f"{ANSWERED_MS + 3}-0.3",
        "content": [{"type": "text", "text": text, "fromDraftModel": False, "tokensCount": 9}],
        "defaultShouldIncludeInContext": True,
        "shouldIncludeInContext": True,
        "genInfo": {
            "indexedModelIdentifier": "lmstudio-community/Qwen3-8B-MLX-4bit",
            "identifier": "qwen3-8b",
            "stats": {
                "stopReason": stop_reason,
                "tokensPerSecond": 41.5,
                "timeToFirstTokenSec": 0.25,
                "promptTokensCount": 30,
                "predictedTokensCount": 12,
                "totalTokensCount": 42,
            },
        },
    }


def user(*texts: str, selected: int = 0) -> dict[str, Any]:
    versions = [
        {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": text}]}
        for text in texts
    ]
    return {"versions": versions, "currentlySelected": selected}


def assistant(*versions: list[dict[str, Any]], selected: int = 0) -> dict[str, Any]:
    return {
        "versions": [
            {
                "type": "multiStep",
                "role": "assistant",
                "steps": steps,
                "senderInfo": {"senderName": "qwen3-8b"},
            }
            for steps in versions
        ],
        "currentlySelected": selected,
    }


def lm_studio(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "name": "The weather",
        "pinned": True,
        "createdAt": CREATED_MS,
        "preset": "",
        "tokenCount": 42,
        "systemPrompt": "",
        "messages": list(messages),
        "usePerChatPredictionConfig": True,
        "perChatPredictionConfig": {
            "fields": [
                {"key": "llm.prediction.systemPrompt", "value": "Be brief."},
                {"key": "llm.prediction.temperature", "value": 0.4},
                {"key": "llm.prediction.topPSampling", "value": {"checked": True, "value": 0.9}},
                {"key": "llm.prediction.minPSampling", "value": {"checked": False, "value": 0.05}},
                {"key": "llm.prediction.topKSampling", "value": 40},
            ]
        },
        "clientInput": "",
        "clientInputFiles": [],
        "userFilesSizeBytes": 0,
        "lastUsedModel": {"identifier": "qwen3-8b"},
        "notes": [],
        "plugins": [],
        **fields,
    }


WEATHER = lm_studio(
    user("What is the weather in Beijing?", "The weather in Beijing?", selected=1),
    assistant(
        [answer_step("I do not know.", "userStopped")],
        [DEBUG_STEP, THINKING_STEP, CALL_STEP, STATUS_STEP, RESULT_STEP, answer_step("Sunny.")],
        selected=1,
    ),
    user("Thanks!"),
)


def node(
    key: str,
    parent: str | None,
    role: str | None = None,
    *parts: Any,
    kind: str = "text",
    created: float | None = 1700000000.5,
    recipient: str = "all",
    metadata: dict[str, Any] | None = None,
    **content: Any,
) -> tuple[str, dict[str, Any]]:
    """One entry of `mapping`; without a role it is a node without a message."""
    said = {"content_type": kind, **({"parts": list(parts)} if parts else {}), **content}
    message = {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": created,
        "update_time": None,
        "content": said,
        "status": "finished_successfully",
        "end_turn": True,
        "weight": 1.0,
        "metadata": metadata or {},
        "recipient": recipient,
        "channel": None,
    }
    entry = {"id": key, "message": message if role else None, "parent": parent, "children": []}
    return key, entry


def chatgpt(*nodes: tuple[str, dict[str, Any]], current: str, **fields: Any) -> dict[str, Any]:
    mapping = dict(nodes)
    for key, entry in mapping.items():
        if entry["parent"] in mapping:
            mapping[entry["parent"]]["children"].append(key)
    return {
        "title": "Strawberries",
        "create_time": 1700000000.0,
        "update_time": 1700000100.0,
        "mapping": mapping,
        "current_node": current,
        "conversation_id": "6a3f",
        "is_archived": False,
        **fields,
    }


MODEL = {"model_slug": "gpt-5-thinking"}
STRAWBERRIES = chatgpt(
    node("client-created-root", None),
    node(
        "system",
        "client-created-root",
        "system",
        "",
        metadata={"is_visually_hidden_from_conversation": True},
    ),
    node("profile", "system", "user", kind="user_editable_context", user_profile="I am Ada."),
    node("q1", "profile", "user", "How many r's?", created=1700000001.0),
    node(
        "thoughts",
        "q1",
        "assistant",
        kind="thoughts",
        thoughts=[{"summary": "Counting", "content": "s-t-r-a-w"}],
        metadata=MODEL,
    ),
    node("recap", "thoughts", "assistant", kind="reasoning_recap", content="Thought for 3s"),
    node("a1", "recap", "assistant", "Three.", metadata=MODEL, created=1700000004.0),
    node("q1b", "profile", "user", "Run it", {"content_type": "image_asset_pointer"}),
    node(
        "code", "q1b", "assistant", kind="code", text="'strawberry'.count('r')", recipient="python"
    ),
    node("output", "code", "tool", kind="execution_output", text="3"),
    node("a2", "output", "assistant", "It is 3.", metadata=MODEL),
    current="a1",
)


# What claude.ai names as the message above the first.
ROOT = "00000000-0000-4000-8000-000000000000"


def claude_message(
    uuid: str, sender: str, *parts: dict[str, Any], above: str | None = ROOT, **fields: Any
) -> dict[str, Any]:
    """`above` None is left out, as in older exports."""
    message = {
        "uuid": uuid,
        "text": "This block is not supported on your current device yet.",
        "content": list(parts),
        "sender": sender,
        "created_at": "2026-03-29T07:06:35.552627Z",
        "updated_at": "2026-03-29T07:06:35.552627Z",
        "attachments": [],
        "files": [],
        **fields,
    }
    return message if above is None else {**message, "parent_message_uuid": above}


def says(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "citations": [], "start_timestamp": None}


def claude(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "uuid": "019d386a",
        "name": "Calendars",
        "summary": "",
        "created_at": "2026-03-29T07:06:34.084721Z",
        "updated_at": "2026-03-29T12:59:41.658730Z",
        "account": {"uuid": "c1a9"},
        "chat_messages": list(messages),
        **fields,
    }
