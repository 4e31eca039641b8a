"""Every message in docs/troubleshooting.md, and in the READMEs' tables, is one of the program's."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.places import ROOT

PAGES = ("docs/troubleshooting.md", "README.md", "README.zh-CN.md")
FOLDERS = ("qwen3mlx", "app/qwen3mlx_app", "quantize/qwen3mlx_quantize")


@cache
def said() -> str:
    """The code with its texts on one line each; `…` stands for what is filled in."""
    texts = [(ROOT / "scripts" / "setup").read_text("utf-8")]
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            joined = re.sub(r'"\n\s*f?"', "", path.read_text("utf-8"))
            texts.append(re.sub(r"\{[^{}\n]*\}", "…", joined))
    return "\n".join(texts)


def messages(page: str) -> list[str]:
    """The quoted texts of several words in the first column of tables of messages."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", (ROOT / page).read_text("utf-8"), re.MULTILINE):
        if table.startswith(("| what you see", "| 看到的信息")):
            column = [row.split(" | ")[0] for row in table.splitlines()[2:]]
            found += [text for cell in column for text in re.findall(r"`([^`]+)`", cell)]
    return [text for text in found if " " in text]


def is_said(message: str) -> bool:
    parts = [re.escape(part) for part in message.strip("… ").split("…")]
    return re.search(".{0,80}".join(parts), said()) is not None


@pytest.mark.parametrize("page", PAGES)
def test_each_message_is_the_programs(page: str) -> None:
    listed = messages(page)
    assert len(listed) > (25 if page.startswith("docs") else 2)
    assert [message for message in listed if not is_said(message)] == []


@pytest.mark.parametrize("message", ["Port … is taken by another program", "no such … text"])
def test_another_message_is_not(message: str) -> None:
    assert not is_said(message)


def test_the_page_is_found_from_the_readme() -> None:
    assert "docs/troubleshooting.md" in Path(ROOT / "README.md").read_text("utf-8")
