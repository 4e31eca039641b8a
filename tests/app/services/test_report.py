"""What is in a report of a problem, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_app.domain import AppSettings, ServerState
from qwen3mlx_app.services.about import parts
from qwen3mlx_app.services.report import MOST_LINES, problem_report, redacted


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer S3CR3T-x.y",
        "api_key=S3CR3T",
        '{"token": "S3CR3T"}',
        "HF_TOKEN=S3CR3T",
        "password: S3CR3T",
        "https://me:S3CR3T@example.org/x",
        "sk-lm-S3CR3T12:abcdefgh",
        "hf_S3CR3TS3CR3T",
    ],
)
def test_keys_are_left_out(line: str) -> None:
    assert "S3CR3T" not in redacted(line)


@pytest.mark.parametrize(
    "line", ["12 tokens: 3 s", "INFO ready at http://127.0.0.1:1234", "a/b.py:3"]
)
def test_other_lines_stay(line: str) -> None:
    assert redacted(line).startswith(line[:8])


def test_the_users_folder_is_a_sign() -> None:
    text = redacted("in /Users/ann/models and /Users/ann", home=Path("/Users/ann"))
    assert text == "in ~/models and ~"


def test_a_report_has_the_end_of_the_log_and_no_address() -> None:
    log = [f"line {number}" for number in range(1000)]
    settings = AppSettings(hub_mirror="https://mirror.example", last_model="mine", theme="dark")
    state = ServerState(phase="failed", reason="Port 1234 is taken.")
    text = problem_report(settings, state, log, "", "the-key")
    assert f"line {1000 - MOST_LINES}\n" in text
    assert f"line {999 - MOST_LINES}\n" not in text
    assert "theme: dark" in text
    assert "failed Port 1234 is taken." in text
    assert "mirror.example" not in text
    assert "mine" not in text
    assert "last crash" not in text


def test_the_parts_are_the_program_and_what_it_needs() -> None:
    listed = {part.name.lower(): part for part in parts()}
    assert {"qwen3mlx", "mlx", "fastapi", "pyside6_essentials", "tokenizers"} <= listed.keys()
    assert not {"pytest", "mypy", "openai"} & listed.keys()
    assert all(part.licence for part in listed.values())
