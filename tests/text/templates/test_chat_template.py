from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError, TemplateError
from qwen3mlx.text import load_tokenizer
from qwen3mlx.text.messages import normalize_messages
from qwen3mlx.text.templates.chat_template import ChatTemplate
from qwen3mlx.text.templates.source import TemplateSource, find_templates
from tests.support.examples import examples

from ..support import write_tiny_tokenizer

FRAGMENTS = [
    "",
    "\n",
    " ",
    "hi",
    "<think>",
    "</think>",
    "<tool_response>",
    "</tool_response>",
    "é<&'",
]
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "北京", "<c> & 'q' \"d\""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
functions = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["now", "get_weather"]),
        "arguments": st.dictionaries(texts, json_values, max_size=2)
        | st.sampled_from(['{"a": 1}', '{"a":1}', "not json", ""]),
    }
)
calls = functions | st.builds(lambda call: {"type": "function", "function": call}, functions)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "tool"]), "content": texts}
) | st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": texts},
    optional={
        "reasoning_content": st.none() | texts,
        "tool_calls": st.none() | st.lists(calls, max_size=3),
    },
)
tool_lists = st.none() | st.lists(
    st.fixed_dictionaries({"type": st.just("function"), "function": json_values}), max_size=2
)


def template(text: str) -> ChatTemplate:
    return ChatTemplate(TemplateSource(text, "chat_template.jinja"))


def render(text: str, **context: Any) -> str:
    return template(text).render(**context)


@pytest.fixture(scope="module")
def builtin() -> ChatTemplate:
    return ChatTemplate(find_templates(Path("/nowhere"), {})["default"])


@pytest.fixture(scope="module")
def original(qwen3_folder: Path, qwen3_config: dict[str, Any]) -> ChatTemplate:
    return ChatTemplate(find_templates(qwen3_folder, qwen3_config)["default"])


@settings(max_examples=examples(300))
@given(
    conversation=st.lists(messages, min_size=1, max_size=7),
    tools=tool_lists,
    add_generation_prompt=st.booleans(),
    thinking=st.sampled_from([{}, {"enable_thinking": True}, {"enable_thinking": False}]),
)
def test_ours_renders_what_qwens_does(
    builtin: ChatTemplate,
    original: ChatTemplate,
    conversation: list[dict[str, Any]],
    tools: list[dict[str, Any]] | None,
    add_generation_prompt: bool,
    thinking: dict[str, bool],
) -> None:
    context = {
        "messages": normalize_messages(conversation),
        "tools": tools,
        "add_generation_prompt": add_generation_prompt,
        **thinking,
    }
    assert builtin.render(**context) == original.render(**context)


@pytest.mark.parametrize(
    "conversation",
    [
        [("user", "a"), ("assistant", "before<think>\n\nwhy\n</think>\n\nb")],
        [("user", "a"), ("assistant", "why</think>b</think>c"), ("tool", "t")],
        [("user", "a"), ("assistant", "<think>w</think>b"), ("user", "t</tool_response>")],
        [("user", "a"), ("assistant", "<think>w</think>b"), ("user", "<tool_response>t")],
        [
            ("user", "a"),
            ("assistant", "<think>w</think>b"),
            ("user", "<tool_response>t</tool_response>"),
        ],
        [("assistant", "<think>w</think>b"), ("tool", "1"), ("tool", "2"), ("assistant", "\nc")],
        [("user", "a"), ("system", "s"), ("assistant", "<think>w</think>b"), ("system", "s")],
    ],
)
def test_ours_renders_the_corners_as_qwens_does(
    builtin: ChatTemplate, original: ChatTemplate, conversation: list[tuple[str, str]]
) -> None:
    chat = [{"role": role, "content": content} for role, content in conversation]
    assert builtin.render(messages=chat) == original.render(messages=chat)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("one\n{% for %}", r"chat_template\.jinja line 2: the chat template fails \(.+\)\.$"),
        ("\n\n{{ 1 + 'a' }}", r"chat_template\.jinja line 3: .*unsupported operand"),
        ("{{" + "(" * 5000, r"chat_template\.jinja: "),
    ],
)
def test_faults_name_file_and_line(text: str, fault: str) -> None:
    with pytest.raises(TemplateError, match=fault) as caught:
        render(text)
    assert "\n" not in str(caught.value)


def test_an_unknown_template_only_gets_json() -> None:
    with pytest.raises(InvalidRequestError, match="must be JSON") as caught:
        render("{{ v }}", v={1, 2})
    assert caught.value.param == "chat_template_kwargs"


THINKING_2507 = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}"
)


def test_prompts_that_open_the_thinking() -> None:
    prompt = render(
        THINKING_2507, messages=[{"role": "user", "content": "hi"}], add_generation_prompt=True
    )
    assert prompt == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<think>\n"


HUB_HABITS = [
    "{%- for m in v %}\n  {% if m != 'b' %}\n{{ m }}\n  {%- endif %}\n{% endfor %}",
    "{% for m in v %}{% if loop.index > 1 %}{% break %}{% endif %}{{ m | tojson }}{% endfor %}",
    "{% set x = 1 %}{% generation %}{{ x }}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}",
    "{{ tools | tojson(indent=4) }} {{ documents is none }} {{ messages | length }}",
    "{% set ns = namespace(n=0) %}{% for m in v %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    "{% macro f(a) %}<{{ a }}>{% endmacro %}{{ f(v[0] | trim) }}{{ strftime_now('%Y') }}",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", HUB_HABITS)
def test_hugging_face_renders_the_same(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # caplog: transformers warns that PyTorch is not there.
    utils = pytest.importorskip("transformers.utils.chat_template_utils")
    chat, v = [{"role": "user", "content": "hi"}], [" <hé> ", "b"]
    (theirs,), _ = utils.render_jinja_template([chat], chat_template=text, v=v)
    write_tiny_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(text, "utf-8")
    assert load_tokenizer(tmp_path).apply_chat_template(chat, v=v) == theirs
