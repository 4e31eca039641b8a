from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from huggingface_hub.utils._validators import validate_repo_id
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwen3mlx.errors import ModelNotFoundError, Qwen3MLXError
from qwen3mlx.library import names
from qwen3mlx.library.family import FamilyMember, members, repositories
from qwen3mlx.library.names import DEMOS, Folder, Wanted, is_base, meaning
from qwen3mlx.library.refusals import instead, not_a_model
from qwen3mlx.library.resolve import parse_name
from tests.support.examples import examples

from .spellings import SPELLINGS

GB = 2**30


@pytest.fixture(autouse=True)
def a_computer_with_16_gb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwen3mlx.library.family.memory_bytes", lambda: 16 * GB)


def test_there_are_many_spellings_and_none_twice() -> None:
    assert len(SPELLINGS) >= 150
    assert len(dict(SPELLINGS)) == len(SPELLINGS)


@pytest.mark.parametrize(("name", "repo_id"), SPELLINGS)
def test_a_spelling_means_its_repository(name: str, repo_id: str) -> None:
    wanted = meaning(name)
    assert wanted is not None
    assert wanted.repository.repo_id == repo_id
    assert parse_name(name) == wanted


@pytest.mark.parametrize(("name", "repo_id"), SPELLINGS)
def test_blanks_and_the_tag_latest_do_not_matter(name: str, repo_id: str) -> None:
    assert meaning(f" {name}\n") == meaning(name)
    if not name.lower().endswith(":latest"):
        assert meaning(f"{name}:Latest") == meaning(name)


@example("org/a.git")
@example("org/a--b")
@given(st.from_regex(r"[aZ9._-]{1,9}/[aZ9._-]{1,9}(\.git)?", fullmatch=True))
def test_what_is_taken_for_a_repository_the_hubs_client_takes(name: str) -> None:
    if names.is_repository(name):
        validate_repo_id(name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("qwen3:30b-a3b-q4_K_M", "q4_k_m"),
        ("qwen3:8b-q5_K_M", "q5_k_m"),
        ("qwen3:8b-5bit", "5bit"),
        ("Qwen/Qwen3-8B-FP8", "fp8"),
        ("qwen3:8b-fp16", "fp16"),
        ("qwen3-8b-gguf", "gguf"),
        ("qwen3-30b-a3b-4bit-dwq", "4bit-dwq"),
    ],
)
def test_another_quantization_than_the_named_one_is_told(name: str, written: str) -> None:
    wanted = meaning(name)
    assert wanted is not None
    repo_id = wanted.repository.repo_id
    told = f"model names the quantization {written}; the nearest for MLX is {repo_id}."
    assert wanted.substitution(repo_id) == told


@pytest.mark.parametrize(
    "name", ["qwen3:8b", "qwen3:8b-8bit", "qwen3:4b-instruct-2507-bf16", "qwen3-embedding-8b-mxfp8"]
)
def test_the_named_quantization_needs_no_word(name: str) -> None:
    wanted = meaning(name)
    assert wanted is not None
    assert wanted.substitution(wanted.repository.repo_id) is None


def test_every_name_and_repository_of_the_table_means_itself() -> None:
    for member in members():
        wanted = meaning(member.name)
        assert wanted is not None
        assert set(wanted.repositories) == set(member.repositories)
        for repository in member.repositories:
            assert meaning(repository.repo_id) == Wanted((repository,))
            named = meaning(f"{member.name}-{repository.quantization}")
            assert named is not None
            assert repository in named.repositories


def test_a_name_in_capitals_means_a_repository_of_the_same_model() -> None:
    for key, (member, repository) in repositories().items():
        wanted = meaning(key.upper())
        assert wanted is not None
        assert repository in wanted.repositories
        assert set(wanted.repositories) <= set(member.repositories)


@pytest.mark.parametrize(("gigabytes", "bits"), [(16, "4bit"), (48, "6bit"), (64, "8bit")])
def test_the_default_quantization_goes_by_the_memory(
    monkeypatch: pytest.MonkeyPatch, gigabytes: int, bits: str
) -> None:
    monkeypatch.setattr("qwen3mlx.library.family.memory_bytes", lambda: gigabytes * GB)
    wanted = meaning("qwen3:8b")
    assert wanted is not None
    assert wanted.repository.repo_id == f"Qwen/Qwen3-8B-MLX-{bits}"


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
@pytest.mark.parametrize("gigabytes", [8, 16, 32, 64, 128, 512])
def test_a_default_leaves_memory_free_or_is_the_smallest(
    member: FamilyMember, gigabytes: int
) -> None:
    first = member.in_order(None, gigabytes * GB)[0]
    quantized = [each for each in member.repositories if each.quantization != "bf16"]
    assert first.quantization != "bf16" or not quantized
    assert first.approximate_bytes is not None
    smallest = min(each.approximate_bytes or 0 for each in quantized or member.repositories)
    used = first.approximate_bytes + member.kv_bytes(8192)
    assert used <= gigabytes * GB / 6 or first.approximate_bytes <= 1.1 * smallest


def test_the_size_of_a_repository_is_that_of_its_file() -> None:
    _, repository = repositories()["qwen/qwen3-8b-mlx-4bit"]
    assert repository.approximate_bytes == pytest.approx(4.35e9, rel=0.01)  # as published


@pytest.mark.parametrize("name", ["demo", "demo-moe", "DEMO:latest"])
def test_a_demo_is_a_folder_of_the_package_whatever_else_is_called_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    folder = DEMOS[name.lower().removesuffix(":latest")]
    assert parse_name(name) == Folder(folder)
    assert folder.parent.parent.name == "qwen3mlx"


@pytest.mark.parametrize("name", ["./x", "../x", "/x/y", "."])
def test_what_is_written_as_a_path_is_a_folder(name: str) -> None:
    assert parse_name(name) == Folder(Path(name))


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse_name("~/model") == Folder(Path("/home/someone/model"))


@pytest.mark.parametrize("name", ["models/mine", "Qwen3-8B-4bit"])
def test_a_folder_that_exists_wins_over_a_repository(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(parse_name(name), Wanted)
    (tmp_path / name).mkdir(parents=True)
    assert parse_name(name) == Folder(Path(name))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("qwen3:8", "qwen3:8b"),
        ("qwen3:8b-instruct", "qwen3:8b"),
        ("qwen3:8b-9bit", "qwen3:8b"),
        ("qwen3-8b-8b", "qwen3:8b"),
        ("qwen3-4b-base-instruct", "qwen3:4b-base"),
        ("qwne3:8b", "qwen3:8b"),
        ("qwen3-coder:480b-cloud", "qwen3-coder:480b-a35b"),
        ("Qwen3:30ba3b", "qwen3:30b-a3b"),
        ("qwen3-embeding:4b", "qwen3-embedding:4b"),
        ("someone/qwen3:14b", "qwen3:14b"),
        ("dmeo", "demo"),
    ],
)
def test_a_near_miss_suggests_the_right_name(name: str, meant: str) -> None:
    with pytest.raises(ModelNotFoundError, match=f"did you mean {meant}\\?$"):
        parse_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the name is empty"),
        (" :latest", "the name is empty"),
        ("x" * 1_000_000, "the name has 1,000,000 characters, and at most 300 are possible"),
        ("qwen3\n:8b", "the name has a character that cannot be printed"),
        ("qwen3:8b\x1b[2J", "the name has a character that cannot be printed"),
        ("qwen3:8b\u202e", "the name has a character that cannot be printed"),
        ("qw\u0435n3:8b", "CYRILLIC SMALL LETTER IE"),
        ("qwen3:\uff18b", "FULLWIDTH DIGIT EIGHT); use qwen3:8b"),
        ("qwen2.5:7b", "of another family"),
        ("qwen3.5:9b", "of another family"),
        ("qwen3-vl:8b", "of another family"),
        ("qwen3-coder-next", "of another family"),
        ("unsloth/Qwen3-8B-GGUF", "GGUF; use qwen3:8b, or `qwen3mlx import` a file"),
        ("hf.co/bartowski/Qwen3-14B-GGUF:Q4_K_M", "GGUF; use qwen3:14b, or"),
        ("dengcao/Qwen3-Reranker-8B:Q5_K_M", "GGUF; use qwen3-reranker:8b, or"),
        ("https://example.com/a/b", "a link to another site than huggingface.co"),
    ],
)
def test_a_name_that_cannot_be_used_says_why_in_one_line(name: str, reason: str) -> None:
    assert meaning(name) is None
    with pytest.raises(ModelNotFoundError) as caught:
        parse_name(name)
    assert reason in str(caught.value)
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize(
    "name", ["Tell me a joke", "a/b/c", "org/", "org/re po", "-x/y", "a--b/c", "a/b..c", "gpt-4o"]
)
def test_another_name_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(ModelNotFoundError, match=r"is not a model: use demo, .*\./model\.$"):
        parse_name(name)


def is_one_line(text: str) -> bool:
    return text.isprintable() and len(text) < 400 and text.endswith((".", "?"))


PIECES = st.sampled_from(
    ["qwen3", "Qwen", "3", "8b", "30B", "a3b", "instruct", "2507", "base", "mlx", "4bit", "q4_K_M"]
) | st.sampled_from(["coder", "gguf", "..", "", "\0", "\n", "\u202e", "\u0435", "~", "x" * 99])
JOINED = st.lists(st.tuples(PIECES, st.sampled_from(list(":-/@_ ."))), max_size=9).map(
    lambda parts: "".join(piece + separator for piece, separator in parts)
)


@settings(max_examples=examples(400, fast=100), deadline=None)
@given(st.one_of(JOINED, st.text(max_size=400), JOINED.map(lambda name: name.rstrip(":-/@_ ."))))
def test_any_text_is_understood_or_refused_in_one_line(name: str) -> None:
    wanted = meaning(name)
    if wanted is None:
        assert is_one_line(not_a_model(name))
        return
    for repository in wanted.repositories:
        publisher, slash, repo = repository.repo_id.partition("/")
        assert publisher
        assert slash
        assert repo
        assert repository.repo_id.isascii()
        assert not {"..", "/"} & {publisher, repo}
    known = {each.repo_id for _, each in repositories().values()}
    assert wanted.repository.repo_id in known or names.plain(name) == wanted.repository.repo_id


@settings(max_examples=examples(200, fast=50), deadline=None)
@given(st.one_of(JOINED, st.text(max_size=60)))
def test_the_command_line_takes_any_text(name: str) -> None:
    try:
        target: object = parse_name(name)
    except Qwen3MLXError as error:
        target = str(error)
    assert isinstance(target, (Folder, Wanted)) or is_one_line(str(target))


@given(st.sampled_from([name for name, _ in SPELLINGS]), st.data())
@settings(max_examples=examples(300, fast=75), deadline=None)
def test_a_look_alike_is_never_taken_for_a_model(name: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(name) - 1))
    strange = data.draw(st.characters(min_codepoint=128, categories=["L", "N", "P", "S"]))
    spelled = name[:index] + strange + name[index + 1 :]
    if "http" not in name and "hf.co" not in name:
        assert meaning(spelled) is None
    assert unicodedata.category(strange)


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("Qwen/Qwen3-8B-Base", True),
        ("/models/qwen3-8b-base/", True),
        ("org/Qwen3-8B-Base-4bit", True),
        ("./my-baseline", False),
        ("Base/model", False),
        ("demo", False),
    ],
)
def test_base_models_are_known_by_their_name(model: str, base: bool) -> None:
    assert is_base(model) == base


@pytest.mark.parametrize(
    ("name", "take"),
    [
        ("Qwen/Qwen3-8B-GGUF", "Qwen3-8B"),
        ("Qwen/Qwen3-VL-30B-A3B-Thinking", "Qwen3-30B-A3B"),
        ("org/Some-Embedding-4B", "Qwen3-Embedding-4B"),
        ("org/bge-reranker-large", "Qwen3-Reranker-"),
        ("meta/Llama-3-70B", "Qwen3-8B"),
        ("Qwen/Qwen2.5-Coder-7B", "Qwen3-Coder-30B-A3B"),
        ("x", "Qwen3-8B"),
    ],
)
def test_what_to_take_instead(name: str, take: str) -> None:
    found = instead(name)
    assert take in found
    assert found.casefold() in repositories()
