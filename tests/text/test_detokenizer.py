from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.text import Tokenizer
from qwen3mlx.text.detokenizer import StreamingDetokenizer
from tests.support.examples import examples

WRITTEN = (
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪👍🏽😀 e\u0301a\u0308\u0327 Z\u0351\u0343 북경 北京𠮷野家 かな "
    "مرحبا بالعالم السَّلَامُ ภาษาไทยน้ำ नमस्ते क्षत्रिय हिन्दी ñandú naïve 𝕬𝖇𝖈 \0\n<think>"
)
written = st.lists(st.sampled_from(WRITTEN), max_size=60).map("".join)
foreign = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def stream(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    detokenizer = tokenizer.detokenizer()
    return [*map(detokenizer.add, ids), detokenizer.finish()]


@settings(max_examples=examples(150))
@given(text=written | foreign)
def test_text_comes_back_in_whole_characters(qwen3: Tokenizer, text: str) -> None:
    ids = qwen3.encode(text)
    pieces = stream(qwen3, ids)
    assert "".join(pieces) == qwen3.decode(ids)
    assert pieces[-1] == ""
    assert "�" not in "".join(pieces) or "�" in text


@settings(max_examples=examples(150))
@given(ids=st.lists(st.integers(0, 151_935) | st.integers(0, 255), max_size=40))
def test_random_ids_come_out_as_decoded_at_once(qwen3: Tokenizer, ids: list[int]) -> None:
    assert "".join(stream(qwen3, ids)) == qwen3.decode(ids)


@settings(max_examples=examples(150))
@given(parts=st.lists(st.binary(max_size=6) | written.map(str.encode), max_size=10))
def test_random_bytes_come_out_as_decoded_at_once(parts: list[bytes]) -> None:
    detokenizer = StreamingDetokenizer(parts.__getitem__)
    text = "".join(map(detokenizer.add, range(len(parts)))) + detokenizer.finish()
    assert text == b"".join(parts).decode(errors="replace")


def test_a_character_appears_with_its_last_byte() -> None:
    detokenizer = StreamingDetokenizer(lambda token_id: bytes([token_id]))
    assert [detokenizer.add(byte) for byte in "é😀".encode()] == ["", "é", "", "", "", "😀"]
    assert detokenizer.finish() == ""


def test_a_character_cut_off_is_replaced_at_the_end() -> None:
    detokenizer = StreamingDetokenizer(lambda token_id: bytes([token_id]))
    assert detokenizer.add(0xF0) == ""
    assert detokenizer.finish() == "�"


def test_it_keeps_bytes_not_tokens() -> None:
    detokenizer = StreamingDetokenizer(lambda token_id: b"word ")
    for token_id in range(1000):
        detokenizer.add(token_id)
    assert detokenizer._decoder.getstate() == (b"", 0)
