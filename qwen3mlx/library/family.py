"""The released Qwen3 models and the repositories that hold them: the table in `family.json`.

Each row is one model; its repositories are in order of preference within a quantization: Qwen's own
MLX repository, then those of the community, then the checkpoint that Qwen released, in bfloat16.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..config.generation import GenerationConfig
from ..config.hub_layout import repo_id_of, repository_of
from ..config.memory import kv_bytes_per_token
from ..config.model import ModelConfig

TABLE = Path(__file__).resolve().parent / "family.json"

# Quantizations, from small to large, and the bits of a weight; "bf16" is not quantized.
_BITS = {"4bit": 4, "5bit": 5, "6bit": 6, "8bit": 8, "bf16": 16}
# The share of the memory that weights and context take if nobody chose a quantization: a quarter of
# the two thirds that macOS gives the GPU. More bits are more exact, and slower.
_DEFAULT_SHARE = 1 / 6
_DEFAULT_CONTEXT = 8192  # tokens
_VALUE_BYTES = 2  # of a number that is computed with: bfloat16


class Repository(NamedTuple):
    """A repository of the hub; the rest is known only for those in the table.

    `on_modelscope` means that ModelScope has a repository with the same id.
    """

    repo_id: str
    approximate_bytes: int | None = None
    quantization: str = ""  # "4bit", "5bit", "6bit", "8bit" or "bf16"
    on_modelscope: bool = False


class FamilyMember(NamedTuple):
    """One released model. `name` is its alias without a quantization, as in `qwen3:8b`.

    `kaggle` is the handle on Kaggle of the checkpoint that Qwen released, if it is there.
    """

    name: str
    size: str  # "8B", "30B-A3B"
    is_default: bool  # the name of its family alone means this model
    num_parameters: int
    config: ModelConfig
    context_length: int  # tokens, without YaRN
    capabilities: tuple[str, ...]  # of chat, thinking, tools, completion, embedding, rerank
    sampling: Mapping[str, float]  # of its card, where it differs from Qwen3's
    kaggle: str | None
    repositories: tuple[Repository, ...]

    @property
    def family(self) -> str:
        """`qwen3`, `qwen3-coder` ..."""
        return self.name.partition(":")[0]

    @property
    def variant(self) -> str:
        """`base`, `instruct-2507`, `thinking-2507`, or empty."""
        return self.name.partition(":")[2].removeprefix(self.size.lower()).removeprefix("-")

    @property
    def thinking(self) -> tuple[bool, ...]:
        """The values of `enable_thinking` that it was trained for, the default first."""
        if "thinking" not in self.capabilities:
            return (False,)
        return (True,) if self.variant.startswith("thinking") else (True, False)

    def in_order(self, quantization: str | None, memory_bytes: int) -> tuple[Repository, ...]:
        """Return the repositories with this quantization, or the nearest one that there is.

        If `quantization` is None, return all: first those with the default for a computer with
        `memory_bytes` of memory, then the others by their distance from it.
        """
        rank = _distances(quantization or self.default_quantization(memory_bytes))
        ordered = sorted(self.repositories, key=lambda each: rank.index(each.quantization))
        if quantization is None:
            return tuple(ordered)
        return tuple(each for each in ordered if each.quantization == ordered[0].quantization)

    def default_quantization(self, memory_bytes: int) -> str:
        """Return the most exact quantization that leaves most of the GPU's memory free.

        It is at least the smallest one that there is, and never bfloat16 if there is another.
        """
        room = memory_bytes * _DEFAULT_SHARE - self.kv_bytes(_DEFAULT_CONTEXT)
        sizes = {
            each.quantization: each.approximate_bytes or 0 for each in reversed(self.repositories)
        }
        known = [kind for kind in _BITS if kind in sizes]
        quantized = [kind for kind in known if kind != "bf16"] or known
        fitting = [kind for kind in quantized if sizes[kind] <= room]
        return (fitting or quantized[:1])[-1]

    def kv_bytes(self, num_tokens: int) -> int:
        return num_tokens * kv_bytes_per_token(self.config, _VALUE_BYTES, None)


@cache
def members() -> tuple[FamilyMember, ...]:
    """Return every released model; the table is read once."""
    return tuple(map(_member, json.loads(TABLE.read_text(encoding="utf-8"))))


@cache
def repositories() -> dict[str, tuple[FamilyMember, Repository]]:
    """Return every repository of the table and its model, by id in lower case."""
    return {
        repository.repo_id.casefold(): (member, repository)
        for member in members()
        for repository in member.repositories
    }


@cache
def _by_bare_name() -> dict[str, FamilyMember]:
    return {name.rpartition("/")[2]: member for name, (member, _) in repositories().items()}


def member_in(folder: Path) -> FamilyMember | None:
    """Return the released model that a folder of the hub's cache or of this name holds, or None."""
    repository = repository_of(folder)
    name = (repo_id_of(repository.name) if repository is not None else None) or folder.name
    return _by_bare_name().get(name.rpartition("/")[2].casefold())


def generation_config(folder: Path) -> GenerationConfig:
    """Read a checkpoint's generation_config.json; what it omits is that of the model's card.

    Raises CheckpointError.
    """
    config, member = GenerationConfig.from_folder(folder), member_in(folder)
    if member is None or "chat" not in member.capabilities:
        return config
    return config._replace(card=member.sampling, thinking=member.thinking)


def listed_names(model_ids: Sequence[str]) -> dict[str, str]:
    """Return aliases of the models with these ids; each means that model while these are installed.

    The alias is the shortest one: without the quantization, if the model is the one that the alias
    alone means.
    """
    present = set(model_ids)
    memory, names = memory_bytes(), dict[str, str]()
    for member in members():
        taken: set[str] = set()
        for repository in member.in_order(None, memory):
            if repository.repo_id not in present or repository.quantization in taken:
                continue
            suffix = f"-{repository.quantization}" if taken else ""
            names[repository.repo_id] = f"{member.name}{suffix}"
            taken.add(repository.quantization)
    return names


@cache
def memory_bytes() -> int:
    """Return the memory of this computer."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _member(row: Any) -> FamilyMember:
    parameters: int = row["parameters"]
    return FamilyMember(
        name=row["name"],
        size=row["size"],
        is_default=row.get("is_default", False),
        num_parameters=parameters,
        config=_config(row),
        context_length=row["context_length"],
        capabilities=tuple(row["capabilities"]),
        sampling=row.get("sampling", {}),
        kaggle=row["kaggle"],
        repositories=tuple(
            Repository(
                repo_id=each["id"],
                approximate_bytes=round(parameters * each["bits_per_weight"] / 8),
                quantization=each["quantization"],
                on_modelscope=each["modelscope"],
            )
            for each in row["repositories"]
        ),
    )


def _config(row: Any) -> ModelConfig:
    """Return the configuration of the released checkpoint, of which the table has the sizes."""
    has_experts = "experts" in row
    sizes = {
        "model_type": "qwen3_moe" if has_experts else "qwen3",
        "vocab_size": row["vocabulary"],
        "hidden_size": row["hidden_size"],
        "intermediate_size": row["intermediate_size"],
        "num_hidden_layers": row["layers"],
        "num_attention_heads": row["heads"],
        "num_key_value_heads": row["kv_heads"],
        "head_dim": 128,
        "max_position_embeddings": row["context_length"],
        "tie_word_embeddings": row["tied"],
    }
    if has_experts:
        sizes["num_experts"] = row["experts"]
        sizes["num_experts_per_tok"] = row["active_experts"]
        sizes["moe_intermediate_size"] = row["expert_size"]
    return ModelConfig.from_mapping(sizes, source=row["name"])


def _distances(quantization: str) -> list[str]:
    """Return all quantizations, the nearest first; of two as near, the more exact one."""
    bits = _BITS[quantization]
    return sorted(_BITS, key=lambda other: (abs(_BITS[other] - bits), -_BITS[other]))
