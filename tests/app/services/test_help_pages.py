"""The pages that ship: each is whole, and its links lead to another, to the web, or are none."""

from __future__ import annotations

import re

import pytest
from qwen3mlx_app.services.help_pages import FOLDER, listed, rich_text, target, title
from qwen3mlx_app.services.links import is_safe

PAGES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*.md"))
PAGES += sorted(path.relative_to(FOLDER).as_posix() for path in (FOLDER / "docs").rglob("*.md"))


def test_the_list_has_the_first_page_of_the_language() -> None:
    assert listed("zh")[0] == "README.zh-CN.md"
    assert listed("en")[0] == listed("fr")[0] == "README.md"
    assert set(listed("zh")) | set(listed("en")) <= set(PAGES)
    assert title("docs/scaling.md") == "Several Macs"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    rich = rich_text(page)
    assert "<img" not in rich
    for link in re.findall(r'href="([^"]*)"', rich):
        found = target(page, link)
        assert found is not None or is_safe(link), link
        if found is not None and found[1]:
            assert f'id="{found[1]}"' in rich_text(found[0]), link


def test_a_link_out_of_the_folder_is_none() -> None:
    for link in ("../../x.md", "/etc/passwd", "file:///etc/passwd", "../qwen3mlx/cli/app.py", "x"):
        assert target("docs/cli.md", link) is None
    assert target("docs/cli.md", "../README.md#use") == ("README.md", "use")
    assert target("docs/api/server.md", "openai.md") == ("docs/api/openai.md", "")
    assert target("docs/cli.md", "#here") == ("docs/cli.md", "here")
