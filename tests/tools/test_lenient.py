"""Whatever a server writes where MCP has a list of tools or a result, the SDK takes the answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types.methods import validate_server_result
from mcp_types.version import LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS

from qwen3mlx.tools.lenient import SCHEMA, make_plain

VERSIONS = [LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS[-1]]
_KEYS = """
name title description inputSchema outputSchema annotations readOnlyHint icons _meta type properties
required $schema text data mimeType uri blob resource content structuredContent isError
"""
KEYS = st.sampled_from(_KEYS.split())
KINDS = st.sampled_from(["object", "text", "image", "audio", "resource", "resource_link", "new"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | KINDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


def taken(method: str, version: str, result: dict[str, Any]) -> dict[str, Any]:
    """The result of which the SDK has no complaint; 2026's results have some fields more."""
    make_plain(result)
    more = {"resultType": "complete"} if version in MODERN_PROTOCOL_VERSIONS else {}
    cached = {"ttlMs": 0, "cacheScope": "private"} if more and method == "tools/list" else {}
    validate_server_result(method, version, {**result, **more, **cached})
    return result


@pytest.mark.parametrize("version", VERSIONS)
@given(tools=st.lists(VALUES, max_size=3), more=VALUES)
def test_any_list_of_tools(version: str, tools: list[Any], more: Any) -> None:
    told = {"tools": tools, "nextCursor": more, "_meta": more}
    plain = taken("tools/list", version, told)["tools"]
    assert len(plain) == len(tools)
    assert all(isinstance(tool["_meta"][SCHEMA], dict) for tool in plain)


@pytest.mark.parametrize("version", VERSIONS)
@given(content=VALUES, structured=VALUES, is_error=VALUES)
def test_any_result(version: str, content: Any, structured: Any, is_error: Any) -> None:
    told = {"content": content, "structuredContent": structured, "isError": is_error}
    taken("tools/call", version, told)


def test_what_is_well_made_stays() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    tool = {"name": "f", "description": "d", "inputSchema": schema}
    assert taken("tools/list", VERSIONS[0], {"tools": [tool], "nextCursor": "x"}) == {
        "tools": [{**tool, "annotations": {"readOnlyHint": False}, "_meta": {SCHEMA: schema}}],
        "nextCursor": "x",
    }
    blocks = [
        {"type": "text", "text": "t"},
        {"type": "image", "data": "AAAA", "mimeType": "image/png"},
        {"type": "resource_link", "name": "n", "uri": "a:b", "description": "d"},
        {"type": "resource", "resource": {"uri": "a:b", "blob": "AAAA", "mimeType": "x/y"}},
    ]
    told = {"content": list(blocks), "structuredContent": {"a": 1}, "isError": True}
    assert taken("tools/call", VERSIONS[0], dict(told)) == told


def test_other_results_stay() -> None:
    for result in ({}, {"contents": [1]}, [1], None):
        before = repr(result)
        make_plain(result)
        assert repr(result) == before
