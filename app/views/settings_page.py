"""The window's own settings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from ..controllers.settings import SettingsController
from .models_page import page_layout


class SettingsPage(QWidget):
    def __init__(self, settings: SettingsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings = settings
        layout = page_layout(self, self.tr("Settings"))
        self._form = QFormLayout()
        layout.addLayout(self._form)
        self._choice(
            "theme",
            self.tr("Appearance"),
            [
                (self.tr("As the system"), "system"),
                (self.tr("Light"), "light"),
                (self.tr("Dark"), "dark"),
            ],
        )
        self._choice(
            "language",
            self.tr("Language (after a restart)"),
            [(self.tr("As the system"), "system"), ("English", "en"), ("简体中文", "zh_CN")],
        )
        self._choice(
            "send_with",
            self.tr("Send with (after a restart)"),
            [(self.tr("Enter"), "enter"), (self.tr("Ctrl or ⌘ and Enter"), "ctrl_enter")],
        )
        size = QSpinBox(self)
        size.setRange(10, 24)
        size.setValue(settings.settings.font_size)
        size.setAccessibleName(self.tr("Size of text"))
        size.valueChanged.connect(lambda value: settings.update(font_size=value))
        self._form.addRow(self.tr("Size of text"), size)
        self._switch("start_server", self.tr("Start the server with the window"))
        self._switch("auto_title", self.tr("Let the model write titles"))
        privacy = QLabel(
            self.tr(
                "Privacy: nothing you write leaves this computer. The window talks to its own"
                " server on this computer only, and sends no statistics."
            ),
            self,
        )
        privacy.setWordWrap(True)
        privacy.setObjectName("muted")
        layout.addWidget(privacy)
        layout.addStretch()

    def _choice(self, name: str, label: str, choices: Sequence[tuple[str, str]]) -> None:
        box = QComboBox(self)
        box.setAccessibleName(label)
        for text, value in choices:
            box.addItem(text, value)
        box.setCurrentIndex(box.findData(getattr(self._settings.settings, name)))
        box.activated.connect(lambda place: self._set(name, box.itemData(place)))
        self._form.addRow(label, box)

    def _switch(self, name: str, label: str) -> None:
        box = QCheckBox(label, self)
        box.setChecked(getattr(self._settings.settings, name))
        box.toggled.connect(partial(self._set, name))
        self._form.addRow("", box)

    def _set(self, name: str, value: Any) -> None:
        self._settings.update(**{name: value})
