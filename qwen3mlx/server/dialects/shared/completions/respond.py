"""Answers a body: with one JSON object, or a stream of server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from .....events import Event, Prefill
from ....core.answer import Answer
from ....core.service import Service
from ....http.errors import ApiError, openai_body
from ....http.json_body import converted
from ....http.respond import UNNAMED_EVENTS, Message
from ....http.respond import respond as http_respond
from ....http.sse import DONE, prefill_comment, while_connected
from ....json_text import Json
from .answers import Interleaved, close, start
from .reply import Reply, ReplyOptions
from .request import chat_requests, completion_requests
from .schemas import ChatBody, CompletionBody, GenerationBody, Prompt

# Make a dialect's reply; the texts to echo are None unless the body asks for them.
MakeChatReply: TypeAlias = Callable[[Sequence[Answer], ReplyOptions], Reply]
MakeTextReply: TypeAlias = Callable[[Sequence[Answer], ReplyOptions, list[str] | None], Reply]


async def complete_chat(
    body: ChatBody, request: Request, service: Service, make_reply: MakeChatReply
) -> Response:
    """Answer a conversation."""
    requests = await converted(request, chat_requests, body)
    work = start(service, body.model, requests, body.ttl)
    answers = await while_connected(request, work)
    options = reply_options(body, answers, bool(body.logprobs), body.top_logprobs)
    return await _respond(request, body, answers, make_reply(answers, options))


async def complete_text(
    body: CompletionBody, request: Request, service: Service, make_reply: MakeTextReply
) -> Response:
    """Continue a text."""
    requests = await converted(request, completion_requests, body)
    work = start(service, body.model, requests, body.ttl)
    answers = await while_connected(request, work)
    options = reply_options(body, answers, body.logprobs is not None, body.logprobs)
    echoes = await _echo_texts(service, body, answers) if body.echo else None
    return await _respond(request, body, answers, make_reply(answers, options, echoes))


def reply_options(
    body: GenerationBody, answers: Sequence[Answer], logprobs: bool, top_logprobs: int | None
) -> ReplyOptions:
    """The reply that a body asks for."""
    return ReplyOptions(
        model=answers[0].model.id,
        num_choices=len(answers),
        num_answers=body.num_answers,
        logprobs=logprobs,
        top_logprobs=top_logprobs or 0,
        prompt_logprobs=body.prompt_logprobs,
        include_usage=body.include_usage,
        running_usage=(lambda: [one.usage for one in answers]) if body.continuous_usage else None,
        show_reasoning=body.shows_reasoning,
        load_time_s=answers[0].load_time_s,
    )


async def _echo_texts(
    service: Service, body: CompletionBody, answers: Sequence[Answer]
) -> list[str]:
    """Return the text of the prompt of each choice."""

    async def text(prompt: Prompt) -> str:
        if isinstance(prompt, str):
            return prompt
        return await service.detokenize(body.model, prompt)

    try:
        return [echo for prompt in body.prompts for echo in [await text(prompt)] * body.num_answers]
    except BaseException:
        await close(answers)
        raise


async def _respond(
    request: Request, body: GenerationBody, answers: Sequence[Answer], reply: Reply
) -> Response:
    events = Interleaved(answers)
    return await http_respond(request, events, _Writer(reply), stream=bool(body.stream))


class _Writer:
    """A reply as chunks that end with `[DONE]`; an error takes the place of what is missing."""

    format = UNNAMED_EVENTS

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def start(self) -> Iterable[Message]:
        return ()

    def add(self, event: tuple[int, Event]) -> Iterable[Message]:
        if isinstance(event[1], Prefill):
            return [prefill_comment(event[1]), *self._reply.add(*event)]
        return self._reply.add(*event)

    def end(self) -> Iterable[Message]:
        return [*self._reply.last(), DONE]

    def fail(self, error: ApiError) -> Iterable[Message]:
        return [openai_body(error), DONE]

    def whole(self) -> Json:
        return self._reply.whole()
