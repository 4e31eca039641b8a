"""The program's icon as files, drawn from its SVG."""

from __future__ import annotations

import os
import struct
from pathlib import Path

SVG = Path(__file__).parents[1] / "app" / "qwen3mlx_app" / "icons" / "app.svg"
# Types in an .icns file, with their widths in pixels (some are for twice the scale).
_ICNS = {
    "icp4": 16, "ic11": 32, "icp5": 32, "ic12": 64, "ic07": 128, "ic13": 256, "ic08": 256,
    "ic14": 512, "ic09": 512, "ic10": 1024,
}  # fmt: skip


def png(width: int) -> bytes:
    """Return the icon as a PNG of this width in pixels."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage, QImageWriter, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(width, width, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(SVG)).render(painter)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())


def icns() -> bytes:
    """Return all sizes as macOS wants them: PNGs, each after its type and length."""
    drawn = {width: png(width) for width in set(_ICNS.values())}
    parts = b"".join(
        kind.encode() + struct.pack(">I", 8 + len(drawn[width])) + drawn[width]
        for kind, width in _ICNS.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts
