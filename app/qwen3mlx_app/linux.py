"""What a Linux desktop needs for Qt."""

from __future__ import annotations

PACKAGES = (
    "libegl1 libgl1 libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon0 libxkbcommon-x11-0"
    " libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0"
)
INSTALL = f"on Debian or Ubuntu run `sudo apt-get install {PACKAGES}`"
