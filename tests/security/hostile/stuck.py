"""A child process that answers, or does not."""

from __future__ import annotations

import time

from qwen3mlx_app.services.child import serve


def _answer(question: str) -> str:
    while question == "for ever":
        time.sleep(1)
    return question


def main() -> None:
    serve(_answer, memory=1024**3)
