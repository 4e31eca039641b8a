"""The window's settings, and the server's that are about this computer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLineEdit, QWidget

from ..controllers.autostart import AutostartController
from ..controllers.backups import BackupsController
from ..controllers.limits import LimitsController
from ..controllers.retention import Retention
from ..controllers.server import ServerController
from ..controllers.settings import TEXT_SIZES, SettingsController
from ..domain import AppSettings, ServerSettings, ServerState
from ..limits import Limits
from .fields import NoScrollComboBox
from .following import follow
from .history_group import HistoryGroup
from .hubs import HUBS
from .long_words import breakable_path
from .number_field import NumberField
from .opening import show_folder
from .page import Group, Page
from .plain import Button
from .ranges import help_text
from .restart_hint import RestartHint
from .switch import Switch
from .theme import Theme
from .widgets import hint_label


class SettingsPage(Page):
    def __init__(
        self,
        settings: SettingsController,
        server: ServerController,
        limits: LimitsController,
        retention: Retention,
        backups: BackupsController,
        autostart: AutostartController,
        profile: Path,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Settings"))
        self._settings = settings
        self._server = server
        self._limits = limits
        self._autostart = autostart
        self._profile = profile
        self._theme = theme
        self._server_fields: dict[str, NumberField] = {}
        for title, group in (
            (self.tr("General"), self._general()),
            (self.tr("Appearance"), self._appearance()),
            (self.tr("Chat"), self._chat()),
            (self.tr("History"), HistoryGroup(settings, retention, backups, self)),
            (self.tr("Downloads"), self._downloads()),
            (self.tr("Server memory"), self._memory()),
            (self.tr("Privacy"), self._privacy()),
            (self.tr("Advanced"), self._advanced()),
        ):
            self.add_section(title, group)
        self.column.addStretch()
        server.settings_changed.connect(self._show_server)
        server.state_changed.connect(self._show_state)
        limits.changed.connect(self._show_limits)
        self._show_state(server.state)
        if server.state.phase == "ready" and server.settings is not None:
            self._show_server(server.settings)

    def _general(self) -> Group:
        group, is_mac = Group(self), sys.platform == "darwin"
        self._choice(
            group,
            "language",
            self.tr("Language"),
            [(self.tr("Match system"), "system"), ("English", "en"), ("简体中文", "zh_CN")],
            self.tr("Of all texts of the app."),
        )
        self._switch(
            group,
            "start_server",
            self.tr("Start the server at launch"),
            self.tr("Otherwise, it starts with the first question."),
        )
        self._add_autostart(group)
        self._switch(
            group,
            "show_tray",
            self.tr("Show in the menu bar") if is_mac else self.tr("Show in the system tray"),
            self.tr("Keeps the server running when the window is closed."),
        )
        self._switch(
            group,
            "notify",
            self.tr("Notifications"),
            self.tr(
                "When a long task finishes, or a tool asks, in the background."
                " Requires the menu bar item."
            )
            if is_mac
            else self.tr(
                "When a long task finishes, or a tool asks, in the background."
                " Requires the item in the system tray."
            ),
        )
        return group

    def _add_autostart(self, group: Group) -> None:
        title = self.tr("Serve when I log in")
        switch = Switch(title, self._theme, self)
        switch.toggled.connect(self._autostart.set_on)
        hint = self.tr("A server of its own, also while the app is closed.")
        group.add_row(title, switch, hint)

        def show() -> None:
            with QSignalBlocker(switch):
                switch.setChecked(self._autostart.is_on)

        show()
        follow(self, show, self._autostart.changed)

    def _appearance(self) -> Group:
        group = Group(self)
        self._choice(
            group,
            "theme",
            self.tr("Theme"),
            [
                (self.tr("Match system"), "system"),
                (self.tr("Light"), "light"),
                (self.tr("Dark"), "dark"),
            ],
            self.tr("The colors of the window."),
        )
        self._add_text_size(group)
        self._switch(
            group,
            "reduce_motion",
            self.tr("Reduce motion"),
            self.tr("No fading menus and no blinking cursor."),
        )
        return group

    def _add_text_size(self, group: Group) -> None:
        title, default = self.tr("Text size"), AppSettings().font_size
        limits = Limits(least=TEXT_SIZES[0], most=TEXT_SIZES[1], is_whole=True, unit="pixels")
        size = NumberField(limits, title, self)
        size.suggest(default, "")
        self._follow("font_size", size.set_value)
        size.edited.connect(
            lambda value: self._set("font_size", title, default if value is None else value)
        )
        group.add_row(title, size, help_text(self.tr("Of the whole window."), limits))

    def _chat(self) -> Group:
        group = Group(self)
        self._choice(
            group,
            "send_with",
            self.tr("Send with"),
            [(self.tr("Enter"), "enter"), (self.tr("Ctrl+Enter or ⌘Enter"), "ctrl_enter")],
            self.tr("The other one inserts a line break."),
        )
        self._switch(
            group,
            "auto_title",
            self.tr("Generate titles with the model"),
            self.tr("After the first answer. Otherwise, the question's first words are used."),
        )
        return group

    def _downloads(self) -> Group:
        group = Group(self)
        title = self.tr("Download first from")
        self._source = NoScrollComboBox(self)
        self._source.setAccessibleName(title)
        for hub, name in HUBS.items():
            self._source.addItem(name, hub)
        self._source.activated.connect(
            lambda place: self._set_server("source", title, self._source.itemData(place))
        )
        group.add_row(
            title,
            self._source,
            self.tr(
                "Models that it is not known to have come from Hugging Face. Takes effect after a"
                " server restart."
            ),
        )
        mirror = QLineEdit(self)
        self._follow("hub_mirror", mirror.setText)
        mirror.setPlaceholderText("https://huggingface.co")
        mirror.setAccessibleName(self.tr("Hugging Face mirror"))
        mirror.editingFinished.connect(
            lambda: self._settings.set_mirror(mirror.accessibleName(), mirror.text())
        )
        group.add_row(
            self.tr("Hugging Face mirror"),
            mirror,
            self.tr(
                "Used for downloads that clients request. Takes effect after a server restart."
            ),
        )
        return group

    def _memory(self) -> Group:
        group = Group(self)
        rows = (
            (
                "memory_limit",
                self.tr("Memory limit"),
                self.tr("Weights, KV cache and prompt cache together."),
            ),
            (
                "prefix_cache",
                self.tr("Prompt cache"),
                self.tr("Lets the server continue a conversation without reading it again."),
            ),
            (
                "max_running",
                self.tr("Concurrent requests"),
                self.tr("Further requests wait in a queue."),
            ),
        )
        for name, label, hint in rows:
            limits = self._limits.of("server", name)
            title = f"{label} ({limits.unit})" if limits.unit else label
            field = NumberField(limits, title, self)
            field.edited.connect(partial(self._set_server, name, label))
            group.add_row(title, field, help_text(hint, limits))
            self._server_fields[name] = field
        self._show_limits()
        group.add_widget(RestartHint(self._server, self))
        return group

    def _privacy(self) -> Group:
        group = Group(self)
        group.add_widget(
            hint_label(
                self.tr(
                    "Nothing you write leaves this computer. The app talks only to its own"
                    " server on this computer, and sends no analytics. The one exception is the"
                    " check below, if you turn it on."
                ),
                self,
            )
        )
        self._switch(
            group,
            "check_updates",
            self.tr("Check for updates"),
            self.tr(
                "Asks for the number of the newest release once a day. Nothing about you is sent,"
                " and nothing is installed."
            ),
        )
        return group

    def _advanced(self) -> Group:
        group = Group(self)
        show = Button(self.tr("Open Folder"), self)
        show.clicked.connect(lambda: show_folder(self._profile))
        group.add_row(self.tr("Conversations and settings"), show, breakable_path(self._profile))
        reset = Button(self.tr("Reset"), self)
        reset.setAccessibleName(self.tr("Reset app settings"))
        reset.clicked.connect(self._settings.reset)
        group.add_row(
            self.tr("App settings"),
            reset,
            self.tr("Restores the defaults. Conversations are kept."),
        )
        return group

    def _choice(
        self,
        group: Group,
        name: str,
        label: str,
        choices: Sequence[tuple[str, str]],
        hint: str = "",
    ) -> None:
        box = NoScrollComboBox(self)
        box.setAccessibleName(label)
        for text, value in choices:
            box.addItem(text, value)
        box.activated.connect(lambda place: self._set(name, label, box.itemData(place)))
        self._follow(name, lambda value: box.setCurrentIndex(box.findData(value)))
        group.add_row(label, box, hint)

    def _switch(self, group: Group, name: str, label: str, hint: str = "") -> None:
        switch = Switch(label, self._theme, self)
        self._follow(name, switch.setChecked)
        switch.toggled.connect(partial(self._set, name, label))
        group.add_row(label, switch, hint)

    def _follow(self, name: str, show: Any) -> None:
        """Shows the value, now and when it changes; what is being typed stays when others do."""
        shown = getattr(self._settings.settings, name)
        show(shown)

        def update(settings: AppSettings) -> None:
            nonlocal shown
            if getattr(settings, name) != shown:
                shown = getattr(settings, name)
                show(shown)

        follow(self, update, self._settings.changed)

    def _set(self, name: str, title: str, value: Any) -> None:
        self._settings.change(title, **{name: value})

    def _show_state(self, *_: ServerState) -> None:
        """The server saves these: they can be set while it runs, once it has told them."""
        for field in (*self._server_fields.values(), self._source):
            field.setEnabled(False)

    def _show_limits(self) -> None:
        for name, field in self._server_fields.items():
            limits = self._limits.of("server", name)
            field.set_limits(limits)
            field.suggest(limits.default, self.tr("Automatic"))

    def _show_server(self, saved: ServerSettings, *_: object) -> None:
        for name, field in self._server_fields.items():
            field.setEnabled(True)
            field.set_value(getattr(saved, name))
        self._source.setEnabled(True)
        self._source.setCurrentIndex(self._source.findData(saved.source))

    def _set_server(self, name: str, title: str, value: float | str | None) -> None:
        self._server.change_settings(title, {name: value})
