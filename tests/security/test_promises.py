"""SECURITY.md's guarantees name the tests that hold them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)\)")
PAGES = [ROOT / "SECURITY.md", ROOT / "docs" / "security.md"]


def promises() -> dict[str, list[Path]]:
    """The first words of each, and the test files it names."""
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    section = text.split("## Guarantees")[1].split("\n## ")[0]
    parts = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    return {
        part[:60]: [ROOT / target for _, target in LINK.findall(part.partition("Tests:")[2])]
        for part in parts
    }


def test_there_are_seven() -> None:
    assert len(promises()) == 7


@pytest.mark.parametrize("promise", promises())
def test_a_promise_names_tests_that_are_there(promise: str) -> None:
    files = promises()[promise]
    assert files
    for file in files:
        assert file.is_relative_to(ROOT / "tests")
        assert re.search(r"^def test_", file.read_text("utf-8"), re.MULTILINE), file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [target for _, target in LINK.findall(page.read_text("utf-8"))]
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []
