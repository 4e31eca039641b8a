"""Says why a name means no model, and which name was meant. Imported for such a name only."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from ..quoting import printable, shortened
from . import family, spelling
from .family import FamilyMember, members, repositories
from .names import DEMOS, GGUF, LONGEST, nearest, plain

_SHOWN = 60  # characters
_MOST_WORDS = 12  # of a name
_OTHER_FAMILY = re.compile(
    r"qwen[-_ ]?(?:[12](?!\d)|3\.\d|3[-_ ](?:vl|next|omni|asr|tts|coder[-_ ]next)\b)|\bqwq", re.I
)
_SIZE = re.compile(r"\d+(?:\.\d+)?b(?:-a\d+b)?")
_ANY_NAME = (
    "use demo, demo-moe, a name such as qwen3:8b, a hub id such as Qwen/Qwen3-8B-MLX-4bit, or a "
    "folder such as ./model"
)
REMOTE_NAME = "use a name such as qwen3:8b, or a hub id such as Qwen/Qwen3-8B-MLX-4bit"


def near_repository(repo_id: str, others: Iterable[str] = ()) -> str | None:
    """Return a repository of the table, or one of `others`, with almost the same id."""
    ids = {repository.repo_id for _, repository in repositories().values()} | set(others)
    by_key = {each.casefold(): each for each in sorted(ids - {repo_id})}
    matches = difflib.get_close_matches(repo_id.casefold(), by_key, n=1, cutoff=0.9)
    return by_key[matches[0]] if matches else None


def not_a_model(name: str, use: str = _ANY_NAME) -> str:
    """Say why `name` is not the name of a model, and what is; `use` if nothing is known of it."""
    shown = shown_name(name)
    if reason := why_refused(name):
        return f"{shown} cannot be used: {reason}."
    if guess := guessed(name, known_names()):
        return f"{shown} is not a model: did you mean {guess}?"
    return f"{shown} is not a model: {use}."


def guessed(name: str, choices: Iterable[str]) -> str | None:
    """Return the name that a person most likely meant: a released model's, or one of `choices`."""
    meant = unicodedata.normalize("NFKC", plain(name)[:LONGEST]).lower()
    words = re.split("([ :@_-])", meant.rpartition("/")[2], maxsplit=_MOST_WORDS)
    for end in range(len(words), 2, -2):  # at least two words: `qwen3:8b`
        if (spelled := spelling.read("".join(words[:end]))) is not None:
            return spelled.member.name
    return nearest(meant, choices)


def instead(name: str) -> str:
    """Return the repository of the table to take in place of one that cannot run.

    That is the model that the name spells, or else the one of the same use and size.
    """
    last = plain(name).rpartition("/")[2]
    spelled = spelling.read(last)
    member = spelled.member if spelled else _alike(last.lower())
    ordered = member.in_order(None, family.memory_bytes())
    return next(each.repo_id for each in ordered if each.repo_id.casefold() != name.casefold())


def _alike(name: str) -> FamilyMember:
    use = next((use for use in ("embedding", "reranker", "coder") if use[:6] in name), None)
    wanted = "qwen3" if use is None else f"qwen3-{use}"
    alike = [each for each in members() if each.family == wanted and not each.variant]
    sizes = _SIZE.findall(name)
    same = [each for each in alike if each.size.lower() in sizes]
    return next((each for each in same or alike if same or each.is_default), alike[0])


def why_refused(name: str) -> str | None:
    """Return what is wrong with a name that can be no model's, if that can be told from it."""
    meant = plain(name)
    if not meant:
        return "the name is empty"
    if len(meant) > LONGEST:
        return f"the name has {len(meant):,} characters, and at most {LONGEST} are possible"
    if not meant.isprintable():
        return "the name has a character that cannot be printed"
    if "://" in meant:
        return "it is a link to another site than huggingface.co"
    if _OTHER_FAMILY.search(meant):
        return "it is of another family, and qwen3mlx runs Qwen3's text models"
    last = meant.rpartition("/")[2]
    if GGUF.search(meant):
        spelled = spelling.read(last)
        take = f"use {spelled.member.name}" if spelled else "use one in MLX's format"
        return f"it is in the format GGUF; {take}, or `qwen3mlx import` a file of that format"
    if not meant.isascii() and (guess := guessed(meant, known_names())):
        character = next(char for char in meant if not char.isascii())
        called = unicodedata.name(character, "unnamed")
        return f'the name has the character "{character}" ({called}); use {guess}'
    return None


def shown_name(name: str) -> str:
    """Return the name in quotes, on one line, at most _SHOWN characters long."""
    return f'"{shortened(printable(name[: 2 * _SHOWN]), _SHOWN)}"'


@cache
def known_names() -> tuple[str, ...]:
    """Return the names of the demos, and of every model of the table without a quantization."""
    return (*DEMOS, *(member.name for member in members()))
