"""README.zh-CN.md keeps step with README.md: the same shape, code and links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.support.places import ROOT

ENGLISH = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")
_CODE = re.compile(r"^```.*?^```\n", re.MULTILINE | re.DOTALL)


def shape(text: str) -> Iterator[tuple[str, object]]:
    """Every block in order: its kind, and what is the same in every language."""
    for block in re.split(r"\n{2,}", _CODE.sub(lambda m: f"\n{hash(m[0])}\n", text)):
        lines = block.strip().splitlines()
        if re.fullmatch(r"-?\d+", lines[0]):
            yield "code", lines[0]
        elif heading := re.match("#+", lines[0]):
            yield "heading", len(heading[0])
        elif lines[0].startswith("|"):
            yield "table", [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
        elif lines[0].startswith("- "):
            yield "list", len(lines)
        else:
            yield "text", len(lines)


def code(text: str) -> list[str]:
    return sorted(set(re.findall(r"`([^`\n]+)`", _CODE.sub("", text))))


def links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return sorted(re.sub(r"-(en|zh)\.png$", ".png", link) for link in found if "README" not in link)


def test_both_have_the_same_blocks() -> None:
    english, chinese = list(shape(ENGLISH)), list(shape(CHINESE))
    assert [kind for kind, _ in english] == [kind for kind, _ in chinese]
    assert english == chinese


def test_both_have_the_same_code() -> None:
    assert _CODE.findall(ENGLISH) == _CODE.findall(CHINESE)
    assert code(ENGLISH) == code(CHINESE)


def test_both_have_the_same_links() -> None:
    assert links(ENGLISH) == links(CHINESE)
    for link in links(ENGLISH + CHINESE):
        if not link.startswith("https://"):
            path = link.partition("#")[0]
            assert (ROOT / path).exists() or list(ROOT.glob(path.replace(".png", "-*.png"))), link


def test_numbers_of_tables_are_the_same() -> None:
    """Cells without letters, such as sizes."""
    numbers = re.compile(r"(?<=\| )[\d.]+(?= \|)")
    assert numbers.findall(ENGLISH) == numbers.findall(CHINESE)


def test_it_is_chinese_as_macos_writes_it() -> None:
    prose = re.sub(r"`[^`\n]*`|\]\([^)]*\)", "`", _CODE.sub("", CHINESE))
    assert "您" not in prose
    assert re.findall(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", prose) == []
    assert re.findall(r"[\u4e00-\u9fff][,;:?!]", prose) == []
