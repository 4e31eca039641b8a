"""Every string has its translation, and the compiled file is the text's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from PySide6.QtCore import QTranslator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "app" / "qwen3mlx_app" / "i18n"
TEXT, COMPILED = FOLDER / "qwen3mlx_zh_CN.ts", FOLDER / "qwen3mlx_zh_CN.qm"


def strings(path: Path) -> dict[tuple[str, str], str]:
    """Context and source -> translation, which is empty unless a person finished it."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            key = (context.findtext("name") or "", message.findtext("source") or "")
            finished = message.find("translation")
            is_finished = finished is not None and "type" not in finished.attrib
            found[key] = (message.findtext("translation") or "") if is_finished else ""
    return found


def test_what_the_tool_guessed_is_no_translation(tmp_path: Path) -> None:
    guessed = tmp_path / "guessed.ts"
    [(key, translation), *_] = strings(TEXT).items()
    assert translation
    marked = TEXT.read_text().replace("<translation>", '<translation type="unfinished">', 1)
    guessed.write_text(marked)
    assert [one for one, text in strings(guessed).items() if not text] == [key]


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_every_string_of_the_program_is_translated(tmp_path: Path) -> None:
    fresh = shutil.copy(TEXT, tmp_path / TEXT.name)
    sources = sorted(str(path) for path in (ROOT / "app" / "qwen3mlx_app").rglob("*.py"))
    command = [tool("pyside6-lupdate"), *sources, "-ts", str(fresh), "-no-obsolete"]
    subprocess.run(command, check=True, capture_output=True)
    known = strings(Path(fresh))
    assert len(known) > 200
    assert [key for key, translation in known.items() if not translation] == []
    assert known.keys() == strings(TEXT).keys()


def test_a_translation_has_the_same_places_for_values() -> None:
    for (_, source), translation in strings(TEXT).items():
        places = re.compile(r"\{\w+\}")
        assert sorted(places.findall(source)) == sorted(places.findall(translation)), source


def test_the_compiled_file_says_what_the_text_says() -> None:
    translator = QTranslator()
    assert translator.load(str(COMPILED))
    for (context, source), translation in strings(TEXT).items():
        assert translator.translate(context, source) == translation
