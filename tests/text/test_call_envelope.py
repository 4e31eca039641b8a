from __future__ import annotations

import pytest

from qwen3mlx.text.call_envelope import CallEnvelope


def read(text: str) -> tuple[CallEnvelope, int]:
    envelope = CallEnvelope()
    return envelope, envelope.feed(text)


def test_it_is_ready_with_the_brace_of_the_arguments() -> None:
    head = '{"name": "f", "arguments": '
    envelope, _ = read(head)
    assert not envelope.ready
    assert envelope.unsent == head
    envelope.feed('{"a": 1')
    assert envelope.ready
    assert (envelope.name, envelope.take(), envelope.unsent) == ("f", '{"a": 1', "")
    envelope.feed('}, "x": ')
    assert (envelope.take(), envelope.unsent) == ("}", ', "x": ')
    envelope.feed("2}")
    assert (envelope.status, envelope.take(), envelope.unsent) == ("complete", "", "")


def test_arguments_before_the_name_wait_for_it() -> None:
    envelope, _ = read('{"arguments": {"a": 1}, "name": ')
    assert not envelope.ready
    assert envelope.unsent == '{"arguments": {"a": 1}, "name": '
    envelope.feed('"f"')
    assert envelope.ready
    assert envelope.take() == '{"a": 1}'


@pytest.mark.parametrize(
    ("text", "end", "status"),
    [
        ('{"name": "f"} tail', 13, "complete"),
        ('{"name": "f", }', 14, "invalid"),
        ('{"name": 7}', 10, "invalid"),
        ('{"name": "f", "arguments": {"a": 01}}', 34, "invalid"),
        ('{"name": "f", "arguments": {}, "arguments": {}}', 42, "invalid"),
        ('{"x": 1, "x": 2, "name": "f"}', 29, "complete"),
        ("x", 0, "invalid"),
        (' {"name": "f"', 13, "open"),
    ],
)
def test_where_it_stops(text: str, end: int, status: str) -> None:
    envelope, stopped = read(text)
    assert (stopped, envelope.status) == (end, status)


@pytest.mark.parametrize("arguments", ['{"a": 1}', '"{\\"a\\": 1}"'])
def test_parameters_are_arguments(arguments: str) -> None:
    envelope, _ = read(f'{{"name": "f", "parameters": {arguments}}}')
    assert (envelope.status, envelope.take()) == ("complete", '{"a": 1}')
    both, _ = read('{"name": "f", "parameters": {}, "arguments": {}}')
    assert both.status == "invalid"
