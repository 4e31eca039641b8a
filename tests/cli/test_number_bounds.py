"""Every verb validates its numbers before it does anything."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from qwen3mlx.cli.app import command_line
from qwen3mlx.cli.client import Client
from qwen3mlx.config import LoadOptions, SamplingParams
from qwen3mlx.errors import InvalidRequestError, UsageError

from .in_process import invoke

# A model that is looked for too early ends with exit code 1, and a server that is asked does.
NEEDED = {
    "run": ["./nowhere", "hi"],
    "serve": ["--model", "./nowhere"],
    "load": ["demo", "--url", "http://127.0.0.1:9"],
    "quantize": ["./nowhere", "-o", "new"],
    "bench": ["./nowhere"],
    "fit": ["./nowhere"],
    "search": ["coder"],
    "embed": ["./nowhere"],
    "rerank": ["./nowhere"],
}
# Besides what is a number nowhere: of each option, numbers that it does not take.
BEYOND: dict[str, list[str]] = {
    "--port": ["-1", "65536", "70000"],
    "--kv-bits": ["-1", "0", "3", "5", "16"],
    "--ttl": ["-1", "-0.1", "1e10"],
    "--memory-limit": ["-1", "0", "1e9"],
    "--prefix-cache": ["-1", "1e9"],
    "--max-running": ["-1", "0", "100000"],
    "--max-waiting": ["-1", "9999999999"],
    "--command-buffer": ["-1", "0", "10001"],
    "--context-length": ["-1", "0", "9999999999"],
    "--thinking-budget": ["-1", "9999999999"],
    "--max-tokens": ["-1", "9999999999"],
    "--temperature": ["-1", "101"],
    "--top-p": ["-1", "1.01"],
    "--top-k": ["-1", "9999999999"],
    "--min-p": ["-1", "1.01"],
    "--repetition-penalty": ["-1", "0", "101"],
    "--presence-penalty": ["-2.1", "3"],
    "--frequency-penalty": ["-2.1", "3"],
    "--seed": [str(2**64), str(-(2**63) - 1)],
    "--target-bpw": ["-1", "0", "1", "17", "1e9"],
    "--group-size": ["-1", "0", "7", "1000"],
    "--repeats": ["-1", "0", "101"],
    "--context": ["-1", "0"],
    "--parallel": ["-1", "0", "257"],
    "--limit": ["-1", "0", "101"],
    "--dimensions": ["-1", "0"],
    "--top": ["-1", "0"],
}
NOWHERE = ["nan", "inf", "-inf", "1e999", "NaN", "many", "", "1" * 5000, "0x10"]


def numeric_options() -> Iterator[tuple[str, str]]:
    for command in command_line().registered_commands:
        verb, function = str(command.name), command.callback
        for name, hint in get_type_hints(function, include_extras=True).items():
            if get_origin(hint) is not Annotated:
                continue
            kind, info = get_args(hint)
            if {int, float} & {kind, *get_args(kind)}:
                given = [word for word in info.param_decls or () if word.startswith("--")]
                yield verb, given[0] if given else "--" + name.replace("_", "-")


def test_every_number_has_its_row() -> None:
    found = list(numeric_options())
    assert len(found) > 20
    assert {option for _, option in found} == set(BEYOND)
    assert {verb for verb, _ in found} == set(NEEDED)


@pytest.mark.parametrize(("verb", "option"), list(numeric_options()))
def test_what_cannot_be_is_refused_at_once(
    verb: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    beside = ["--recipe", "auto"] if option == "--target-bpw" else []
    for value in [*NOWHERE, *BEYOND[option]]:
        given = [verb, *NEEDED[verb], *beside, f"{option}={value}"]
        result = invoke(*given)
        assert result.exit_code == 2, (value, result.stderr)
        assert result.stdout == ""
        last = result.stderr.strip().splitlines()[-1]
        assert option.lstrip("-").replace("-", "_") in last.replace("-", "_"), last
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["port", "ttl", "memory_limit", "max_running", "context_length"])
def test_settings_are_checked_as_options_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    values: tuple[Any, ...] = (math.nan, math.inf, -1, "nan", "many", [], 1e300)
    for value in values:
        (tmp_path / "settings.json").write_text(json.dumps({"server": {name: value}}))
        result = invoke("serve", "--model", "./nowhere")
        assert result.exit_code == 2, (value, result.stderr)


def test_an_impossible_target_is_refused_before_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "qwen3mlx_quantize.sensitivity.measure", lambda *_: pytest.fail("it measures")
    )
    result = invoke("quantize", "demo", "-o", "new", "--recipe", "auto", "--target-bpw", "2.5")
    assert result.exit_code == 2
    assert "the minimum is 3." in result.stderr


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:99999", "http://127.0.0.1:-1", "http://127.0.0.1:x", "http://", "ftp://a"],
)
def test_a_url_with_a_port_that_cannot_be(url: str) -> None:
    with pytest.raises(UsageError, match="URL"):
        Client(url, None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -3, True, "1", 10**30])
def test_python_options(value: Any) -> None:
    for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens"):
        with pytest.raises(InvalidRequestError):
            SamplingParams(**{name: value})
    for name in ("presence_penalty", "frequency_penalty", "thinking_budget", "min_tokens"):
        with pytest.raises(InvalidRequestError):
            SamplingParams(**{name: value})
    for name in ("context_length", "kv_bits"):
        with pytest.raises(InvalidRequestError):
            LoadOptions(**{name: value})
