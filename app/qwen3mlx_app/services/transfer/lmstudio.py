"""Read LM Studio's `~/.lmstudio/conversations/*.conversation.json`, as of 0.3 and 0.4.

A list of messages, each with its versions; only what follows the selected one of each is kept by LM
Studio. An answer is a list of steps: thinking, text, calls of tools and their results.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...domain import (
    AnswerStats,
    ChatSettings,
    Conversation,
    ToolCall,
    Transcript,
    new_id,
)
from ..values import Json, an_object, moment, number, objects, text, whole
from .writer import Writer

_SAMPLING = {
    "llm.prediction.temperature": "temperature",
    "llm.prediction.topKSampling": "top_k",
    "llm.prediction.topPSampling": "top_p",
    "llm.prediction.minPSampling": "min_p",
    "llm.prediction.repeatPenalty": "repetition_penalty",
    "llm.prediction.maxPredictedTokens": "max_tokens",
}
_WHOLE = {"top_k", "max_tokens"}
_STOP_REASONS = {
    "eosFound": "stop",
    "stopStringFound": "stop",
    "toolCalls": "tool_calls",
    "maxPredictedTokensReached": "length",
    "contextLengthReached": "length",
}


def read(document: Json) -> Transcript | None:
    """The conversation, or None if it has no messages."""
    created_at = moment(document.get("createdAt"), 1000) or time.time()
    tree = _Tree(new_id(), created_at)
    for message in objects(document.get("messages")):
        tree.add_versions(message)
    if not tree.messages:
        return None
    return Transcript(
        conversation=Conversation(
            id=tree.conversation_id,
            title=text(document.get("name")).strip(),
            pinned=document.get("pinned") is True,
            draft=text(document.get("clientInput")),
            settings=_settings(document),
            leaf_id=tree.parent_id,
            created_at=created_at,
            updated_at=max(message.created_at for message in tree.messages),
        ),
        messages=tuple(tree.messages),
    )


@dataclass(slots=True)
class _Answer:
    """The parts of an answer, up to a tool call."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    info: Json = field(default_factory=dict)
    began_ms: float | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.content or self.reasoning or self.calls)


class _Tree(Writer):
    def add_versions(self, message: Json) -> None:
        """Add all versions as siblings; what comes next follows the selected one."""
        versions = objects(message.get("versions"))
        selected = whole(message.get("currentlySelected")) or 0
        before = after = self.parent_id
        for index, version in enumerate(versions):
            self.parent_id = before
            self._add_version(version)
            if index == selected or index == 0:
                after = self.parent_id
        self.parent_id = after

    def _add_version(self, version: Json) -> None:
        if version.get("role") == "user":
            content = "\n".join([*_files(version.get("content")), *_texts(version.get("content"))])
            if content.strip():
                self.add("user", content=content)
        elif version.get("role") == "assistant":
            self._add_answer(version)

    def _add_answer(self, version: Json) -> None:
        steps = objects(version.get("steps")) or [{**version, "type": "contentBlock"}]
        sender = text(an_object(version.get("senderInfo")).get("senderName"))
        answer = _Answer()
        for step in steps:
            results = [c for c in objects(step.get("content")) if c.get("type") == "toolCallResult"]
            if results:
                self._flush(answer, sender)
                answer = _Answer()
            for result in results:
                call_id = text(result.get("toolCallId")) or text(result.get("toolCallRequestId"))
                self.add("tool", content=_result(result), tool_call_id=call_id or None)
            if not results and step.get("type") == "contentBlock":
                _take(answer, step)
        self._flush(answer, sender)

    def _flush(self, answer: _Answer, sender: str) -> None:
        if answer.is_empty:
            return
        self.time = moment(answer.began_ms, 1000) or self.time
        stats = an_object(answer.info.get("stats"))
        reasoning, content = _apart(answer)
        self.add(
            "assistant",
            content=content,
            reasoning=reasoning,
            tool_calls=tuple(answer.calls),
            model=text(answer.info.get("identifier")) or sender or None,
            status="stopped" if stats.get("stopReason") == "userStopped" else "done",
            finish_reason=_STOP_REASONS.get(text(stats.get("stopReason"))),
            stats=_stats(stats) if stats else None,
        )


def _apart(answer: _Answer) -> tuple[str, str]:
    """Thinking and text; older versions kept one text, with the model's own tags."""
    reasoning, content = "".join(answer.reasoning), "".join(answer.content)
    if not reasoning and content.lstrip().startswith("<think>"):
        reasoning, _, content = content.lstrip().removeprefix("<think>").partition("</think>")
    return reasoning.strip("\n"), content.strip("\n")


def _take(answer: _Answer, step: Json) -> None:
    style = an_object(step.get("style")).get("type")
    target = answer.reasoning if style == "thinking" else answer.content
    target += _texts(step.get("content"))
    for part in objects(step.get("content")):
        if part.get("type") == "toolCallRequest":
            answer.calls.append(
                ToolCall(
                    id=text(part.get("callId")) or text(part.get("toolCallRequestId")) or new_id(),
                    name=text(part.get("name")),
                    arguments=_arguments(part.get("parameters")),
                )
            )
    answer.info = an_object(step.get("genInfo")) or answer.info
    if answer.began_ms is None:
        answer.began_ms = _milliseconds(text(step.get("stepIdentifier")))


def _milliseconds(step_identifier: str) -> float | None:
    """The time at the start of a step's name: `1734038234123-0.52`."""
    stamp = step_identifier.partition("-")[0]
    return float(stamp) if stamp.isascii() and stamp.isdecimal() and len(stamp) == 13 else None


def _texts(content: object) -> list[str]:
    """The texts, without the tags around thinking, which are marked as structural."""
    return [
        text(part.get("text"))
        for part in objects(content)
        if part.get("type") == "text" and part.get("isStructural") is not True
    ]


def _files(content: object) -> list[str]:
    """Marks of the files that were attached, which LM Studio keeps elsewhere."""
    found = [part for part in objects(content) if part.get("type") == "file"]
    names = [text(part.get("name")) or text(part.get("fileIdentifier")) for part in found]
    return [f"[{name or 'file'}]" for name in names]


def _result(part: Json) -> str:
    """The text of a tool's result, which is JSON in a string."""
    content = part.get("content")
    try:
        parsed = json.loads(content) if isinstance(content, str) else content
    except (ValueError, RecursionError):
        return text(content)
    texts = _texts(parsed)
    return "\n".join(texts) if texts else text(content)


def _arguments(parameters: object) -> str:
    return text(parameters) or text(json.dumps(an_object(parameters), ensure_ascii=False))


def _stats(stats: Json) -> AnswerStats:
    return AnswerStats(
        prompt_tokens=whole(stats.get("promptTokensCount")),
        completion_tokens=whole(stats.get("predictedTokensCount")),
        tokens_per_second=number(stats.get("tokensPerSecond")),
        ttft_s=number(stats.get("timeToFirstTokenSec")),
    )


def _settings(document: Json) -> ChatSettings:
    config = {
        text(entry.get("key")): _checked(entry.get("value"))
        for entry in objects(an_object(document.get("perChatPredictionConfig")).get("fields"))
    }
    prompt = text(document.get("systemPrompt")) or text(config.get("llm.prediction.systemPrompt"))
    return ChatSettings(system_prompt=prompt, sampling=_sampling(config))


def _checked(value: object) -> object:
    """The value of a setting; one with an unchecked box does not count."""
    if isinstance(value, dict) and "checked" in value:
        return value.get("value") if value["checked"] is True else None
    return value


def _sampling(config: Mapping[str, object]) -> dict[str, float]:
    sampling: dict[str, float] = {}
    for key, name in _SAMPLING.items():
        value = whole(config.get(key)) if name in _WHOLE else number(config.get(key))
        if value is not None and value >= 0:
            sampling[name] = value
    return sampling
