"""The byte-level alphabet of GPT-2 and its successors: one printable character per byte."""

from __future__ import annotations


def _alphabet() -> dict[str, int]:
    """Return character -> byte. Printable Latin-1 maps to itself; the rest follow U+00FF."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet.update({chr(0x100 + index): byte for index, byte in enumerate(others)})
    return alphabet


ALPHABET = _alphabet()


def to_bytes(token: str) -> bytes:
    """Return the bytes of a vocabulary entry; characters outside the alphabet become UTF-8."""
    try:
        return bytes([ALPHABET[character] for character in token])
    except KeyError:
        return token.encode()
