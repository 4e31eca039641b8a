"""Answers of `run` for which the model may call tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UsageError
from ..quoting import quoted, shortened
from .answer import Answer, Interrupt, View, collect, until

if TYPE_CHECKING:
    from ..events import Event
    from ..runtime import Runtime
    from ..tools.consent import Consents
    from ..tools.host import Host
    from ..tools.loop import Call
    from ..tools.outcome import Outcome
    from ..tools.toolbox import Tool

# Seconds that a call may take, and between looks for Ctrl-C meanwhile.
CALL_PATIENCE, LOOK = 120.0, 0.1
# Characters of a result that are shown.
SHOWN = 300
DENIED = "(The user did not allow this call.)"
UNASKED = "(This tool was not allowed beforehand, and nobody could be asked.)"


class Person(NamedTuple):
    """How a person is told of calls, and asked: `choose(question, keys)`, None if nobody can be."""

    say: Callable[[str], None]
    choose: Callable[[str, str], str] | None


class Agent:
    """The tools of some servers, and what a person allows of them."""

    def __init__(self, hosts: Sequence[Host], tools: Iterable[Tool], person: Person) -> None:
        from ..tools.consent import Consents
        from ..tools.toolbox import Toolbox

        self.toolbox = Toolbox(tools)
        self._hosts = hosts
        self._person = person
        self._consents: Consents = Consents()

    @classmethod
    def of(cls, names: Sequence[str], person: Person) -> Agent:
        """Start the servers that `--mcp` names. A server that fails is told, and left out.

        Raises UsageError for a file that is not there, and ConfigurationError for a broken one.
        """
        from ..tools.host import Host

        files = [name for name in names if _is_file(name)]
        hosts = [Host(), *(Host(Path(name)) for name in files)]
        wanted = [
            [name for name in names if name not in files],
            *(list(host.servers().servers) for host in hosts[1:]),
        ]
        try:
            found = [host.tools(some) for host, some in zip(hosts, wanted, strict=True) if some]
            tools: list[Tool] = []
            for each in found:
                listed = each.result()
                tools += listed.tools
                for sentence in (*listed.faults, *listed.notes):
                    person.say(sentence)
            for host, file in zip(hosts[1:], files, strict=True):
                for fault in host.servers().faults:
                    person.say(f"{file} line {fault.line}: {fault.text}.")
        except BaseException:
            _close(hosts)
            raise
        for tool in tools:
            if tool.fault is not None:
                person.say(f"{tool.server}.{tool.name} was left out: {tool.fault}.")
        return cls(hosts, tools, person)

    def close(self) -> None:
        """End the servers."""
        _close(self._hosts)

    def answer(
        self,
        runtime: Runtime,
        messages: Sequence[dict[str, Any]],
        options: dict[str, Any],
        new_view: Callable[[], View],
        interrupt: Interrupt | None = None,
    ) -> tuple[Answer, list[dict[str, Any]]]:
        """The last step of an answer with all calls, and the messages of all steps."""
        from ..tools.loop import Limits, ToolLoop, cut_by

        loop = ToolLoop(
            messages,
            self.toolbox,
            context_length=runtime.config.max_position_embeddings,
            cut=cut_by(runtime.tokenizer),
            limits=Limits(tokens=options.get("max_tokens")),
        )
        while True:
            given = {**options, "max_tokens": loop.tokens_left}
            events: Iterable[Event] = runtime.generate(loop.messages, loop.functions, **given)
            if interrupt is not None:
                events = until(interrupt, events)
            answer = collect(events, new_view())
            if answer.finished is None:  # stopped by a person
                stopped = {"role": "assistant", "content": answer.content}
                return answer, [*map(dict, loop.new_messages), stopped]
            finished = answer.finished
            whole = answer.calls if finished.finish_reason == "tool_calls" else ()
            calls = loop.answered(answer.content, answer.reasoning, whole, finished.usage)
            self._carry_out(calls, loop.finished, interrupt)
            if interrupt is not None and interrupt.pressed:
                loop.stop()
            if loop.ending is not None:
                told = [_as_json(call) for call in loop.calls]
                return answer._replace(told_calls=told), list(map(dict, loop.new_messages))

    def _carry_out(
        self,
        calls: Sequence[Call],
        finished: Callable[[Call, Outcome], None],
        interrupt: Interrupt | None,
    ) -> None:
        """Ask for each call in turn, then run all that are allowed at the same time."""
        from ..tools.outcome import Outcome

        running: dict[Future[Outcome], Call] = {}
        for call in calls:
            if call.outcome is not None:
                self._tell(call, call.outcome)
            elif (refusal := self._refusal(call)) is not None:
                self._tell(call, Outcome("denied", refusal))
                finished(call, Outcome("denied", refusal))
            else:
                assert call.tool is not None
                self._person.say(f"Calling {_shown(call)} ...")
                future = self._hosts[0].call(call.tool, call.value, CALL_PATIENCE, _no_progress)
                running[future] = call
        while running and not (interrupt is not None and interrupt.pressed):
            for future in wait(running, LOOK if interrupt else None, "FIRST_COMPLETED").done:
                call = running.pop(future)
                self._tell(call, future.result())
                finished(call, future.result())
        for future in running:
            future.cancel()

    def _refusal(self, call: Call) -> str | None:
        """Why a call must not be made; None if it may."""
        assert call.tool is not None
        choice = self._consents.choice(call.tool)
        if choice != "ask":
            return None if choice == "always" else DENIED
        if self._person.choose is None:
            return UNASKED
        question = f"Run {_shown(call)} ? [y]es, [a]lways, [n]o, ne[v]er:"
        key = self._person.choose(question, "yanv")
        if key in "av":
            self._consents.save(call.tool, "always" if key == "a" else "never")
        return None if key in "ya" else DENIED

    def _tell(self, call: Call, outcome: Outcome) -> None:
        if outcome.status == "ok":
            result = shortened(" ".join(outcome.text.split()), SHOWN)
            self._person.say(f"{call.name} ({outcome.seconds:.1f} s): {result}")
        else:
            self._person.say(f"{call.name}, {outcome.status}: {shortened(outcome.text, SHOWN)}")


def _is_file(name: str) -> bool:
    """A server's name has no slash; `mcp.json` is a file."""
    if "/" not in name and not name.endswith(".json"):
        return False
    if not Path(name).is_file():
        raise UsageError(f"There is no file {quoted(name)} with MCP servers.")
    return True


def _close(hosts: Iterable[Host]) -> None:
    for host in hosts:
        host.close()


def _shown(call: Call) -> str:
    assert call.tool is not None
    arguments = json.dumps(call.value, ensure_ascii=False)
    return f"{call.tool.server}.{call.tool.name} {arguments}"


def _no_progress(done: float, total: float | None, message: str | None) -> None:
    pass


def _as_json(call: Call) -> dict[str, Any]:
    assert call.outcome is not None
    return {
        "server": call.tool.server if call.tool else None,
        "name": call.name,
        "arguments": call.arguments,
        "status": call.outcome.status,
        "result": call.outcome.text,
        "seconds": call.outcome.seconds,
    }
