"""Slices of a text have the same ids as within the whole, and other threads keep running."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.text import ChatPrompt, Tokenizer, encoder, load_tokenizer
from qwen3mlx.text.tokenizer_file import SPLITS
from tests.support.examples import examples

from .support import write_tiny_tokenizer

FRAGMENTS = [
    *("a", "B", "word", "don't", "I'LL", "'s", "'", "ſ", "K", "é", "e\u0301", "İ", "ﬁ", "ß"),
    *("0", "7", "42", "1a", "b2", "3\u0301", "١", "²", "½", "Ⅷ", "一二"),
    *(
        "北京",
        "你好，",
        "世界。",
        "かが",
        "か\u3099",
        "カ\u309a",
        "ｶﾞ",
        "한국",
        "\u1112\u1161\u11ab",
        "龥",
        "鿿",
    ),
    *("क़", "नि", "นี่", "\u0e33", "ש\u05b9", "α\u0313\u0342\u0345", "Ж", "\u0483"),
    *(" ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", " \n ", "\u3000", "\u00a0", "\u2028", "\x85"),
    *("\u180e", "\u200b", "\u200d", "\ufeff", "\x1c", "\x1f", "\x00", "\x0b", "\x0c"),
    *(",", ";", ".", "(", ")", '"', "=", "=\u0338", "\u0338", ",\u0301", "!", "?!", "--", "_", "|"),
    *(
        "、",
        "：",
        "！",
        "《",
        "》",
        "“",
        "”",
        "…",
        "😀",
        "👩\u200d👧",
        "\U0001d15e",
        "\ufdd0",
        "\uffff",
    ),
    *(
        "<|im_start|>",
        "<|im_end|>",
        "<think>",
        "</think>",
        "<|im_",
        "start|>",
        "<",
        "|>",
        "<tool_call>",
    ),
    *("\ud800", "\udc00", "\ud83d\ude00"),
]
TEXTS = st.lists(
    st.sampled_from(FRAGMENTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    max_size=60,
).map("".join)


@pytest.fixture(scope="module")
def whole(qwen3_folder: Path) -> Backend:
    """The library with the file as it is."""
    return Backend.from_file(str(qwen3_folder / "tokenizer.json"))


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "SLICE", 1)


def well_formed(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.usefixtures("small_slices")
@settings(max_examples=examples(150))
@given(text=TEXTS)
def test_slices_have_the_ids_of_the_whole(qwen3: Tokenizer, whole: Backend, text: str) -> None:
    assert qwen3.encode(text) == whole.encode(well_formed(text), add_special_tokens=False).ids
    assert "".join(qwen3._encoder.slices(text)) == text


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("small_slices")
@settings(max_examples=20_000)
@given(text=TEXTS)
def test_many_slices_have_the_ids_of_the_whole(qwen3: Tokenizer, whole: Backend, text: str) -> None:
    assert qwen3.encode(text) == whole.encode(well_formed(text), add_special_tokens=False).ids


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("one", FRAGMENTS, ids=ascii)
def test_every_pair_of_neighbours(qwen3: Tokenizer, whole: Backend, one: str) -> None:
    for other in FRAGMENTS:
        text = f"a{one}{other}b {other}{one} "
        assert qwen3.encode(text) == whole.encode(well_formed(text), add_special_tokens=False).ids


@pytest.fixture(scope="module", params=[*range(len(SPLITS)), "gpt2", "digits"])
def other_split(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tokenizer, Backend]:
    """A tokenizer that merges whatever is not split, so that a wrong cut shows."""
    folder = tmp_path_factory.mktemp("split")
    write_tiny_tokenizer(
        folder, merged=["Ġa", "aĠ", ",Ġ", "ab", "a,", "Ċa", "aĊ", "1,", "12", "ĠĠ"]
    )
    content = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    last = content["pre_tokenizer"]
    splits: list[Any] = []
    if request.param == "gpt2":
        last["use_regex"] = True
    elif request.param == "digits":
        splits, last["use_regex"] = [{"type": "Digits", "individual_digits": True}], True
    else:
        pattern = {"Regex": SPLITS[request.param]}
        splits = [{"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}]
    content["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [*splits, last]}
    (folder / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    return load_tokenizer(folder), Backend.from_file(str(folder / "tokenizer.json"))


@pytest.mark.usefixtures("small_slices")
@settings(max_examples=examples(60))
@given(text=TEXTS)
def test_so_they_do_with_other_splits(other_split: tuple[Tokenizer, Backend], text: str) -> None:
    tokenizer, whole = other_split
    assert tokenizer.encode(text) == whole.encode(well_formed(text), add_special_tokens=False).ids


@pytest.mark.usefixtures("small_slices")
def test_the_goldens_in_slices(goldens: list[dict[str, Any]], qwen3: Tokenizer) -> None:
    for case in goldens:
        assert qwen3.encode(case["text"]) == case["ids"], case["name"]
        chat = qwen3.chat_prompt(
            case["messages"],
            case["tools"],
            case["add_generation_prompt"],
            **({} if case["enable_thinking"] is None else {"enable_thinking": True}),
        )
        in_slices = qwen3.encode_chat(chat)
        assert len(list(qwen3._encoder.slices(chat.marked))) > 3
        assert in_slices == qwen3._chat_ids(chat)


@pytest.mark.usefixtures("small_slices")
@settings(max_examples=examples(100))
@given(user=TEXTS, answer=TEXTS)
def test_a_chat_in_slices(qwen3: Tokenizer, user: str, answer: str) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": user},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "a, b"},
    ]
    chat = qwen3.chat_prompt(messages)
    assert qwen3.encode_chat(chat) == qwen3._chat_ids(chat)


@pytest.mark.parametrize(
    "unit",
    [
        "The quick brown fox. ",
        "天地玄黄，宇宙洪荒。",
        '{"key": [1,2,3]},',
        "a;b;",
        "क्या है ",
        "Слово слово ",
    ],
)
def test_prose_of_any_script_is_cut(qwen3: Tokenizer, unit: str) -> None:
    text = unit * (100_000 // len(unit))
    pieces = list(qwen3._encoder.slices(text))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= encoder.SLICE + 50


def added(content: str, **flags: bool) -> dict[str, Any]:
    return {"content": content, "special": True, **flags}


@pytest.mark.parametrize(
    ("token", "is_cut"),
    [
        (added("<a b>"), True),  # at commas
        (added("<a, b. c>", normalized=True), True),
        (added("<x>", rstrip=True), False),
        (added("<x>", lstrip=True), False),
        (added("<x>", single_word=True), True),
        (added("a=b"), True),
        (added("<1x>"), True),
        (added('<1x a,;.()="\t\r\n>'), False),
    ],
)
@pytest.mark.usefixtures("small_slices")
def test_added_tokens_are_never_cut(tmp_path: Path, token: dict[str, Any], is_cut: bool) -> None:
    write_tiny_tokenizer(tmp_path)
    content = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    content["pre_tokenizer"]["use_regex"] = True
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    content["added_tokens"].append({"id": 261, **flags, **token})
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    tokenizer = load_tokenizer(tmp_path)
    whole = Backend.from_file(str(tmp_path / "tokenizer.json"))
    name = token["content"]
    for text in (f"a {name} b,{name},c;{name};d{name}e  {name}  f", f"{name} {name}a, {name}"):
        assert tokenizer.encode(text) == whole.encode(text, add_special_tokens=False).ids
        assert (len(list(tokenizer._encoder.slices(text + ";a;b;c"))) > 1) == is_cut


def test_without_words_there_are_no_cuts(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    assert len(list(tokenizer._encoder.slices("a b, c. " * 10_000))) == 1


@pytest.mark.parametrize("unit", ["x", "\n", "中", "<"])
def test_a_run_without_end_is_refused(
    qwen3: Tokenizer, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    monkeypatch.setattr(encoder, "LONGEST", 30_000)
    assert qwen3.encode(unit * 30_000)
    text = f"a b {unit * 50_000} c"
    chat = qwen3.chat_prompt([{"role": "user", "content": text}])
    for encode in (lambda: qwen3.encode(text), lambda: qwen3.encode_chat(chat)):
        with pytest.raises(InvalidRequestError, match=r"^A text has 5\d,\d+ characters in a row"):
            encode()


def test_the_rest_of_a_long_text_is_dropped(qwen3: Tokenizer) -> None:
    text = "The quick brown fox. " * 20_000
    ids = qwen3.encode(text)
    beginning = qwen3.encode(text, at_most=1000)
    assert 1000 < len(beginning) < 10_000
    assert ids[: len(beginning)] == beginning
    assert qwen3.encode(text, at_most=len(ids)) == ids
    chat = ChatPrompt(text, "\ufdd0")
    assert qwen3.encode_chat(chat, at_most=1000) == beginning


@settings(max_examples=examples(100))
@given(text=TEXTS)
def test_the_lower_bound_is_one(qwen3: Tokenizer, text: str) -> None:
    for repeated in (text, text * 50):
        assert qwen3.least_tokens(repeated) <= len(qwen3.encode(repeated))


@pytest.mark.parametrize(
    "unit", [" " * 128, "α\u0313\u0342\u0345", "\u1112\u1161\u11ab", "=" * 64, "\ud83d\ude00" * 4]
)
def test_the_lower_bound_of_what_takes_fewest_tokens(qwen3: Tokenizer, unit: str) -> None:
    text = unit * 200
    assert 0 < qwen3.least_tokens(text) <= len(qwen3.encode(text))


def test_the_lower_bound_refuses_far_too_long_texts(qwen3: Tokenizer) -> None:
    assert qwen3.least_tokens("x" * 10_000_000) > 40_960


@pytest.fixture
def longest_pause() -> Iterator[list[float]]:
    """Return for how many seconds an idle thread was blocked."""
    pauses, is_over = [0.0], threading.Event()

    def tick() -> None:
        before = time.perf_counter()
        while not is_over.wait(0.001):
            now = time.perf_counter()
            pauses.append(now - before)
            before = now

    thread = threading.Thread(target=tick)
    thread.start()
    yield pauses
    is_over.set()
    thread.join()


def test_other_threads_keep_running(qwen3: Tokenizer, longest_pause: list[float]) -> None:
    """The ticks are counted: a text that holds the interpreter leaves none of them."""
    qwen3.encode("x" * 300_000)
    assert len(longest_pause) > 20
