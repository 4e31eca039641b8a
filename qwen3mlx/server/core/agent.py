"""An answer of several steps, between which tools run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import ConfigurationError
from ...events import Event, Finished, Timings, Usage
from ...request import GenerationRequest
from ...text import Content, Reasoning
from .answer import Answer
from .questions import Reply
from .server_tools import Offer, Source

if TYPE_CHECKING:
    from ...tools.loop import Call, ToolLoop, WrittenCall
    from ...tools.outcome import Outcome
    from .service import Service

Message = Mapping[str, Any]
# Asks a person about a call, and waits for the reply.
Ask = Callable[["Call"], Awaitable[Reply]]

UNASKED = "(This tool is not allowed: the user has not said that it may always run.)"
DENIED = "(The user did not allow this call.)"


class StepEnded(NamedTuple):
    """A step is complete; what it has written are its calls, or the answer."""

    finished: Finished


class CallBegun(NamedTuple):
    """A call of a tool is about to run, or has ended already."""

    call: Call


class CallAsked(NamedTuple):
    """A call waits for a person, who is to allow it."""

    call: Call


class CallProgress(NamedTuple):
    """A call runs, and says how far it is: at first nothing."""

    call: Call
    done: float = 0.0
    total: float | None = None
    message: str | None = None


class CallEnded(NamedTuple):
    """A call has its outcome."""

    call: Call


CallEvent = CallBegun | CallAsked | CallProgress | CallEnded
AgentEvent = Event | StepEnded | CallEvent


class ClientPart(NamedTuple):
    """What a client does in an answer with tools of an `offer` that run here.

    It makes the calls of the names for which `is_left` is true, or approves them first. `approved`
    are calls of the last message that it has approved, `used` the tokens of the prompt so far.
    `most_calls` are those that may run here.
    """

    offer: Offer
    is_left: Callable[[str], bool]
    approved: Sequence[WrittenCall] = ()
    used: int = 0
    most_calls: int | None = None


class AgentAnswer:
    """The events of all steps, iterated once, with one `Finished` for all of them at the end.

    `begin` starts the tools' servers and submits the first step, so that errors show there. Tools
    that are to be asked for are denied where there is no `ask`. With a client's part, the request
    has all tools already, those of its offer by their names in full.
    """

    def __init__(
        self,
        service: Service,
        model: str,
        request: GenerationRequest,
        sources: Sequence[Source],
        ttl: float | None = None,
        ask: Ask | None = None,
        client: ClientPart | None = None,
    ) -> None:
        self._service = service
        self._model = model
        self._request = request
        self._sources = sources
        self._ttl = ttl
        self._ask = ask
        self._client = client
        self._offer: Offer | None = None
        self._loop: ToolLoop | None = None
        self._answer: Answer | None = None
        self._approved: Sequence[Call] = ()
        self._running: dict[asyncio.Task[Any], Call] = {}
        self._events = self._generate()

    @property
    def new_messages(self) -> list[Message]:
        """What the answer adds to the conversation."""
        return [] if self._loop is None else self._loop.new_messages

    @property
    def step(self) -> Answer:
        """The step that was begun last."""
        assert self._answer is not None
        return self._answer

    async def begin(self) -> None:
        from ...tools.loop import Limits, ToolLoop, cut_by
        from ...tools.toolbox import Toolbox

        client = self._client
        if client is None:
            client = ClientPart(await self._service.tools.offer(self._sources), lambda _: False)
        self._offer = client.offer
        limits = Limits(tokens=self._request.sampling.get("max_tokens"))
        loaded = await self._service.load(self._model)
        assert loaded.info.loaded is not None
        tokenizer = await self._service.tokenizer(self._model)
        self._loop = ToolLoop(
            self._request.messages or (),
            Toolbox(self._offer.tools, in_full=self._client is not None),
            context_length=loaded.info.loaded.context_length,
            cut=cut_by(tokenizer),
            limits=limits._replace(calls=min(limits.calls, client.most_calls or limits.calls)),
            is_left=client.is_left,
        )
        self._approved = self._loop.resumed(client.approved, client.used)
        if not self._approved:
            self._answer = await self._step()

    def __aiter__(self) -> AsyncIterator[AgentEvent]:
        return self._events

    async def aclose(self) -> None:
        """Cancel the step and the calls that are under way, and end the servers of the request."""
        await self._events.aclose()
        if self._answer is not None:
            await self._answer.aclose()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._offer is not None:
            await self._offer.close()

    async def _step(self) -> Answer:
        assert self._loop is not None
        choice = self._request.tool_choice
        sampling = dict(self._request.sampling)
        if self._loop.tokens_left is not None:
            sampling["max_tokens"] = self._loop.tokens_left
        request = replace(
            self._request,
            messages=self._loop.messages,
            tools=self._request.tools or self._loop.functions,
            tool_choice=choice if choice == "none" or not self._loop.num_steps else "auto",
            sampling=sampling,
        )
        return await self._service.generate(self._model, request, ttl=self._ttl)

    async def _generate(self) -> AsyncGenerator[AgentEvent, None]:
        steps: list[Finished] = []
        loop = self._loop
        assert loop is not None
        async for told in self._carry_out(loop, self._approved):
            yield told
        while loop.ending is None:
            if steps or self._answer is None:
                self._answer = await self._step()
            answer = self._answer
            content, reasoning = "", ""
            async for event in answer:
                if isinstance(event, Content):
                    content += event.text
                elif isinstance(event, Reasoning):
                    reasoning += event.text
                if isinstance(event, Finished):
                    steps.append(event)
                    yield StepEnded(event)
                else:
                    yield event
            whole = answer.tool_calls if steps[-1].finish_reason == "tool_calls" else ()
            calls = loop.answered(content, reasoning, whole, steps[-1].usage)
            async for told in self._carry_out(loop, calls):
                yield told
        yield _total(steps, is_left=loop.ending == "left")

    async def _carry_out(
        self, loop: ToolLoop, calls: Sequence[Call]
    ) -> AsyncGenerator[AgentEvent, None]:
        """Run all calls of a step at the same time."""
        news: asyncio.Queue[AgentEvent | asyncio.Task[Outcome]] = asyncio.Queue()
        for call in calls:
            yield CallBegun(call)
            if call.outcome is not None:
                yield CallEnded(call)
                continue
            task = asyncio.create_task(self._outcome(call, news.put_nowait))
            task.add_done_callback(news.put_nowait)
            self._running[task] = call
        while self._running:
            new = await news.get()
            if isinstance(new, asyncio.Task):
                call = self._running.pop(new)
                loop.finished(call, new.result())
                new = CallEnded(call)
            yield new

    async def _outcome(self, call: Call, tell: Callable[[AgentEvent], None]) -> Outcome:
        """Run a call, if it may run."""
        from ...tools.outcome import Outcome

        tool, tools = call.tool, self._service.tools
        assert tool is not None
        try:
            choice = await tools.choice(tool)
            if choice == "ask" and self._ask is not None:
                tell(CallAsked(call))
                if await self._ask(call) == "deny":
                    return Outcome("denied", DENIED)
            elif choice != "always":
                return Outcome("denied", UNASKED)
        except ConfigurationError as error:
            return Outcome("denied", str(error))
        tell(CallProgress(call))
        return await tools.run(tool, call.value, lambda *how: tell(CallProgress(call, *how)))


def _total(steps: Sequence[Finished], *, is_left: bool) -> Finished:
    """The last step's end, with the tokens and the times of all of them."""
    usages, timings = [step.usage for step in steps], [step.timings for step in steps]
    last = steps[-1]
    is_cut = last.finish_reason == "length"
    return last._replace(
        finish_reason="length" if is_cut else "tool_calls" if is_left else "stop",
        usage=Usage(*map(sum, zip(*usages, strict=True))),
        timings=Timings(*map(sum, zip(*timings, strict=True)))._replace(ttft_s=timings[0].ttft_s),
    )
