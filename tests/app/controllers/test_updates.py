"""Who wants no newer release is not told of one, and nothing is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from qwen3mlx_app.controllers.settings import SettingsController
from qwen3mlx_app.controllers.updates import UpdatesController
from qwen3mlx_app.domain import AppSettings, Notice
from qwen3mlx_app.services.settings import SettingsFile


class Asked(QObject):
    """In the place of the one that asks the network."""

    told = Signal(object)
    count = 0

    def ask(self) -> None:
        self.count += 1


class Told(list[Notice]):
    """What the controller told, and the parts it has."""

    def __init__(self, settings: SettingsController) -> None:
        self.settings = settings
        self.asked = Asked()
        self.controller = UpdatesController(settings, self.asked)  # type: ignore[arg-type]
        self.controller.notice.connect(self.append)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(SettingsController(SettingsFile(tmp_path / "window.json")))


def test_nothing_is_asked_unless_it_is_turned_on(told: Told) -> None:
    assert AppSettings().check_updates is False
    told.controller.start()
    told.settings.update(font_size=15)
    assert told.asked.count == 0


def test_turned_on_it_asks_at_once_and_says_what_comes(told: Told) -> None:
    for answer, said in (
        ("", "newest release."),
        (None, "could not be found out"),
        ("9.0.0", "qwen3mlx 9.0.0 was released."),
    ):
        told.settings.update(check_updates=True)
        told.asked.told.emit(answer)
        assert said in told[-1].text
        told.settings.update(check_updates=False)
    assert told.asked.count == 3
    assert [notice.action for notice in told] == [None, None, "show_release"]


def test_later_it_tells_of_each_newer_release_once(told: Told) -> None:
    told.settings.update(check_updates=True)
    told.asked.told.emit("9.0.0")
    for answer in (None, "", "9.0.0", "9.1.0"):
        told.asked.told.emit(answer)
    assert [notice.text.split()[1] for notice in told] == ["9.0.0", "9.1.0"]


def test_turned_off_meanwhile_it_says_nothing(told: Told) -> None:
    told.settings.update(check_updates=True)
    told.settings.update(check_updates=False)
    told.asked.told.emit("9.0.0")
    assert told == []
