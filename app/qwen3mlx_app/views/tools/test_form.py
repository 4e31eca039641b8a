"""A form that calls a tool once, to see what it does."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from ...controllers.tools import ToolsController
from ...domain import BUILT_IN, CallProgress, Tool, ToolResult
from ...services.http import Call
from ...services.plain import one_line
from ...services.schema_form import Field, WrongArgumentError, arguments, fields, shown
from ...services.server_errors import told
from ..fields import NoScrollComboBox
from ..plain import Button, Label, NameLabel, selectable, set_tip
from ..style import MONOSPACE
from ..theme import GAP, GAP_S, Theme
from ..widgets import hint_label

# The most characters shown of a result, and milliseconds between updates of the time.
MAX_SHOWN, TICK = 20_000, 1000
# The most characters of an argument's name beside its field.
LONGEST_NAME = 32


class TestForm(QWidget):
    """A field for each argument; the result stands below. What runs ends when it is hidden."""

    def __init__(
        self, tools: ToolsController, server: str, tool: Tool, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._tools, self._server, self._tool = tools, server, tool
        self._call: Call | None = None
        self._since = 0.0
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK)
        self._ticks.timeout.connect(self._show_time)
        self._fields = [(field, self._widget(field)) for field in fields(tool.schema)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP_S, 0, 0)
        layout.setSpacing(GAP_S)
        layout.addLayout(self._form())
        layout.addLayout(self._buttons())
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._doing = hint_label("", self)
        self._result = selectable(Label("", self, longest=MAX_SHOWN))
        size = theme.font_size - 1
        self._result.setStyleSheet(f"font-family: {MONOSPACE}; font-size: {size}px;")
        for part in (self._bar, self._doing, self._result):
            layout.addWidget(part)
            part.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()

    def stop(self) -> None:
        """End the call that runs."""
        if self._call is not None:
            self._call.abort()
            self._end(self.tr("Stopped"))

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GAP_S)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field, widget in self._fields:
            name = one_line(field.name, LONGEST_NAME) or self.tr("Arguments")
            label = NameLabel(f"{name} *" if field.is_required else name, self)
            label.setObjectName("muted")
            label.setBuddy(widget)
            about = self._about(field)
            if len(field.name) > LONGEST_NAME:
                about = f"{field.name}\n{about}".strip()
            for part in (label, widget):
                set_tip(part, about)
            form.addRow(label, widget)
        return form

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._run = Button(self.tr("Run"), self)
        self._run.setAccessibleName(one_line(self.tr("Run {name}").format(name=self._tool.name)))
        self._run.clicked.connect(self._start)
        self._stop = Button(self.tr("Stop"), self)
        self._stop.clicked.connect(self.stop)
        self._stop.hide()
        self._state = Label("", self)
        self._state.setWordWrap(True)
        row.addWidget(self._run)
        row.addWidget(self._stop)
        row.addSpacing(GAP)
        row.addWidget(self._state, 1)
        return row

    def _widget(self, field: Field) -> QWidget:
        if field.kind in ("choice", "flag"):
            combo = NoScrollComboBox(self)
            if not field.is_required:
                combo.addItem("", "")
            for choice in field.choices:
                combo.addItem(shown(choice), choice)
            if field.is_required:
                combo.setCurrentIndex(max(0, combo.findData(field.example)))
            widget: QWidget = combo
        else:
            line = QLineEdit(self)
            line.setPlaceholderText(one_line(field.example or self._about(field), 80))
            line.returnPressed.connect(self._start)
            widget = line
        widget.setMinimumWidth(80)
        widget.setAccessibleName(one_line(field.name or self.tr("Arguments")))
        return widget

    def _about(self, field: Field) -> str:
        """What the tool's author says of it: ours is translated."""
        return told(field.description) if self._server == BUILT_IN else field.description

    def _start(self) -> None:
        if self._call is not None:
            return
        try:
            given = arguments([(field, _text(widget)) for field, widget in self._fields])
        except WrongArgumentError as error:
            self._say(str(error), "error")
            return
        self._since = time.monotonic()
        self._run.setEnabled(False)
        self._stop.show()
        self._result.hide()
        self._ticks.start()
        self._show_time()
        self._call = self._tools.call(
            self._server,
            self._tool.name,
            given,
            on_progress=self._show_progress,
            done=self._show_result,
            failed=lambda why: self._end(why, "error"),
        )

    def _show_time(self) -> None:
        seconds = f"{time.monotonic() - self._since:.0f}"
        self._say(self.tr("Running… {time}").format(time=self.tr("{n} s").format(n=seconds)))

    def _show_progress(self, progress: CallProgress) -> None:
        self._bar.setVisible(bool(progress.total))
        if progress.total:
            share = min(1.0, max(0.0, progress.done / progress.total))
            self._bar.setValue(round(100 * share))
        self._doing.setText(one_line(progress.message))
        self._doing.setVisible(bool(progress.message))

    def _show_result(self, result: ToolResult) -> None:
        kinds = {
            "ok": self.tr("Done in {time}"),
            "timeout": self.tr("Timed out after {time}"),
        }
        text = kinds.get(result.status, self.tr("Failed after {time}"))
        seconds = self.tr("{n} s").format(n=f"{result.seconds:.1f}")
        self._end(text.format(time=seconds), "muted" if result.status == "ok" else "error")
        self._result.setText(result.text)
        self._result.show()

    def _end(self, text: str, kind: str = "muted") -> None:
        self._call = None
        self._ticks.stop()
        self._run.setEnabled(True)
        for part in (self._stop, self._bar, self._doing):
            part.hide()
        self._say(text, kind)

    def _say(self, text: str, kind: str = "muted") -> None:
        self._state.setText(text)
        if self._state.objectName() != kind:
            self._state.setObjectName(kind)
            self._state.style().polish(self._state)


def _text(widget: QWidget) -> str:
    if isinstance(widget, NoScrollComboBox):
        return str(widget.currentData() or "")
    assert isinstance(widget, QLineEdit)
    return widget.text()
