"""Tool calls that a client writes into the text of messages, in the words of Qwen's chat template.

Qwen-Agent does so unless it is told otherwise, and other agents that speak Hermes' format: they put
the template's own paragraph about tools into the system message, and send no `tools`. A call in the
assistant's text, and the message of the user that holds its results, then need the same tokens as
the template would write. Only these markers are control tokens; what they enclose is data.

Source: the chat template of Qwen3, and `NousFnCallPrompt` of Qwen-Agent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .markers import END_TOOL_CALL, TOOL_CALL

_RESULT, _END_RESULT = "<tool_response>", "</tool_response>"
_INSTRUCTION = (
    "For each function call, return a json object with function name and arguments within "
    f"{TOOL_CALL}{END_TOOL_CALL} XML tags:\n{TOOL_CALL}\n"
    f'{{"name": <function-name>, "arguments": <args-json-object>}}\n{END_TOOL_CALL}'
)
_MARKERS = re.compile(f"{TOOL_CALL}|{END_TOOL_CALL}")
_SEAM = f"\n{_END_RESULT}\n{_RESULT}\n"


class Span(NamedTuple):
    """Where a marker stands in a message's content."""

    start: int
    end: int


def written_markers(messages: Sequence[dict[str, Any]]) -> list[list[Span]]:
    """Return for each normalized message which parts of its content are markers, in order."""
    found: list[list[Span]] = [[] for _ in messages]
    if not any(m["role"] == "system" and _INSTRUCTION in m["content"] for m in messages):
        return found
    num_calls = 0  # that wait for their results
    for spans, message in zip(found, messages, strict=True):
        role, content = message["role"], message["content"]
        if role == "system":
            spans += _of_instruction(content)
        elif role == "user" and num_calls:
            spans += _of_results(content, num_calls)
        calls = _calls(content) if role == "assistant" else []
        spans += [span for call in calls for span in _around(call, TOOL_CALL, END_TOOL_CALL)]
        num_calls = len(calls)
    return found


def _around(whole: Span, start: str, end: str) -> list[Span]:
    return [
        Span(whole.start, whole.start + len(start)),
        Span(whole.end - len(end), whole.end),
    ]


def _of_instruction(content: str) -> Iterator[Span]:
    for place in re.finditer(re.escape(_INSTRUCTION), content):
        for marker in _MARKERS.finditer(content, *place.span()):
            yield Span(*marker.span())


def _of_results(content: str, num_calls: int) -> list[Span]:
    """Return the markers of a message that is nothing but results, as the template recognizes it.

    Those between two results count only if there are as many results as calls: a result's text
    could hold some.
    """
    if not (content.startswith(f"{_RESULT}\n") and content.endswith(f"\n{_END_RESULT}")):
        return []
    spans = _around(Span(0, len(content)), _RESULT, _END_RESULT)
    seams = [match.span() for match in re.finditer(_SEAM, content)]
    if len(seams) == num_calls - 1:
        for start, end in seams:
            spans += _around(Span(start + 1, end - 1), _END_RESULT, _RESULT)
    return sorted(spans)


def _calls(content: str) -> list[Span]:
    """Return the calls at the end of an answer."""
    calls: list[Span] = []
    end = len(content.rstrip())
    while content.endswith(f"\n{END_TOOL_CALL}", 0, end):
        stop = end - len(END_TOOL_CALL)
        start = content.rfind(f"{TOOL_CALL}\n", 0, stop)
        if start < 0 or not _is_call(content[start + len(TOOL_CALL) : stop]):
            break
        calls.insert(0, Span(start, end))
        end = len(content[:start].rstrip())
    return calls


def _is_call(text: str) -> bool:
    try:
        call = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(call, dict) and isinstance(call.get("name"), str) and "arguments" in call
