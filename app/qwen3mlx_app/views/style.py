"""The application's style sheet, by widget type and object name.

Names that views give their widgets: `page` `sidebar` `rail` (grounds), `card` `code` `thinking`
`call` `bubble` `composer` `notice` `sheet` (frames), `heading` `section` `muted` `error` (labels),
`primary` `danger` `round` `link` (buttons), `tab` `action` `pill` `chip` `float` `flat` `row`
(tool buttons).
"""

from __future__ import annotations

from pathlib import Path

from .colours import Colours
from .icons import LARGE, SIZE, SMALL
from .text_scale import grown

ICONS = Path(__file__).parents[1] / "icons"
# In pixels at the default text size: icons of menus, the button that sends, the marks of boxes,
# the arrows of lists and the handles of sliders.
MENU, SEND, MARK, ARROW, HANDLE = 16, 28, 15, 14, 16
MONOSPACE = "'SF Mono', Menlo, 'JetBrains Mono', 'DejaVu Sans Mono', monospace"


def style_sheet(colours: Colours, font_size: int, line: int) -> str:
    """`font_size` and `line`, the height of a line, in pixels.

    Buttons and fields need `line` also in a window that is too small for everything.
    All that is drawn beside text grows with it.
    """
    icons = (ICONS / colours.name).as_posix()
    return "\n".join(
        (
            _grounds(colours),
            _labels(colours, font_size),
            _buttons(colours, font_size, line),
            _lists(colours, font_size),
            _fields(colours, icons, line),  # after lists: those of boxes have a ground
        )
    )


def _grounds(c: Colours) -> str:
    return f"""
    QWidget#sidebar, QWidget#rail {{ background: {c.window}; }}
    QWidget#page, QWidget#messages {{ background: {c.surface}; }}
    QFrame#bubble {{ background: {c.bubble}; border-radius: 16px; }}
    QFrame#card, QFrame#code, QFrame#call, QFrame#thinking {{
        background: {c.sunken}; border: 1px solid {c.line}; border-radius: 10px;
    }}
    QFrame#thinking {{ background: transparent; border: none; }}
    QFrame#barred {{ border: none; border-left: 2px solid {c.line}; margin-left: 6px; }}
    QFrame#call {{ margin-top: 4px; }}
    QFrame#composer {{
        background: {c.surface}; border: 1px solid {c.line}; border-radius: 18px;
    }}
    QFrame#composer[temporary="true"] {{ border-style: dashed; border-color: {c.faint}; }}
    QFrame#composer[focused="true"] {{ border-color: {c.accent}; }}
    QFrame#sheet {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: 12px; }}
    QFrame#notice {{
        background: {c.bubble}; border: 1px solid {c.line}; border-radius: 10px;
    }}
    QFrame#rule {{ background: {c.line}; border: none; }}
    QSplitter::handle {{ background: {c.line}; }}
    QToolTip {{
        background: {c.sunken}; color: {c.text}; border: 1px solid {c.line}; padding: 3px 6px;
    }}
    QMenu {{
        icon-size: {grown(MENU)}px;
        background: {c.surface}; border: 1px solid {c.line}; border-radius: 8px; padding: 4px;
    }}
    QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 5px; }}
    QMenu::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
    QMenu::item:disabled {{ color: {c.faint}; }}
    QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 8px; }}
    QMenu::icon {{ padding-left: 8px; }}
    QMenuBar {{ background: {c.window}; border-bottom: 1px solid {c.line}; }}
    QMenuBar::item {{ padding: 4px 10px; background: transparent; border-radius: 5px; }}
    QMenuBar::item:selected {{ background: {c.hover}; }}
    QToolButton#qt_menubar_ext_button {{ padding: 0; border: none; icon-size: 12px; }}
    """


def _labels(c: Colours, size: int) -> str:
    return f"""
    QLabel#muted {{ color: {c.muted}; font-size: {size - 2}px; }}
    QLabel#error, QFrame#notice[kind="error"] QLabel {{ color: {c.error}; }}
    QFrame#notice[kind="warning"] QLabel {{ color: {c.warning}; }}
    QLabel#good {{ color: {c.good}; }}
    QLabel#warning {{ color: {c.warning}; }}
    QLabel#heading {{ font-size: {size + 9}px; font-weight: 600; }}
    QLabel#section {{ font-size: {size + 1}px; font-weight: 600; }}
    """


def _buttons(c: Colours, size: int, line: int) -> str:
    send, mark = grown(SEND), grown(MARK)
    # At most half of the height of one that has no words: Qt would draw none otherwise.
    pill, circle = grown(SMALL) // 2 + 5, grown(SIZE) // 2 + 5
    return f"""
    QAbstractButton {{ icon-size: {grown(SIZE)}px; }}
    QPushButton {{
        background: {c.surface}; border: 1px solid {c.line}; border-radius: 7px;
        padding: 5px 12px; min-height: {line}px;
    }}
    QPushButton:hover {{ background: {c.hover}; }}
    QPushButton:focus {{ border-color: {c.accent}; }}
    QPushButton:disabled {{ color: {c.faint}; }}
    QPushButton:checked {{ background: {c.selection}; }}
    QPushButton#primary {{
        background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent};
    }}
    QPushButton#primary:focus {{ border-color: {c.text}; }}
    QPushButton#primary:disabled {{
        background: {c.hover}; color: {c.muted}; border-color: {c.hover};
    }}
    QPushButton#danger {{ color: {c.error}; }}
    QPushButton#link {{
        background: transparent; border: 1px solid transparent; color: {c.accent}; padding: 2px 4px;
    }}
    QPushButton#round {{
        background: {c.accent}; border: 2px solid {c.accent}; padding: 0;
        border-radius: {send // 2 + 2}px;
        min-width: {send}px; max-width: {send}px; min-height: {send}px; max-height: {send}px;
    }}
    QPushButton#round:disabled {{ background: {c.hover}; border-color: {c.hover}; }}
    QPushButton#round:focus {{ border-color: {c.text}; }}
    QToolButton {{
        background: transparent; border: 1px solid transparent; border-radius: 7px;
        padding: 4px; color: {c.muted};
    }}
    QToolButton:hover {{ background: {c.hover}; color: {c.text}; }}
    QToolButton:checked {{ background: {c.selection}; color: {c.text}; }}
    QToolButton:focus {{ border-color: {c.accent}; }}
    QToolButton:disabled {{ color: {c.faint}; }}
    QToolButton::menu-indicator {{ image: none; width: 0; }}
    QToolButton#action, QToolButton#pill, QToolButton#chip, QToolButton#flat, QToolButton#fold {{
        icon-size: {grown(SMALL)}px;
    }}
    QToolButton#tab {{
        icon-size: {grown(LARGE)}px; padding: 6px 2px; font-size: {max(9, size - 4)}px;
        border-radius: 9px;
    }}
    QToolButton#action {{ padding: 3px; }}
    QToolButton#float {{
        background: {c.surface}; border: 1px solid {c.line}; border-radius: {circle}px;
        padding: 4px;
    }}
    QToolButton#float:hover {{ background: {c.hover}; }}
    QToolButton#float:focus {{ border-color: {c.accent}; }}
    QToolButton#pill {{
        padding: 4px 10px 4px 7px; border: 1px solid {c.line}; border-radius: {pill}px;
        font-size: {size - 1}px;
    }}
    QToolButton#pill:checked {{ border-color: {c.selection}; color: {c.text}; }}
    QToolButton#pill:focus {{ border-color: {c.accent}; }}
    QToolButton#chip {{
        background: {c.sunken}; border: 1px solid {c.line}; border-radius: 8px;
        padding: 5px 9px; color: {c.text}; font-size: {size - 1}px;
    }}
    QToolButton#chip:focus, QPushButton#link:focus {{ border-color: {c.accent}; }}
    QToolButton#flat {{ padding: 4px 4px 4px 8px; font-size: {size - 1}px; }}
    QToolButton#row {{ padding: 6px 8px; color: {c.text}; text-align: left; }}
    QToolButton#fold {{ padding: 2px 6px 2px 0; font-size: {size - 1}px; }}
    QToolButton#fold:checked {{ background: transparent; }}
    QCheckBox {{ spacing: 8px; }}
    QCheckBox::indicator, QRadioButton::indicator {{
        width: {mark}px; height: {mark}px; border: 1px solid {c.faint};
        border-radius: {mark // 3}px;
        background: {c.surface};
    }}
    QRadioButton::indicator {{ border-radius: {mark // 2 + 1}px; }}
    QCheckBox::indicator:focus {{ border-color: {c.accent}; }}
    """


def _fields(c: Colours, icons: str, line: int) -> str:
    arrow, handle = grown(ARROW), grown(HANDLE)
    return f"""
    QPlainTextEdit, QTextEdit, QLineEdit, QComboBox {{
        background: {c.surface}; border: 1px solid {c.line}; border-radius: 7px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent};
    }}
    QPlainTextEdit, QTextEdit {{ padding: 4px 6px; }}
    QLineEdit, QComboBox {{ padding: 5px 8px; min-height: {line}px; }}
    QPlainTextEdit:focus, QTextEdit:focus, QLineEdit:focus, QComboBox:focus {{
        border-color: {c.accent};
    }}
    QLineEdit#search {{
        background: {c.hover}; border-color: {c.hover}; border-radius: 8px; padding: 5px 2px;
    }}
    QLineEdit#search:focus {{ background: {c.surface}; border-color: {c.accent}; }}
    QFrame#composer QPlainTextEdit {{ border: none; padding: 0; background: transparent; }}
    QComboBox {{ combobox-popup: 0; }}
    QComboBox::drop-down {{ border: none; width: {arrow + 8}px; }}
    QComboBox::down-arrow {{
        image: url("{icons}/updown.svg"); width: {arrow}px; height: {arrow}px;
    }}
    QComboBox QAbstractItemView {{
        background: {c.surface}; border: 1px solid {c.line}; border-radius: 8px; padding: 4px;
        selection-background-color: {c.selection}; selection-color: {c.text};
    }}
    QCheckBox::indicator:checked {{
        background: {c.accent}; border-color: {c.accent}; image: url("{icons}/check.svg");
    }}
    QRadioButton::indicator:checked {{ background: {c.accent}; border-color: {c.accent}; }}
    QProgressBar {{ background: {c.hover}; border: none; border-radius: 3px; max-height: 6px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
    QSlider {{ min-height: {handle + 6}px; }}
    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {c.line}; }}
    QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {c.accent}; }}
    QSlider::handle:horizontal {{
        width: {handle}px; height: {handle}px; margin: {1 - handle // 2}px 0;
        border-radius: {handle // 2 + 1}px;
        background: {c.surface}; border: 1px solid {c.faint};
    }}
    QSlider::handle:horizontal:focus {{ border-color: {c.accent}; }}
    """


def _lists(c: Colours, size: int) -> str:
    return f"""
    QListView, QTreeView, QTableView {{
        background: {c.surface}; border: 1px solid {c.line}; outline: 0;
        gridline-color: {c.line};
        selection-background-color: {c.selection}; selection-color: {c.text};
    }}
    QWidget QListView, QWidget QTreeView {{ background: transparent; border: none; }}
    QTableView {{
        background: transparent; border: 1px solid transparent; border-radius: 7px;
    }}
    QTableView:focus {{ border-color: {c.accent}; }}
    QListView#framed {{ border: 1px solid {c.line}; border-radius: 8px; padding: 4px; }}
    QListView::item {{ padding: 6px 8px; border-radius: 7px; }}
    QListView::item:hover {{ background: {c.hover}; }}
    QListView::item:selected {{ background: {c.selection}; color: {c.text}; }}
    QTableView::item {{ padding: 4px 8px; border: none; }}
    QHeaderView {{ background: transparent; }}
    QHeaderView::section {{
        background: transparent; border: none; border-bottom: 1px solid {c.line};
        padding: 5px 8px; color: {c.muted}; font-size: {size - 2}px;
    }}
    QTabBar::tab {{
        padding: 4px 11px; border: 1px solid transparent; border-radius: 7px; color: {c.muted};
        font-size: {size - 1}px;
    }}
    QTabBar::tab:hover {{ background: {c.hover}; }}
    QTabBar::tab:selected {{ background: {c.selection}; color: {c.text}; }}
    QTabBar::tab:selected:focus {{ border-color: {c.accent}; }}
    QScrollArea {{ background: transparent; border: none; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {c.line}; border-radius: 4px; margin: 1px; }}
    QScrollBar::handle:disabled {{ background: transparent; }}
    QScrollBar::handle:hover {{ background: {c.faint}; }}
    QScrollBar[focused="true"]::handle {{ background: {c.accent}; }}
    QScrollBar::handle:vertical {{ min-height: 36px; }}
    QScrollBar::handle:horizontal {{ min-width: 36px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """
