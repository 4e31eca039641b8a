"""The validated command line of `run`, and how it becomes an answer or a chat."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from .. import library
from ..config import LoadOptions
from ..errors import InvalidRequestError, ModelNotFoundError, UsageError
from . import models
from .answer import Silent, View, collect, stats_line
from .plain import PlainView
from .settings import Settings
from .terminal import Terminal

if TYPE_CHECKING:
    from ..runtime import Runtime
    from .agent import Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The command line, validated."""

    model: str = "demo"
    prompt: str | None = None
    system: str | None = None
    settings: Settings = field(default_factory=Settings)
    loading: LoadOptions = field(default_factory=LoadOptions)
    adapter: str | None = None
    raw: bool = False
    mcp: Sequence[str] = ()
    json: bool = False
    stats: bool = False
    hide_thinking: bool = False

    @classmethod
    def from_options(
        cls,
        *,
        model: str,
        think: bool | None,
        thinking_budget: int | None,
        sampling: dict[str, Any],
        loading: dict[str, Any],
        adapter: str | None = None,
        raw: bool | None,
        **rest: Any,
    ) -> Request:
        """Options that were not given are None. Raises UsageError, which names the invalid one."""
        model, adapter = library.with_adapter(model, adapter)
        given = {name: value for name, value in sampling.items() if value is not None}
        is_raw = models.is_base(model) if raw is None else raw
        if is_raw and (rest.get("system") or think is not None or thinking_budget is not None):
            raise UsageError(
                "--system, --think, --no-think and --thinking-budget require the chat format: "
                "remove --raw, or add --chat for a -Base model."
            )
        if is_raw and rest.get("mcp"):
            raise UsageError("--mcp requires the chat format: remove --raw, or add --chat.")
        try:
            settings = Settings(think, thinking_budget, given)
            load_options = LoadOptions(**loading)
        except InvalidRequestError as error:
            raise UsageError(str(error)) from error
        return cls(
            model=model,
            settings=settings,
            loading=load_options,
            adapter=adapter,
            raw=is_raw,
            **rest,
        )


Loader = Callable[[str, LoadOptions, Terminal, "str | None"], "Runtime"]


def answer_or_chat(request: Request, terminal: Terminal, load: Loader) -> None:
    """Do what the command line asks for; all dependencies are passed in."""
    _check_model(request)
    chatting = request.prompt is None and terminal.can_chat
    if chatting and (request.json or request.raw):
        what = "--json" if request.json else "Text completion (--raw, or a -Base model)"
        raise UsageError(f"{what} needs a PROMPT or piped text.")
    if chatting:
        _chat(request, terminal, _loaded(request, terminal, load))
    else:
        prompt = full_prompt(request.prompt, terminal)
        _answer(request, terminal, _loaded(request, terminal, load), prompt)


def _loaded(request: Request, terminal: Terminal, load: Loader) -> Runtime:
    return load(request.model, request.loading, terminal, request.adapter)


def _check_model(request: Request) -> None:
    """Raise an error if a lone argument looks like a PROMPT; don't guess."""
    try:
        library.resolve(request.model)
    except library.NotDownloadedError:
        return
    except ModelNotFoundError as error:
        if request.prompt is not None:
            raise
        advice = "To ask the demo model, put `demo` before your question."
        if " " in request.model.strip():
            raise UsageError(f"The first argument is the model. {advice}") from error
        raise ModelNotFoundError(f"{error} {advice}") from error


def full_prompt(prompt: str | None, terminal: Terminal) -> str:
    """PROMPT, followed by the piped text."""
    piped = terminal.piped_text(optional=prompt is not None)
    text = "\n\n".join(part for part in (prompt, piped) if part and part.strip())
    if not text:
        raise UsageError(
            'There is no prompt: run `qwen3mlx run demo "Hello"`, or use a terminal to chat.'
        )
    return text


def _answer(request: Request, terminal: Terminal, runtime: Runtime, prompt: str) -> None:
    system = [{"role": "system", "content": request.system}] if request.system else []
    messages = [*system, {"role": "user", "content": prompt}]
    options = request.settings.generate_options()

    def new_view() -> View:
        return Silent() if request.json else _view(request, terminal, terminal.stderr)

    with _agent(request, terminal, terminal.note) as agent:
        if agent is not None:
            answer, _ = agent.answer(runtime, messages, options, new_view)
        else:
            events = runtime.generate(prompt if request.raw else messages, **options)
            answer = collect(events, new_view())
    if request.json:
        print(json.dumps(answer.as_json(), ensure_ascii=False), file=terminal.stdout)
    if request.stats:
        terminal.note(stats_line(answer))


@contextmanager
def _agent(
    request: Request, terminal: Terminal, say: Callable[[str], None]
) -> Iterator[Agent | None]:
    """The tools that the request names; None without any."""
    if not request.mcp:
        yield None
        return
    from .agent import Agent, Person

    choose = partial(terminal.choose, default="n") if terminal.can_ask else None
    agent = Agent.of(request.mcp, Person(say, choose))
    try:
        yield agent
    finally:
        agent.close()


def _view(request: Request, terminal: Terminal, thinking: TextIO) -> View:
    if not terminal.can_draw:
        return PlainView(terminal, hide_thinking=request.hide_thinking)
    from .markdown import MarkdownView

    return MarkdownView(
        terminal.console(terminal.stdout),
        terminal.console(thinking),
        hide_thinking=request.hide_thinking,
    )


def _chat(request: Request, terminal: Terminal, runtime: Runtime) -> None:
    from ..settings.state import state_home
    from . import chat_loop
    from .chat import Chat
    from .display import visible
    from .header import header
    from .line_editor import LineEditor

    console = terminal.console(terminal.stdout)

    def say(text: str) -> None:
        console.print(visible(text), style="dim")

    with _agent(request, terminal, say) as agent:
        chat = Chat(
            runtime,
            say=say,
            new_view=lambda: _view(request, terminal, terminal.stdout),
            settings=request.settings,
            system=request.system,
            show_stats=request.stats,
            agent=agent,
        )
        say(header(models.short_name(request.model), runtime.config, request.settings))
        say("Type /help for commands; press Ctrl-D to leave.")
        chat_loop.run(chat, LineEditor(state_home() / "history"))
