"""docs/architecture.md is a map of what is there: every module in it, and none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def named(rows: str) -> set[str]:
    """The files and folders in the first column of a table."""
    first = "".join(row.split("|")[1] for row in rows.splitlines() if row.startswith("|"))
    return set(re.findall(r"`([^`]+)`", first))


def section(title: str) -> str:
    return PAGE.split(f"# {title}\n")[1].split("\n#")[0]


@pytest.mark.parametrize(
    ("title", "folder"),
    [
        ("The engine", "qwen3mlx/engine"),
        ("The server", "qwen3mlx/server"),
        ("The window", "app/qwen3mlx_app"),
    ],
)
def test_the_modules_are_those_of_the_folder(title: str, folder: str) -> None:
    package = ROOT / folder
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert named(section(title)) == modules | folders


def test_the_folders_exist() -> None:
    rows = named(section("Where things are"))
    assert len(rows) > 10
    assert {row for row in rows if not (ROOT / row).exists()} == set()


def test_every_file_the_headings_name_exists() -> None:
    files = re.findall(r"^## .*\(`(qwen3mlx/[^`]+)`\)", PAGE, re.MULTILINE)
    assert len(files) == 4
    assert {file for file in files if not (ROOT / file).exists()} == set()


def test_the_contract_names_every_method_of_the_service() -> None:
    source = (ROOT / "qwen3mlx" / "server" / "service.py").read_text(encoding="utf-8")
    methods = set(re.findall(r"^    async def ([a-z]\w*)", source, re.MULTILINE))
    shown = set(re.findall(r"^    async def (\w+)", PAGE, re.MULTILINE))
    assert methods - shown == {"start", "stop"}
