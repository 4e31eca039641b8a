"""The command as a process: streams, exit codes, no tracebacks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import Any

import pytest

from qwen3mlx import __version__, library

from .conftest import COMMAND


class Command:
    """Run `qwen3mlx` with the arguments, with an empty stdin by default."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def __call__(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"stdin": subprocess.DEVNULL} | options if "input" not in options else options
        return subprocess.run(
            [*COMMAND, *arguments],
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            env=self._environment | options.pop("env", {}),
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
        )


@pytest.fixture
def qwen3mlx(environment: dict[str, str]) -> Command:
    return Command(environment)


def test_version(qwen3mlx: Command) -> None:
    assert qwen3mlx("--version").stdout == f"qwen3mlx {__version__}\n"


def after_warning(said: str) -> str:
    """What is said after the warning that `endless_model` has no end token."""
    warning, _, rest = said.partition("\n")
    assert "names no end token" in warning
    return rest


def test_one_answer_and_the_same_again_for_the_same_seed(
    qwen3mlx: Command, endless_model: str
) -> None:
    arguments = ("run", endless_model, "hi", "--max-tokens", "12", "--seed", "7", "--no-think")
    first, second = qwen3mlx(*arguments), qwen3mlx(*arguments)
    assert (first.returncode, after_warning(first.stderr)) == (0, "")
    assert first.stdout.endswith("\n")
    assert first.stdout == second.stdout


def test_json(qwen3mlx: Command, endless_model: str) -> None:
    done = qwen3mlx("run", endless_model, "hi", "--max-tokens", "12", "--json", "--stats")
    value = json.loads(done.stdout)
    assert value["finish_reason"] == "length"
    assert value["usage"]["completion_tokens"] == 12
    assert "12 tokens" in done.stderr


def test_piped_text_reaches_the_model(qwen3mlx: Command, endless_model: str) -> None:
    def prompt_tokens(*prompt: str, **options: Any) -> int:
        arguments = ("run", endless_model, *prompt, "--json", "--max-tokens", "1")
        return int(json.loads(qwen3mlx(*arguments, **options).stdout)["usage"]["prompt_tokens"])

    alone = prompt_tokens("12345")
    assert prompt_tokens(input="12345") == alone
    assert prompt_tokens("12345", input="678") == alone + len("\n\n678")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["run", "qwen3:8"], 1, "did you mean qwen3:8b?"),
        (["run", "--nonsense"], 2, "No such option"),
        (["walk"], 2, "No such command"),
    ],
)
def test_a_mistake_gets_one_clear_line(
    qwen3mlx: Command, arguments: list[str], code: int, sentence: str
) -> None:
    done = qwen3mlx(*arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert code == 2 or done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_broken_checkpoint_is_named(
    qwen3mlx: Command, endless_model: str, tmp_path: Any, name: str
) -> None:
    for file in os.listdir(endless_model):
        shutil.copy(f"{endless_model}/{file}", tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).write_text("{")
    done = qwen3mlx("run", str(tmp_path), "hi")
    assert done.returncode == 1
    assert name in done.stderr
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback(qwen3mlx: Command) -> None:
    done = qwen3mlx("run", "./nowhere", "hi", env={"QWEN3MLX_DEBUG": "1"})
    assert "Traceback" in done.stderr
    done = qwen3mlx("run", "./nowhere", "hi", env={"QWEN3MLX_DEBUG": "0"})
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_model_is_an_error(qwen3mlx: Command, tmp_path: Any) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "readme.txt").write_text("hello")
    done = qwen3mlx("run", str(folder), "hi")
    assert done.returncode == 1
    assert f"{folder} holds no model" in done.stderr
    (folder / "config.json").write_text("{}")
    assert "holds no model" not in qwen3mlx("run", str(folder), "hi").stderr


def test_a_prompt_longer_than_the_context(qwen3mlx: Command, endless_model: str) -> None:
    done = qwen3mlx("run", endless_model, input="x" * 1_000_000)
    assert done.returncode == 1
    said = after_warning(done.stderr)
    assert "maximum context length is 4096 tokens" in said
    assert said.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk(qwen3mlx: Command, endless_model: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = qwen3mlx(
            "run", endless_model, "hi", "--max-tokens", "3", "--hide-thinking", stdout=full
        )
    assert done.returncode == 1
    assert after_warning(done.stderr) == "qwen3mlx: No space left on device.\n"


def test_a_reader_that_leaves_causes_no_error_message(
    qwen3mlx: Command, endless_model: str
) -> None:
    process = qwen3mlx.start("run", endless_model, "hi", "--hide-thinking")
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert after_warning(errors.decode()) == ""


def test_ctrl_c_ends_one_answer_with_130(qwen3mlx: Command, endless_model: str) -> None:
    process = qwen3mlx.start("run", endless_model, "hi", "--hide-thinking")
    assert process.stdout is not None
    process.stdout.read(1)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_a_crash_says_where_and_keeps_what_was_written(
    qwen3mlx: Command, endless_model: str
) -> None:
    process = qwen3mlx.start("run", endless_model, "hi", "--no-think")
    assert process.stdout is not None
    first = process.stdout.read(1)
    process.send_signal(signal.SIGSEGV)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGSEGV
    assert first + rest
    assert b"Fatal Python error: Segmentation fault" in errors
    assert b"Current thread" in errors


@pytest.mark.parametrize("name", ["demo", "demo-moe"])
def test_the_demo_answers(qwen3mlx: Command, name: str) -> None:
    done = qwen3mlx("run", name, "Hello!", "--json", "--seed", "1", "--max-tokens", "200")
    assert done.returncode == 0
    value = json.loads(done.stdout)
    assert value["content"] or value["reasoning_content"]
    assert value["finish_reason"] in ("stop", "length")
    assert qwen3mlx("pull", name).stdout == f"{library.DEMOS[name]}\n"
