"""The byte-level alphabet of GPT-2 and its heirs: each byte is one printable character."""

from __future__ import annotations


def _alphabet() -> dict[str, int]:
    """Character -> byte. What prints in Latin-1 stands for itself, the rest follow U+00FF."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet.update({chr(0x100 + index): byte for index, byte in enumerate(others)})
    return alphabet


ALPHABET = _alphabet()


def to_bytes(token: str) -> bytes:
    """The bytes of a vocabulary entry; one outside the alphabet stands for its UTF-8."""
    try:
        return bytes([ALPHABET[character] for character in token])
    except KeyError:
        return token.encode()
