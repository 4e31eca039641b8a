"""The scripted checkpoint writes its script, whatever precedes it and however it is sampled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import qwen3mlx
from qwen3mlx.events import Finished
from qwen3mlx.runtime import Runtime
from qwen3mlx.text import Content, Reasoning
from tests.support.scripted import answer, write_scripted_checkpoint

ANSWERS = [
    answer("One one one, two.", thoughts="Count it."),
    answer("One one one, three.", thoughts="Count it."),
    answer("One, four.", thoughts="Count it again."),
]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return qwen3mlx.load(
        str(write_scripted_checkpoint(tmp_path_factory.mktemp("scripted"), ANSWERS))
    )


@pytest.mark.parametrize(("num_results", "said"), [(0, 0), (1, 1), (2, 2), (7, 2)])
def test_the_number_of_tool_results_picks_the_answer(
    runtime: Runtime, num_results: int, said: int
) -> None:
    assert ask(runtime, num_results) == ANSWERS[said]


def test_no_sampling_setting_leads_away_from_the_script(runtime: Runtime) -> None:
    options: dict[str, Any] = {
        "temperature": 2.0,
        "top_p": 1.0,
        "top_k": 0,
        "presence_penalty": 2.0,
    }
    assert ask(runtime, 1, seed=1, **options) == ANSWERS[1]


def test_a_prompt_that_rules_thinking_out_gets_the_rest(runtime: Runtime) -> None:
    assert ask(runtime, 1, enable_thinking=False) == ANSWERS[1].rpartition("\n\n")[2]


def test_a_long_prompt_makes_no_difference(runtime: Runtime) -> None:
    assert ask(runtime, 1, question="One one one, three. Count it." * 300) == ANSWERS[1]


def test_outside_of_the_script_the_answer_ends(runtime: Runtime) -> None:
    events = list(runtime.generate("Once upon a time", max_tokens=4))
    assert isinstance(events[-1], Finished)
    assert (events[-1].finish_reason, events[-1].usage.completion_tokens) == ("stop", 1)


def test_a_script_must_tell_what_follows(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is followed by ' so' and '<\|im_end\|>' in answer 0"):
        write_scripted_checkpoint(tmp_path, ["so so so so so so so so so so"])


def ask(runtime: Runtime, num_results: int, question: str = "Go.", **options: Any) -> str:
    messages: list[dict[str, object]] = [{"role": "user", "content": question}]
    for number in range(num_results):
        function = {"name": "look", "arguments": "{}"}
        call = {"id": f"call_{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": "ok"})
    thoughts = text = ""
    for event in runtime.generate(messages, max_tokens=60, **options):
        if isinstance(event, Reasoning):
            thoughts += event.text
        elif isinstance(event, Content):
            text += event.text
    return answer(text, thoughts=thoughts)
