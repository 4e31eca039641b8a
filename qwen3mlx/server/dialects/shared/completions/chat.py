"""Events of answers -> OpenAI's chat completion and its chunks."""

from __future__ import annotations

from collections.abc import Iterator

from .....events import Event, Finished, TokenLogprob
from .....text import Content, Reasoning, ToolCallDelta
from ....json_text import Json
from ..arguments import CustomInput
from .logprobs import TextTokens, chat_logprobs
from .reply import Reply, ReplyOptions


class ChatReply(Reply):
    id_prefix = "chatcmpl-"
    whole_object = "chat.completion"
    chunk_object = "chat.completion.chunk"

    def __init__(self, options: ReplyOptions) -> None:
        super().__init__(options)
        self._choices = [_Choice(index, options) for index in range(options.num_choices)]

    def choice_chunks(self, index: int, event: Event) -> list[Json]:
        return list(self._choices[index].add(event))

    def whole_choice(self, index: int) -> Json:
        return self._choices[index].whole()

    def whole(self) -> Json:
        return {**super().whole(), **self.prompt_scores(0)}


class _Choice:
    """One answer: its chunks as they come, and their sum."""

    def __init__(self, index: int, options: ReplyOptions) -> None:
        self._index = index
        self._text_tokens = TextTokens() if options.logprobs else None
        self._custom_tools = options.custom_tools
        self._custom_input: CustomInput | None = None  # of the last call
        self._show_reasoning = options.show_reasoning
        self._role_sent = False
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: list[Json] = []
        self._logprobs: list[TokenLogprob] = []
        self._finish_reason: str | None = None

    def add(self, event: Event) -> Iterator[Json]:
        if isinstance(event, TokenLogprob) and self._text_tokens:
            self._text_tokens.add(event)
        if not isinstance(event, Content | Reasoning | ToolCallDelta | Finished):
            return
        if not self._role_sent:
            self._role_sent = True
            yield self._chunk({"role": "assistant"})
        if isinstance(event, Content):
            yield self._add_content(event.text)
        elif isinstance(event, Finished):
            yield from self._end_input()
            self._finish_reason = event.finish_reason
            yield self._chunk({})
        else:
            if self._text_tokens:
                self._text_tokens.skip(event.text if isinstance(event, Reasoning) else None)
            yield from self._add_other(event)

    def whole(self) -> Json:
        """`content` is only null if there are tool calls instead."""
        message: Json = {
            "role": "assistant",
            "content": "".join(self._content) or (None if self._tool_calls else ""),
            "refusal": None,
            "annotations": [],
        }
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        if self._tool_calls:
            message["tool_calls"] = self._tool_calls
        return {
            "index": self._index,
            "message": message,
            "logprobs": chat_logprobs(self._logprobs) if self._text_tokens else None,
            "finish_reason": self._finish_reason,
        }

    def _add_content(self, text: str) -> Json:
        self._content.append(text)
        chunk = self._chunk({"content": text})
        if self._text_tokens:
            tokens = self._text_tokens.take(text)
            self._logprobs += tokens
            chunk["logprobs"] = chat_logprobs(tokens)
        return chunk

    def _add_other(self, event: Reasoning | ToolCallDelta) -> Iterator[Json]:
        if isinstance(event, Reasoning):
            if self._show_reasoning:
                self._reasoning.append(event.text)
                yield self._chunk({"reasoning_content": event.text})
            return
        if event.id is not None:
            yield from self._end_input()
            yield self._begin_call(event)
        text = self._custom_input.add(event.arguments) if self._custom_input else event.arguments
        yield from self._add_to_call(text)

    def _begin_call(self, event: ToolCallDelta) -> Json:
        is_custom = event.name in self._custom_tools
        self._custom_input = CustomInput() if is_custom else None
        kind, field = ("custom", "input") if is_custom else ("function", "arguments")
        called = {"name": event.name, field: ""}
        call = {"id": event.id, "type": kind, kind: called}
        self._tool_calls.append({**call, kind: {**called}})
        return self._chunk({"tool_calls": [{"index": event.index, **call}]})

    def _add_to_call(self, text: str) -> Iterator[Json]:
        if text:
            call = self._tool_calls[-1]
            field = "input" if call["type"] == "custom" else "arguments"
            call[call["type"]][field] += text
            piece = {"index": len(self._tool_calls) - 1, call["type"]: {field: text}}
            yield self._chunk({"tool_calls": [piece]})

    def _end_input(self) -> Iterator[Json]:
        if self._custom_input:
            yield from self._add_to_call(self._custom_input.finish())
            self._custom_input = None

    def _chunk(self, delta: Json) -> Json:
        return {
            "index": self._index,
            "delta": delta,
            "logprobs": None,
            "finish_reason": self._finish_reason,
        }
