"""The server: on and off, memory, keys, how others connect, what it does and has done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..controllers.server import ServerController
from ..domain import ApiKey, LogEntry, Memory, ServerSettings, ServerState
from .page import Page
from .theme import GAP

_GB = 1e9
_SHOWN_LOG = 200


class ServerPage(Page):
    """Kept up to date while it is seen."""

    def __init__(
        self,
        server: ServerController,
        model_id: Callable[[], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Server"))
        self._server = server
        self._model_id = model_id
        layout = self.column
        layout.addLayout(self._switch())
        self._memory = QProgressBar(self)
        self._memory.setTextVisible(False)
        self._memory.setAccessibleName(self.tr("Memory used"))
        self._memory_text = self._muted()
        layout.addWidget(self._memory)
        layout.addWidget(self._memory_text)
        for title, build in (
            (self.tr("At the next start"), self._settings),
            (self.tr("Keys"), self._keys),
            (self.tr("Connect"), self._connect_others),
            (self.tr("Requests"), self._requests),
        ):
            section = QLabel(title, self)
            section.setObjectName("section")
            layout.addWidget(section)
            layout.addLayout(build())
        layout.addStretch()
        server.state_changed.connect(self._show_state)
        server.memory_changed.connect(self._show_memory)
        server.keys_changed.connect(self._show_keys)
        server.key_created.connect(self._show_new_key)
        server.settings_changed.connect(self._show_settings)
        for signal in (server.log.rowsInserted, server.log.modelReset, server.running.rowsRemoved):
            signal.connect(self._show_log)
        for signal in (server.running.rowsInserted, server.running.dataChanged):
            signal.connect(self._show_log)
        self._show_state(server.state)
        self._show_snippets()
        if server.state.phase == "ready":  # what the server told at its start was before this page
            server.refresh_keys()
            server.refresh_settings()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._server.watch(True)
        self._show_snippets()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._server.watch(False)

    def _switch(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._state = QLabel(self)
        self._state.setWordWrap(True)
        self._state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._on = QPushButton(self)
        self._on.clicked.connect(self._toggle)
        self._restart = QPushButton(self.tr("Restart"), self)
        self._restart.clicked.connect(self._server.restart)
        row.addWidget(self._state, 1)
        row.addWidget(self._restart)
        row.addWidget(self._on)
        return row

    def _settings(self) -> QVBoxLayout:
        column = QVBoxLayout()
        form = QFormLayout()
        self._port = QSpinBox(self)
        self._port.setRange(0, 65535)
        self._port.setAccessibleName(self.tr("Port"))
        self._origins = QLineEdit(self)
        self._origins.setPlaceholderText("https://chat.example.com")
        self._origins.setAccessibleName(self.tr("Web pages that may call it"))
        form.addRow(self.tr("Port"), self._port)
        form.addRow(self.tr("Web pages that may call it"), self._origins)
        self._save_button = QPushButton(self.tr("Save"), self)
        self._save_button.clicked.connect(self._save)
        self._save_button.setEnabled(False)  # until it is known what is saved
        self._needs_restart = self._muted()
        column.addLayout(form)
        column.addWidget(self._save_button, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._needs_restart)
        return column

    def _keys(self) -> QVBoxLayout:
        column = QVBoxLayout()
        self._key_list = QVBoxLayout()
        column.addLayout(self._key_list)
        row = QHBoxLayout()
        self._key_name = QLineEdit(self)
        self._key_name.setPlaceholderText(self.tr("Name of a new key"))
        self._key_name.setAccessibleName(self.tr("Name of a new key"))
        self._key_name.returnPressed.connect(self._create_key)
        create = QPushButton(self.tr("Create"), self)
        create.setAccessibleName(self.tr("Create a key"))
        create.clicked.connect(self._create_key)
        row.addWidget(self._key_name, 1)
        row.addWidget(create)
        column.addLayout(row)
        self._new_key = self._muted()
        self._new_key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._new_key)
        return column

    def _connect_others(self) -> QVBoxLayout:
        column = QVBoxLayout()
        row = QHBoxLayout()
        self._client = QComboBox(self)
        self._client.setAccessibleName(self.tr("Client"))
        self._client.currentIndexChanged.connect(self._show_snippet)
        copy = QPushButton(self.tr("Copy"), self)
        copy.setAccessibleName(self.tr("Copy the snippet"))
        copy.clicked.connect(self._copy_snippet)
        row.addWidget(self._client, 1)
        row.addWidget(copy)
        self._snippet = QPlainTextEdit(self)
        self._snippet.setReadOnly(True)
        self._snippet.setTabChangesFocus(True)
        self._snippet.setFixedHeight(190)
        self._snippet.setAccessibleName(self.tr("Snippet"))
        self._snippet.setStyleSheet("font-family: Menlo, 'DejaVu Sans Mono', monospace;")
        self._note = self._muted()
        column.addLayout(row)
        column.addWidget(self._snippet)
        column.addWidget(self._note)
        return column

    def _requests(self) -> QVBoxLayout:
        column = QVBoxLayout()
        self._filter = QLineEdit(self)
        self._filter.setPlaceholderText(self.tr("Filter by path, client or model"))
        self._filter.setAccessibleName(self.tr("Filter requests"))
        self._filter.textChanged.connect(self._show_log)
        self._log = QListWidget(self)
        self._log.setAccessibleName(self.tr("Requests"))
        self._log.setMinimumHeight(240)
        self._log.setUniformItemSizes(True)
        column.addWidget(self._filter)
        column.addWidget(self._log)
        return column

    def _toggle(self) -> None:
        if self._server.state.phase in ("ready", "starting"):
            self._server.stop()
        else:
            self._server.start()

    def _show_state(self, state: ServerState) -> None:
        texts = {
            "stopped": self.tr("The server is off."),
            "starting": self.tr("The server is starting…"),
            "ready": self.tr("The server answers at {url}.").format(url=state.url),
            "failed": state.reason or "",
            "stopping": self.tr("The server is ending…"),
        }
        running = state.phase in ("ready", "starting")
        self._state.setText(texts[state.phase])
        self._on.setText(self.tr("Turn off") if running else self.tr("Turn on"))
        self._on.setEnabled(state.phase != "stopping")
        self._restart.setEnabled(state.phase == "ready")
        self._show_snippets()

    def _show_memory(self, memory: Memory) -> None:
        used = memory.limit_bytes - memory.free_bytes
        self._memory.setValue(round(100 * used / memory.limit_bytes) if memory.limit_bytes else 0)
        parts = [
            (self.tr("weights"), memory.weight_bytes),
            (self.tr("running answers"), memory.kv_bytes),
            (self.tr("prompts kept"), memory.prefix_cache_bytes),
            (self.tr("free"), memory.free_bytes),
        ]
        self._memory_text.setText(" · ".join(f"{name} {size / _GB:.2f} GB" for name, size in parts))

    def _show_keys(self, keys: list[ApiKey]) -> None:
        while (item := self._key_list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for key in keys:
            line = QWidget(self)
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            revoke = QPushButton(self.tr("Revoke"), line)
            revoke.setAccessibleName(self.tr("Revoke {name}").format(name=key.name))
            revoke.clicked.connect(partial(self._server.revoke_key, key.name))
            row.addWidget(QLabel(f"{key.name}  ({key.created[:10]})", line), 1)
            row.addWidget(revoke)
            self._key_list.addWidget(line)
        self._show_snippets()

    def _create_key(self) -> None:
        if self._key_name.text().strip():
            self._server.create_key(self._key_name.text().strip())
            self._key_name.clear()

    def _show_new_key(self, name: str, key: str) -> None:
        QGuiApplication.clipboard().setText(key)
        self._new_key.setText(
            self.tr("{key} — this is {name}, copied already. It is not shown again.").format(
                key=key, name=name
            )
        )

    def _show_settings(self, saved: ServerSettings, restart_needed: bool) -> None:
        self._port.setValue(saved.port)
        self._origins.setText(", ".join(saved.allow_origin))
        self._save_button.setEnabled(True)
        self._needs_restart.setText(
            self.tr("Restart the server, and they count.") if restart_needed else ""
        )

    def _save(self) -> None:
        origins = [text.strip() for text in self._origins.text().split(",") if text.strip()]
        self._server.save_settings({"port": self._port.value(), "allow_origin": origins})

    def _show_snippets(self) -> None:
        self._all = self._server.snippets(self._model_id())
        place = max(0, self._client.currentIndex())
        self._client.blockSignals(True)
        self._client.clear()
        self._client.addItems([snippet.title for snippet in self._all])
        self._client.blockSignals(False)
        self._client.setCurrentIndex(place)
        self._show_snippet(place)

    def _show_snippet(self, place: int) -> None:
        if 0 <= place < len(self._all):
            self._snippet.setPlainText(self._all[place].code.rstrip())
            self._note.setText(self._all[place].note)

    def _copy_snippet(self) -> None:
        QGuiApplication.clipboard().setText(self._snippet.toPlainText())

    def _show_log(self) -> None:
        wanted = self._filter.text().casefold()
        lines = [
            self.tr("running: {model}, {count} tokens, {rate} tokens/s").format(
                model=one.model,
                count=one.completion_tokens,
                rate=f"{one.tokens_per_second or 0:.0f}",
            )
            for one in self._server.running.values()
        ]
        for entry in self._server.log.values()[:_SHOWN_LOG]:
            line = _line(entry)
            if wanted in line.casefold():
                lines.append(line)
        self._log.clear()
        self._log.addItems(lines)

    def _muted(self) -> QLabel:
        label = QLabel(self)
        label.setObjectName("muted")
        label.setWordWrap(True)
        label.setContentsMargins(0, 0, 0, GAP)
        return label


def _line(entry: LogEntry) -> str:
    time = datetime.fromtimestamp(entry.time).strftime("%H:%M:%S")
    tokens = "" if entry.completion_tokens is None else f"  {entry.completion_tokens} tokens"
    model = f"  {entry.model}" if entry.model else ""
    status = entry.status if entry.status is not None else "–"
    what = f"{entry.method} {entry.path}  {entry.ms:.0f} ms"
    return f"{time}  {status}  {what}{model}{tokens}  {entry.client}"
