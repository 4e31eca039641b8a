"""Tools of each kind as functions for the model, and the meaning of a tool choice."""

from __future__ import annotations

import re
from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import NamedTool
from qwen3mlx.request_warnings import collecting_warnings
from qwen3mlx.server.dialects.shared.tool_choice import tool_choice_from
from qwen3mlx.server.dialects.shared.tools import client_tools, functions, tools_from


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


TOOLS = client_tools([tool("a"), tool("b")])


def allowed(**fields: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": fields}


def test_flat_and_nested_tools_are_one() -> None:
    flat = {"type": "function", "name": "a", "description": "d", "strict": None}
    nested = {"type": "function", "function": {"name": "a", "description": "d", "strict": None}}
    assert tools_from([flat]) == tools_from([nested])
    assert tools_from([flat])[0]["function"] == {"name": "a", "description": "d"}
    assert tools_from(None) == []


@pytest.mark.parametrize(
    ("bad", "param"),
    [
        ({"type": "functions", "name": "x"}, "tools[0].type"),
        ({"type": None}, "tools[0].type"),
        ({"type": []}, "tools[0].type"),
        ({"type": {}}, "tools[0].type"),
        ({"type": "custom", "custom": {"name": 1}}, "tools[0].custom.name"),
        ({"type": "custom"}, "tools[0].name"),
        ({"type": "namespace", "tools": []}, "tools[0].name"),
        ({"type": "namespace", "name": "n", "tools": None}, "tools[0].tools"),
        ({"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}, "tools[0].tools[0].type"),
        (
            {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": ""}]},
            "tools[0].tools[0].name",
        ),
        ({"type": "function"}, "tools[0].name"),
        ({"type": "function", "function": {"name": ""}}, "tools[0].function.name"),
        ({"type": "function", "function": []}, "tools[0].function"),
        (
            {"type": "function", "function": {"name": "x", "parameters": "{}"}},
            "tools[0].function.parameters",
        ),
    ],
)
def test_a_bad_tool_is_named(bad: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tools_from([bad])
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (None, "auto", "ab"),
        ("auto", "auto", "ab"),
        ("none", "none", "ab"),
        ("required", "required", "ab"),
        ({"type": "function", "function": {"name": "b"}}, NamedTool("b"), "ab"),
        ({"type": "function", "name": "b"}, NamedTool("b"), "ab"),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [tool("b")]}},
            "required",
            "b",
        ),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "a"}],
            },
            "auto",
            "a",
        ),
    ],
)
def test_tool_choice(choice: Any, expected: object, names: str) -> None:
    made, left = tool_choice_from(choice, TOOLS)
    assert made == expected
    assert "".join(one.name for one in left) == names


ALLOWED = "tool_choice.allowed_tools"


@pytest.mark.parametrize(
    ("choice", "param"),
    [
        ("maybe", "tool_choice"),
        (7, "tool_choice"),
        ({}, "tool_choice.type"),
        ({"type": 3}, "tool_choice.type"),
        ({"type": "custom", "custom": {"name": "a"}}, "tool_choice.custom.name"),
        ({"type": "function"}, "tool_choice.name"),
        ({"type": "function", "function": "a"}, "tool_choice.function"),
        ({"type": "function", "function": {"name": 3}}, "tool_choice.function.name"),
        ({"type": "function", "name": "x"}, "tool_choice.name"),
        (allowed(mode="never", tools=[]), f"{ALLOWED}.mode"),
        (allowed(tools=[tool("a"), tool("c")]), f"{ALLOWED}.tools[1].function.name"),
        (allowed(tools=[{"name": "c"}]), f"{ALLOWED}.tools[0].name"),
        (allowed(tools=["c"]), f"{ALLOWED}.tools[0]"),
        ({"type": "allowed_tools", "allowed_tools": None}, ALLOWED),
        ({"type": "allowed_tools", "tools": "a"}, "tool_choice.tools"),
    ],
)
def test_a_bad_tool_choice_is_named(choice: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tool_choice_from(choice, TOOLS)
    assert caught.value.param == param
    assert str(caught.value).startswith(f"{param} ")


def test_a_function_in_a_namespace_has_it_in_its_name() -> None:
    inner = {"type": "function", "name": "open", "description": "Opens.", "defer_loading": True}
    also = {"type": "custom", "name": "write"}
    space = {
        "type": "namespace",
        "name": "files",
        "description": "Of files.",
        "tools": [inner, also],
    }
    first, second = client_tools([space])
    assert first.function["function"] == {
        "name": "files.open",
        "description": "Of files.\n\nOpens.",
    }
    assert (first.name, first.namespace, first.kind) == ("open", "files", "function")
    assert (second.offered_name, second.kind) == ("files.write", "custom")


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "custom", "name": "patch", "description": "Patches."},
        {"type": "custom", "custom": {"name": "patch", "description": "Patches."}},
    ],
)
def test_a_custom_tool_is_a_function_of_one_text(declared: dict[str, Any]) -> None:
    function = tools_from([declared])[0]["function"]
    assert (function["name"], function["description"]) == ("patch", "Patches.")
    assert function["parameters"]["properties"] == {"input": {"type": "string"}}
    assert function["parameters"]["required"] == ["input"]


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        ("local_shell", ["command"]),
        ("shell", ["commands"]),
        ("apply_patch", ["type", "path"]),
    ],
)
def test_tools_that_the_client_runs_are_functions(kind: str, required: list[str]) -> None:
    (made,) = client_tools([{"type": kind}])
    assert (made.kind, made.offered_name) == (kind, kind)
    assert made.function["function"]["parameters"]["required"] == required


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "web_search", "external_web_access": False},
        {"type": "web_search_preview_2025_03_11"},
        {"type": "file_search", "vector_store_ids": ["v"]},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "image_generation"},
        {"type": "computer_use_preview", "display_width": 1},
        {"type": "mcp", "server_label": "x", "server_url": "https://example.com/mcp"},
        {"type": "shell", "environment": {"type": "container_auto"}},
        {"type": "tool_search"},
        {"type": "programmatic_tool_calling"},
    ],
)
@pytest.mark.usefixtures("caplog")
def test_what_other_servers_run_is_left_out_and_said(declared: dict[str, Any]) -> None:
    with collecting_warnings() as warnings:
        made = client_tools([tool("a"), declared])
    assert [one.name for one in made] == ["a"]
    assert len(warnings) == 1
    assert warnings[0].startswith("tools[1]")
    assert declared["type"] in warnings[0]


def test_tools_to_be_searched_for_are_offered_once_found() -> None:
    deferred = {**tool("b"), "defer_loading": True}
    late = {"type": "function", "name": "b", "defer_loading": True}
    search = {"type": "tool_search", "execution": "client", "description": "Find them."}
    found = {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "c"}]}
    names = [one.offered_name for one in client_tools([tool("a"), late, search])]
    assert names == ["a", "tool_search"]
    with_found = client_tools(
        [tool("a"), late, search], [("input[3].tools[0]", late), ("input[3].tools[1]", found)]
    )
    assert [one.offered_name for one in with_found] == ["a", "tool_search", "b", "n.c"]
    assert [one.offered_name for one in client_tools([tool("a"), deferred])] == ["a", "b"]


MIXED = client_tools(
    [
        tool("a"),
        {"type": "custom", "name": "c"},
        {"type": "local_shell"},
        {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "a2"}]},
    ]
)


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        ({"type": "custom", "name": "c"}, NamedTool("c"), "a c local_shell a2"),
        ({"type": "custom", "custom": {"name": "c"}}, NamedTool("c"), "a c local_shell a2"),
        ({"type": "local_shell"}, NamedTool("local_shell"), "a c local_shell a2"),
        ({"type": "function", "name": "a2"}, NamedTool("n.a2"), "a c local_shell a2"),
        (
            {"type": "function", "name": "a2", "namespace": "n"},
            NamedTool("n.a2"),
            "a c local_shell a2",
        ),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "namespace", "name": "n"}, {"type": "web_search"}],
            },
            "auto",
            "a2",
        ),
    ],
)
def test_a_choice_names_any_kind_of_tool(choice: Any, expected: object, names: str) -> None:
    made, left = tool_choice_from(choice, MIXED)
    assert made == expected
    assert [one.name for one in left] == names.split()


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "web_search"},
        {"type": "shell"},
        {"type": "custom", "name": "a"},
        {"type": "function", "name": "a", "namespace": "n"},
    ],
)
def test_a_choice_of_what_is_not_offered_is_refused(choice: Any) -> None:
    with pytest.raises(InvalidRequestError, match="not offered"):
        tool_choice_from(choice, MIXED)


def test_functions_are_in_order() -> None:
    names = [one["function"]["name"] for one in functions(MIXED)]
    assert names == ["a", "c", "local_shell", "n.a2"]


REGEX = {"syntax": "regex", "definition": "[0-9]{4}|now"}
LARK = {"syntax": "lark", "definition": 'start: "a" start?'}


@pytest.mark.parametrize(
    "form", [{"type": "grammar", **REGEX}, {"type": "grammar", "grammar": REGEX}]
)
def test_a_regex_binds_the_input_of_a_custom_tool(form: dict[str, Any]) -> None:
    (made,) = tools_from([{"type": "custom", "name": "year", "format": form}])
    assert made["function"]["parameters"]["properties"]["input"] == {
        "type": "string",
        "pattern": "^(?:[0-9]{4}|now)$",
    }


def test_a_lark_grammar_that_is_a_regex_binds_the_input() -> None:
    form = {"type": "grammar", "syntax": "lark", "definition": 'start: "a" B+\nB: /[0-9]/'}
    (made,) = tools_from([{"type": "custom", "name": "x", "format": form}])
    pattern = made["function"]["parameters"]["properties"]["input"]["pattern"]
    assert re.match(pattern, "a12")
    assert not re.match(pattern, "a")


def test_another_lark_grammar_is_told_to_the_model_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    form = {"type": "grammar", **LARK}
    tool = {"type": "custom", "name": "x", "description": "X.", "format": form}
    (made,) = tools_from([tool])
    description = 'X.\n\nThe input follows this Lark grammar:\nstart: "a" start?'
    assert made["function"]["description"] == description
    assert "tools[0].format is described to the model but not enforced" in caplog.text


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"type": "json"}, "tools[0].format.type"),
        ("text", "tools[0].format"),
        ({"type": "grammar", "syntax": "gbnf", "definition": "x"}, "tools[0].format.syntax"),
        ({"type": "grammar", "syntax": "lark", "definition": ""}, "tools[0].format.definition"),
    ],
)
def test_a_bad_format_of_a_custom_tool_is_named(form: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tools_from([{"type": "custom", "name": "x", "format": form}])
    assert caught.value.param == param
