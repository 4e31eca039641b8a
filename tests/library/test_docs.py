"""docs/models.md says what the table of models says."""

from __future__ import annotations

import subprocess
import sys

from qwen3mlx.library.family import members, repositories
from tests.support.places import ROOT

PAGE = ROOT / "docs" / "models.md"


def test_the_page_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "models"), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_has_every_model_and_repository() -> None:
    page = PAGE.read_text("utf-8")
    for member in members():
        assert page.count(f"\n| `{member.name}` |") >= 2
    for _, repository in repositories().values():
        assert repository.repo_id in page


def test_the_checklist_counts_the_repositories() -> None:
    count = len(repositories())
    checklist = (ROOT / "docs" / "mac-checklist.md").read_text("utf-8")
    assert f"`{count} of {count} repositories exist.`" in checklist
