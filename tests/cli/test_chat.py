from __future__ import annotations

import signal
from typing import Any

import pytest

from qwen3mlx.cli import chat_loop
from qwen3mlx.cli.chat import Chat
from qwen3mlx.cli.chat_loop import is_open_block
from qwen3mlx.cli.settings import Settings
from qwen3mlx.errors import ContextLengthError
from qwen3mlx.events import Finished, Prefill
from qwen3mlx.text import Content, Reasoning

from .support import FINISHED, TIMINGS, USAGE, FakeEditor, FakeRuntime, Recorder


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


class Session:
    """A chat over scripted answers; `said` is the program's own output."""

    def __init__(
        self, *typed: str | type[BaseException], scripts: Any = (), **options: Any
    ) -> None:
        self.runtime = FakeRuntime(list(scripts))
        self.said: list[str] = []
        self.views: list[Recorder] = []
        options.setdefault("settings", Settings())
        self.chat = Chat(
            self.runtime,  # type: ignore[arg-type]
            say=self.said.append,
            new_view=self._new_view,
            **options,
        )
        chat_loop.run(self.chat, FakeEditor(*typed))

    def _new_view(self) -> Recorder:
        self.views.append(Recorder())
        return self.views[-1]

    def messages(self, call: int) -> Any:
        return self.runtime.calls[call][0]

    def options(self, call: int) -> dict[str, Any]:
        return self.runtime.calls[call][1]


def test_the_model_gets_the_whole_conversation_without_earlier_thinking() -> None:
    session = Session("one", "two", system="be brief")
    system = {"role": "system", "content": "be brief"}
    assert session.messages(0) == [system, user("one")]
    assert session.messages(1) == [system, user("one"), assistant("Hi there"), user("two")]


@pytest.mark.parametrize("typed", ["", "   ", "\n"])
def test_nothing_typed_sends_nothing(typed: str) -> None:
    assert Session(typed).runtime.calls == []


def test_ctrl_c_at_the_prompt_says_how_to_leave_and_continues() -> None:
    session = Session(KeyboardInterrupt, "hello")
    assert session.said == ["Press Ctrl-D or type /exit to leave."]
    assert len(session.runtime.calls) == 1


@pytest.mark.parametrize("leave", ["/exit", "/bye", "/quit", " /EXIT "])
def test_exit_leaves(leave: str) -> None:
    assert Session(leave, "hello").runtime.calls == []


def press_ctrl_c() -> Content:
    signal.raise_signal(signal.SIGINT)
    return Content(" more")


def test_ctrl_c_stops_the_answer_and_its_part_stays_in_the_conversation() -> None:
    script = [
        Prefill(0, 1),
        Reasoning("hm"),
        Content("some"),
        press_ctrl_c,
        Content(" never"),
        FINISHED,
    ]
    session = Session("one", "two", scripts=[script])
    assert session.messages(1) == [user("one"), assistant("some more"), user("two")]
    assert session.said[0] == "Stopped."
    assert session.runtime.given[0].closed
    assert session.views[0].closed == 1


def test_a_second_ctrl_c_does_not_wait_for_the_next_token() -> None:
    def twice() -> Content:
        signal.raise_signal(signal.SIGINT)
        return press_ctrl_c()

    session = Session("one", "two", scripts=[[Content("some"), twice]])
    assert session.messages(1) == [user("two")]
    assert session.runtime.given[0].closed


def test_afterwards_ctrl_c_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    Session("one")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("late", [False, True])
def test_a_message_that_does_not_fit_leaves_the_conversation_as_it_was(late: bool) -> None:
    error = ContextLengthError(9000, 4096)
    script: Any = [Prefill(0, 1), error] if late else error
    session = Session("one", "far too long", "two", scripts=[[Content("1"), FINISHED], script])
    assert session.said == [str(error)]
    assert session.messages(2) == [user("one"), assistant("1"), user("two")]


def test_an_answer_that_was_cut_off_says_so() -> None:
    session = Session("one", scripts=[[Content("a"), Finished("length", USAGE, TIMINGS)]])
    assert "cut off" in session.said[0]


def test_think_and_no_think_set_the_mode_of_the_following_turns() -> None:
    session = Session("a", "/no_think", "b", "/think", "c")
    assert [session.options(i)["enable_thinking"] for i in range(3)] == [None, False, True]


@pytest.mark.parametrize("text", ["/no_think what is 2+2?", "what? /no_think", "/think about it"])
def test_a_soft_switch_with_other_text_is_the_model_s_business(text: str) -> None:
    session = Session(text)
    assert session.messages(0) == [user(text)]
    assert session.options(0)["enable_thinking"] is None


def test_budget() -> None:
    session = Session("/budget 1024", "a", "/budget off", "b", "/budget x", "/budget")
    assert [session.options(i)["thinking_budget"] for i in range(2)] == [1024, None]
    assert session.said == [
        "Thinking budget: 1,024 tokens.",
        "The thinking budget is off.",
        "/budget takes a number of tokens, or off.",
        "The thinking budget is off.",
    ]


def test_system() -> None:
    session = Session("/system", "/system speak\nlatin", "a", "/system off", "b")
    assert session.messages(0)[0] == {"role": "system", "content": "speak\nlatin"}
    assert session.messages(1)[0] == user("a")
    assert session.said[0] == "No system message."


def test_set() -> None:
    session = Session(
        "/set", "/set top_k 5", "a", "/set top_k default", "b", "/set top_k", "/set top 1"
    )
    assert session.options(0)["top_k"] == 5
    assert "top_k" not in session.options(1)
    assert session.said == [
        "All settings are at the model's defaults.",
        "Set: top_k 5.",
        "All settings are at the model's defaults.",
        "/set top_k needs a value, or default.",
        "Unknown setting top. Did you mean top_p?",
    ]


def test_a_setting_out_of_range_is_refused_and_the_old_one_stays() -> None:
    session = Session("/set min_p 0.1", "/set min_p 2", "a")
    assert session.options(0)["min_p"] == 0.1
    assert "min_p is 2.0" in session.said[1]


def test_clear_forgets_the_conversation_and_keeps_the_system_message() -> None:
    session = Session("one", "/clear", "two", system="s")
    assert session.messages(1) == [{"role": "system", "content": "s"}, user("two")]


def test_stats_on_request_and_always() -> None:
    session = Session("/stats", "one", "/stats", "/stats on", "two", "/stats maybe")
    assert session.said[0] == "No answer yet."
    assert session.said[1].startswith("prompt 1,200 tokens")
    assert session.said[2:4] == ["Statistics after each answer: on.", session.said[1]]
    assert session.said[4] == "/stats takes on or off, or no argument."
    assert Session("one", show_stats=True).said == [session.said[1]]


@pytest.mark.parametrize(
    ("typed", "meant"), [("/claer", "/clear"), ("/sys hi", "/system"), ("/histroy", None)]
)
def test_an_unknown_command_names_the_nearest(typed: str, meant: str | None) -> None:
    session = Session(typed)
    assert session.runtime.calls == []
    assert "Unknown command" in session.said[0]
    assert ("did you mean" in session.said[0]) == (meant is not None)
    assert meant is None or f"did you mean {meant}?" in session.said[0]


@pytest.mark.parametrize("text", ["/usr/bin/env: what is it?", "/ hello", "// comment", "1/2"])
def test_a_slash_does_not_make_a_command(text: str) -> None:
    assert Session(text).messages(0) == [user(text)]


def test_help_lists_every_command() -> None:
    text = "\n".join(Session("/help").said)
    for name in ("think", "no_think", "budget", "system", "clear", "stats", "help", "exit"):
        assert f"/{name}" in text


def test_a_quoted_block_is_sent_without_its_quotes_and_not_as_a_command() -> None:
    session = Session('"""\n/clear\n  indented\n"""', '"""one line"""')
    assert session.messages(0) == [user("/clear\n  indented")]
    assert session.messages(1)[-1] == user("one line")


@pytest.mark.parametrize(
    ("text", "is_open"),
    [('"""', True), ('"""a\nb', True), ('"""a"""', False), ('""""""', False), ('a """', False)],
)
def test_is_open_block(text: str, is_open: bool) -> None:
    assert is_open_block(text) == is_open
