"""docs/architecture.md lists every package, and no package that does not exist."""

from __future__ import annotations

import re

from tests.support.places import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FOLDERS = {"qwen3mlx": ROOT, "qwen3mlx_app": ROOT / "app", "qwen3mlx_quantize": ROOT / "quantize"}
NO_PART = {"qwen3mlx", "qwen3mlx.demo"}


def rows() -> set[str]:
    """Return the names in the first column of the table."""
    first = "".join(row.split("|")[1] for row in PAGE.splitlines() if row.startswith("|"))
    return set(re.findall(r"`([^`]+)`", first))


def packages() -> set[str]:
    """Return every package, and the runtime's top-level modules."""
    found = set()
    for name, folder in FOLDERS.items():
        for path in (folder / name).rglob("__init__.py"):
            found.add(".".join(path.parent.relative_to(folder).parts))
    modules = (ROOT / "qwen3mlx").glob("[a-z]*.py")
    return (found | {f"qwen3mlx.{path.stem}" for path in modules}) - NO_PART


def test_every_package_is_named_and_none_that_is_gone() -> None:
    assert rows() == packages()


def test_the_page_stays_short() -> None:
    assert len(PAGE.splitlines()) <= 120


def test_every_file_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
