from __future__ import annotations

from .reference import PAGE, regenerated


def test_the_command_reference_is_what_the_program_says() -> None:
    page = PAGE.read_text("utf-8")
    assert page.count("```text\n$ ") == 26
    assert regenerated(page) == page, "run `python -m tests.cli.reference`"
