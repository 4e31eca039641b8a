"""What stands beside something goes below it where there is no room."""

from __future__ import annotations

from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.beside import Beside
from qwen3mlx_app.views.flow import Flow
from qwen3mlx_app.views.plain import Label


def test_in_a_flow_too(qtbot: QtBot) -> None:
    flow = Flow()
    qtbot.addWidget(flow)
    name, size = Label("Active requests", flow), Label("1,023.9 MB", flow)
    flow.add(Beside(name, size, flow, gap=4))
    flow.add(after := Label("Free", flow))
    flow.resize(1000, 100)
    flow.show()
    assert name.geometry().right() < size.x()
    assert flow.heightForWidth(1000) < 2 * name.sizeHint().height()
    flow.resize(name.sizeHint().width() + 10, 200)
    assert size.y() > name.geometry().bottom()
    assert size.width() == size.sizeHint().width()
    assert after.y() > size.parentWidget().geometry().bottom()
    assert flow.heightForWidth(flow.width()) == after.geometry().bottom() + 1
