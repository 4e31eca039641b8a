"""The limits of unknown chat templates, and what happens beyond them."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from qwen3mlx.errors import InvalidRequestError, OverloadedError, UnavailableError
from qwen3mlx.text.arguments import Arguments
from qwen3mlx.text.templates import pool as template_pool
from qwen3mlx.text.templates.fault import TemplateFault
from qwen3mlx.text.templates.pool import MOST_CHILDREN, ChildTemplate

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def children() -> list[psutil.Process]:
    """Return the rendering processes; models of other tests may have some too."""
    return [child for child in psutil.Process().children() if renders(child)]


def renders(child: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # also one that has ended
        return "qwen3mlx.text.templates.worker" in child.cmdline()
    return False


@pytest.fixture
def endless() -> Iterator[Callable[[str], None]]:
    """Renders a template that does not end; it does when the test does."""
    threads: list[threading.Thread] = []

    def render(template: ChildTemplate) -> None:
        with pytest.raises(UnavailableError):
            template.render({})

    def start(text: str) -> None:
        thread = threading.Thread(target=render, args=(ChildTemplate(text, seconds=600),))
        thread.start()
        threads.append(thread)
        while template_pool._POOL._since.get(text, math.inf) > time.monotonic():
            thread.join(0.005)

    yield start
    template_pool.close()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ENDLESS, "it computes for more than 0.2 seconds"),
        ("{{ 9 ** (9 ** 9) }}", "it computes for more than 0.2 seconds"),
        ("{{ [0] * 10 ** 10 }}", r"it needs more than \d+ MB of memory"),
        ("{{ 'x' * 10 ** 10 }}", r"it needs more than \d+ MB of memory"),
        ("{{ 'x' | center(10 ** 10) }}", r"it needs more than \d+ MB of memory"),
        (
            "{% for a in range(9999) %}{{ 'x' * 1000 }}{% endfor %}",
            "it writes more than [0-9,]+ ch",
        ),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
    ],
)
def test_one_that_takes_too_much_is_stopped(text: str, reason: str) -> None:
    seconds = 0.2 if "seconds" in reason else 60
    with pytest.raises(TemplateFault, match=reason):
        ChildTemplate(text, seconds=seconds).render({})
    assert ChildTemplate("{{ 1 + 1 }}").render({}) == "2"


def test_compiling_is_limited_too() -> None:
    with pytest.raises(TemplateFault, match=r"computes for more than 0\.2 seconds"):
        ChildTemplate("{{ 9 ** (9 ** 9) }}", seconds=0.2)  # jinja2 computes constants then


def test_the_child_is_kept_for_the_next() -> None:
    ChildTemplate("one").render({})
    (child,) = children()
    for text in ("one", "two", "{{ raise_exception('no') }}", "{{ nothing.at.all }}"):
        with suppress(InvalidRequestError, TemplateFault):
            ChildTemplate(text).render({})
    assert children() == [child]
    child.kill()
    while child.status() != psutil.STATUS_ZOMBIE:
        pass
    assert ChildTemplate("three").render({}) == "three"
    assert child not in children()


def test_everything_that_json_has_arrives_and_comes_back() -> None:
    values: list[Any] = ["é北🙂\ud800\n\0", 1, 1.5, None, True, [{"a": []}], 10**300, math.inf]
    text = "{% for v in values %}[{{ v }}]{% endfor %}"
    assert ChildTemplate(text).render({"values": values}) == "".join(f"[{v}]" for v in values)


def test_arguments_stay_as_they_were_written() -> None:
    arguments = Arguments({"a": 1.5}, '{"a":1.50}')
    calls = [{"function": {"name": "f", "arguments": arguments}}, {"name": "g", "arguments": {}}]
    messages = [{"role": "user"}, {"role": "assistant", "tool_calls": calls}]
    text = (
        "{% for call in messages[1].tool_calls %}"
        "{{ (call.function or call).arguments | tojson }}"
        "{% endfor %}"
    )
    assert ChildTemplate(text).render({"messages": messages}) == '{"a":1.50}{}'
    text = "{{ messages[1].tool_calls[0].function.arguments.a }}"
    assert ChildTemplate(text).render({"messages": messages}) == "1.5"


def test_a_slow_one_holds_up_no_other(endless: Callable[[str], None]) -> None:
    endless(ENDLESS)
    assert ChildTemplate("{{ 1 + 1 }}").render({}) == "2"


def test_those_that_wait_for_a_slow_one_are_sent_away(
    endless: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_pool, "TURN", 0.05)
    endless(ENDLESS)
    with pytest.raises(OverloadedError, match="is still busy with another request"):
        ChildTemplate(ENDLESS)


def test_there_are_only_so_many_children(
    endless: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_pool, "TURN", 0.05)
    for number in range(MOST_CHILDREN):
        endless(ENDLESS + " " * number)
    with pytest.raises(OverloadedError):
        ChildTemplate("{{ 1 + 1 }}")
    assert len(children()) == MOST_CHILDREN


def test_many_threads_get_each_their_own_answer() -> None:
    template = ChildTemplate("{{ v }}")
    answers: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda v=v: answers.update({v: template.render({"v": v})}))
        for v in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {v: str(v) for v in range(32)}


def test_the_parent_watches_where_the_system_sets_no_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = ChildTemplate(ENDLESS, seconds=60)
    monkeypatch.setattr(template_pool, "_IDLE_BYTES", 0)
    monkeypatch.setattr(template_pool, "memory_for", lambda num_bytes: 1 << 20)
    with pytest.raises(TemplateFault, match="more than 1 MB of memory"):
        template.render({})
    assert children() == []


def test_a_busy_computer_is_not_the_templates_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    template = ChildTemplate(ENDLESS, seconds=60)
    monkeypatch.setattr(template_pool, "PATIENCE", 0.1)
    with pytest.raises(OverloadedError, match="too busy"):
        template.render({})
    assert children() == []


def test_a_child_knows_no_secret_and_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("QWEN3MLX_PARENT_KEY", "secret")
    ChildTemplate("one")
    (child,) = children()
    assert "secret" not in child.environ().values()
    assert child.cwd() == "/"


def test_the_children_end_with_the_process() -> None:
    code = """\
import os, sys
from qwen3mlx.text.templates.pool import ChildTemplate
ChildTemplate("one")
print(os.getpid(), flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        (child,) = psutil.Process(int(process.stdout.readline())).children()
        process.kill()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert alive == []
