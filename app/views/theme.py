"""Colours, type and space: the tokens, and what Qt is told of them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from ..domain import AppSettings
from .highlighter import Highlighter

# Pixels; every distance is one of these.
GAP_S, GAP, GAP_L, GAP_XL = 4, 8, 16, 24
RADIUS = 8
# The widest line of text that reads well.
COLUMN = 760


@dataclass(frozen=True, slots=True)
class Colours:
    """Text on `surface` and `sunken` has a contrast of 4.5 to 1 or more."""

    window: str
    surface: str
    sunken: str
    bubble: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    selection: str
    error: str
    warning: str
    good: str
    code_style: str


LIGHT = Colours(
    window="#f5f5f7",
    surface="#ffffff",
    sunken="#f0f0f3",
    bubble="#eceef4",
    line="#dcdce0",
    text="#1d1d1f",
    muted="#636369",
    accent="#5a49d8",
    on_accent="#ffffff",
    selection="#dedaf8",
    error="#b3261e",
    warning="#8a5a00",
    good="#1f7a3d",
    code_style="friendly",
)
DARK = Colours(
    window="#1c1c1f",
    surface="#232327",
    sunken="#2b2b30",
    bubble="#313139",
    line="#3a3a40",
    text="#ececf0",
    muted="#a5a5ad",
    accent="#9a8cff",
    on_accent="#17171a",
    selection="#453f75",
    error="#ff8a80",
    warning="#f0c060",
    good="#7bd88f",
    code_style="github-dark",
)


class Theme:
    """The colours in use, and the size of text in points."""

    def __init__(self, settings: AppSettings) -> None:
        self.is_dark = _is_dark(settings)
        self.colours = DARK if self.is_dark else LIGHT
        self.font_size = settings.font_size
        self.highlighter = Highlighter(self.colours.code_style)

    def apply(self, application: QApplication) -> None:
        application.setStyle("Fusion")
        font = QFont(application.font())
        font.setPixelSize(self.font_size)
        application.setFont(font)
        application.setPalette(self._palette())
        application.setStyleSheet(self._style())

    def _palette(self) -> QPalette:
        colours, palette = self.colours, QPalette()
        roles = {
            QPalette.ColorRole.Window: colours.window,
            QPalette.ColorRole.Base: colours.surface,
            QPalette.ColorRole.AlternateBase: colours.sunken,
            QPalette.ColorRole.Button: colours.sunken,
            QPalette.ColorRole.Text: colours.text,
            QPalette.ColorRole.WindowText: colours.text,
            QPalette.ColorRole.ButtonText: colours.text,
            QPalette.ColorRole.PlaceholderText: colours.muted,
            QPalette.ColorRole.Highlight: colours.accent,
            QPalette.ColorRole.HighlightedText: colours.on_accent,
            QPalette.ColorRole.Link: colours.accent,
            QPalette.ColorRole.ToolTipBase: colours.sunken,
            QPalette.ColorRole.ToolTipText: colours.text,
        }
        for role, colour in roles.items():
            palette.setColor(role, QColor(colour))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
        return palette

    def _style(self) -> str:
        c = self.colours
        return f"""
        QWidget#sidebar {{ background: {c.window}; border-right: 1px solid {c.line}; }}
        QWidget#page, QWidget#messages {{ background: {c.surface}; }}
        QFrame#bubble {{ background: {c.bubble}; border-radius: {RADIUS + 4}px; }}
        QFrame#code, QFrame#thinking, QFrame#call, QFrame#card {{
            background: {c.sunken}; border: 1px solid {c.line}; border-radius: {RADIUS}px;
        }}
        QFrame#composer {{
            background: {c.surface}; border: 1px solid {c.line}; border-radius: {RADIUS + 6}px;
        }}
        QFrame#notice {{ background: {c.bubble}; border-radius: {RADIUS}px; }}
        QFrame#notice[kind="error"] QLabel {{ color: {c.error}; }}
        QFrame#notice[kind="warning"] QLabel {{ color: {c.warning}; }}
        QLabel#muted {{ color: {c.muted}; font-size: {self.font_size - 2}px; }}
        QLabel#error {{ color: {c.error}; }}
        QLabel#heading {{ font-size: {self.font_size + 8}px; font-weight: 600; }}
        QLabel#section {{ font-size: {self.font_size + 2}px; font-weight: 600; }}
        QPlainTextEdit, QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{
            background: {c.surface}; border: 1px solid {c.line}; border-radius: 6px;
            padding: 4px 8px;
        }}
        QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus {{
            border: 1px solid {c.accent};
        }}
        QSpinBox QLineEdit, QDoubleSpinBox QLineEdit {{ border: none; padding: 0; }}
        QComboBox::drop-down {{ border: none; width: 18px; }}
        QSpinBox::up-button, QSpinBox::down-button {{ border: none; width: 0; }}
        QSplitter::handle {{ background: {c.line}; width: 1px; }}
        QToolButton#tab {{ padding: 4px 6px; font-size: {self.font_size - 1}px; }}
        QToolButton#action {{ padding: 2px 4px; font-size: {self.font_size - 2}px; }}
        QFrame#composer QPlainTextEdit {{ border: none; padding: 0; }}
        QPushButton {{
            background: {c.sunken}; border: 1px solid {c.line}; border-radius: 6px;
            padding: 5px 12px;
        }}
        QPushButton:hover {{ background: {c.bubble}; }}
        QPushButton:focus, QToolButton:focus {{ border: 1px solid {c.accent}; }}
        QPushButton#primary {{ background: {c.accent}; color: {c.on_accent}; border: none; }}
        QPushButton#primary:disabled {{ background: {c.line}; color: {c.muted}; }}
        QToolButton {{
            border: 1px solid transparent; border-radius: 6px; padding: 3px 7px; color: {c.muted};
        }}
        QToolButton:hover {{ background: {c.bubble}; color: {c.text}; }}
        QToolButton:checked {{ background: {c.selection}; color: {c.text}; }}
        QListView, QTableView {{
            background: transparent; border: none; outline: 0; gridline-color: {c.line};
        }}
        QListView::item {{ padding: 6px 8px; border-radius: 6px; }}
        QListView::item:hover {{ background: {c.sunken}; }}
        QListView::item:selected {{ background: {c.selection}; color: {c.text}; }}
        QScrollBar:vertical {{ background: transparent; width: 10px; }}
        QScrollBar::handle:vertical {{
            background: {c.line}; border-radius: 4px; min-height: 30px; margin: 1px;
        }}
        QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
        QProgressBar {{
            background: {c.sunken}; border: none; border-radius: 3px; max-height: 6px;
        }}
        QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
        """


def _is_dark(settings: AppSettings) -> bool:
    if settings.theme == "system":
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return settings.theme == "dark"
