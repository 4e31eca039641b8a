"""The current theme, which follows the settings and the system."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from ..domain import AppSettings
from .colours import DARK, LIGHT, Colours
from .highlighter import Highlighter
from .icons import use_colours
from .style import style_sheet

# All distances, in pixels.
GAP_S, GAP, GAP_L, GAP_XL = 4, 8, 16, 24
# The widest readable line of text, in pixels.
COLUMN = 760


class Theme(QObject):
    """Colours, and the text size in pixels. `changed` is emitted when they change.

    Widgets use the application's style sheet and palette; code that paints or formats by
    hand asks here, and again after `changed`.
    """

    changed = Signal()

    def __init__(
        self, settings: AppSettings, application: QApplication, program: Sequence[str]
    ) -> None:
        super().__init__()
        self.is_dark = False
        self.colours: Colours = LIGHT
        self.font_size = 0
        self.highlighter = Highlighter(program, self)
        self._application = application
        self._families = application.font().families()
        self._flash_time = application.cursorFlashTime()
        self._settings = settings
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self.use(settings)

    def use(self, settings: AppSettings) -> None:
        """Apply the settings."""
        self._settings = settings
        self._still(settings.reduce_motion)
        looks = (self._wants_dark(), settings.font_size)
        if looks == (self.is_dark, self.font_size):  # applying a theme takes half a second
            return
        self.is_dark, self.font_size = looks
        self.colours = DARK if self.is_dark else LIGHT
        self.highlighter.set_style(self.colours.code_style)
        use_colours(dataclasses.asdict(self.colours))
        font = self._font()
        self._application.setFont(font)
        self._application.setPalette(_palette(self.colours))
        line = QFontMetrics(font).height() + 2  # plus a field's margin
        sheet = style_sheet(self.colours, self.font_size, line)
        self._application.setStyleSheet(sheet)
        self.changed.emit()

    def _follow(self) -> None:
        """Follow a change of the system's appearance."""
        self.use(self._settings)

    def _still(self, still: bool) -> None:
        """Turn animations off: no fading menus, no blinking cursor."""
        for effect in (
            Qt.UIEffect.UI_AnimateMenu,
            Qt.UIEffect.UI_AnimateCombo,
            Qt.UIEffect.UI_FadeMenu,
        ):
            self._application.setEffectEnabled(effect, not still)
        self._application.setCursorFlashTime(0 if still else self._flash_time)

    def _wants_dark(self) -> bool:
        if self._settings.theme == "system":
            return self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._settings.theme == "dark"

    def _font(self) -> QFont:
        font = QFont(self._application.font())
        if sys.platform != "darwin":  # macOS has the right one
            font.setFamilies(["Inter", "Noto Sans CJK SC", *self._families])
        font.setPixelSize(self.font_size)
        return font


def _palette(colours: Colours) -> QPalette:
    palette, role = QPalette(), QPalette.ColorRole
    for which, colour in {
        role.Window: colours.window,
        role.Base: colours.surface,
        role.AlternateBase: colours.sunken,
        role.Button: colours.sunken,
        role.Text: colours.text,
        role.WindowText: colours.text,
        role.ButtonText: colours.text,
        role.PlaceholderText: colours.muted,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Link: colours.accent,
        role.ToolTipBase: colours.sunken,
        role.ToolTipText: colours.text,
    }.items():
        palette.setColor(which, QColor(colour))
    for which in (role.Text, role.ButtonText, role.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.faint))
    return palette
