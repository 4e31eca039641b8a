"""The answers to a body, as one reply or as a stream of server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response

from .....events import Prefill
from ....core.answer import Answer
from ....core.service import Service
from ....http.errors import openai_body, to_api_error
from ....http.replies import JSONReply
from ....http.sse import comment, sse, streaming, while_connected
from .answers import close, interleave
from .reply import Json, Reply, ReplyOptions
from .schemas import CompletionBody, GenerationBody, Prompt


def reply_options(
    body: GenerationBody, answers: Sequence[Answer], logprobs: bool, top_logprobs: int | None
) -> ReplyOptions:
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


async def echo_texts(
    service: Service, body: CompletionBody, answers: Sequence[Answer]
) -> list[str]:
    """The text of each choice's prompt."""

    async def text(prompt: Prompt) -> str:
        if isinstance(prompt, str):
            return prompt
        return await service.detokenize(body.model, prompt)

    try:
        return [echo for prompt in body.prompts for echo in [await text(prompt)] * body.num_answers]
    except BaseException:
        await close(answers)
        raise


async def respond(
    request: Request, body: GenerationBody, answers: Sequence[Answer], reply: Reply
) -> Response:
    if not body.stream:
        return JSONReply(await while_connected(request, _whole(answers, reply)))
    chunks = _stream(answers, reply)
    # Once it has begun, closing it closes the answers, however early the client goes away.
    await anext(chunks)
    return streaming(request, chunks)


async def _whole(answers: Sequence[Answer], reply: Reply) -> Json:
    async with aclosing(interleave(answers)) as events:
        async for index, event in events:
            reply.add(index, event)
    return reply.whole()


async def _stream(answers: Sequence[Answer], reply: Reply) -> AsyncGenerator[bytes, None]:
    """Nothing, then server-sent events: chunks, comments while the prompt is computed, `[DONE]`.

    A fault is an event of its own in place of the rest.
    """
    try:
        async with aclosing(interleave(answers)) as events:
            yield b""
            async for index, event in events:
                if isinstance(event, Prefill):
                    yield comment(f"prefill {event.done}/{event.total}")
                for chunk in reply.add(index, event):
                    yield sse(chunk)
        for chunk in reply.last():
            yield sse(chunk)
    except Exception as error:
        yield sse(openai_body(to_api_error(error)))
    yield sse("[DONE]")
