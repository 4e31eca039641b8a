"""`ps`, `load` and `unload` without --url: they find the server that this user runs."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qwen3mlx.cli.app import command_line

from .conftest import Serve

Start = Callable[..., Serve]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    for name in ("QWEN3MLX_URL", "QWEN3MLX_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "settings.json").write_text('{"server": {"port": 0}}')
    return tmp_path


@pytest.fixture
def serve(home: Path) -> Iterator[Start]:
    """Starts servers of this user; each picks a free port."""
    started: list[Serve] = []

    def start(*arguments: str) -> Serve:
        started.append(Serve(home, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.close()


def call(*words: str) -> Result:
    return CliRunner().invoke(command_line(), words)


VERBS = (("ps",), ("load", "demo"), ("unload", "demo"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_port_0_in_the_settings_means_the_server_that_runs(serve: Start, host: str) -> None:
    server = serve("--host", host)
    for verb in VERBS[1], VERBS[0], VERBS[2]:
        result = call(*verb)
        assert result.exit_code == 0, (server.log(), result.stderr)
        assert verb[0] != "ps" or result.stdout.startswith("demo\t")


def test_a_server_elsewhere_than_in_the_settings_is_found(home: Path, serve: Start) -> None:
    serve()
    for text in ("{}", '{"server": {"port": 9}}'):
        (home / "settings.json").write_text(text)
        assert call("ps").exit_code == 0


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_server_one_sentence_says_what_to_do(home: Path, verb: tuple[str, ...]) -> None:
    result = call(*verb)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "qwen3mlx: No server is running on this computer: start one with `qwen3mlx serve`, or pass "
        "the address of another with --url.\n"
    )


def test_a_killed_servers_record_is_no_server(home: Path, serve: Start) -> None:
    killed = serve()
    killed.end(signal.SIGKILL)
    assert len(list(home.glob("admin-token-*.json"))) == 1
    assert "No server is running on this computer" in call("ps").stderr
    serve()
    assert call("ps").exit_code == 0


def test_of_several_servers_the_one_in_the_settings_is_meant(home: Path, serve: Start) -> None:
    first, second = serve(), serve()
    result = call("ps")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "Several servers are running" in result.stderr
    assert all(server.url in result.stderr for server in (first, second))
    port = int(first.url.rpartition(":")[2])
    (home / "settings.json").write_text(json.dumps({"server": {"port": port}}))
    assert call("load", "demo").exit_code == 0
    assert "demo" in call("ps", "--url", first.url).stdout
    assert call("ps", "--url", second.url).stdout == ""


@pytest.mark.parametrize(
    "record",
    [
        *("{", "[]", '{"url": 7}', '{"url": "http://[::1"}', '{"url": "http://127.0.0.1:80x"}'),
        *('{"url": "file:///etc/passwd"}', '{"url": "http://:5"}', '{"url": "http://a\\nb:5"}'),
    ],
)
def test_a_damaged_record_is_no_server(home: Path, record: str) -> None:
    for port in ("5", "None", "80x"):
        (home / f"admin-token-{port}.json").write_text(record)
    assert "No server is running on this computer" in call("ps").stderr


@pytest.mark.parametrize("port", ["80", 70000, -1, 1.5, True, None, [], {}])
def test_an_invalid_port_is_named_with_its_file(home: Path, port: object) -> None:
    (home / "settings.json").write_text(json.dumps({"server": {"port": port}}))
    for verb in VERBS:
        result = call(*verb)
        assert result.exit_code == 1
        assert f"{home}/settings.json: server.port is" in result.stderr
        assert "it must be an integer from 0 to 65535." in result.stderr
        assert result.stderr.count("\n") == 1
