"""Access to the server: port, web origins, API keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ...controllers.server import ServerController
from ...domain import ApiKey, ServerSettings
from ...limits import OWN_LIMITS
from ...services.plain import one_line
from ..beside import Beside, in_row
from ..fields import NoScrollComboBox
from ..kept_rows import KeptRows
from ..number_field import NumberField
from ..page import LEAST_FIELD, Group
from ..plain import Button, confirm
from ..restart_hint import RestartHint
from ..theme import GAP
from ..widgets import hint_label


class AccessGroup(Group):
    """Settings that take effect at the next start."""

    def __init__(self, server: ServerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._server = server
        limits = OWN_LIMITS["server"]["port"]
        self._port = NumberField(limits, self.tr("Port"), self)
        self._port.suggest(limits.default, "")
        self._port.edited.connect(self._set_port)
        self.add_row(
            self.tr("Port"),
            self._port,
            self.tr("0 to 65535; 0 picks a free one. Only this computer can reach the server."),
        )
        self._origins = QLineEdit(self)
        self._origins.setPlaceholderText("https://chat.example.com")
        self._origins.setAccessibleName(self.tr("Allowed origins"))
        self.add_row(
            self.tr("Allowed origins"),
            self._origins,
            self.tr("Web pages that may call the server, comma-separated. All others are refused."),
        )
        self._origins.editingFinished.connect(self._set_origins)
        self.add_widget(RestartHint(server, self))
        server.settings_changed.connect(self._show)
        server.state_changed.connect(self._close)
        self._close()

    def _show(self, saved: ServerSettings, *_: object) -> None:
        self._port.set_value(saved.port)
        # What is being typed stays, and what the server refused.
        if not self._origins.isModified() or self._typed_origins() == saved.allow_origin:
            self._origins.setText(", ".join(saved.allow_origin))
        for field in (self._port, self._origins):
            field.setEnabled(True)

    def _close(self, *_: object) -> None:
        """Until the saved settings are known, and no later than there is nobody to save them."""
        for field in (self._port, self._origins):
            field.setEnabled(False)

    def _set_port(self, port: int | None) -> None:
        self._server.change_settings(self.tr("Port"), {"port": port})

    def _typed_origins(self) -> tuple[str, ...]:
        return tuple(text.strip() for text in self._origins.text().split(",") if text.strip())

    def _set_origins(self) -> None:
        origins, saved = self._typed_origins(), self._server.settings
        if saved is not None and origins == saved.allow_origin:
            self._origins.setModified(False)
        self._server.change_settings(self.tr("Allowed origins"), {"allow_origin": origins})


class KeysGroup(Group):
    """API keys. If there was never one, every program on this computer may use the server."""

    def __init__(self, server: ServerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._server = server
        self._about = hint_label("", self)
        self._restart = Button(self.tr("Restart Server"), self)
        self._restart.clicked.connect(server.restart)
        lines = QVBoxLayout()
        lines.setSpacing(GAP)
        self._lines = KeptRows[_KeyLine](lines, self)
        listed = QVBoxLayout()
        listed.setContentsMargins(0, GAP, 0, GAP)
        listed.setSpacing(GAP)
        listed.addWidget(Beside(self._about, self._restart, self))
        listed.addLayout(lines)
        self.add_layout(listed)
        self._name = QLineEdit(self)
        self._name.setPlaceholderText(self.tr("New key name"))
        self._name.setAccessibleName(self.tr("New key name"))
        self._name.setMinimumWidth(LEAST_FIELD)
        self._name.returnPressed.connect(self._create)
        self._scope = NoScrollComboBox(self)
        self._scope.setAccessibleName(self.tr("New key access"))
        self._scope.setMinimumWidth(LEAST_FIELD)
        for scope, title in self._scopes().items():
            self._scope.addItem(title, scope)
        create = Button(self.tr("Create"), self)
        create.setAccessibleName(self.tr("Create key"))
        create.clicked.connect(self._create)
        self._form = (self._name, self._scope, create)
        self._new = hint_label("", self)
        self._new.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._new.hide()
        self._new_name = ""
        column = QVBoxLayout()
        column.setContentsMargins(0, GAP, 0, GAP)
        column.addWidget(Beside(self._name, in_row([self._scope, create], self), self))
        column.addWidget(self._new)
        self.add_layout(column)
        server.keys_changed.connect(self._show)
        server.key_created.connect(self._show_new)
        server.state_changed.connect(self._show_about)
        self._show(server.keys)

    def _show(self, keys: list[ApiKey]) -> None:
        self._show_about()
        self._lines.keep([key.name for key in keys], self._line)
        for key in keys:
            self._lines.by_key[key.name].facts.setText(one_line("   ".join(self._facts(key))))

    def _show_about(self) -> None:
        """Say who may use the server as it runs now."""
        keys, is_ready = self._server.keys, self._server.state.phase == "ready"
        is_locked = is_ready and self._server.needs_key and not keys
        self._restart.setVisible(is_locked)
        for part in self._form:
            part.setEnabled(is_ready)
        if not is_ready:
            text = self.tr("Start the server to see and create keys.")
        elif is_locked:
            text = self.tr(
                "All keys have been revoked. The server refuses other apps until you create a key"
                " or restart it."
            )
        elif keys:
            text = self.tr("Other apps need one of these keys.")
        else:
            text = self.tr(
                "No API keys. Any app on this computer can use the server and load models."
            )
        self._about.setText(text)

    def _line(self, name: str) -> _KeyLine:
        revoke = Button(self.tr("Revoke"), self)
        revoke.setObjectName("danger")
        revoke.setAccessibleName(one_line(self.tr("Revoke {name}").format(name=name)))
        revoke.clicked.connect(partial(self._ask_to_revoke, name))
        return _KeyLine(revoke, self)

    def _ask_to_revoke(self, name: str) -> None:
        question = self.tr("Revoke the key {name}? Apps that use it are refused from then on.")
        revoke = partial(self._revoke, name)
        confirm(self, question.format(name=name), self.tr("Revoke"), revoke)

    def _revoke(self, name: str) -> None:
        self._server.revoke_key(name)
        if name == self._new_name:
            self._new.hide()

    def _scopes(self) -> dict[str, str]:
        return {
            "inference": self.tr("Inference"),
            "models": self.tr("Inference and models"),
            "admin": self.tr("Full access"),
        }

    def _facts(self, key: ApiKey) -> tuple[str, ...]:
        used = self.tr("never used")
        if key.last_used is not None:
            used = self.tr("last used {day}").format(day=key.last_used[:10])
        return key.name, self._scopes().get(key.scope, key.scope), key.created[:10], used

    def _create(self) -> None:
        if self._name.text().strip():
            self._server.create_key(self._name.text().strip(), self._scope.currentData())

    def _show_new(self, name: str, key: str) -> None:
        QGuiApplication.clipboard().setText(key)
        self._name.clear()
        self._new_name = name
        self._new.show()
        self._new.setText(
            self.tr(
                "{name}: {key} — copied to the clipboard. This key will not be shown again."
            ).format(key=key, name=name)
        )


class _KeyLine(QWidget):
    """What is known of a key, and the button that revokes it."""

    def __init__(self, revoke: Button, parent: QWidget) -> None:
        super().__init__(parent)
        self.facts = hint_label("", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Beside(self.facts, revoke, self))
