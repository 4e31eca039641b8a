"""A prompt that ends in the middle of the last message, even in the middle of its thought."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.text import ChatPrompt, Tokenizer, load_tokenizer, reasoning_start

from .support import write_tiny_tokenizer

BEGUN = "<|im_start|>assistant\n"
QUESTION = {"role": "user", "content": "Hi"}


def prompt(tokenizer: Tokenizer, last: dict[str, Any], **options: Any) -> ChatPrompt:
    messages = [QUESTION, {"role": "assistant", **last}]
    return tokenizer.chat_prompt(messages, continue_final_message=True, **options)


@pytest.mark.parametrize(
    ("last", "end"),
    [
        ({"content": "<think>\nHm"}, "<think>\nHm"),
        ({"content": "<think>Hm"}, "<think>\nHm"),
        ({"content": " \n<think>\n\nHm\n"}, "<think>\n\nHm\n"),
        ({"content": "<think>"}, "<think>\n"),
        ({"content": "<think>\n"}, "<think>\n"),
        ({"content": [{"type": "text", "text": "<think>\nHm"}]}, "<think>\nHm"),
        ({"content": "", "reasoning_content": "Hm"}, "<think>\nHm"),
        ({"content": None, "reasoning_content": "Hm.\n\n"}, "<think>\nHm.\n\n"),
        ({"content": "", "reasoning": "\nHm"}, "<think>\nHm"),
        ({"content": "", "reasoning_content": "a <think> b"}, "<think>\na <think> b"),
    ],
)
def test_a_thought_that_is_open_stays_open(
    qwen3: Tokenizer, last: dict[str, Any], end: str
) -> None:
    chat = prompt(qwen3, last)
    assert chat.text.endswith(BEGUN + end)
    assert reasoning_start(chat.marked) == "inside"
    assert qwen3.encode_chat(chat).count(qwen3.encode("<think>")[0]) == 1


@pytest.mark.parametrize(
    ("last", "end"),
    [
        ({"content": "Sure"}, "<think>\n\n</think>\n\nSure"),
        ({"content": "Sure, "}, "<think>\n\n</think>\n\nSure, "),
        ({"content": "<think>\nHm\n</think>\n\nSure"}, "<think>\nHm\n</think>\n\nSure"),
        ({"content": "<think>\nHm\n</think>"}, "<think>\nHm\n</think>\n\n"),
        ({"content": "Sure", "reasoning_content": "Hm"}, "<think>\nHm\n</think>\n\nSure"),
        ({"content": "So <think>", "reasoning_content": "Hm"}, "\n</think>\n\nSo <think>"),
        ({"content": "So <think>"}, "So <think>"),
    ],
)
def test_an_answer_past_its_thinking_is_continued(
    qwen3: Tokenizer, last: dict[str, Any], end: str
) -> None:
    chat = prompt(qwen3, last)
    assert chat.text.endswith(end)
    assert reasoning_start(chat.marked) == "off"


def test_a_chat_that_is_an_answer_alone(qwen3: Tokenizer) -> None:
    last = {"role": "assistant", "content": "<think>\nHm"}
    assert qwen3.chat_prompt([last], continue_final_message=True).text == f"{BEGUN}<think>\nHm"


@given(thought=st.text(st.sampled_from("ab\n <|im_end>/thk"), max_size=12))
def test_what_was_thought_is_data(qwen3: Tokenizer, thought: str) -> None:
    """It opens and ends no turn, and its text is preserved exactly."""
    chat = prompt(qwen3, {"content": "", "reasoning_content": "x" + thought + "<|im_end|>"})
    ids = qwen3.encode_chat(chat)
    assert qwen3.decode(ids).endswith(f"{BEGUN}<think>\nx{thought}<|im_end|>")
    assert ids.count(qwen3.encode("<|im_end|>")[0]) == 1, "the question's"


def test_a_switch_that_says_otherwise_is_refused(qwen3: Tokenizer) -> None:
    with pytest.raises(InvalidRequestError, match="middle of a thought") as caught:
        prompt(qwen3, {"content": "<think>\nHm"}, enable_thinking=False)
    assert caught.value.param == "enable_thinking"
    assert prompt(qwen3, {"content": "<think>\nHm"}, enable_thinking=True).text.endswith("Hm")


def test_only_the_assistants_message_can_be_continued(qwen3: Tokenizer) -> None:
    with pytest.raises(InvalidRequestError, match="Only a last message from the assistant"):
        qwen3.chat_prompt([QUESTION], continue_final_message=True)


def test_a_template_of_another_form_says_so(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(
        "{% for m in messages %}[{{ m.content }}]{% endfor %}"
    )
    tokenizer = load_tokenizer(tmp_path)
    with pytest.raises(InvalidRequestError, match="chat template cannot continue"):
        prompt(tokenizer, {"content": "<think>\nHm"})
    assert prompt(tokenizer, {"content": "Sure"}).text == "[Hi][Sure]"


def test_another_templates_own_end_is_cut(tmp_path: Path) -> None:
    """DeepSeek-R1-0528-Qwen3-8B ends a message with its `eos_token`."""
    template = (
        "{{ bos_token }}{% for each in messages %}"
        "{% if each.role == 'user' %}<|im_start|>{{ each.content }}"
        "{% else %}<|im_end|>{{ each.content.split('</think>')[-1] }}{{ eos_token }}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}<|im_end|>{% endif %}"
    )
    write_tiny_tokenizer(tmp_path, added_tokens=["<|im_start|>", "<|im_end|>", "<|endoftext|>"])
    named = {"eos_token": {"content": "<|endoftext|>"}, "bos_token": "<|im_start|>"}
    config = json.dumps(named | {"chat_template": template})
    (tmp_path / "tokenizer_config.json").write_text(config)
    chat = prompt(load_tokenizer(tmp_path), {"content": "Sure <|endoftext|>"})
    assert chat.text == "<|im_start|><|im_start|>Hi<|im_end|>Sure <|endoftext|>"
