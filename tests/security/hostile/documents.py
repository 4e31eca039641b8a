"""Untrusted documents: attached files, and displayed texts."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from .texts import BOMBS
from .values import TEXTS, text

Make = Callable[[Path], None]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BIG = 300 * 1024**2


def cases(rng: random.Random) -> Iterator[tuple[str, Make]]:
    """Yield endlessly a name, and a function that writes one or two files into an empty folder."""
    kinds: dict[str, Callable[[random.Random], tuple[str, bytes]]] = {
        "markdown": _markdown,
        "word": _word,
        "pdf": _pdf,
        "zip": _archive,
        "text": _text,
    }
    names = list(kinds)
    number = 0
    while True:
        kind = names[number % len(names)]
        seed = rng.getrandbits(32)
        yield f"{kind}-{seed}", _made(kinds[kind], seed)
        number += 1


def _made(build: Callable[[random.Random], tuple[str, bytes]], seed: int) -> Make:
    def make(folder: Path) -> None:
        name, data = build(random.Random(seed))
        (folder / name).write_bytes(data)

    return make


def _markdown(rng: random.Random) -> tuple[str, bytes]:
    parts = []
    for _ in range(rng.choice((1, 1, 3, 10))):
        bomb = BOMBS[rng.choice(list(BOMBS))]
        parts.append(bomb(rng.choice((10, 500, 5000, 60_000))))
        parts.append(rng.choice(("\n", "\n\n", " ", "\n> ", "\n- ", "\n```\n", text(rng)[:300])))
    return "answer.md", "".join(parts).encode("utf-8", "replace")


def _word(rng: random.Random) -> tuple[str, bytes]:
    body = f"<w:document {W}><w:body><w:p><w:r><w:t>hello</w:t></w:r></w:p></w:body></w:document>"
    kind = rng.randrange(9)
    if kind == 0:
        entities = "".join(
            f'<!ENTITY l{n} "{("&l" + str(n - 1) + ";") * 10 if n else "lol"}">' for n in range(9)
        )
        body = f"<!DOCTYPE x [{entities}]>" + body.replace("hello", "&l8;")
    elif kind == 1:
        body = f'<!DOCTYPE x SYSTEM "file:///etc/passwd" [<!ENTITY e SYSTEM "file:///dev/zero">]>{body}'
    elif kind == 2:
        depth = rng.choice((1000, 100_000))
        body = f"<w:document {W}>" + "<w:tbl>" * depth + "</w:tbl>" * depth + "</w:document>"
    elif kind == 3:
        body = body.replace("<w:p>", f'<w:p w:a="{"x" * 5_000_000}">')
    elif kind == 4:
        body = body.replace("hello", rng.choice(TEXTS).replace("<", "&lt;").replace("&", "&amp;"))
    elif kind == 5:
        body = f"<w:document {W}>" + "<w:p><w:tab/><w:br/></w:p>" * 300_000 + "</w:document>"
    data = body.encode("utf-8", "replace")
    if kind == 6:
        data = data.replace(b"hello", b"a" * BIG)
    if kind == 7:
        data = data[: rng.randrange(len(data))]
    packed = _zip({"word/document.xml": data, "[Content_Types].xml": b"<x/>"})
    if kind == 8:
        packed = _flipped(rng, packed)
    return "letter.docx", packed


def _archive(rng: random.Random) -> tuple[str, bytes]:
    kind = rng.randrange(6)
    if kind == 0:
        return "bomb.zip", _zip({"a": b"\0" * BIG})
    if kind == 1:
        return "out.docx", _zip({"../../../../tmp/escape": b"x", "word/document.xml": b"<x/>"})
    if kind == 2:
        return "many.docx", _zip({f"{n}" * 20: b"" for n in range(50_000)})
    if kind == 3:
        inner = _zip({"conversations.json": b"[" * 1_000_000})
        return "conversations.zip", inner
    if kind == 4:  # it says that it is small
        whole = bytearray(_zip({"word/document.xml": b"<a/>" * 1000}))
        place = bytes(whole).rfind(b"PK\1\2")
        struct.pack_into("<II", whole, place + 20, 7, 7)
        return "lies.docx", bytes(whole)
    return "broken.zip", _flipped(rng, _zip({"word/document.xml": b"<x/>", "b": b"c" * 999}))


def _pdf(rng: random.Random) -> tuple[str, bytes]:
    kind = rng.randrange(10)
    content = b"BT /F1 12 Tf (hello) Tj ET"
    kids, count, extra = b"[3 0 R]", b"1", b""
    if kind == 0:
        kids, count = b"[2 0 R 3 0 R]", b"1"  # a tree that is its own child
    elif kind == 1:
        count = b"999999999"
    elif kind == 2:
        kids, count = b"[" + b"3 0 R " * 200_000 + b"]", b"200000"
    elif kind == 3:
        content = zlib.compress(b"\0" * BIG)
        extra = b"/Filter /FlateDecode"
    elif kind == 4:
        content = b"q " * 100_000 + b"(x) Tj"
    elif kind == 5:
        content = b"BT " + b"[(" * 30_000 + b"x" + b")]" * 30_000 + b" TJ ET"
    elif kind == 6:
        extra = b"/Filter [" + b"/ASCIIHexDecode " * 2000 + b"]"
    elif kind == 7:
        kids = b"[" * 50_000
    elif kind == 8:
        content = b"BT (" + b"\\" * 100_000 + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids" + kids + b"/Count " + count + b">>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d %s>>stream\n%s\nendstream" % (len(content), extra, content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data = _pdf_of(objects)
    return "paper.pdf", _flipped(rng, data) if kind == 9 else data


def _text(rng: random.Random) -> tuple[str, bytes]:
    kind = rng.randrange(7)
    if kind == 0:
        return "wide.txt", b"x" * rng.choice((1000, 5_000_000))
    if kind == 1:
        return "nul.txt", b"a\0b" * 1000
    if kind == 2:
        return "odd.txt", b"\xff\xfe" + rng.randbytes(1001)
    if kind == 3:
        return "guess.txt", bytes(rng.choices(range(128, 256), k=100_000))
    if kind == 4:
        return rng.choice(
            ("a\u202egpj.exe.py", "<b>x<b>.txt", "line\nline.txt", "x" * 200)
        ), b"hello"
    if kind == 5:
        return "code.py", (text(rng) * 3).encode("utf-8", "replace")[:3_000_000]
    return "lines.csv", b"a,b\n" * 400_000


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _pdf_of(objects: list[bytes]) -> bytes:
    data, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(data)


def _flipped(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 5, 40))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)
