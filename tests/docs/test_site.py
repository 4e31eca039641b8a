"""The site: its pages are there, and none asks another server for anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.support.places import ROOT

CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))


def pages(nav: Any) -> Iterator[str]:
    for entry in nav if isinstance(nav, list) else [nav]:
        if isinstance(entry, dict):
            for inner in entry.values():
                yield from pages(inner)
        else:
            yield entry


def test_the_pages_of_its_menu_exist() -> None:
    listed = list(pages(CONFIG["nav"]))
    assert len(listed) > 5
    assert [page for page in listed if not (ROOT / page).is_file()] == []


def test_it_takes_nothing_from_other_servers() -> None:
    assert CONFIG["theme"]["font"] is False
    assert CONFIG["strict"] is True
    assert not {"extra_javascript", "extra_css"} & CONFIG.keys()
    # The theme would fetch the library that draws these.
    drawn = [
        page for page in (ROOT / "docs").rglob("*.md") if "```mermaid" in page.read_text("utf-8")
    ]
    assert drawn == []
