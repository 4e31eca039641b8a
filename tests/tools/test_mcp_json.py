"""mcp.json: what is wrong is named with its line and key, and costs one server alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.errors import UsageError
from qwen3mlx.tools.importing import import_servers
from qwen3mlx.tools.mcp_json import McpFile, parse

GOOD = '"good": {"command": "uvx", "args": ["mcp-server-time"]}'


def test_both_kinds_of_servers_are_read() -> None:
    read = parse(
        json.dumps(
            {
                "mcpServers": {
                    "time": {"command": "uvx", "args": ["x"], "env": {"A": "b"}, "cwd": "/tmp"},
                    "docs": {"type": "http", "url": "https://a.example/mcp", "headers": {"X": "y"}},
                    "off": {"command": "x", "disabled": True},
                    "out": {"command": "x", "enabled": False, "disabled": False},
                },
                "other": [1, 2],
            }
        )
    )
    assert not read.faults
    assert not read.notes
    time, docs, off, out = read.servers.values()
    assert (time.command, time.args, time.env, time.cwd) == ("uvx", ("x",), {"A": "b"}, "/tmp")
    assert (docs.url, docs.headers) == ("https://a.example/mcp", {"X": "y"})
    assert [one.disabled for one in (time, docs, off, out)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("bad", "line", "told"),
    [
        ('"bad": {"command": 5}', 3, "bad.command must be a non-empty string"),
        ('"bad": {\n"command": "x",\n"args": "y"}', 5, "bad.args must be a list of strings"),
        ('"bad": {"command": "x", "env": {"A": 1}}', 3, "bad.env must be an object of strings"),
        ('"bad": {"command": "x", "env": {"A=B": "1"}}', 3, "bad.env has a key that cannot be"),
        ('"bad": {"command": "./run"}', 3, "the current folder is never run"),
        ('"bad": {"command": "bin/run"}', 3, "the current folder is never run"),
        ('"bad": {"command": "x", "cwd": "here"}', 3, "bad.cwd must be the whole path"),
        ('"bad": {"command": "x", "url": "http://a"}', 3, "either a command or a url"),
        ('"bad": {}', 3, "either a command or a url"),
        ('"bad": 5', 3, "bad must be a JSON object"),
        ('"bad": {"url": "file:///etc/passwd"}', 3, "bad.url must be an address"),
        ('"bad": {"url": "http://a:b"}', 3, "bad.url must be an address"),
        ('"bad": {"url": "http://a", "headers": {"X": "a\\r\\nY: b"}}', 3, "cannot be sent"),
        ('"bad": {"url": "http://a", "type": "sse"}', 3, "bad.type is 'sse'; it must be http"),
        ('"bad": {"command": "x", "disabled": 1}', 3, "bad.disabled must be true or false"),
        ('"": {"command": "x"}', 3, "is no name for a server"),
        ('"a/b": {"command": "x"}', 3, "is no name for a server"),
        ('"builtin": {"command": "x"}', 3, "the name of the program's own tools"),
        ('"good": {"command": "x"}', 3, "good is there twice"),
        ('"bad": {"command": "x",}', 3, ""),
        ('"bad": {"command" "x"}', 3, ""),
    ],
)
def test_a_fault_names_line_and_key_and_leaves_the_others(bad: str, line: int, told: str) -> None:
    read = parse(f'{{"mcpServers": {{\n{GOOD},\n{bad}\n}}}}')
    assert list(read.servers) == ["good"]
    assert len(read.faults) >= 1
    assert read.faults[0].line == line
    assert told in read.faults[0].text


def test_what_comes_after_a_wrong_entry_still_works() -> None:
    read = parse(f'{{"mcpServers": {{"bad": {{"command": 1}}, {GOOD}}}}}')
    assert list(read.servers) == ["good"]
    assert read.faults[0].name == "bad"


def test_a_file_that_ends_too_early_keeps_what_is_whole() -> None:
    read = parse(f'{{"mcpServers": {{\n{GOOD},\n"cut": {{"command": "x", "args": [')
    assert list(read.servers) == ["good"]
    assert [(fault.name, fault.line) for fault in read.faults[:1]] == [("cut", 3)]


def test_a_key_without_effect_is_told() -> None:
    read = parse('{"mcpServers": {"a": {"command": "x",\n "autoApprove": ["all"]}}}')
    assert list(read.servers) == ["a"]
    assert [(note.line, note.text) for note in read.notes] == [
        (2, "a.autoApprove has no effect here")
    ]


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"mcpServers": []}', '{"mcpServers":'])
def test_a_file_that_is_no_object_has_a_fault(text: str) -> None:
    assert parse(text).faults
    assert not parse(text).servers


@given(st.text(alphabet='{}[]",:\\ \nabcmcpServers', max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    for prefix in ("", '{"mcpServers": {"a": '):
        read = parse(prefix + text)
        assert all(fault.line >= 1 and fault.text for fault in read.faults)


@given(st.dictionaries(st.text(max_size=8), st.none() | st.text(max_size=5), max_size=4))
def test_a_valid_file_is_read_as_json_reads_it(servers: dict[str, object]) -> None:
    read = parse(json.dumps({"mcpServers": servers}, indent=1))
    assert {fault.name for fault in read.faults} | set(read.servers) == set(servers)


def test_a_server_is_added_once_and_removed(tmp_path: Path) -> None:
    file = McpFile(tmp_path / "mcp.json")
    file.add("time", {"command": "uvx", "args": []})
    with pytest.raises(UsageError, match="has a server 'time' already"):
        file.add("time", {"command": "x"})
    with pytest.raises(UsageError, match=r"bad\.command must be"):
        file.add("bad", {"command": ""})
    assert list(file.read().servers) == ["time"]
    assert file.remove("time")
    assert not file.remove("time")
    assert (tmp_path / "mcp.json").stat().st_mode & 0o077 == 0


def test_servers_are_imported_and_ours_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    theirs = tmp_path / ".lmstudio" / "mcp.json"
    theirs.parent.mkdir()
    theirs.write_text(
        '{"mcpServers": {"a": {"command": "theirs"}, "b": {"url": "http://b"}, "c": 1}}'
    )
    McpFile().add("a", {"command": "ours"})
    imported = import_servers("lmstudio")
    assert imported.names == ["b"]
    assert [word in imported.left_out[0] for word in ("c", "line 1")] == [True, True]
    assert imported.left_out[1].startswith("There is a server 'a' in ")
    assert McpFile().read().servers["a"].command == "ours"
    with pytest.raises(UsageError, match="There is no file"):
        import_servers("cursor")


# What other programs write, which stays.
FOREIGN = {"timeout": 60, "autoApprove": ["get"], "cwd": "/tmp", "type": "stdio"}


def test_a_server_is_moved_and_keeps_what_is_not_said(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    entry = {"command": "uvx", **FOREIGN, "args": ["a"], "env": {"KEY": "secret", "OLD": "1"}}
    before = {"theme": "dark", "mcpServers": {"a": entry, "b": {"command": "x"}}}
    path.write_text(json.dumps(before))
    file = McpFile(path)
    file.change("a", {"command": "npx", "args": [], "env": {"KEY": None, "NEW": "2"}})
    now = json.loads(path.read_text())
    assert now["mcpServers"]["a"] == {
        "command": "npx",
        **FOREIGN,
        "args": [],
        "env": {"KEY": "secret", "NEW": "2"},
    }
    assert list(now["mcpServers"]["a"]) == list(entry)
    assert {**now, "mcpServers": 0} == {**before, "mcpServers": 0}
    file.change("a", {"url": "https://a.example/mcp", "headers": {"X": "y"}})
    moved = json.loads(path.read_text())["mcpServers"]["a"]
    assert moved == {
        "timeout": 60,
        "autoApprove": ["get"],
        "url": "https://a.example/mcp",
        "headers": {"X": "y"},
    }
    file.change("a", {"url": "https://a.example/mcp"})
    assert "headers" not in json.loads(path.read_text())["mcpServers"]["a"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"command": "./x"}, "the current folder is never run"),
        ({"command": "x", "env": {"ABSENT": None}}, "must be an object of strings"),
        ({}, "either a command or a url"),
    ],
)
def test_a_wrong_change_changes_nothing(
    tmp_path: Path, entry: dict[str, object], told: str
) -> None:
    file = McpFile(tmp_path / "mcp.json")
    file.add("a", {"command": "uvx", "env": {"KEY": "secret"}})
    before = file.text()
    with pytest.raises(UsageError, match=told):
        file.change("a", entry)
    with pytest.raises(UsageError, match="no server b"):
        file.change("b", {"command": "x"})
    assert file.text() == before


@pytest.mark.parametrize(
    ("entry", "off", "on"),
    [
        ({}, {"disabled": True}, {}),
        ({"disabled": False}, {"disabled": True}, {}),
        ({"enabled": True}, {"enabled": False}, {"enabled": True}),
        ({"enabled": True, "disabled": True}, {"enabled": False}, {"enabled": True}),
    ],
)
def test_a_server_is_switched_in_the_words_of_its_entry(
    tmp_path: Path, entry: dict[str, bool], off: dict[str, bool], on: dict[str, bool]
) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"a": {"command": "x", "timeout": 1, **entry}}}))
    file = McpFile(path)
    for disabled, words in ((True, off), (False, on)):
        file.switch("a", disabled=disabled)
        told = json.loads(path.read_text())["mcpServers"]["a"]
        assert told == {"command": "x", "timeout": 1, **words}
        assert file.read().servers["a"].disabled is disabled
    with pytest.raises(UsageError, match="no server b"):
        file.switch("b", disabled=True)
