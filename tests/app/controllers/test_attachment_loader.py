"""Files that have been read when nobody is there any more."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import shiboken6
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers import attachment_loader
from qwen3mlx_app.controllers.attachment_loader import TOO_MANY, AttachmentLoader
from qwen3mlx_app.controllers.drafts import DraftFile
from qwen3mlx_app.services.attachments import AttachmentRefused
from qwen3mlx_app.views.attachment_chips import AttachmentChips

from tests.support.places import PROGRAM


@pytest.mark.parametrize("outcome", [Mock(), AttachmentRefused("too large", "a.txt")])
def test_the_window_may_be_closed_while_a_file_is_read(
    outcome: object, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception of the thread would fail this test."""
    may_end = threading.Event()

    def read(*args: object) -> object:
        assert may_end.wait(20)
        if isinstance(outcome, AttachmentRefused):
            raise outcome
        return outcome

    monkeypatch.setattr(attachment_loader, "read_attachment", read)
    endpoint = Mock()
    loader = AttachmentLoader(endpoint, PROGRAM)
    loader.load({"a": tmp_path / "a.txt"}, "demo")
    [thread] = [one for one in threading.enumerate() if one.name == "attachments"]
    shiboken6.delete(loader)
    may_end.set()
    thread.join(20)
    assert not thread.is_alive()
    assert not endpoint.count_tokens.called


def test_a_text_that_is_too_long_to_be_counted_is_more_than_fits(
    qtbot: QtBot, tmp_path: Path
) -> None:
    def count(*, texts: Sequence[str], done: Any, failed: Any, **_: Any) -> None:
        if texts:
            failed(Mock())
        else:
            done([], 20_836, 4096, True)

    (tmp_path / "big.txt").write_text("x" * 100)
    endpoint = Mock()
    endpoint.count_tokens.side_effect = count
    loader = AttachmentLoader(endpoint, PROGRAM)
    with qtbot.waitSignal(loader.added) as told:
        loader.load({"a": tmp_path / "big.txt"}, "demo")
    assert told.args is not None
    assert told.args[2] == TOO_MANY
    chips = AttachmentChips()
    qtbot.addWidget(chips)
    file = DraftFile(id="a", name="big.txt", attachment=told.args[1], tokens=TOO_MANY)
    chips.show_files([file])
    [chip] = chips.findChildren(QToolButton)
    assert chip.text() == "big.txt  more than fits"
