"""What a file's text is, and why some have none."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.attachments import AttachmentRefused, in_context, read, read_attachment
from qwen3mlx_app.services.attachments.parsing import parsed

from tests.support.places import PROGRAM

from .files import DOCUMENT, paragraph, pdf_bytes, word_file

CHINESE = "通义千问三是一个大语言模型，它可以在本地运行。" * 20
JAPANESE = "これは日本語の文章です。文字コードの判定を試します。" * 20
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(17)


def attach(folder: Path, name: str, data: bytes) -> Any:
    path = folder / name
    path.write_bytes(data)
    return read_attachment(path, PROGRAM)


def refusal(folder: Path, name: str, data: bytes) -> str:
    with pytest.raises(AttachmentRefused) as caught:
        attach(folder, name, data)
    assert name in str(caught.value)
    return str(caught.value)


def text_or_reason(folder: Path, name: str, data: bytes) -> str:
    """Anything else that is raised fails the test."""
    try:
        return attach(folder, name, data).text
    except AttachmentRefused as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("notes.txt", ""),
        ("README", ""),
        ("main.py", "python"),
        ("a.rs", "rust"),
        ("x.json", "json"),
    ],
)
def test_text_is_taken_as_it_is(tmp_path: Path, name: str, language: str) -> None:
    attachment = attach(tmp_path, name, b"one\r\ntwo\rthree\n\n")
    assert attachment.text == "one\ntwo\nthree"
    assert (attachment.name, attachment.kind, attachment.language) == (name, "text", language)
    assert attachment.num_bytes == 16


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        (CHINESE, "utf-32"),
        (CHINESE, "gb18030"),
        (CHINESE, "big5"),
        (JAPANESE, "shift_jis"),
        ("Das Mädchen hört für die Prüfung zu, und die Straße ist naß. " * 20, "cp1252"),
    ],
)
def test_every_usual_encoding_is_read(tmp_path: Path, text: str, encoding: str) -> None:
    if encoding == "big5":
        text = "這是一個在本機執行的大型語言模型，可以回答問題。" * 20
    assert attach(tmp_path, "a.txt", text.encode(encoding)).text == text.strip("\n")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_unicode_text_comes_back(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.txt")
        path.write_bytes(f"a{text}".encode())
        assert read_attachment(path, PROGRAM).text == f"a{text}"


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.pdf", "a.docx", "a.png"]))
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        said = text_or_reason(Path(folder), name, data)
    assert said.strip()
    assert "\0" not in said


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=600))
def test_a_damaged_document_is_read_or_refused(damage: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        word = word_file(Path(folder, "a.docx"), paragraph("Hello")).read_bytes()
        for kind, whole in (("docx", word), ("pdf", pdf_bytes("Hello"))):
            path = Path(folder, f"a.{kind}")
            path.write_bytes(whole[:at] + damage + whole[at + len(damage) :])
            assert parsed(path, kind, 1000).keys() <= {"text", "refused"}


def test_a_document_that_takes_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PATIENCE", 0.01)
    assert "takes too long" in refusal(tmp_path, "a.pdf", pdf_bytes("Hello"))


def test_a_word_file_is_its_paragraphs_and_tables(tmp_path: Path) -> None:
    cell = "<w:tc><w:tcPr/>{}</w:tc>"
    row = f"<w:tr>{cell.format(paragraph('a'))}{cell.format(paragraph('b'))}</w:tr>"
    run = "<w:p><w:r><w:t>x</w:t><w:tab/><w:t>y</w:t><w:br/><w:t>z</w:t></w:r></w:p>"
    gone = "<w:p><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p>"
    field = "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    body = paragraph("Title &amp; 标题") + run + f"<w:tbl>{row}{row}</w:tbl>" + gone + field
    attachment = read_attachment(word_file(tmp_path / "a.docx", body), PROGRAM)
    assert attachment.kind == "docx"
    assert attachment.text == "Title & 标题\nx\ty\nz\na \tb \t\na \tb \t"


def test_a_strict_word_file_is_read_too(tmp_path: Path) -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    path = word_file(tmp_path / "a.docx", paragraph("strict"), namespace=strict)
    assert read_attachment(path, PROGRAM).text == "strict"


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    passwords = '<!ENTITY c SYSTEM "file:///etc/passwd">'
    laughs = f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">{passwords}]>'
    path = word_file(tmp_path / "a.docx", paragraph("&b;&c;"), head=laughs)
    with pytest.raises(AttachmentRefused, match="not a readable Word file"):
        read_attachment(path, PROGRAM)


def test_a_file_that_unpacks_without_end_is_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "MAX_CHARACTERS", 1000)
    path = word_file(tmp_path / "bomb.docx", paragraph("x" * 50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(AttachmentRefused, match="more text than a model can read"):
        read_attachment(path, PROGRAM)


def test_a_pdf_is_its_pages(tmp_path: Path) -> None:
    attachment = attach(tmp_path, "a.pdf", pdf_bytes("First page", "", "Third page"))
    assert attachment.kind == "pdf"
    assert attachment.text == "First page\n\nThird page"


def test_a_pdf_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    assert attach(tmp_path, "a.pdf", pdf_bytes("Open", password="")).text == "Open"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("secret.pdf", pdf_bytes("Hidden", password="secret"), "password-protected"),
        ("scan.pdf", pdf_bytes("", ""), "only images"),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj", "not a readable PDF"),
        ("photo.png", PNG, "is an image"),
        ("photo.txt", PNG, "is an image"),
        ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50), "is an image"),
        ("song.mp3", b"ID3\x03\x00\x00\x00\x00\x00\x00" + bytes(50), "audio or video"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Save it as .docx"),
        ("a.rtf", rb"{\rtf1\ansi Hello}", "Save it as .docx"),
        ("program", b"\x7fELF\x02\x01\x01" + bytes(50), "not a text file"),
        ("empty.txt", b"", "is empty"),
        ("blank.txt", b" \n\n\t", "is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, name, data)


def test_other_archives_are_not_text(tmp_path: Path) -> None:
    for name, inside in (("a.zip", "notes.txt"), ("sheet.xlsx", "xl/workbook.xml")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(inside, "hello")
        with pytest.raises(AttachmentRefused):
            read_attachment(tmp_path / name, PROGRAM)


def test_an_encrypted_word_file_is_refused(tmp_path: Path) -> None:
    data = bytearray(word_file(tmp_path / "a.docx", paragraph("Hello")).read_bytes())
    directory = data.rindex(DOCUMENT.encode()) - 46
    data[directory + 8] |= 1  # the flag that says so
    assert "not a readable Word file" in refusal(tmp_path, "b.docx", bytes(data))


def test_too_large_a_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.touch()
    os.truncate(path, read.MAX_FILE_BYTES + 1)
    with pytest.raises(AttachmentRefused, match=r"too large: 50 MB\. The limit is 50 MB"):
        read_attachment(path, PROGRAM)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AttachmentRefused, match="There is no file"):
        read_attachment(tmp_path / "nothing.txt", PROGRAM)


@given(st.text(alphabet="`~ab\n"))
def test_no_text_closes_its_fence(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.py")
        path.write_text(f"#{text}#")
        block = in_context(read_attachment(path, PROGRAM))
    name, fence, *lines, end = block.split("\n")
    assert name == "a.py"
    assert fence == f"{end}python"
    assert "\n".join(lines) == f"#{text}#"
    assert not any(line.strip().startswith(end) for line in lines)


def test_a_folder_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(AttachmentRefused, match=f"{tmp_path.name} is a folder"):
        read_attachment(tmp_path, PROGRAM)
