from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend

from qwen3mlx.errors import CheckpointError, InvalidRequestError, TemplateError
from qwen3mlx.text import Tokenizer, load_tokenizer
from qwen3mlx.text.collector import collector_paused
from qwen3mlx.text.tokenizer_file import load_tokenizer_file
from tests.support.examples import examples

from .support import BYTES, write_tiny_tokenizer

HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "now"}}


def test_goldens(goldens: list[dict[str, Any]], qwen3: Tokenizer, bare_qwen3: Tokenizer) -> None:
    assert len(goldens) == 8
    for case in goldens:
        thinking = case["enable_thinking"]
        kwargs = {} if thinking is None else {"enable_thinking": thinking}
        for tokenizer in (qwen3, bare_qwen3):
            text = tokenizer.apply_chat_template(
                case["messages"], case["tools"], case["add_generation_prompt"], **kwargs
            )
            assert text == case["text"], case["name"]
            assert tokenizer.encode(text) == case["ids"], case["name"]
            assert tokenizer.decode(case["ids"]) == text, case["name"]


@settings(max_examples=examples(60))
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_decode_undoes_encode(qwen3: Tokenizer, text: str) -> None:
    ids = qwen3.encode(text)
    assert qwen3.decode(ids) == qwen3.decode(qwen3.encode(qwen3.decode(ids)))
    if text.isascii():
        assert qwen3.decode(ids) == text


@settings(max_examples=examples(60))
@given(ids=st.lists(st.integers(0, 151_935), max_size=40))
def test_decode_is_the_librarys(qwen3_backend: Backend, qwen3: Tokenizer, ids: list[int]) -> None:
    assert qwen3.decode(ids) == qwen3_backend.decode(ids, skip_special_tokens=False)


@pytest.fixture(scope="module")
def qwen3_backend(qwen3_folder: Path) -> Backend:
    return Backend.from_file(str(qwen3_folder / "tokenizer.json"))


def test_tokens_and_their_bytes(qwen3: Tokenizer) -> None:
    assert qwen3.vocab_size == 151_669
    assert qwen3.token_id("<think>") == 151_667
    assert qwen3.token_id("no such token") is None
    assert qwen3.token_bytes(151_645) == b"<|im_end|>"
    assert qwen3.token_bytes(151_935) == b"", "a padding row of the embedding"
    (hello,) = qwen3.encode(" hello")
    assert qwen3.token_bytes(hello) == b" hello"
    assert b"".join(map(qwen3.token_bytes, qwen3.encode("né😀"))) == "né😀".encode()


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("", ""),
        ("\0a\0", "\0a\0"),
        ("lone \ud800 and \udfff", "lone � and �"),
        ("\udc00\ud800", "��"),
        ("paired \ud83d\ude00", "paired 😀"),
        ("end \ud83d", "end �"),
    ],
)
def test_odd_text(qwen3: Tokenizer, text: str, read_as: str) -> None:
    ids = qwen3.encode(text)
    assert ids == qwen3.encode(read_as)
    assert qwen3.decode(ids) == read_as


@pytest.mark.parametrize("unit", ["a", "中", "word ", "\n"])
def test_a_megabyte_on_one_line(qwen3: Tokenizer, unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    start = time.process_time()  # other processes may take the machine meanwhile
    ids = qwen3.encode(text)
    assert time.process_time() - start < 20
    assert qwen3.decode(ids) == text


def test_vocabulary_and_merges_without_tokenizer_json(
    qwen3: Tokenizer, qwen3_folder: Path, tmp_path: Path
) -> None:
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copy(qwen3_folder / name, tmp_path)
    rebuilt = load_tokenizer(tmp_path)
    text = "<|im_start|>user\nI'll pay 1234€, 北京 İ e\u0301 ﬁ²\r\n\r\n  DON'T!  \tนี่ <think> 😀"
    assert rebuilt.encode(text) == qwen3.encode(text)
    assert rebuilt.vocab_size == qwen3.vocab_size


def test_added_tokens_only_the_configuration_knows(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    entry = {"content": "<tool_call>", "special": False}
    write_config(tmp_path, {"added_tokens_decoder": {"261": entry}})
    assert load_tokenizer(tmp_path).encode("a<tool_call>") == [97, 261]
    write_config(tmp_path, {"added_tokens_decoder": {"300": entry}})
    with pytest.raises(
        CheckpointError, match=r"tokenizer_config.json gives '<tool_call>' the id 300"
    ):
        load_tokenizer(tmp_path)
    write_config(tmp_path, {"added_tokens_decoder": {"x": entry}})
    with pytest.raises(CheckpointError, match="list of added tokens"):
        load_tokenizer(tmp_path)


def test_older_added_tokens_json(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    (tmp_path / "added_tokens.json").write_text('{"<tool_call>": 261}')
    assert load_tokenizer(tmp_path).token_id("<tool_call>") == 261


def test_an_added_token_outside_ascii_is_its_own_text(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    write_config(tmp_path, {"added_tokens_decoder": {"261": {"content": "<é>"}}})
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.encode("<é>") == [261]
    assert tokenizer.decode([261]) == "<é>"


def test_every_byte_is_a_token(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    assert [tokenizer.token_bytes(index) for index in range(256)] == [
        bytes([i]) for i in range(256)
    ]
    assert len(set(BYTES)) == 256


def write_config(folder: Path, config: dict[str, Any]) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")


def break_file(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (
            "tokenizer.json",
            b'{"version": "1.0", "trunc',
            "tokenizer.json is not JSON",
        ),
        ("tokenizer.json", b"", "tokenizer.json is not JSON"),
        ("tokenizer.json", b"\xff\xfe", "tokenizer.json is not JSON"),
        (
            "tokenizer_config.json",
            b'{"eos_token": ',
            "tokenizer_config.json is not JSON",
        ),
        ("tokenizer_config.json", b"[]", "tokenizer_config.json must hold a JSON object"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    write_tiny_tokenizer(tmp_path)
    break_file(tmp_path, name, content)
    with pytest.raises(CheckpointError) as caught:
        load_tokenizer(tmp_path)
    assert f"{tmp_path / name}" in str(caught.value)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_broken_vocabularies(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is missing"):
        load_tokenizer(tmp_path)
    break_file(tmp_path, "vocab.json", b'{"a": 0')
    break_file(tmp_path, "merges.txt", b"")
    with pytest.raises(CheckpointError, match=r"vocab\.json is not JSON"):
        load_tokenizer(tmp_path)


def test_other_kinds_of_tokenizer_are_refused(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    content = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    content["decoder"] = None
    break_file(tmp_path, "tokenizer.json", json.dumps(content).encode())
    with pytest.raises(CheckpointError, match="not a byte-level tokenizer"):
        load_tokenizer(tmp_path)


def test_a_broken_template_names_file_and_line(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").write_text("ok\n{% if %}\n")
    tokenizer = load_tokenizer(tmp_path)
    with pytest.raises(TemplateError, match=r"chat_template\.jinja line 2: ") as caught:
        tokenizer.apply_chat_template(HELLO)
    assert "\n" not in str(caught.value)


def test_templates_see_named_tokens_and_kwargs(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    write_config(
        tmp_path,
        {
            "bos_token": None,
            "eos_token": "<|im_end|>",
            "pad_token": {"content": "<|endoftext|>", "lstrip": False},
            "chat_template": "{{ bos_token is defined }} {{ eos_token }} {{ pad_token }} "
            "{{ mood }} {{ documents is none }} {{ tools is none }} {{ add_generation_prompt }}",
        },
    )
    tokenizer = load_tokenizer(tmp_path)
    text = tokenizer.apply_chat_template(HELLO, [], False, mood="calm")
    assert text == "False <|im_end|> <|endoftext|> calm True True False"


@pytest.mark.usefixtures("caplog")  # this template has no place for them
def test_the_tool_template_is_taken_for_tools(tmp_path: Path) -> None:
    write_tiny_tokenizer(tmp_path)
    named = [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]
    write_config(tmp_path, {"chat_template": named})
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.apply_chat_template(HELLO) == "plain"
    assert tokenizer.apply_chat_template(HELLO, [TOOL]) == "tools"
    assert tokenizer.apply_chat_template(HELLO, []) == "plain"


def test_messages_are_normalized_first(qwen3: Tokenizer) -> None:
    parts = [{"type": "text", "text": "hel"}, {"type": "input_text", "text": "lo"}]
    assert qwen3.apply_chat_template([{"role": "user", "content": parts}]) == (
        qwen3.apply_chat_template(HELLO)
    )
    with pytest.raises(InvalidRequestError):
        qwen3.apply_chat_template([])


@pytest.mark.slow
@pytest.mark.alone
def test_loading_costs_what_the_library_costs(qwen3_folder: Path) -> None:
    """In processor time: other processes may take the machine meanwhile."""

    def library() -> None:
        Backend.from_file(str(qwen3_folder / "tokenizer.json"))

    def ours() -> None:
        load_tokenizer(qwen3_folder)

    seconds: dict[Any, list[float]] = {library: [], ours: []}
    for _ in range(9):
        for load, times in seconds.items():
            start = time.process_time()
            load()
            times.append(time.process_time() - start)
    assert min(seconds[ours]) < 1.3 * min(seconds[library])


def test_nothing_is_collected_while_it_is_loaded(qwen3_folder: Path, tmp_path: Path) -> None:
    """Each list of two parts of a merge is one more object for the collector to look at."""
    seen: list[str] = []

    def watch(phase: str, info: dict[str, int]) -> None:
        seen.append(phase)

    folder = shutil.copytree(qwen3_folder, tmp_path / "other")
    with (folder / "tokenizer.json").open("a") as file:
        file.write("\n")  # not what is in memory already
    gc.callbacks.append(watch)
    try:
        load_tokenizer_file(folder, {})
    finally:
        gc.callbacks.remove(watch)
    assert gc.isenabled()
    assert len(seen) < 10


def test_loads_at_the_same_time_leave_the_collector_as_it_was() -> None:
    for was_enabled in (True, False):
        (gc.enable if was_enabled else gc.disable)()
        inside, outside = threading.Event(), threading.Event()

        def load(*, inside: threading.Event = inside, outside: threading.Event = outside) -> None:
            with collector_paused:
                inside.set()
                outside.wait()

        thread = threading.Thread(target=load)
        try:
            with collector_paused:
                thread.start()
                inside.wait()
            assert not gc.isenabled(), "the other one goes on"
            outside.set()
            thread.join()
            assert gc.isenabled() == was_enabled
        finally:
            gc.enable()


def test_importing_is_light() -> None:
    code = (
        "import sys, qwen3mlx.text; "
        "print([name for name in ('tokenizers', 'jinja2', 'mlx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
