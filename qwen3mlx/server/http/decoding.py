"""Content-Encoding: compressed bodies, and how large they may become.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from ...errors import Qwen3MLXError
from ...quoting import quoted

# More than any client needs; each is another chance for the body to grow.
MAX_CODINGS = 4
# Members of a gzip body; reading one copies everything after it.
MAX_MEMBERS = 100
# Bytes read or written at a time: 256 bytes of zstd may become 8 MiB.
_ZSTD_PIECE, _BROTLI_PIECE = 256, 64 * 1024


class UnsupportedEncodingError(Qwen3MLXError):
    """415: the body may be uncompressed or in one of CODINGS."""

    code = "unsupported_encoding"


class BrokenEncodingError(Qwen3MLXError):
    """400: the body does not match its Content-Encoding."""

    code = "invalid_encoding"


class TooLargeError(Exception):
    """The decoded body exceeds the limit."""


def codings_of(header: str) -> list[str]:
    """The codings in a Content-Encoding header, in the order in which they were applied.

    Raises UnsupportedEncodingError.
    """
    names = [name.strip().lower() for name in header.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    for name in names:
        if name not in _DECODERS:
            raise UnsupportedEncodingError(
                f"Content-Encoding {quoted(name[:60])} is not supported; send the body "
                f"uncompressed or use one of {', '.join(CODINGS)}."
            )
    if len(names) > MAX_CODINGS:
        raise UnsupportedEncodingError(
            f"Content-Encoding has {len(names)} codings; at most {MAX_CODINGS} are supported."
        )
    return names


def decoded(body: bytes, codings: Sequence[str], max_bytes: int) -> bytes:
    """The body before `codings` were applied; no intermediate step exceeds `max_bytes`.

    Raises TooLargeError, and BrokenEncodingError for a body that is damaged or cut off.
    """
    for coding in reversed(codings):
        try:
            body = _DECODERS[coding](body, max_bytes)
        except (_Cut, zlib.error) as error:
            raise BrokenEncodingError(
                f"The body is not valid {coding}, as Content-Encoding says ({error})."
            ) from None
    return body


class _Cut(Exception):
    """The data is truncated or damaged."""


def _gzip(body: bytes, max_bytes: int) -> bytes:
    """All its members: https://www.rfc-editor.org/rfc/rfc1952#section-2.2"""
    whole = bytearray()
    num_members = 0
    while body:
        num_members += 1
        if num_members > MAX_MEMBERS:
            raise _Cut(f"it has more than {MAX_MEMBERS} members")
        member, body = _inflate(body, zlib.MAX_WBITS | 16, max_bytes - len(whole))
        whole += member
    return bytes(whole)


def _deflate(body: bytes, max_bytes: int) -> bytes:
    """Decompress zlib's format, with or without its header, which some clients leave out."""
    try:
        return _inflate(body, zlib.MAX_WBITS, max_bytes)[0]
    except (_Cut, zlib.error):
        return _inflate(body, -zlib.MAX_WBITS, max_bytes)[0]


def _inflate(body: bytes, window_bits: int, max_bytes: int) -> tuple[bytes, bytes]:
    """One compressed stream, and what follows it."""
    stream = zlib.decompressobj(window_bits)
    data = stream.decompress(body, max_bytes + 1)
    if len(data) > max_bytes:
        raise TooLargeError
    if not stream.eof:
        raise _Cut("it ends too soon")
    return data, stream.unused_data


def _zstd(body: bytes, max_bytes: int) -> bytes:
    """All its frames."""
    import zstandard

    # Decoders must accept 8 MiB: https://www.rfc-editor.org/rfc/rfc9659
    decoder = zstandard.ZstdDecompressor(max_window_size=8 * 1024**2)
    data, frame = bytearray(), None
    try:
        for start in range(0, len(body), _ZSTD_PIECE):
            piece = body[start : start + _ZSTD_PIECE]
            while piece:
                frame = decoder.decompressobj() if frame is None or frame.eof else frame
                data += frame.decompress(piece)
                piece = frame.unused_data
                if len(data) > max_bytes:
                    raise TooLargeError
    except zstandard.ZstdError as error:
        raise _Cut(str(error)) from None
    if frame is None or not frame.eof:
        raise _Cut("it ends too soon")
    return bytes(data)


def _brotli(body: bytes, max_bytes: int) -> bytes:
    import brotli

    decoder = brotli.Decompressor()
    data = bytearray()
    try:
        while piece := decoder.process(b"" if data else body, output_buffer_limit=_BROTLI_PIECE):
            data += piece
            if len(data) > max_bytes:
                raise TooLargeError
    except brotli.error as error:
        raise _Cut(str(error)) from None
    if not decoder.is_finished():
        raise _Cut("it ends too soon")
    return bytes(data)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
    "br": _brotli,
}
CODINGS = ("gzip", "deflate", "zstd", "br")
