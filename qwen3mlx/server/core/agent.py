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
    from ...tools.loop import Call, ToolLoop
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


class AgentAnswer:
    """The events of all steps, iterated once, with one `Finished` for all of them at the end.

    `begin` starts the tools' servers and submits the first step, so that errors show there. Tools
    that are to be asked for are denied where there is no `ask`.
    """

    def __init__(
        self,
        service: Service,
        model: str,
        request: GenerationRequest,
        sources: Sequence[Source],
        ttl: float | None = None,
        ask: Ask | None = None,
    ) -> None:
        self._service = service
        self._model = model
        self._request = request
        self._sources = sources
        self._ttl = ttl
        self._ask = ask
        self._offer: Offer | None = None
        self._loop: ToolLoop | None = None
        self._answer: Answer | None = None
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

        self._offer = await self._service.tools.offer(self._sources)
        loaded = await self._service.load(self._model)
        assert loaded.info.loaded is not None
        tokenizer = await self._service.tokenizer(self._model)
        self._loop = ToolLoop(
            self._request.messages or (),
            Toolbox(self._offer.tools),
            context_length=loaded.info.loaded.context_length,
            cut=cut_by(tokenizer),
            limits=Limits(tokens=self._request.sampling.get("max_tokens")),
        )
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
        sampling = dict(self._request.sampling)
        if self._loop.tokens_left is not None:
            sampling["max_tokens"] = self._loop.tokens_left
        request = replace(
            self._request,
            messages=self._loop.messages,
            tools=self._loop.functions,
            sampling=sampling,
        )
        return await self._service.generate(self._model, request, ttl=self._ttl)

    async def _generate(self) -> AsyncGenerator[AgentEvent, None]:
        steps: list[Finished] = []
        loop = self._loop
        assert loop is not None
        while loop.ending is None:
            answer = self._answer = self._answer if not steps else await self._step()
            assert answer is not None
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
        yield _total(steps)

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


def _total(steps: Sequence[Finished]) -> Finished:
    """The last step's end, with the tokens and the times of all of them."""
    usages, timings = [step.usage for step in steps], [step.timings for step in steps]
    last = steps[-1]
    return last._replace(
        finish_reason="length" if last.finish_reason == "length" else "stop",
        usage=Usage(*map(sum, zip(*usages, strict=True))),
        timings=Timings(*map(sum, zip(*timings, strict=True)))._replace(ttft_s=timings[0].ttft_s),
    )
