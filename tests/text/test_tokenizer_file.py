"""Untrusted tokenizer files: what they can contain, and what is refused in one line."""

from __future__ import annotations

import base64
import copy
import gc
import json
import random
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import processors

from qwen3mlx.errors import CheckpointError
from qwen3mlx.text import Tokenizer, load_tokenizer
from qwen3mlx.text.encoder import Encoder
from qwen3mlx.text.tokenizer_file import load_tokenizer_file

from .support import write_tiny_tokenizer

Content = dict[str, Any]
# Normalization lets a character become three, of at most four bytes.
MOST_TOKENS_PER_BYTE = 3
TEXT = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! <|im_end|> é 北京 \U0001d15e 12 \n\n  b"


def write(folder: Path, change: Callable[[Content], object]) -> Path:
    write_tiny_tokenizer(folder, merged=["ab", "bc"])
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    return folder


def put(*keys: Any, value: Any) -> Callable[[Content], object]:
    def change(content: Content) -> None:
        part: Any = content
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value

    return change


def split(pattern: Any, behavior: str = "Isolated", invert: bool = False) -> Content:
    step = {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    return {"type": "Sequence", "pretokenizers": [step, byte_level]}


def regex(pattern: str) -> Content:
    return split({"Regex": pattern})


def added(content: Any, **values: Any) -> Content:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    return {"id": 263, "content": content, **flags, **values}


def also(*tokens: Any) -> Callable[[Content], object]:
    return lambda content: content["added_tokens"].extend(tokens)


def in_turn(*changes: Callable[[Content], object]) -> Callable[[Content], object]:
    return lambda content: [change(content) for change in changes]


TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[NO]", "type_id": 0}}],
    "pair": [],
    "special_tokens": {},
}
TRUNCATION = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 5}
PADDING = {
    "strategy": {"Fixed": 2**31},
    "direction": "Right",
    "pad_to_multiple_of": 0,
    "pad_id": 0,
    "pad_type_id": 0,
    "pad_token": "a",
}

# Declarations that are ignored: each of these hangs, fails or changes texts in the library.
LEFT_OUT = {
    "a truncation that panics": put("truncation", value=TRUNCATION),
    "a truncation": put("truncation", value={**TRUNCATION, "stride": 0}),
    "a padding of gigabytes": put("padding", value=PADDING),
    "a template without its token": put("post_processor", value=TEMPLATE),
    "a post-processor that is none": put("post_processor", value={"type": "Bert"}),
    "a cache of all memory": put("model", "cache_capacity", value=2**62),
    "an unk_token that is none": put("model", "unk_token", value="nowhere"),
    "byte_fallback": put("model", "byte_fallback", value=True),
    "a part nobody knows": put("more", value={"deep": [1]}),
}

REFUSED = {
    "the same merge again and again": put("model", "merges", value=[["a", "b"]] * 10_000),
    "nested quantifiers": put("pre_tokenizer", value=regex(r"(a+)+$")),
    "nested quantifiers, other": put("pre_tokenizer", value=regex(r"(?:a|aa)*!!")),
    "a backreference": put("pre_tokenizer", value=regex(r"(a*)*\1b")),
    "a pattern of gigabytes": put("pre_tokenizer", value=regex("(" * 3 + "a{1,999})" * 3)),
    "an endless recursion": put("pre_tokenizer", value=regex(r"(?<x>a\g<x>?b)")),
    "Qwen's pattern and one more": put("pre_tokenizer", value=regex(r"\p{N}|(x+x+)+y")),
    "a pattern that is none": put("pre_tokenizer", value=regex("(")),
    "what is removed": put("pre_tokenizer", value=split({"String": "a"}, "Removed")),
    "an inverted split": put("pre_tokenizer", value=split({"String": "a"}, invert=True)),
    "pieces of no length": put("pre_tokenizer", value={"type": "FixedLength", "length": 0}),
    "no pre_tokenizer": put("pre_tokenizer", value=None),
    "blanks that nobody wrote": put("pre_tokenizer", "add_prefix_space", value=True),
    "blanks that are lost": put("pre_tokenizer", value={"type": "Whitespace"}),
    "a sequence without steps": put("pre_tokenizer", value={"type": "Sequence"}),
    "a sequence of itself": put(
        "pre_tokenizer", value={"type": "Sequence", "pretokenizers": [{"type": "Sequence"}]}
    ),
    "too many steps": put(
        "pre_tokenizer", value={"type": "Sequence", "pretokenizers": [{"type": "Digits"}] * 10_000}
    ),
    "a text of gigabytes": put(
        "normalizer",
        value={"type": "Replace", "pattern": {"Regex": ""}, "content": "a" * 1_000_000},
    ),
    "a charsmap that panics": put(
        "normalizer", value={"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    ),
    "a charsmap of zeros": put(
        "normalizer",
        value={
            "type": "Precompiled",
            "precompiled_charsmap": base64.b64encode(bytes(5000)).decode(),
        },
    ),
    "a prefix": put("normalizer", value={"type": "Prepend", "prepend": "▁"}),
    "lower case": put("normalizer", value={"type": "Lowercase"}),
    "normalizers that are none": put("normalizer", value={"type": "Sequence", "normalizers": 5}),
    "no decoder": put("decoder", value=None),
    "another decoder": put("decoder", value={"type": "Metaspace"}),
    "a unigram": put("model", value={"type": "Unigram", "vocab": [], "unk_id": 7}),
    "a word level": put("model", "type", value="WordLevel"),
    "no model": put("model", value=None),
    "a model that is none": put("model", value=[]),
    "an empty vocab": put("model", "vocab", value={}),
    "no vocab": put("model", "vocab", value=None),
    "a vocab without a byte": lambda content: content["model"]["vocab"].pop("Ġ"),
    "an id twice": put("model", "vocab", "ab", value=3),
    "a negative id": put("model", "vocab", "ab", value=-1),
    "an id of 64 bits": put("model", "vocab", "ab", value=2**63),
    "an id of 32 bits": put("model", "vocab", "ab", value=2**32 - 1),
    "an id that is none": put("model", "vocab", "ab", value=1.5),
    "an id that is a truth": put("model", "vocab", "ab", value=True),
    "half a character": put("model", "vocab", "\ud800", value=263),
    "a merge out of the vocab": put("model", "merges", value=["x y"]),
    "a merge longer than all": put("model", "merges", value=[["ab", "bc"]]),
    "a merge of three": put("model", "merges", value=["a b c"]),
    "a merge of one": put("model", "merges", value=[["ab"]]),
    "a merge of nothing": put("model", "merges", value=[["ab", ""]]),
    "a merge of numbers": put("model", "merges", value=[[1, 2]]),
    "a merge that is none": put("model", "merges", value=[None]),
    "no merges": put("model", "merges", value=None),
    "a prefix of pieces that panics": put("model", "continuing_subword_prefix", value="###"),
    "a suffix of words": put("model", "end_of_word_suffix", value="</w>"),
    "chance": put("model", "dropout", value=0.5),
    "no chance": put("model", "dropout", value=7),
    "no added tokens": put("added_tokens", value=None),
    "added tokens that are none": put("added_tokens", value=["<x>"]),
    "an added id that does not follow": also(added("<x>", id=500)),
    "an added id of 32 bits": also(added("<x>", id=2**32 - 1)),
    "an added id below": also(added("<x>", id=-1)),
    "an added id that is endless": also(added("<x>", id=float("inf"))),
    "an added token without text": also(added("")),
    "an added token that is a number": also(added(5)),
    "half an added token": also(added("\udc00")),
    "a long added token": also(added("x" * 100_000)),
    "very many added tokens": also(*(added(f"<{i}>", id=263 + i) for i in range(80_000))),
}


@pytest.mark.parametrize("change", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_not_the_files_business(
    tmp_path: Path, change: Callable[[Content], object]
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "odd").mkdir()
    plain = load_tokenizer(write(tmp_path / "plain", lambda content: None))
    odd = load_tokenizer(write(tmp_path / "odd", change))
    assert odd.encode(TEXT) == plain.encode(TEXT)
    assert odd.decode(odd.encode(TEXT)) == TEXT


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_what_no_qwen3_has_is_refused(
    tmp_path: Path, change: Callable[[Content], object], capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, change)
    with pytest.raises(CheckpointError) as caught:
        load_tokenizer(tmp_path)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "tokenizer.json"))
    assert "\n" not in message
    assert len(message) < len(str(tmp_path)) + 300
    assert "panicked" not in capfd.readouterr().err


ODD: list[Any] = [
    *(None, True, -1, 2**31, 2**63, 1.5, float("inf"), float("nan"), "", "a", "\ud800", "x" * 5000),
    *([], [[]], [None], [""], {}, {"type": "x"}, {"type": "Sequence"}, {"Regex": "(a+)+b"}),
]


def mutate(content: Content, random_: random.Random) -> None:
    """Replace, remove or duplicate a part of it."""
    part: Any = content
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not keys:
            return
        key = random_.choice(keys)
        inner = part[key]
        if not isinstance(inner, dict | list) or not inner or random_.random() < 0.2:
            break
        part = inner
    way = random_.random()
    if way < 0.6:
        part[key] = copy.deepcopy(random_.choice(ODD))
    elif way < 0.8:
        del part[key]
    elif isinstance(part, list):
        part.append(inner)
    else:
        part[random_.choice(["type", "id", "content", "vocab", "x"])] = inner


def assert_usable_or_refused(folder: Path) -> bool:
    try:
        tokenizer = load_tokenizer(folder)
    except CheckpointError:
        return False
    ids = tokenizer.encode(TEXT)
    assert len(ids) <= MOST_TOKENS_PER_BYTE * len(TEXT.encode())
    tokenizer.decode(ids)
    return True


def mutated(folder: Path, seed: int) -> Path:
    random_ = random.Random(seed)

    def change(content: Any) -> None:
        for _ in range(1 + seed % 3):
            mutate(content, random_)

    return write(folder, change)


def test_mutated_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results = [assert_usable_or_refused(mutated(tmp_path, seed)) for seed in range(150)]
    assert 20 < sum(results) < 130
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_mutated_files(tmp_path: Path) -> None:
    for seed in range(5000):
        assert_usable_or_refused(mutated(tmp_path, seed))


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt", "added_tokens.json"])
@pytest.mark.parametrize(
    "content",
    [b"[]", b"{}", b"\xff\xff", b"\0" * 100, b'{"a": {}}', b"a b\n" * 1000, b'{"a": "b"}'],
)
def test_older_files(tmp_path: Path, name: str, content: bytes) -> None:
    write_tiny_tokenizer(tmp_path)
    model = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["model"]
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]), "utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    assert assert_usable_or_refused(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert_usable_or_refused(tmp_path)


@pytest.mark.parametrize(
    "entry",
    [{"content": "x" * 1000}, {"content": "\ud800"}, {"content": ""}, {"content": None}, {}, 5],
)
def test_added_tokens_of_the_configuration(tmp_path: Path, entry: Any) -> None:
    write_tiny_tokenizer(tmp_path)
    config = {"added_tokens_decoder": {"261": entry}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(CheckpointError) as caught:
        load_tokenizer(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_panic_of_the_library_is_an_error_of_the_file(tmp_path: Path, qwen3: Tokenizer) -> None:
    """None of a file is known to be left: this one is put there by hand."""
    write_tiny_tokenizer(tmp_path)
    file = load_tokenizer_file(tmp_path, {})
    encoder = Encoder(file, [])
    assert encoder.ids("ab") == encoder.plain_ids("ab") == [97, 98]
    for backend in (file.backend, encoder._texts):
        assert isinstance(backend, Backend)
        backend.enable_truncation(max_length=2, stride=1)
        backend.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True)])
        broken = json.loads(backend.to_str())
        broken["truncation"]["stride"] = 5
        backend.__setstate__(json.dumps(broken).encode())
    for encode in (encoder.ids, encoder.plain_ids):
        with pytest.raises(CheckpointError, match=r"tokenizer\.json .*PanicException: `stride`"):
            encode("a b c d e f")


def test_added_tokens_are_those_that_the_library_reads(
    qwen3: Tokenizer, qwen3_folder: Path
) -> None:
    whole = Backend.from_file(str(qwen3_folder / "tokenizer.json"))
    built = qwen3._encoder._file.backend
    assert built.get_added_tokens_decoder() == whole.get_added_tokens_decoder()
    assert built.get_vocab_size() == whole.get_vocab_size()


def test_models_with_the_same_file_share_it(tmp_path: Path) -> None:
    """Each has its own added tokens; what nobody has any more is forgotten."""
    folders = [tmp_path / name for name in ("one", "two", "other")]
    for folder, token in zip(folders, ("<one>", "<two>", "<one>"), strict=True):
        folder.mkdir()
        write(folder, lambda content: None)
        size = load_tokenizer(folder).vocab_size
        declared = {"added_tokens_decoder": {size: {"content": token, "special": True}}}
        (folder / "tokenizer_config.json").write_text(json.dumps(declared))
    with (folders[2] / "tokenizer.json").open("a") as file:
        file.write(" ")
    one, two, other = map(load_tokenizer, folders)
    files = [each._encoder._file for each in (one, two, other)]
    assert files[0].vocabulary is files[1].vocabulary
    assert files[0].vocabulary is not files[2].vocabulary
    assert len(one.encode("<one>")) == len(two.encode("<two>")) == 1
    assert len(one.encode("<two>")) > 1 < len(two.encode("<one>"))
    for each in (one, two, other):
        assert each.decode(each.encode("ab<one><two>")) == "ab<one><two>"
    shared = weakref.ref(files[0].vocabulary)
    del one, files, each
    assert shared() is not None
    del two
    gc.collect()
    assert shared() is None
