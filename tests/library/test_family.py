"""The table of the released models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qwen3mlx.config import ModelConfig
from qwen3mlx.library import family
from qwen3mlx.library.family import FamilyMember, members, repositories
from tests.config.released import RELEASED

PUBLISHERS = ("Qwen", "mlx-community", "lmstudio-community")


def test_the_whole_family_is_there() -> None:
    names = {member.name for member in members()}
    assert len(names) == len(members()) == 28
    for sizes, name in (
        ("0.6b 1.7b 4b 8b 14b 32b 30b-a3b 235b-a22b", "qwen3:{}"),
        ("0.6b 1.7b 4b 8b 14b 30b-a3b", "qwen3:{}-base"),
        ("4b 30b-a3b 235b-a22b", "qwen3:{}-instruct-2507"),
        ("4b 30b-a3b 235b-a22b", "qwen3:{}-thinking-2507"),
        ("30b-a3b 480b-a35b", "qwen3-coder:{}"),
        ("0.6b 4b 8b", "qwen3-embedding:{}"),
        ("0.6b 4b 8b", "qwen3-reranker:{}"),
    ):
        assert {name.format(size) for size in sizes.split()} <= names


def test_a_family_alone_means_one_model() -> None:
    defaults = {member.family: member.size for member in members() if member.is_default}
    assert defaults == {
        "qwen3": "8B",
        "qwen3-coder": "30B-A3B",
        "qwen3-embedding": "8B",
        "qwen3-reranker": "0.6B",
    }


@pytest.mark.parametrize("size", list(RELEASED))
def test_sizes_and_shapes_are_those_of_the_released_checkpoints(size: str) -> None:
    config = ModelConfig.from_mapping(RELEASED[size])
    for member in members():
        if member.size != size or member.name == "qwen3-embedding:8b":  # which has no lm_head
            continue
        assert member.num_parameters == config.num_parameters
        rest = {"max_position_embeddings", "rope", "eos_token_ids", "norm_topk_prob"}
        for field in set(config._fields) - rest:
            assert getattr(member.config, field) == getattr(config, field)


def test_parameters_are_those_of_the_shapes() -> None:
    for member in members():
        assert member.num_parameters == member.config.num_parameters


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_a_row_is_consistent(member: FamilyMember) -> None:
    assert re.fullmatch(r"[\d.]+B(-A\d+B)?", member.size)
    assert member.context_length in (32768, 40960, 262144)
    assert member.capabilities
    assert member.kaggle is None or member.kaggle.startswith("qwen-lm/")
    kinds = [repository.quantization for repository in member.repositories]
    assert kinds == sorted(kinds, key=["4bit", "5bit", "6bit", "8bit", "bf16"].index)
    assert "bf16" in kinds
    size = member.size if member.family == "qwen3" else member.family.removeprefix("qwen3-")
    for repository in member.repositories:
        publisher, _, name = repository.repo_id.partition("/")
        assert publisher in PUBLISHERS
        assert size.lower() in name.lower()
        assert repository.quantization in name or publisher == "Qwen" or "mxfp8" in name
        assert repository.approximate_bytes is not None
        bits = 8 * repository.approximate_bytes / member.num_parameters
        assert bits == pytest.approx(16 if repository.quantization == "bf16" else bits)


def test_repositories_of_qwen_come_first() -> None:
    for member in members():
        of_kind: dict[str, list[int]] = {}
        for repository in member.repositories:
            rank = PUBLISHERS.index(repository.repo_id.partition("/")[0])
            is_mlx = rank or "-MLX-" in repository.repo_id
            of_kind.setdefault(repository.quantization, []).append(rank if is_mlx else 3)
        for kind, ranks in of_kind.items():
            if kind != "bf16" or 3 not in ranks:
                assert ranks == sorted(ranks), member.name


def test_no_repository_is_there_twice() -> None:
    assert len(repositories()) == sum(len(member.repositories) for member in members())


def test_a_folder_holds_a_released_model_by_its_name(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--mlx-community--Qwen3-Coder-30B-A3B-Instruct-4bit/snapshots/abc"
    for folder in (snapshot, tmp_path / "qwen3-coder-30b-a3b-instruct-mlx-4bit"):
        member = family.member_in(folder)
        assert member is not None
        assert (member.name, member.thinking) == ("qwen3-coder:30b-a3b", (False,))
    assert family.member_in(tmp_path / "my-model") is None


def test_what_the_file_omits_is_the_cards(tmp_path: Path) -> None:
    folder = tmp_path / "Qwen3-Coder-30B-A3B-Instruct"
    folder.mkdir()
    advised = family.generation_config(folder).sampling_defaults(thinking=True)
    card = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05}
    assert advised == {**card, "min_p": 0.0}
    (folder / "generation_config.json").write_text('{"repetition_penalty": 1.0, "top_k": 5}')
    advised = family.generation_config(folder).sampling_defaults(thinking=True)
    assert advised == {**card, "min_p": 0.0, "repetition_penalty": 1.0, "top_k": 5}


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_a_member_has_the_modes_of_its_name(member: FamilyMember) -> None:
    modes = {"instruct-2507": (False,), "thinking-2507": (True,)}
    if "chat" in member.capabilities and member.family == "qwen3":
        assert member.thinking == modes.get(member.variant, (True, False))
    else:
        assert member.thinking == (False,)
    is_new = member.variant in modes or member.family == "qwen3-coder"
    assert (member.context_length == 262_144) == is_new
