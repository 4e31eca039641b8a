"""The generated parts of docs/cli.md; `python -m tests.cli.reference` updates them."""

from __future__ import annotations

import re
from pathlib import Path

from qwen3mlx.cli.slash import COMMANDS
from tests.support.places import ROOT

from .in_process import printed_by

PAGE = ROOT / "docs" / "cli.md"
_BLOCK = re.compile(r"(?<=```text\n)\$ (?P<command>[^\n]*)\n.*?(?=```)", re.DOTALL)


def regenerated(page: str) -> str:
    """The page with every ```text block that begins with `$ command` filled in again."""
    return _BLOCK.sub(lambda match: f"$ {match['command']}\n{_output(match['command'])}", page)


def _output(command: str) -> str:
    if command == "/help":
        width = max(len(entry.usage) for entry in COMMANDS.values())
        return "".join(f"{entry.usage:<{width}}  {entry.help}\n" for entry in COMMANDS.values())
    return printed_by(*command.split()[1:])


if __name__ == "__main__":
    Path(PAGE).write_text(regenerated(PAGE.read_text("utf-8")), "utf-8")
