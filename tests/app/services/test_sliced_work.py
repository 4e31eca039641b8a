"""Long work lets other events have a turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot
from qwen3mlx_app.services.sliced_work import SlicedWork


def steps(heard: list[str], name: str, count: int) -> Iterator[None]:
    for number in range(count):
        heard.append(f"{name}{number}")
        yield


@pytest.fixture
def heard() -> list[str]:
    return []


def test_other_events_have_a_turn_between_slices(qtbot: QtBot, heard: list[str]) -> None:
    work = SlicedWork(0)  # a step each
    work.start(steps(heard, "a", 3))
    assert heard == ["a0"]
    QTimer.singleShot(0, lambda: heard.append("event"))
    qtbot.waitUntil(lambda: not work.is_running)
    assert [one for one in heard if one != "event"] == ["a0", "a1", "a2"]
    assert heard.index("event") < heard.index("a2")


def test_what_fits_into_a_slice_is_done_at_once(heard: list[str]) -> None:
    work = SlicedWork(60)
    work.start(steps(heard, "a", 3))
    assert (heard, work.is_running) == (["a0", "a1", "a2"], False)


def test_new_work_takes_the_place_of_the_former(qtbot: QtBot, heard: list[str]) -> None:
    work = SlicedWork(0)
    work.start(steps(heard, "a", 3))
    work.start(steps(heard, "b", 2))
    qtbot.waitUntil(lambda: not work.is_running)
    assert heard == ["a0", "b0", "b1"]


def test_work_that_starts_other_work_leaves_it_running(qtbot: QtBot, heard: list[str]) -> None:
    work = SlicedWork(0)

    def replaces() -> Iterator[None]:
        work.start(steps(heard, "b", 2))
        yield
        heard.append("never")

    work.start(replaces())
    assert work.is_running
    qtbot.waitUntil(lambda: not work.is_running)
    assert heard == ["b0", "b1"]


def test_stopped_work_does_no_more(qtbot: QtBot, heard: list[str]) -> None:
    work = SlicedWork(0)
    work.start(steps(heard, "a", 3))
    work.stop()
    assert not work.is_running
    with qtbot.waitSignal(work.destroyed):
        work.deleteLater()  # after all that was waiting
    assert heard == ["a0"]


def test_work_that_fails_is_over(heard: list[str]) -> None:
    def fails() -> Iterator[None]:
        yield
        raise RuntimeError("broken")

    work = SlicedWork(60)
    with pytest.raises(RuntimeError, match="broken"):
        work.start(fails())
    assert not work.is_running
    work.start(steps(heard, "a", 1))
    assert heard == ["a0"]
