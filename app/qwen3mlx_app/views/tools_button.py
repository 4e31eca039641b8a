"""The button for the tools that the model may call in a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ..domain import BUILT_IN, Tool, ToolServer
from ..services.plain import listed, one_line
from .icons import icon
from .plain import Menu, ToolButton, set_tip

# The most tools of a server that are named.
MOST_NAMED = 12


class ToolsButton(ToolButton):
    """Opens a menu of the servers. Emits `chosen(names)`, and `page_wanted` for the Tools page."""

    chosen = Signal(object)
    page_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("pill")
        self.setIcon(icon("tools"))
        self.setCheckable(True)
        self.setPopupMode(ToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._menu = Menu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self._menu.aboutToHide.connect(self._show)
        self.setMenu(self._menu)
        self._names: tuple[str, ...] = ()
        self._servers: Sequence[ToolServer] = ()
        self._tools: Mapping[str, Sequence[Tool]] = {}
        self._is_short = False

    def show_tools(
        self,
        names: tuple[str, ...],
        servers: Sequence[ToolServer],
        tools: Mapping[str, Sequence[Tool]],
    ) -> None:
        """`names` are those of the servers that are on; `tools` are those known of each."""
        self._names, self._servers, self._tools = names, servers, tools
        self._show()

    def set_short(self, is_short: bool) -> None:
        """Leave out its text, where there is no room."""
        self._is_short = is_short
        self._show()

    def _show(self) -> None:
        self.setChecked(bool(self._names))
        count = str(len(self._names)) if self._names else ""
        text = self.tr("Tools")
        full = f"{text} · {count}" if count else text
        self.setText(count if self._is_short else full)
        is_bare = self._is_short and not count
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(
            style.ToolButtonIconOnly if is_bare else style.ToolButtonTextBesideIcon
        )
        named = [f"{self._title(name)}: {self._named(name)}" for name in self._names]
        tip = "\n".join(one_line(line) for line in named) or self.tr("Let the model use tools")
        set_tip(self, tip)
        self.setAccessibleName(one_line(listed([text, *map(self._title, self._names)])))

    def _fill(self) -> None:
        self._menu.clear()
        known = [server.name for server in self._servers if not server.disabled]
        for name in [*known, *(name for name in self._names if name not in known)]:
            title = self._title(name)
            if name not in known:
                is_off = any(server.name == name for server in self._servers)
                text = self.tr("{name} (off)") if is_off else self.tr("{name} (not there)")
                title = text.format(name=title)
            action = self._menu.add(title)
            action.setCheckable(True)
            action.setChecked(name in self._names)
            set_tip(action, one_line(self._named(name)))
            action.toggled.connect(partial(self._choose, name))
        self._menu.addSeparator()
        self._menu.add(self.tr("Manage Tools…"), self.page_wanted.emit)

    def _choose(self, name: str, is_on: bool) -> None:
        others = [one for one in self._names if one != name]
        self.chosen.emit((*others, name) if is_on else tuple(others))

    def _title(self, name: str) -> str:
        return self.tr("Built in") if name == BUILT_IN else name

    def _named(self, name: str) -> str:
        """The names of a server's tools that are offered, as far as they are known."""
        found = [tool.name for tool in self._tools.get(name, ()) if tool.fault is None]
        if not found:
            return self.tr("its tools are asked for when they are needed")
        more = len(found) - MOST_NAMED
        names = listed(found[:MOST_NAMED])
        return names if more <= 0 else self.tr("{names} and {n} more").format(names=names, n=more)
