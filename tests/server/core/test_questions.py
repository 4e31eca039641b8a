"""Calls that wait for a person."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.core.questions import Questions
from qwen3mlx.tools.consent import Consents
from qwen3mlx.tools.loop import Call
from qwen3mlx.tools.outcome import Outcome
from qwen3mlx.tools.toolbox import Tool


async def _never_run(*_: Any) -> Outcome:
    raise AssertionError


def call(call_id: str, tool: Tool) -> Call:
    return Call(call_id, tool.name, "{}", tool, {})


def test_always_answers_all_that_wait_for_the_same_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    one, other = (Tool(server="s", name=name, run=_never_run) for name in ("one", "other"))

    async def wait() -> tuple[list[str], bool]:
        questions = Questions()
        asks = [call("1", one), call("2", other), call("3", one)]
        tasks = [asyncio.create_task(questions.ask(each)) for each in asks]
        await asyncio.sleep(0)
        await questions.reply("3", "always")
        replies = [await tasks[0], await tasks[2]]
        assert not tasks[1].done()
        with pytest.raises(InvalidRequestError, match="No call '1' waits"):
            await questions.reply("1", "deny")
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        with pytest.raises(InvalidRequestError):
            await questions.reply("2", "once")
        return list(replies), bool(questions._open)

    assert asyncio.run(wait()) == (["always", "always"], False)
    assert Consents().choices([one, other]) == {one: "always", other: "ask"}
