from __future__ import annotations

import json
from typing import Any

import pytest

from qwen3mlx.cli.request import Request, answer_or_chat
from qwen3mlx.cli.settings import Settings
from qwen3mlx.cli.terminal import Terminal
from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import ModelNotFoundError, UsageError

from .support import FakeRuntime, Stream, fake_terminal, printed


def answer(terminal: Terminal | None = None, **fields: Any) -> tuple[FakeRuntime, Terminal]:
    """The request done with a scripted model, and what it left on the streams."""
    runtime, terminal = FakeRuntime(), terminal or fake_terminal()
    fields.setdefault("prompt", "hello")
    answer_or_chat(Request(**fields), terminal, lambda *_: runtime)  # type: ignore[arg-type]
    return runtime, terminal


def test_one_answer() -> None:
    runtime, terminal = answer(system="be brief", settings=Settings(think=False))
    messages, options = runtime.calls[0]
    assert messages == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
    ]
    assert options == {"enable_thinking": False, "thinking_budget": None}
    assert printed(terminal.stdout) == "Hi there\n"


def test_json_is_one_object_and_nothing_else() -> None:
    _, terminal = answer(json=True)
    assert json.loads(printed(terminal.stdout))["content"] == "Hi there"
    assert printed(terminal.stdout).count("\n") == 1
    assert printed(terminal.stderr) == ""


def test_stats_go_to_stderr() -> None:
    _, terminal = answer(stats=True, hide_thinking=True)
    assert printed(terminal.stdout) == "Hi there\n"
    assert printed(terminal.stderr).startswith("prompt 1,200 tokens")


def test_raw_sends_the_text_itself() -> None:
    runtime, _ = answer(raw=True, prompt="Once upon")
    assert runtime.calls[0][0] == "Once upon"


def options(**given: Any) -> Request:
    given = {"model": "demo", "think": None, "thinking_budget": None, "raw": None} | given
    groups: dict[str, Any] = {"sampling": {}, "loading": {}}
    return Request.from_options(**(groups | given))


def test_options_that_were_not_given_are_left_out() -> None:
    request = options(sampling={"top_k": 5, "min_p": None}, loading={"kv_bits": 8}, prompt="x")
    assert request.settings == Settings(sampling={"top_k": 5})
    assert request.loading == LoadOptions(kv_bits=8)
    assert (request.prompt, request.raw) == ("x", False)
    assert options(model="Qwen/Qwen3-8B-Base").raw is True
    assert options(model="Qwen/Qwen3-8B-Base", raw=False).raw is False
    assert options(model="qwen3:8b-base").raw is True


@pytest.mark.parametrize(
    "wrong", [{"sampling": {"top_p": 2.0}}, {"loading": {"kv_bits": 3}}, {"thinking_budget": -1}]
)
def test_a_value_out_of_range_is_wrong_usage(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"top_p|kv_bits|thinking_budget"):
        options(**wrong)


def test_a_question_in_the_place_of_the_model_is_explained() -> None:
    with pytest.raises(UsageError, match="put `demo` before your question"):
        answer(model="Why is the sky blue?", prompt=None)
    with pytest.raises(ModelNotFoundError, match=r"did you mean qwen3:8b.*put `demo` before"):
        answer(model="qwen3:8", prompt=None)
    with pytest.raises(ModelNotFoundError, match=r"did you mean qwen3:8b\?$"):
        answer(model="qwen3:8", prompt="hello")
    with pytest.raises(ModelNotFoundError, match="is not a model"):
        answer(model="my model", prompt="hello")


@pytest.mark.parametrize("prompt", [None, "", "  \n"])
def test_no_prompt_is_wrong_usage_before_anything_is_loaded(prompt: str | None) -> None:
    def load(*_: object) -> Any:
        raise AssertionError("loaded")

    with pytest.raises(UsageError, match="There is no prompt"):
        answer_or_chat(Request(prompt=prompt), fake_terminal(), load)


@pytest.mark.parametrize("fields", [{"json": True}, {"raw": True}])
def test_a_chat_cannot_be_json_or_raw(fields: dict[str, bool]) -> None:
    with pytest.raises(UsageError, match="needs a PROMPT"):
        answer(fake_terminal(tty=True), prompt=None, **fields)


def test_a_terminal_gets_markdown_a_dumb_one_plain_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in printed(answer(fake_terminal(tty=True))[1].stdout)
    monkeypatch.setenv("TERM", "dumb")
    assert printed(answer(fake_terminal(tty=True))[1].stdout) == "Hi there\n"


def test_thinking_of_one_answer_stays_off_stdout_on_a_terminal_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal(Stream(), Stream(tty=True), Stream())
    answer(terminal)
    assert "hm" not in printed(terminal.stdout)
    assert printed(terminal.stderr) == "hm\n\n"
