"""Strings <-> token ids of one checkpoint, and its chat format."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen3mlx.config import read_json
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request_warnings import warn
from qwen3mlx.settings.state import expanded

from . import byte_level
from .call_format import CallFormat, call_format
from .control_tokens import ChatPrompt, ControlTokens
from .detokenizer import StreamingDetokenizer
from .encoder import Encoder
from .markers import END_THINK, END_TOOL_CALL, THINK, TOOL_CALL
from .messages import (
    Message,
    begun_thought,
    leading_thought,
    normalize_messages,
    normalize_tools,
)
from .reasoning import ASSISTANT, NO_THOUGHTS, reasoning_start
from .templates.source import DEFAULT, TOOL_USE, TemplateSource, find_templates
from .tokenizer_file import TokenizerFile, load_tokenizer_file
from .written_calls import Span, written_markers

if TYPE_CHECKING:
    from .templates.chat_template import ChatTemplate

_NAMED_TOKENS = ("bos_token", "eos_token", "unk_token", "pad_token", "additional_special_tokens")


def load_tokenizer(path: str | Path) -> Tokenizer:
    """Load a folder's tokenizer. Raises CheckpointError if its files are missing or broken."""
    folder = expanded(path)
    config_path = folder / "tokenizer_config.json"
    config = read_json(config_path) if os.path.isfile(config_path) else {}
    return Tokenizer(load_tokenizer_file(folder, config), folder, config)


class Tokenizer:
    """`vocab_size` counts added tokens; a model's embedding may have more rows than that.

    `added_ids` are the tokens beside the byte-level vocabulary, such as `<|im_end|>` or `<think>`.
    """

    def __init__(self, file: TokenizerFile, folder: Path, config: Mapping[str, Any]) -> None:
        backend = self._backend = file.backend
        self._folder = folder
        self._config = config
        # Added tokens are plain text; all other entries use the byte-level alphabet.
        self._bytes = {
            token_id: token.content.encode()
            for token_id, token in backend.get_added_tokens_decoder().items()
        }
        self.added_ids = frozenset(self._bytes)
        self._control = ControlTokens(backend.get_added_tokens_decoder())
        self._encoder = Encoder(file, self._control.ids)
        self._end_tokens = file.vocabulary.end_tokens
        self._templates: dict[str, ChatTemplate] = {}
        self._shows_tools: bool | None = None
        self._call_format: CallFormat | None = None
        self.vocab_size: int = backend.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str, *, at_most: int | None = None) -> list[int]:
        """Encode `text`, adding no tokens; special tokens in the text are recognized as such.

        Once a text has more than `at_most` tokens, the rest may be omitted. Other threads keep
        running. Raises CheckpointError if the library fails on the checkpoint's file.
        """
        pieces = self._encoder.slices(text)
        return _up_to(at_most, map(self._encoder.ids, pieces))

    def encode_data(self, text: str, *, at_most: int | None = None) -> list[int]:
        """Encode `text` as `encode` does, but without special tokens, as what people and tools
        write in a chat is read.
        """
        return _up_to(at_most, map(self._encoder.plain_ids, self._encoder.slices(text)))

    @property
    def end_ids(self) -> list[int]:
        """The tokens that the tokenizer's own post-processor adds to the end of a text."""
        ids = map(self.token_id, self._end_tokens)
        return [token_id for token_id in ids if token_id is not None]

    def least_tokens(self, text: str) -> int:
        """Return a lower bound of the tokens of `text`, without encoding it."""
        return self._encoder.least(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the exact text with special tokens; bytes that are not UTF-8 become U+FFFD."""
        return b"".join(map(self.token_bytes, ids)).decode(errors="replace")

    def token_id(self, token: str) -> int | None:
        """Return the id of a vocabulary entry such as `<think>`, or None."""
        return self._backend.token_to_id(token)

    @property
    def think_ids(self) -> tuple[int | None, int | None]:
        """The ids of `<think>` and `</think>`."""
        return self.token_id(THINK), self.token_id(END_THINK)

    @property
    def call_ids(self) -> tuple[int | None, int | None]:
        """The ids of `<tool_call>` and `</tool_call>`."""
        return self.token_id(TOOL_CALL), self.token_id(END_TOOL_CALL)

    @property
    def call_format(self) -> CallFormat:
        """The form in which the chat template writes tool calls."""
        if self._call_format is None:
            self._call_format = call_format(self._source(with_tools=True).text)
        return self._call_format

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one token; b"" for an id outside the vocabulary (padding rows)."""
        known = self._bytes.get(token_id)
        if known is None:
            token = self._backend.id_to_token(token_id)
            known = self._bytes[token_id] = b"" if token is None else byte_level.to_bytes(token)
        return known

    def detokenizer(self) -> StreamingDetokenizer:
        """Return a new detokenizer, for one answer."""
        return StreamingDetokenizer(self.token_bytes)

    def apply_chat_template(
        self,
        messages: Iterable[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None = None,
        add_generation_prompt: bool = True,
        **template_kwargs: Any,
    ) -> str:
        """Return the text of the prompt that `chat_prompt` makes from the same arguments."""
        return self.chat_prompt(messages, tools, add_generation_prompt, **template_kwargs).text

    def chat_prompt(
        self,
        messages: Iterable[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None = None,
        add_generation_prompt: bool = True,
        continue_final_message: bool = False,
        **template_kwargs: Any,
    ) -> ChatPrompt:
        """Return the prompt for `messages`, which are normalized first (see `messages`).

        `template_kwargs` are passed to the template unchanged, including `enable_thinking`. With
        `continue_final_message` the prompt ends where the last message does; it is the assistant's,
        and may end in the middle of a thought. If the template cannot switch thinking off,
        `enable_thinking` False appends the empty thought. Anything else that the template cannot do
        causes a warning. Raises InvalidRequestError for messages that cannot be fulfilled,
        TemplateError for a bad template.
        """
        schemas = normalize_tools(tools)
        template = self._template(with_tools=schemas is not None)
        plain = normalize_messages(messages)
        mark = self._control.mark_for([plain, schemas, template_kwargs])
        thought = None
        if continue_final_message:
            add_generation_prompt = False
            thought = begun_thought(plain, template_kwargs)
        data = self._control.protect({"tools": schemas, **template_kwargs}, mark)
        marked = template.render(
            **({"documents": None} | self.named_tokens() | data),
            messages=[
                self._protect_message(each, markers, mark, template)
                for each, markers in zip(plain, written_markers(plain), strict=True)
            ],
            add_generation_prompt=add_generation_prompt,
        )
        if continue_final_message:
            ends = ("<|im_end|>", self.named_tokens().get("eos_token"))
            marked = _without_end(marked, self._control.protect(thought, mark), ends)
        if schemas is not None and not self._has_place_for_tools(template):
            warn("tools: this model's chat template does not support tools, so they are ignored.")
        if add_generation_prompt and template_kwargs.get("enable_thinking") is False:
            marked += self._end_of_thinking(marked, template)
        return ChatPrompt(marked, mark)

    def _has_place_for_tools(self, template: ChatTemplate) -> bool:
        if self._shows_tools is None:
            self._shows_tools = template.shows_tools(**self.named_tokens())
        return self._shows_tools

    def _end_of_thinking(self, marked: str, template: ChatTemplate) -> str:
        """Return the text that switches thinking off where `template`, which wrote `marked`,
        cannot.
        """
        start = reasoning_start(marked)
        # Qwen3-Instruct-2507 never thinks and was not trained on an empty thought.
        if start == "off" or (start == "auto" and template.is_known):
            return ""
        if start == "auto" and marked.endswith(ASSISTANT) and None not in self.think_ids:
            return NO_THOUGHTS
        warn("enable_thinking: this model's chat template cannot switch thinking off.")
        return ""

    def encode_chat(self, prompt: ChatPrompt, *, at_most: int | None = None) -> list[int]:
        """Encode a chat. The template's text is read as `encode` does, everything else as plain
        text.
        """
        slices = self._encoder.slices(prompt.marked)
        return _up_to(at_most, (self._chat_ids(ChatPrompt(s, prompt.mark)) for s in slices))

    def _chat_ids(self, prompt: ChatPrompt) -> list[int]:
        ids: list[int] = []
        for piece in self._control.pieces(prompt):
            if isinstance(piece, int):
                ids.append(piece)
            else:
                ids += self._encoder.plain_ids(piece)
        return ids

    def _protect_message(
        self, message: Message, markers: list[Span], mark: str, template: ChatTemplate
    ) -> Message:
        """Protect all but the role, the written `markers` of its content, and thought markers for
        templates that look for them.
        """
        marked_thought, content = "", message["content"]
        if message["role"] == "assistant" and "reasoning_content" not in message:
            thought, answer = leading_thought(content)
            if thought is not None and template.reads_reasoning:
                answer = answer.lstrip("\n")
                message = {**message, "reasoning_content": thought, "content": answer}
            elif thought is not None:
                message = {**message, "content": answer}
                marked_thought = f"<think>{self._control.protect(thought, mark)}</think>"
        left = len(content) - len(message["content"])  # the thought that stood before it
        shown = self._protect_around(content, left, markers, mark)
        data: Message = self._control.protect({**message, "content": ""}, mark)
        return {**data, "role": message["role"], "content": marked_thought + shown}

    def _protect_around(self, content: str, start: int, markers: list[Span], mark: str) -> str:
        pieces = []
        for marker in markers:
            if marker.start < start:
                continue
            pieces += [self._control.protect(content[start : marker.start], mark)]
            pieces += [content[marker.start : marker.end]]
            start = marker.end
        return "".join([*pieces, self._control.protect(content[start:], mark)])

    def _template(self, *, with_tools: bool) -> ChatTemplate:
        from .templates.chat_template import ChatTemplate

        key = TOOL_USE if with_tools else DEFAULT
        if key not in self._templates:
            self._templates[key] = ChatTemplate(self._source(with_tools=with_tools))
        return self._templates[key]

    def _source(self, *, with_tools: bool) -> TemplateSource:
        sources = find_templates(self._folder, self._config)
        return sources.get(TOOL_USE if with_tools else DEFAULT, sources[DEFAULT])

    @property
    def class_name(self) -> str:
        """The class name in transformers."""
        return str(self._config.get("tokenizer_class") or "Qwen2TokenizerFast")

    def named_tokens(self) -> dict[str, Any]:
        """`eos_token` and related tokens as templates see them: strings, even if the file has
        objects.
        """
        named = {key: self._config.get(key) for key in _NAMED_TOKENS}
        return {
            key: value["content"] if isinstance(value, Mapping) and "content" in value else value
            for key, value in named.items()
            if value is not None
        }


def _without_end(marked: str, thought: str | None, ends: Iterable[Any]) -> str:
    """Return a rendered chat, cut where its last message or that message's `thought` ends.

    A template ends a message with one of the tokens `ends`, or with none.
    """
    if thought is None:
        marked = marked.rstrip()
        end = next((e for e in ends if isinstance(e, str) and e and marked.endswith(e)), "")
        return marked.removesuffix(end)
    head, begun, _ = marked.rpartition(ASSISTANT)
    if not begun:
        raise InvalidRequestError(
            "The last message ends within a thought, which this model's chat template cannot "
            "continue.",
            param="messages",
        )
    return f"{head}{begun}{THINK}\n{thought}"


def _up_to(at_most: int | None, pieces: Iterable[list[int]]) -> list[int]:
    ids: list[int] = []
    for piece in pieces:
        ids += piece
        if at_most is not None and len(ids) > at_most:
            break
    return ids
