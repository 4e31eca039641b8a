"""Websocket frames as a server reads and writes them: text messages, no extensions.

https://datatracker.ietf.org/doc/html/rfc6455#section-5
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
# Bytes of a client's frame: nothing that clients send here is longer.
MAX_PAYLOAD = 1024**2

_FINAL, _RESERVED, _KIND, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F


class FrameError(Exception):
    """The data is not a client's frame, or it is too long."""


class Frame(NamedTuple):
    """`is_last`: it ends its message, whose kind is that of its first frame."""

    kind: int
    payload: bytes
    is_last: bool


class FrameReader:
    """Takes bytes as they arrive. `feed` raises FrameError, after which the reader is unusable."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are now complete."""
        self._received += data
        frames: list[Frame] = []
        while (size := self._size()) is not None:
            head, mask, end = size
            body = bytes(self._received[mask + 4 : end])
            key = self._received[mask : mask + 4] * (len(body) // 4 + 1)
            payload = bytes(a ^ b for a, b in zip(body, key, strict=False))
            frames.append(Frame(head & _KIND, payload, bool(head & _FINAL)))
            del self._received[:end]
        return frames

    def _size(self) -> tuple[int, int, int] | None:
        """Return a complete frame's first byte, where its mask starts, and where it ends."""
        received = self._received
        if len(received) < 2:
            return None
        length, mask = received[1] & _LENGTH, 2
        if received[0] & _RESERVED or not received[1] & _MASKED:
            raise FrameError("a frame is unmasked or uses an extension")
        if length > 125:
            form = "!H" if length == 126 else "!Q"
            mask += struct.calcsize(form)
            if len(received) < mask:
                return None
            (length,) = struct.unpack_from(form, received, 2)
        if length > MAX_PAYLOAD:
            raise FrameError("a frame is too long")
        end = mask + 4 + length
        return (received[0], mask, end) if len(received) >= end else None


def frame(kind: int, payload: bytes) -> bytes:
    """A complete server frame."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", _FINAL | kind, size)
    elif size < 2**16:
        head = struct.pack("!BBH", _FINAL | kind, 126, size)
    else:
        head = struct.pack("!BBQ", _FINAL | kind, 127, size)
    return head + payload
