"""Icons and pixmaps have the pixels of the screen they are on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# Qt reads the scale when it starts, so each scale has a process of its own. It prints a line for
# each icon that has too few pixels, or that is not on the screen as its drawing is.
PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QAction, QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views import icons
from qwen3mlx_app.views.window import make_window

application = QApplication([])
program = Program(Path(sys.argv[1]), ("qwen3mlx",))
window = make_window(program)
window.show()
scale = window.devicePixelRatioF()
for name in ("models", "tools", "quantize", "server", "settings", "chat"):
    window.show_page(name)
    application.processEvents()

def pixels(size):
    return size * scale

def darkness(image):
    rows, columns = range(image.height()), range(image.width())
    return [image.pixelColor(x, y).value() for y in rows for x in columns]

seen = 0
for owner in (window, *window.findChildren(QAbstractButton), *window.findChildren(QAction)):
    icon = owner.windowIcon() if owner is window else owner.icon()
    if not icon.isNull() and owner.objectName() != "qt_menubar_ext_button":
        size = owner.iconSize() if isinstance(owner, QAbstractButton) else QSize(16, 16)
        made = icon.pixmap(size, scale)
        seen += 1
        if made.size() != pixels(size) or made.devicePixelRatio() != scale:
            print("pixels", owner, made.size(), made.devicePixelRatio())
assert seen > 20, seen

buttons = window.chat.composer.findChildren(QAbstractButton)
button = next(one for one in buttons if one.accessibleName() == "Attach files")
size = pixels(button.iconSize())
wanted = QImage(size, QImage.Format.Format_RGB32)
place = button.mapTo(window, button.rect().topLeft())
shown = window.grab(QRect(place, button.size())).toImage()
wanted.fill(shown.pixelColor(shown.width() // 2, 3))
painter = QPainter(wanted)
painter.setRenderHint(QPainter.RenderHint.Antialiasing)
colour = window.theme.colours.muted
drawing = (icons.FOLDER / "attach.svg").read_text().replace("currentColor", colour)
QSvgRenderer(drawing.encode()).render(painter, QRectF(wanted.rect()))
painter.end()
wanted = darkness(wanted)
room = shown.size() - size
differences = []
for x in range(room.width() + 1):
    for y in range(room.height() + 1):
        there = darkness(shown.copy(x, y, size.width(), size.height()))
        differences.append(max(abs(a - b) for a, b in zip(wanted, there)))
if min(differences) > 60:
    print("drawn", min(differences), shown.size(), size)
window.close()
program.close()
"""


@pytest.mark.parametrize("scale", ["1", "1.5", "2"])
def test_icons_are_drawn_for_the_scale_of_the_screen(scale: str, tmp_path: object) -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": scale}
    command = [sys.executable, "-c", PROGRAM, f"{tmp_path}/profile"]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
