"""A report of a problem: what a person can pass on, without chats, names or secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..domain import AppSettings, ServerState
from .about import machine, versions

# Lines of a log.
MOST_LINES = 80
# Settings that say nothing about chats, folders or addresses.
_SETTINGS = (
    *("theme", "language", "font_size", "send_with", "show_tray", "notify", "reduce_motion"),
    *("auto_title", "delete_after", "start_server", "check_updates"),
)
_SECRETS = (
    re.compile(r"(?i)\b(bearer\s+)\S+"),
    re.compile(r"(?i)([\w-]*(?:key|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;}]+"),
    re.compile(r"(://[^/\s:@]+:)[^/\s@]+(?=@)"),
    re.compile(r"\b()(?:sk|hf|lm)[-_][A-Za-z0-9_:-]{8,}"),
)


def problem_report(
    settings: AppSettings, state: ServerState, log: Iterable[str], crash: str, secret: str
) -> str:
    """The report's text. `secret` is a key that must not be in it, wherever it was logged."""
    server = " ".join(filter(None, (state.phase, state.reason)))
    sections = {
        "Versions": versions(),
        "Computer": machine(),
        "Settings": [f"{name}: {getattr(settings, name)}" for name in _SETTINGS],
        "Server": [server],
        "The server's log, its last lines": list(log)[-MOST_LINES:],
        "The log of its last crash, its last lines": crash.splitlines()[-MOST_LINES:],
    }
    blocks = ("\n".join([f"## {title}", "", *lines]) for title, lines in sections.items() if lines)
    return redacted("\n\n".join(["# Problem with qwen3mlx", *blocks]) + "\n", secret)


def redacted(text: str, secret: str = "", home: Path | None = None) -> str:
    """The text without keys, and with `~` for the user's folder."""
    if secret:
        text = text.replace(secret, "…")
    for pattern in _SECRETS:
        text = pattern.sub(r"\1…", text)
    return text.replace(str(home or Path.home()), "~")
