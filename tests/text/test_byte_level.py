from __future__ import annotations

from tokenizers.pre_tokenizers import ByteLevel

from qwen3mlx.text.byte_level import ALPHABET, to_bytes


def test_it_is_the_alphabet_of_the_library() -> None:
    assert set(ALPHABET) == set(ByteLevel.alphabet())
    assert sorted(ALPHABET.values()) == list(range(256))
    for text in ("a b", "\n\0", "é北😀"):
        ((written, _),) = ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)
        assert to_bytes(written) == text.encode()


def test_other_texts_stand_for_themselves() -> None:
    assert to_bytes("北 x") == "北 x".encode()
