"""What of a folder may be published: the checkpoint's own files, or one line that says why not."""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qwen3mlx_quantize import ConversionError
from qwen3mlx_quantize.card import license_of
from qwen3mlx_quantize.events import ignore
from qwen3mlx_quantize.publication import check_digests, publication

from qwen3mlx.errors import CheckpointError, Qwen3MLXError
from tests.support.checkpoints import DENSE, write_checkpoint

from .support import quantize

_USUAL = re.compile(r"(LICENSE([.-].*)?|NOTICE(\..*)?|USAGE_POLICY|\.DS_Store|\._.*)", re.DOTALL)
CARD = "---\nlicense: apache-2.0\n---\n# Tiny\n"


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("converted")
    source = write_checkpoint(place / "source", DENSE)
    (source / "tokenizer.json").write_text("{}")
    (source / "README.md").write_text(CARD)
    quantize(source, place / "out")
    return place / "out"


@pytest.fixture
def folder(converted: Path, tmp_path: Path) -> Path:
    return shutil.copytree(converted, tmp_path / "out")


def test_a_conversion_is_published_whole(folder: Path) -> None:
    (folder / ".DS_Store").touch()
    (folder / "._config.json").touch()
    found = publication(folder)
    names = {path.name for path in found.files}
    assert names == {
        "README.md",
        "config.json",
        "manifest.json",
        "model.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
    }
    assert found.nbytes == sum(path.stat().st_size for path in found.files)
    assert found.notes == (
        "The card has no measured quality: `qwen3mlx quantize --evaluate` writes it.",
    )
    check_digests(found, ignore)


def test_the_card_takes_over_the_license(folder: Path) -> None:
    assert license_of((folder / "README.md").read_text()) == "apache-2.0"


@pytest.mark.parametrize(
    ("card", "name"),
    [
        (CARD, "apache-2.0"),
        ("---\r\ntags: [a]\r\nlicense: 'mit'\r\n---\r\n", "mit"),
        ("---\nlicense: [a, b]\n---\n", None),
        ("---\nlicense: |\n  evil\n---\n", None),
        ("---\ntags: [a]\n---\nlicense: mit\n---\n", None),
        ("license: mit\n", None),
        ("", None),
    ],
)
def test_a_license_is_read_from_the_front_matter_alone(card: str, name: str | None) -> None:
    assert license_of(card) == name


def spoil_env(folder: Path) -> None:
    (folder / ".env").write_text("KEY=1")


def spoil_git(folder: Path) -> None:
    (folder / ".git").mkdir()


def spoil_key(folder: Path) -> None:
    (folder / "id_rsa").write_text("key")


def spoil_pickle(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"pickle")


def spoil_code(folder: Path) -> None:
    (folder / "modeling_qwen3.py").write_text("raise SystemExit")


def spoil_shard(folder: Path) -> None:
    shutil.copy(folder / "model.safetensors", folder / "extra.safetensors")


def spoil_link(folder: Path) -> None:
    (folder.parent / "letter.txt").write_text("private")
    (folder / "NOTICE").symlink_to(folder.parent / "letter.txt")


def spoil_link_to_nothing(folder: Path) -> None:
    (folder / "vocab.json").symlink_to("nothing")


def spoil_pipe(folder: Path) -> None:
    os.mkfifo(folder / "merges.txt")


def spoil_folder(folder: Path) -> None:
    (folder / "LICENSE.d").mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_env, spoil_git, spoil_key, spoil_pickle, spoil_code, spoil_shard, spoil_link,
        spoil_link_to_nothing, spoil_pipe, spoil_folder,
    ],
)  # fmt: skip
def test_anything_else_in_the_folder_is_refused(folder: Path, spoil: object) -> None:
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(ConversionError, match="not a file of the checkpoint itself"):
        publication(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    name=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
    | st.from_regex(r"(LICENSE|NOTICE|README|model)[.-].{1,9}", fullmatch=True)
    | st.sampled_from([".env", ".netrc", ".aws", "README.md~", "config.json.bak", "secrets.json"])
)
def test_no_other_name_is_ever_published(folder: Path, name: str) -> None:
    path = folder / name
    try:
        path.write_text("x")
    except (OSError, ValueError):  # a name that the disk does not take, a folder
        return
    with suppress(Qwen3MLXError):
        publication(folder)
        assert _USUAL.fullmatch(name)
        assert name.isprintable() or name.startswith("._")
    path.unlink()


@pytest.mark.parametrize(
    "secret",
    [
        "hf_" + "a" * 34,
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "sk-proj-" + "b" * 40,
        "AKIA" + "C" * 16,
    ],
)
@pytest.mark.parametrize("name", ["README.md", "evaluation.txt", "LICENSE"])
def test_a_secret_in_a_text_is_refused_and_not_shown(folder: Path, name: str, secret: str) -> None:
    with (folder / name).open("a") as file:
        file.write(f"\nexport X={secret}\n")
    with pytest.raises(ConversionError, match="remove it") as raised:
        publication(folder)
    assert secret not in str(raised.value)


def test_what_readers_will_miss_is_said(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "manifest.json").unlink()
    (folder / "tokenizer.json").unlink()
    (folder / "README.md").write_text("# No front matter")
    config["_name_or_path"] = str(Path.home() / "models" / "mine")
    (folder / "config.json").write_text(json.dumps(config))
    notes = " ".join(publication(folder).notes)
    for part in ("names no license", "no tokenizer.json", "a folder of this computer"):
        assert part in notes
    (folder / "README.md").unlink()
    assert "There is no model card" in " ".join(publication(folder).notes)


def test_a_conversion_that_is_not_finished_is_refused(interrupted: Path, tmp_path: Path) -> None:
    staging = shutil.copytree(interrupted, tmp_path / ".new.partial")
    for place in (staging, tmp_path / "new"):
        with pytest.raises(ConversionError, match="not finished"):
            publication(place)
    named = staging.rename(tmp_path / "named")
    with pytest.raises(ConversionError, match="not finished"):
        publication(named)


def test_what_changed_since_the_conversion_is_refused_but_the_card(folder: Path) -> None:
    (folder / "README.md").write_text(CARD + "My own words, with KL.")
    found = publication(folder)
    check_digests(found, ignore)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(ConversionError, match="not as the conversion wrote it"):
        check_digests(publication(folder), ignore)
    (folder / "tokenizer.json").write_text("{ }")
    with pytest.raises(ConversionError, match="not as the conversion wrote it"):
        publication(folder)


@pytest.mark.parametrize("content", ['{"files": 3}', '{"files": {"a": {"size": "1"}}}', "[]", "{"])
def test_a_broken_manifest_is_one_line(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(CheckpointError):
        publication(folder)


def test_what_is_no_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    for name, told in (("adapter", "LoRA"), ("empty", r"config\.json"), ("none", "not a folder")):
        with pytest.raises(CheckpointError, match=told):
            publication(tmp_path / name)
    (folder / "model.safetensors").write_bytes(b"short")
    with pytest.raises(CheckpointError):
        publication(folder)
