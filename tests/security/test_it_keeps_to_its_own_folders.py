"""The server, the command line and the window never touch a user's other files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Conversation, Message, Transcript
from qwen3mlx_app.views.window import make_window

from tests.server.live import LiveServer
from tests.support.places import PROGRAM

from .hostile.mutations import DEMO, write_demo
from .with_models import command, serving

SECRET = "the dear letter's secret"
LETTER = json.dumps({"model_type": SECRET, "license": SECRET, "chat_template": SECRET})
# Files of a checkpoint that somebody may read of it.
FILES = (
    "LICENSE",
    "README.md",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors.index.json",
)
HELLO = [{"role": "user", "content": "Hello!"}]


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("private") / "letter.json"
    path.write_text(LETTER)
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, letter: Path) -> Path:
    """A checkpoint for each file that may be a link; one through a folder that is one."""
    folder = tmp_path_factory.mktemp("models")
    for name in FILES:
        place = folder / name.replace(".", "-")
        place.mkdir()
        write_demo(place, {name: lambda path: path.symlink_to(letter)})
    (folder / "through").mkdir()
    shutil.copyfile(DEMO / "config.json", folder / "through" / "config.json")
    (folder / "through" / "weights").symlink_to(letter.parent)
    index = {"weight_map": {"a": "weights/letter.json"}}
    (folder / "through" / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="module")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(models, tmp_path_factory.mktemp("home")) as running:
        yield running


def test_the_server_tells_nothing_of_what_a_link_leads_to(
    server: LiveServer, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = [server.http.get(path).text for path in ("/v1/models", "/api/tags", "/api/v1/models")]
    for folder in models.iterdir():
        for path, more in (
            ("/api/show", {"verbose": True}),
            ("/tokenize", {"prompt": "Hello"}),
            ("/v1/chat/completions", {"messages": HELLO, "max_tokens": 1}),
        ):
            said.append(server.http.post(path, json={"model": folder.name, **more}).text)
    assert len(said) == 3 + 3 * (len(FILES) + 1)
    assert not [text for text in said if SECRET in text]
    assert SECRET not in caplog.text


@pytest.mark.parametrize("name", ["LICENSE", "tokenizer.json"])
def test_the_command_line_neither_shows_nor_copies_it(
    models: Path, tmp_path: Path, name: str
) -> None:
    folder = models / name.replace(".", "-")
    out = tmp_path / "out"
    convert = ("quantize", str(folder), "--output", str(out), "--recipe", "4bit", "--method", "rtn")
    for words in (("show", str(folder)), convert):
        done = command(models, tmp_path / "home", *words)
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    for path in tmp_path.rglob("*"):
        assert not path.is_symlink()
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_the_window_loads_nothing_that_a_text_names(
    qtbot: QtBot, tmp_path: Path, letter: Path
) -> None:
    content = (
        f'![x]({letter.as_uri()}) <img src="{letter}"> [x]({letter.as_uri()})\n\n```{letter}```'
    )
    conversation = Conversation(title=content, created_at=0, updated_at=0)
    message = Message(
        conversation_id=conversation.id, role="assistant", content=content, created_at=0
    )
    program = Program(tmp_path / "profile", PROGRAM)
    window = make_window(program)
    qtbot.addWidget(window)
    window.show()
    try:
        program.store.add([Transcript(conversation=conversation, messages=(message,))])
        window.open(conversation.id)
        window.chat.messages.lay_out()
        shown = [label.text() for label in window.chat.messages.findChildren(QLabel)]
        assert any("letter.json" in text for text in shown)
        assert not [text for text in shown if "<img" in text or "url(" in text]
    finally:
        window.close()
        program.close()
