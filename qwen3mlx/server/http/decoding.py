"""Content-Encoding: bodies that a client has compressed, and how much may come out of them.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from ...errors import Qwen3MLXError
from ...quoting import quoted

# More than a client has reason for; each is another chance to grow.
MAX_CODINGS = 4
# Of a gzip body; each one copies what follows it.
MAX_MEMBERS = 100
# So much is read, or written, at a time: 256 bytes of zstd may become 8 MiB.
_ZSTD_PIECE, _BROTLI_PIECE = 256, 64 * 1024


class UnsupportedEncodingError(Qwen3MLXError):
    """415: the client may send the body in one of CODINGS, or as it is."""

    code = "unsupported_encoding"


class BrokenEncodingError(Qwen3MLXError):
    """400: the body is not what its Content-Encoding says."""

    code = "invalid_encoding"


class TooLargeError(Exception):
    """More comes out than may."""


def codings_of(header: str) -> list[str]:
    """The codings in a Content-Encoding header, in the order they were applied.

    Raises UnsupportedEncodingError.
    """
    names = [name.strip().lower() for name in header.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    for name in names:
        if name not in _DECODERS:
            raise UnsupportedEncodingError(
                f"Content-Encoding is {quoted(name[:60])}; send the body as it is, or in one of "
                f"{', '.join(CODINGS)}."
            )
    if len(names) > MAX_CODINGS:
        raise UnsupportedEncodingError(
            f"Content-Encoding names {len(names)} codings; at most {MAX_CODINGS} are undone."
        )
    return names


def decoded(body: bytes, codings: Sequence[str], max_bytes: int) -> bytes:
    """The body as it was before `codings`; at no step is it, or a window, larger than `max_bytes`.

    Raises TooLargeError, and BrokenEncodingError for a body that is damaged or cut off.
    """
    for coding in reversed(codings):
        try:
            body = _DECODERS[coding](body, max_bytes)
        except (_Cut, zlib.error) as error:
            raise BrokenEncodingError(
                f"The body is not valid {coding}, which Content-Encoding says it is ({error})."
            ) from None
    return body


class _Cut(Exception):
    """The data ends too soon, or is damaged."""


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
    """In zlib's format, as it should be, or without its head, as some clients send it."""
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

    # 8 MiB is what decoders must take: https://www.rfc-editor.org/rfc/rfc9659
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
