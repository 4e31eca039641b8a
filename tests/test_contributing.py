"""The habits of contributing: commit messages, hooks, the changelog, and what the guide names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SUBJECT = "hub: a broken download is resumed"
DASHES = 24 * "-"
BODY = "It began anew, which took an hour."


def complaint(tmp_path: Path, message: str) -> str:
    """What the hook says of a message; nothing if the commit may be made."""
    path = tmp_path / "COMMIT_EDITMSG"
    path.write_text(message, "utf-8")
    done = subprocess.run(
        [ROOT / "scripts" / "commit-message", path], capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == bool(done.stderr)
    return done.stderr.strip()


@pytest.mark.parametrize(
    "message",
    [
        f"{SUBJECT}\n\n{BODY}\n",
        f"{'x' * 72}\n\n{BODY}\n",
        f"{'语' * 72}\n\n{BODY}\n",
        f"# a comment of the editor's\n{SUBJECT}\n\n{BODY}\n# and another\n",
        f"{SUBJECT}\n\n{BODY}\n# {DASHES} >8 {DASHES}\n+{'x' * 99}\n",
        f"fixup! {'x' * 72}\n",
        "Merge branch 'main'\n",
    ],
)
def test_a_short_subject_and_a_body_are_accepted(tmp_path: Path, message: str) -> None:
    assert complaint(tmp_path, message) == ""


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"{'x' * 73}\n\n{BODY}\n", "73 characters; use at most 72"),
        (f"{SUBJECT}\n", "Add a body"),
        (f"{SUBJECT}\n\n# {BODY}\n", "Add a body"),
        (f"{SUBJECT}\n{BODY}\n", "empty line"),
        ("", "Add a body"),
    ],
)
def test_other_messages_are_refused_with_the_reason(
    tmp_path: Path, message: str, said: str
) -> None:
    assert said in complaint(tmp_path, message)


def test_hooks_are_local_or_pinned_by_commit_and_run_what_is_there() -> None:
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]:
        if repository["repo"] != "local":
            assert re.fullmatch(r"[0-9a-f]{40}", repository["rev"])
            continue
        for hook in repository["hooks"]:
            program = hook["entry"].split()[0]
            assert program == ".venv/bin/ruff" or (ROOT / program).is_file()


def test_the_guide_names_commands_that_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", guide, re.MULTILINE)
    assert named
    assert {a or b for a, b in named} <= set(targets)


@pytest.mark.parametrize("page", ["CHANGELOG.md", "SECURITY.md"])
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    released = r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d"
    assert all(re.fullmatch(released, version) for version in versions[1:])
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_an_issue_form_asks_for_something(form: str) -> None:
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / f"{form}.yml"
    described = yaml.safe_load(path.read_text("utf-8"))
    assert described["name"]
    assert described["description"]
    assert any(part.get("validations", {}).get("required") for part in described["body"])
