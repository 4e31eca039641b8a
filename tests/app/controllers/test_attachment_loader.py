"""Files that have been read when nobody is there any more."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
import shiboken6
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers import attachment_loader
from qwen3mlx_app.controllers.attachment_loader import AttachmentLoader
from qwen3mlx_app.services.attachments import AttachmentRefused

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
