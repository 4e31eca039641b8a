"""Untrusted text is shown literally: no markup, no file access, nothing misleading."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

# After the platform is chosen.
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QIcon
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMenuBar,
    QMessageBox,
    QPlainTextEdit,
    QSystemTrayIcon,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.drafts import DraftFile
from qwen3mlx_app.domain import (
    ApiKey,
    Attachment,
    ChatSettings,
    Conversation,
    Folder,
    LogEntry,
    Message,
    ModelFolder,
    Notice,
    Preset,
    RunningRequest,
    ToolCall,
)
from qwen3mlx_app.models.sections import DRAGGED, dragged
from qwen3mlx_app.quantization import Quality, QuantizeJob, QuantizeState
from qwen3mlx_app.services.links import is_safe
from qwen3mlx_app.services.plain import one_line, unmarked, visible, without_mnemonics
from qwen3mlx_app.services.store import Store
from qwen3mlx_app.views.markdown import BlockReader, only_ours
from qwen3mlx_app.views.opening import open_link
from qwen3mlx_app.views.parts import to_html
from qwen3mlx_app.views.plain import TabBar, notify, tell
from qwen3mlx_app.views.rich_text import OwnDocument, RichLabel
from qwen3mlx_app.views.sidebar_menu import SidebarMenu
from qwen3mlx_app.views.thinking import Thinking
from qwen3mlx_app.views.tool_calls import _set_out

from ..app.fake_endpoint import MODEL, FakeEndpoint
from ..app.views.support import windows_of
from .window import PAGES, opened, texts


class Trap:
    """A pipe that somebody would wait for who opened it; it lets them go, and remembers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_opened = False
        os.mkfifo(path)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            try:
                os.close(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # nobody reads it
                continue
            self.was_opened = True


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    made = Trap(tmp_path / "trap.png")
    yield made
    made.close()


@pytest.fixture
def evil(trap: Trap) -> str:
    """A value with everything in it that something may read."""
    return (
        f'<img src="file://{trap.path}"><b>bold</b>&lt;i&gt;&Quit\tCtrl+Q[*]'
        "\u202egpj.exe\x1b[31mred\x00\x9c\nnext <a href='javascript:alert(1)'>x</a>"
    )


def message(evil: str, **fields: Any) -> Message:
    return Message(**{"conversation_id": "c", "created_at": 2e9, "content": evil, **fields})


def fill(profile: Path, evil: str) -> None:
    """A profile in which every text is the same."""
    profile.mkdir()
    store = Store(profile / "conversations.sqlite")
    store.save_folder(Folder(id="f", name=evil))
    settings = ChatSettings(system_prompt=evil)
    store.save_preset(Preset(id="p", name=evil, settings=settings))
    for key, fields in {
        "c": {"leaf_id": "m2", "draft": evil, "settings": settings},
        "d": {"folder_id": "f"},
        "e": {"pinned": True},
    }.items():
        store.save_conversation(
            Conversation(id=key, title=evil, created_at=2e9, updated_at=2e9, **fields)  # type: ignore[arg-type]
        )
    attached = Attachment(name=evil, kind="text", text=evil, num_bytes=3, language=evil)
    store.save_message(message(evil, id="m1", role="user", attachments=(attached,)))
    fence = f"{evil}\n\n```{evil.replace(chr(10), ' ')}\n{evil}\n```\n\n| {evil} |\n|---|\n| x |\n"
    call = ToolCall(id="t", name=evil, arguments=json.dumps({"a": evil}))
    answer = message(fence, id="m2", parent_id="m1", role="assistant", reasoning=evil, model=evil)
    store.save_message(dataclasses.replace(answer, tool_calls=(call,), error=evil, status="failed"))
    store.close()
    chosen = {"last_conversation_id": "c", "first_run_done": True, "last_model": evil}
    (profile / "window.json").write_text(json.dumps(chosen))


def scripted(fake: FakeEndpoint, evil: str) -> None:
    models = [
        {**MODEL, "id": f"{evil}/{state}{evil}", "publisher": evil, "source": "folder"}
        | {"params": evil, "quantization": evil, "path": evil, "state": state}
        for state in ("loaded", "not-loaded")
    ]
    models[1]["loaded"] = None
    reply = {"models": [*models, MODEL], "skipped": []}
    fake.replies["/api/qwen3mlx/models"] = (200, json.dumps(reply).encode())


def show_all(window: Any, evil: str, qtbot: QtBot) -> None:
    """Every page, menu and sheet with the value in it."""
    program = window.program
    for page in PAGES:
        window.show_page(page)
    program.models.folders_changed.emit(
        [ModelFolder(path=evil, source="user", exists=True, num_models=1)]
    )
    program.server.keys_changed.emit([ApiKey(name=evil, scope=evil, created=evil, last_used=evil)])
    program.server.key_created.emit(evil, evil)
    entry = LogEntry(
        id=1, time=2e9, method=evil, path=evil, client=evil, address=evil, status=200, ms=1.0,
        model=evil, prompt_tokens=1, cached_tokens=1, completion_tokens=1,
    )  # fmt: skip
    program.server.log.insert_first(entry, 10)
    running = RunningRequest(
        id=1, model=evil, path=evil, client=evil, address=evil, phase="decode", prompt_tokens=1,
        prefilled_tokens=1, cached_tokens=1, completion_tokens=1, tokens_per_second=1.0, age=1.0,
    )  # fmt: skip
    program.server.running.put(running)
    quality = Quality(
        source=evil, name=evil, size_bytes=5, bits_per_weight=4.0, kl_mean=0.1, kl_99=1.0,
        agreement=0.9, perplexity=2.0, reference_perplexity=2.0, edges=(-8.0, 1.0), counts=(3,),
    )  # fmt: skip
    program.quantize.qualities.put(quality)
    job = QuantizeJob(source=evil, output=f"/x/{evil}", recipe="4bit", method="rtn")
    for phase in ("running", "failed"):
        state = QuantizeState(phase=phase, job=job, error=evil)
        program.quantize.state_changed.emit(state)
    program.quantize.estimated.emit(None, None, evil)
    window.show_page("chat")
    attached = Attachment(name=evil, kind="text", text=evil, num_bytes=1)
    files = (DraftFile(id="read", name=evil, attachment=attached), DraftFile(id="not", name=evil))
    window.chat.composer.show_files(files)
    program.chat.answers.load_progress.emit(evil, 0.5)
    window.program.notices.add(Notice(text=evil, kind="error"))
    window.sidebar.search.setText("bold")
    qtbot.waitUntil(lambda: program.search.hits.rowCount() > 0)
    window.palette_sheet.open()
    window.palette_sheet.field.setText("bold")
    windows_of(window).tray.menu.fill()
    for row in program.sections.rows.values():
        SidebarMenu(window.sidebar.list, row, program.conversations.folders.values())
    for thinking in window.chat.messages.findChildren(Thinking):
        thinking.open()
    qtbot.wait(100)


STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
OWN_TAG = re.compile(
    r"</?(?:a|blockquote|br|code|em|h\d|hr|li|ol|p|pre|s|span|strong|sub|sup|table|tbody|td|th|thead|tr|ul"
    r"|style)(?: (?:href|start|align|cellspacing|style)=\"[^\"<>]*\")*>"
)


def check_all() -> None:
    for kind, text, widget in texts():
        told = (kind, type(widget).__name__, text[:200], widget.objectName(), widget.parent())
        assert not STEERS.search(text), told
        if kind == "tip":
            assert not GuiQt.mightBeRichText(text), told
        if kind in ("item", "title", "mnemonic", "name"):
            assert "\n" not in text, told
            assert "\t" not in text, told
        if kind == "mnemonic" and not isinstance(widget.parent(), QMenuBar):
            assert "&" not in text.replace("&&", ""), told
        if kind == "title":
            assert "[*]" not in text.replace("[*][*]", ""), told
        if kind == "label" and isinstance(widget, RichLabel):
            assert "<" not in OWN_TAG.sub("", text), told
        elif kind == "label" and not widget.inherits("QTipLabel"):
            assert isinstance(widget, QLabel)
            assert widget.textFormat() == Qt.TextFormat.PlainText, told


def test_a_window_full_of_hostile_values(
    tmp_path: Path, trap: Trap, evil: str, qtbot: QtBot
) -> None:
    fill(tmp_path / "profile", evil)
    with FakeEndpoint() as fake:
        scripted(fake, evil)
        with opened(tmp_path / "profile", qtbot, fake) as window:
            show_all(window, evil, qtbot)
            check_all()
            shown = [text for _, text, _ in texts()]
            assert sum("bold" in text for text in shown) > 60
            qtbot.wait(300)  # colours come
            check_all()
            window.grab()
            window.show_page("server")
            for snippet in window.page.findChildren(QPlainTextEdit):
                assert not STEERS.search(snippet.toPlainText())
    assert not trap.was_opened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("invoice\u202efdp.exe", "invoice\ufffdfdp.exe"),
        ("a\x1b[31mb\x00\x7f\x9b", "a␛[31mb␀␡\ufffd"),
        ("one\r\ntwo\tthree", "one␍␊two␉three"),
        ("half \ud800", "half \ufffd"),
        ("שלום العربية 中文 é 👩‍👩‍👧", "שלום العربية 中文 é 👩‍👩‍👧"),
    ],
)
def test_what_would_not_be_seen_has_a_sign(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert visible(text).replace("\n", "␊").replace("\t", "␉").replace("␊", "␍␊") == shown


def test_a_long_name_is_cut() -> None:
    assert len(one_line("x" * 10**6)) == 300
    assert len(visible("x" * 10**6)) == 4000


@given(st.text(st.sampled_from("<>&;!?/ btldocxml\n\u202eé"), max_size=40))
def test_no_tip_is_ever_taken_for_markup(text: str) -> None:
    tip = unmarked(text)
    assert not GuiQt.mightBeRichText(tip)
    assert tip.replace("\u2060", "") == visible(text)
    assert "&" not in without_mnemonics(text).replace("&&", "")


def test_tabs_show_names_as_they_are(qtbot: QtBot) -> None:
    bar = TabBar()
    qtbot.addWidget(bar)
    bar.add("Q&A")
    bar.add()
    bar.name_tab(1, "R&D")
    assert [bar.tabText(place) for place in range(2)] == ["Q&&A", "R&&D"]


@pytest.mark.parametrize(
    ("url", "opens"),
    [
        ("https://example.com/a?b#c", True),
        ("mailto:a@b.c?subject=x", True),
        ("mailto:a@b.c?attach=/etc/passwd", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("smb://host/share", False),
        ("vscode://x", False),
        ("ht\ntp://example.com", False),
        ("java\tscript:alert(1)", False),
        ("http:///etc/passwd", False),
        ("https://[", False),
        ("data:text/html,x", False),
    ],
)
def test_what_a_click_opens(url: str, opens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_urls: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened_urls.append)
    open_link(url)
    assert [one.toString() for one in opened_urls] == ([url] if opens else [])
    assert is_safe(url) is opens


def test_a_title_of_a_link_is_not_shown_in_its_place() -> None:
    reader = BlockReader()
    reader.read('[bank](https://evil.example "<img src=file:///x>")')
    assert to_html(reader.blocks[0]) == '<p><a href="https://evil.example">bank</a></p>\n'


@pytest.mark.parametrize(
    "tag",
    ["<img src='x'>", "<body background='x'>", "<link href='x'>", "<script>", "<object data=x>"],
)
def test_rich_text_has_only_tags_that_load_nothing(tag: str) -> None:
    assert only_ours(tag) == tag.replace("<", "&lt;").replace(">", "&gt;")
    assert only_ours('<p onclick="x" style="background: url(x)">') == "<p>"


def test_a_document_loads_nothing(tmp_path: Path, qapp: QApplication) -> None:
    (tmp_path / "a.txt").write_text("secret")
    document = OwnDocument()
    for url in (QUrl.fromLocalFile(str(tmp_path / "a.txt")), QUrl("data:text/plain,x")):
        assert document.resource(2, url) is None


def test_a_box_and_a_notification_are_plain(
    evil: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes: list[QMessageBox] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: boxes.append(box))  # noqa: PLW0108
    tell(None, evil, evil)
    qtbot.addWidget(boxes[0])
    assert boxes[0].textFormat() == Qt.TextFormat.PlainText
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _, *told: said.append(told[:2]))
    notify(QSystemTrayIcon(), evil, evil, QIcon(), 10)
    for text in said[0]:
        assert not re.search(r"[<&](?!\u2060)", text)
        assert not STEERS.search(text)


def test_markup_from_the_clipboard_is_its_text(tmp_path: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b><img src='file:///etc/passwd'>")
    data.setText("bold")
    with opened(tmp_path / "profile", qtbot) as window:
        window.chat.composer.text.insertFromMimeData(data)
        assert window.chat.composer.text.toPlainText() == "bold"


def test_data_dragged_from_another_program_is_not_a_conversation() -> None:
    for told in (b"", b"{", b"[" * 100_000, b"{}", b'[1, null, {"a": 1}]', b"\xff"):
        data = QMimeData()
        data.setData(DRAGGED, told)
        assert dragged(data) == []


def test_call_arguments_that_are_not_valid_json_are_shown_as_is() -> None:
    for arguments in ("[" * 19_000, "{", "x" * 100_000):
        assert _set_out(arguments) == arguments
