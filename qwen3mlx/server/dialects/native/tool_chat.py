"""`/tools/chat`: a chat during which tools run, after a person has been asked where they are to be.

The stream has the chunks of a chat completion for each step, and an event `call` whenever there is
news of a call. `/tools/replies` is where the person's answers go.
"""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....errors import InvalidRequestError
from ....events import Finished, Prefill
from ...core.agent import (
    AgentAnswer,
    AgentEvent,
    CallAsked,
    CallBegun,
    CallEnded,
    CallEvent,
    CallProgress,
    StepEnded,
)
from ...core.dependencies import ServiceDep
from ...core.server_tools import Source
from ...http.errors import ApiError, openai_body
from ...http.json_body import Route, converted
from ...http.respond import UNNAMED_EVENTS, Message, respond
from ...http.sse import DONE, prefill_comment, sse, while_connected
from ...json_text import Json
from ..shared.completions.chat import ChatReply
from ..shared.completions.request import chat_requests
from ..shared.completions.respond import reply_options
from .schemas import ReplyBody, ToolChatBody

router = APIRouter(prefix="/tools", route_class=Route)


@router.post("/chat")
async def chat(body: ToolChatBody, request: Request, service: ServiceDep) -> Response:
    """Answer a conversation with the tools of some servers, which are started for it.

    Without `stream`, nobody can be asked, and the reply is that of the last step.
    """
    _check(body)
    (asked,) = await converted(request, chat_requests, body)
    sources = [Source(name, "servers") for name in dict.fromkeys(body.servers)]
    ask = service.tools.questions.ask if body.stream else None
    agent = AgentAnswer(service, body.model, asked, sources, body.ttl, ask)
    try:
        await while_connected(request, agent.begin())
    except BaseException:
        await agent.aclose()
        raise
    return await respond(request, agent, _Writer(agent, body), stream=bool(body.stream))


@router.post("/replies")
async def reply(body: ReplyBody, service: ServiceDep) -> Json:
    """Allow or deny a call that waits for it."""
    await service.tools.questions.reply(body.id, body.reply)
    return {"id": body.id, "reply": body.reply}


def _check(body: ToolChatBody) -> None:
    wrong = {"n": body.num_answers > 1, "tools": bool(body.tools)}
    wrong["continue_final_message"] = bool(body.continue_final_message)
    for name, is_given in wrong.items():
        if is_given:
            raise InvalidRequestError(
                f"{name} cannot be combined with servers: use /v1/chat/completions.", param=name
            )


class _Writer:
    """Each step as a chat completion of its own, and calls between them."""

    format = UNNAMED_EVENTS

    def __init__(self, agent: AgentAnswer, body: ToolChatBody) -> None:
        self._agent = agent
        self._body = body
        self._reply = self._next_reply()
        self._is_step_over = False

    def start(self) -> Iterable[Message]:
        return ()

    def add(self, event: AgentEvent) -> Iterable[Message]:
        if isinstance(event, CallEvent):
            return [] if isinstance(event, CallBegun) else [sse(_told(event), "call")]
        if isinstance(event, Finished):  # of all steps
            return []
        if isinstance(event, StepEnded):
            self._is_step_over = True
            return [*self._reply.add(0, event.finished), *self._reply.last()]
        if self._is_step_over:
            self._is_step_over, self._reply = False, self._next_reply()
        comments = [prefill_comment(event)] if isinstance(event, Prefill) else []
        return [*comments, *self._reply.add(0, event)]

    def end(self) -> Iterable[Message]:
        return [DONE]

    def fail(self, error: ApiError) -> Iterable[Message]:
        return [openai_body(error), DONE]

    def whole(self) -> Json:
        return self._reply.whole()

    def _next_reply(self) -> ChatReply:
        body = self._body
        scores = bool(body.logprobs), body.top_logprobs
        return ChatReply(reply_options(body, [self._agent.step], *scores))


def _told(event: CallAsked | CallProgress | CallEnded) -> Json:
    """The text is what the model gets."""
    call = event.call
    server, tool = (call.tool.server, call.tool.name) if call.tool else (None, call.name)
    about = {"id": call.id, "server": server, "tool": tool}
    if isinstance(event, CallAsked):
        return {**about, "state": "asked"}
    if isinstance(event, CallProgress):
        how = {"done": event.done, "total": event.total, "message": event.message}
        return {**about, "state": "running", **how}
    assert call.outcome is not None
    ended = {"status": call.outcome.status, "text": call.given, "seconds": call.outcome.seconds}
    return {**about, "state": "ended", **ended}
