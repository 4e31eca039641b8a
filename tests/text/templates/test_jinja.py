"""The Jinja features that templates on the hub rely on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.text.templates.fault import TemplateFault
from qwen3mlx.text.templates.jinja import JinjaTemplate


def render(text: str, **context: Any) -> str:
    return JinjaTemplate(text).render(context)


def test_unicode_and_html_reach_the_model_as_they_are() -> None:
    value = {"b": "<é & '北京'>", "a": 1}
    assert render("{{ v | tojson }}", v=value) == '{"b": "<é & \'北京\'>", "a": 1}'
    assert render(
        "{{ v | tojson(sort_keys=True, separators=(',', ':')) }}", v={"b": 1, "a": 2}
    ) == ('{"a":2,"b":1}')
    assert render("{{ v | tojson(indent=2) }}", v=[1]) == "[\n  1\n]"
    assert render("{{ v | tojson(ensure_ascii=True) }}", v="é") == '"\\u00e9"'


def test_blocks_leave_no_lines_behind() -> None:
    assert render("a\n    {% if true %}\nb\n    {% endif %}\nc") == "a\nb\nc"


def test_loop_controls() -> None:
    assert (
        render("{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}")
        == "1"
    )


def test_generation_blocks_render_their_body() -> None:
    text = "{% for m in v %}{% generation %}{{ m }}{{ loop.index }}{% endgeneration %}{% endfor %}"
    assert render(text, v=["x", "y"]) == "x1y2"


def test_strftime_now() -> None:
    assert render("{{ strftime_now('%Y') }}") in {str(datetime.now().year + d) for d in (-1, 0)}


def test_a_template_can_refuse_the_messages() -> None:
    with pytest.raises(InvalidRequestError, match="roles must alternate") as caught:
        render("{{ raise_exception('roles must alternate') }}")
    assert caught.value.param == "messages"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("one\n{% for %}", 2, r"\w"),
        ("one\n{{ nothing.at.all }}", 2, r"'nothing' is undefined"),
        ("\n\n{{ 1 + 'a' }}", 3, r"unsupported operand"),
        ("{{ v | tojson }}", 1, r"not JSON serializable"),
        ("{{ x | no_such_filter }}", 1, r"no_such_filter"),
        ("{{" + "(" * 5000, None, r"\w"),
        ("{% for i in [1] %}" * 30 + "{% endfor %}" * 30, None, r"\w"),
    ],
)
def test_faults_have_a_line(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(TemplateFault, match=reason) as caught:
        render(text, v={1, 2})
    assert caught.value.line == line
    assert "\n" not in caught.value.reason


def test_no_more_is_written_than_it_may() -> None:
    template = JinjaTemplate("{% for i in range(10) %}{{ i }}{% endfor %}")
    assert template.render({}, most=10) == "0123456789"
    with pytest.raises(TemplateFault, match="it writes more than 9 characters"):
        template.render({}, most=9)


@pytest.mark.parametrize(
    "text",
    [
        "{{ messages.append(1) }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.__init__.__globals__ }}",
        "{% for i in range(10**9) %}{% endfor %}",
    ],
)
def test_the_sandbox_holds(text: str) -> None:
    with pytest.raises(TemplateFault):
        render(text, messages=[])
