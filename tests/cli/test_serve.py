"""`qwen3mlx serve` as a process: its output, its settings files, its exit."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.library import DEMOS, ModelSettings
from qwen3mlx.settings.table import COMMAND_BUFFER_VARIABLES

from .conftest import COMMAND, Serve
from .in_process import invoke


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serve]]:
    """Starts servers whose state folder is `tmp_path`."""
    started: list[Serve] = []

    def start(*arguments: str, **options: Any) -> Serve:
        started.append(Serve(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


def get(url: str, key: str = "secret") -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_when_ready_it_says_its_url_and_the_model_is_in_memory(endpoint: Serve) -> None:
    assert re.fullmatch(r'\{"url": "http://127\.0\.0\.1:\d+"\}\n', endpoint.line)
    models = {model["id"] for model in get(f"{endpoint.url}/v1/models")["data"]}
    assert models >= {"demo", "demo-moe"}
    assert [model["model"] for model in get(f"{endpoint.url}/api/ps")["models"]] == ["demo:latest"]


def test_with_exit_with_parent_it_ends_when_stdin_does(serve: Callable[..., Serve]) -> None:
    server = serve("--exit-with-parent")
    assert server.process.stdin is not None
    server.process.stdin.close()
    server.process.stdin = None
    assert server.wait() == (0, "")


def test_settings_json_has_the_defaults_and_sigterm_ends_it(
    serve: Callable[..., Serve], tmp_path: Path
) -> None:
    yarn = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 4096}
    defaults = {"kv_bits": 4, "api_key": ["from-file"], "rope_scaling": yarn, "unknown": 1}
    (tmp_path / "settings.json").write_text(json.dumps({"server": defaults}))
    server = serve("--model", "demo", "--kv-bits", "8", "--context-length", "500")
    [model] = get(f"{server.url}/api/ps", "from-file")["models"]
    assert model["context_length"] == 500
    kept = LoadOptions(kv_bits=8, context_length=500, rope_scaling=yarn)
    assert ModelSettings(tmp_path).load("demo") == kept
    assert server.end(signal.SIGTERM) == (0, "")
    assert "Traceback" not in server.log()


def test_a_folder_is_served_under_its_name_and_ctrl_c_ends_it(
    serve: Callable[..., Serve], cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "My Model"
    folder.symlink_to(cache.resolve())
    server = serve("--model", str(folder))
    [model] = get(f"{server.url}/api/ps")["models"]
    assert model["name"] == "My Model:latest"
    assert server.end(signal.SIGINT) == (0, "")
    assert "Traceback" not in server.log()


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """The exit code and stderr of a command line that fails before the server is made."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))

    def fail(*arguments: str) -> tuple[int, str]:
        result = invoke("serve", *arguments)
        assert result.stdout == ""
        return result.exit_code, result.stderr

    return fail


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--port", "70000"], 2, "--port"),
        (["--port", "http"], 2, "--port"),
        (["--kv-bits", "4"], 2, "need --model"),
        (["--model", "demo", "--kv-bits", "5"], 2, "kv_bits 5 is not supported"),
        (["--model", "qwen3:8b"], 1, "`qwen3mlx pull qwen3:8b`"),
        (["--model", "./nowhere"], 1, "The folder nowhere does not exist"),
        (["--allow-origin", "*"], 2, "is not a valid origin"),
        (["--allow-host", "http://mac.local"], 2, "is not the name of a host"),
        (["--allow-host", "mac.local:1234"], 2, "is not the name of a host"),
        (["--memory-limit", "-1"], 2, "--memory-limit"),
        (["--ttl", "soon"], 2, "--ttl"),
    ],
)
def test_mistakes_end_it_with_a_sentence(
    failing: Callable[..., tuple[int, str]], arguments: list[str], code: int, sentence: str
) -> None:
    returned, errors = failing(*arguments)
    assert returned == code
    assert sentence in errors
    assert code == 2 or errors.count("\n") == 1


def test_settings_that_do_not_fit_the_model_are_not_kept(
    failing: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    code, errors = failing("--model", "demo", "--context-length", "9999999")
    assert code == 2
    assert "9999999 tokens exceeds" in errors
    assert ModelSettings(tmp_path).load("demo") == LoadOptions()


def test_a_broken_settings_file_is_named(
    failing: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    file = tmp_path / "settings.json"
    for text, sentence in (
        ("{", "is not JSON"),
        ('{"server": 1}', "server is 1"),
        ('{"server": {"port": "80"}}', "server.port is '80'; it must be an integer"),
        ('{"server": {"port": 70000}}', "server.port is 70000; it must be an integer"),
        ('{"server": {"ttl": NaN}}', "server.ttl is nan; it must be a number from 0"),
        ('{"server": {"log_prompts": 1}}', "server.log_prompts is 1; it must be true or false"),
        ('{"server": {"api_key": "secret"}}', "server.api_key is 'secret'; it must be a list"),
        ('{"server": {"kv_bits": 5}}', "server.kv_bits 5 is not supported"),
        ('{"server": {"allow_origin": ["x"]}}', "server.allow_origin: 'x' is not a valid origin"),
        ('{"server": {"allow_host": ["a/b"]}}', "server.allow_host: 'a/b' is not the name"),
        ('{"server": {"kv_bits": 4}}', "server.kv_bits: it needs a model; add server.model"),
        (
            '{"server": {"model": "demo", "context_length": 9999999}}',
            "server.context_length: a cont",
        ),
        (
            '{"server": {"model": "demo", "rope_scaling": {"rope_type": 5}}}',
            "server.rope_scaling: rope_scaling has rope type 5",
        ),
        ('{"model_folders": "/tmp/x"}', "model_folders is '/tmp/x'; it must be a list of folders"),
    ):
        file.write_text(text)
        code, errors = failing()
        assert code == 2  # a supervisor does not start it again
        assert f"{file}" in errors
        assert sentence in errors
        assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"model": "./nowhere"}, "server.model: The folder nowhere does not exist."),
        ({"model": "x"}, 'server.model: There is no model "x" on this computer'),
        ({"host": "a..b"}, "server.host: 'a..b' is not a valid host name."),
    ],
)
def test_a_saved_value_that_leads_nowhere_is_named_with_its_file(
    failing: Callable[..., tuple[int, str]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    settings: object,
    sentence: str,
) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"server": settings}))
    code, errors = failing("--port", "0")
    assert (code, errors.count("\n")) == (1, 1)
    assert f"{tmp_path}/settings.json: {sentence}" in errors


def test_an_option_given_here_is_not_blamed_on_the_file(
    failing: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "settings.json").write_text('{"server": {"model": "demo", "kv_bits": 8}}')
    for arguments in (["--model", "./nowhere"], ["--context-length", "9999999"]):
        code, errors = failing(*arguments)
        assert code in (1, 2)
        assert "settings.json" not in errors


def test_a_misspelt_key_of_the_settings_is_named(
    serve: Callable[..., Serve], tmp_path: Path
) -> None:
    (tmp_path / "settings.json").write_text('{"server": {"prot": 1}}')
    log = serve().log()
    assert f"{tmp_path}/settings.json: unknown server setting 'prot' is ignored." in log
    assert "Did you mean port?" in log


def test_a_row_that_names_no_folder_is_said_once_and_hides_nothing(
    serve: Callable[..., Serve], tmp_path: Path
) -> None:
    shutil.copytree(DEMOS["demo"], tmp_path / "models" / "mine")
    rows = ["relative", str(tmp_path / "models"), 7]
    (tmp_path / "settings.json").write_text(json.dumps({"model_folders": rows}))
    server = serve()
    for _ in range(2):
        models = {model["id"] for model in get(f"{server.url}/v1/models")["data"]}
        assert models == {"demo", "demo-moe", "mine"}
    for row in ("'relative'", "7"):
        said = f"{tmp_path}/settings.json: model_folders holds {row}; it must be the whole path"
        assert server.log().count(said) == 1


def test_a_settings_file_that_goes_bad_while_it_runs_hides_no_demo(
    serve: Callable[..., Serve], tmp_path: Path
) -> None:
    server = serve()
    (tmp_path / "settings.json").write_text('{"model_folders": "/tmp/x"}')
    for _ in range(2):
        models = {model["id"] for model in get(f"{server.url}/v1/models")["data"]}
        assert models == {"demo", "demo-moe"}
    assert server.log().count("model_folders") == 1
    assert "Traceback" not in server.log()


INSTEAD_OF_SERVING = """
import json, os, sys, types
from qwen3mlx.cli.serve import serve
sys.modules["qwen3mlx.server.run"] = run = types.ModuleType("run")
loaded = lambda: "mlx.core" in sys.modules
names = ("MLX_MAX_OPS_PER_BUFFER", "MLX_MAX_MB_PER_BUFFER")
run.serve = lambda settings: print(json.dumps([loaded(), *map(os.environ.get, names)]))
serve(command_buffer=json.loads(sys.argv[1]))
"""


@pytest.mark.parametrize("value", [None, 120])
def test_the_size_of_command_buffers_is_told_to_mlx_before_it_is_imported(
    value: int | None, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INSTEAD_OF_SERVING, json.dumps(value)],
        env={
            **{n: v for n, v in os.environ.items() if n not in COMMAND_BUFFER_VARIABLES},
            "QWEN3MLX_HOME": str(tmp_path),
        },
        capture_output=True,
        check=True,
        text=True,
    )
    told = None if value is None else str(value)
    assert json.loads(done.stdout) == [False, told, told]


def test_with_port_fallback_a_free_port_is_used_and_said(
    serve: Callable[..., Serve], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = serve("--port", str(port), "--port-fallback")
        told = json.loads(server.line)
        assert told == {"url": server.url, "taken_port": port}
        assert get(f"{server.url}/health")
    assert f"Port {port} is in use; using a free one" in server.log()


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*COMMAND, "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
