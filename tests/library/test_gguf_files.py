"""GGUF files of other programs are found, with the names that an import takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.errors import CheckpointError, ModelNotFoundError
from qwen3mlx.library.folders import mine
from qwen3mlx.library.gguf_files import default_output, find_gguf, gguf_files
from tests.config.test_gguf_header import fact, gguf, text

DIGEST = "a" * 64


@pytest.fixture(autouse=True)
def no_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OLLAMA_MODELS", "LLAMA_CACHE", "MODELSCOPE_CACHE"):
        monkeypatch.delenv(name, raising=False)


def write(path: Path, family: str = "qwen3", *facts: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    context = fact(f"{family}.context_length", 4, (40_960).to_bytes(4, "little"))
    path.write_bytes(gguf(fact("general.architecture", 8, text(family)), context, *facts))
    return path


def manifest(home: Path, name: str, digest: str = f"sha256:{DIGEST}", *others: str) -> Path:
    """Ollama's manifest for `host/namespace/model/tag`."""
    path = home / "user" / ".ollama" / "models" / "manifests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": digest}]
    layers += [{"mediaType": f"application/vnd.ollama.image.{kind}"} for kind in others]
    path.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return path


def blob(home: Path, digest: str = DIGEST, family: str = "qwen3") -> Path:
    return write(home / "user" / ".ollama" / "models" / "blobs" / f"sha256-{digest}", family)


def test_each_programs_files_are_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest(home, "registry.ollama.ai/library/qwen3/8b")
    blob(home)
    user = home / "user"
    lm_studio = user / ".lmstudio" / "models" / "lmstudio-community" / "Qwen3-4B-GGUF"
    paths = [
        write(user / ".cache" / "llama.cpp" / "unsloth_Qwen3-0.6B-GGUF_Qwen3-0.6B-Q8_0.gguf"),
        write(home / "hub" / "models--Qwen--Qwen3-8B-GGUF" / "snapshots" / "1" / "Qwen3-8B.gguf"),
        write(lm_studio / "Qwen3-4B-Q4_K_M.gguf"),
    ]
    write(lm_studio / "mmproj-Qwen3-4B.gguf", "clip")
    write(lm_studio / "Gemma.gguf", "gemma3")
    (lm_studio / "broken.gguf").write_bytes(b"GGUF")
    files, others = gguf_files()
    assert [file.name for file in files] == ["ollama:qwen3:8b", *map(str, paths)]
    assert [file.quantization for file in files] == [None, "Q8_0", None, "Q4_K_M"]
    assert {file.context_length for file in files} == {40_960}
    assert [other.family for other in others] == ["gemma3"]
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "elsewhere"))
    monkeypatch.setenv("LLAMA_CACHE", str(home / "elsewhere"))
    assert [file.name for file in gguf_files()[0]] == list(map(str, paths[1:]))


def test_a_model_in_several_files_is_one(home: Path) -> None:
    folder = home / "user" / ".cache" / "llama.cpp"
    parts = [write(folder / f"Q-{i:05d}-of-00002.gguf") for i in (1, 2)]
    (file,), _ = gguf_files()
    assert file.path == parts[0]
    assert file.size_bytes == sum(part.stat().st_size for part in parts)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ollama:qwen3:8b", "registry.ollama.ai/library/qwen3/8b"),
        ("Ollama:QWEN3:8B", "registry.ollama.ai/library/qwen3/8b"),
        ("ollama:qwen3", "registry.ollama.ai/library/qwen3/latest"),
        ("ollama:me/mine:q4", "registry.ollama.ai/me/mine/q4"),
        ("ollama:hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "hf.co/unsloth/Qwen3-8B-GGUF/Q4_K_M"),
    ],
)
def test_ollamas_names_mean_its_blobs(home: Path, name: str, place: str) -> None:
    manifest(home, place)
    assert find_gguf(name) == blob(home)


def test_what_ollama_does_not_have_is_said(home: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="there are none"):
        find_gguf("ollama:qwen3:8b")
    manifest(home, "registry.ollama.ai/library/qwen3/4b")
    with pytest.raises(ModelNotFoundError, match="there are ollama:qwen3:4b"):
        find_gguf("ollama:../../../etc/passwd")
    with pytest.raises(ModelNotFoundError, match="no file"):
        find_gguf(str(home / "none.gguf"))


def test_a_model_with_more_than_a_file_is_refused(home: Path) -> None:
    manifest(home, "registry.ollama.ai/me/a/latest", f"sha256:{DIGEST}", "adapter", "projector")
    blob(home)
    with pytest.raises(CheckpointError, match="an adapter and a projector for images"):
        find_gguf("ollama:me/a")
    assert gguf_files() == ([], [])


@pytest.mark.parametrize("digest", ["sha256:../../x", "sha256:", f"md5:{DIGEST}"])
def test_a_manifest_leads_to_blobs_only(home: Path, digest: str) -> None:
    manifest(home, "registry.ollama.ai/library/qwen3/8b", digest)
    with pytest.raises(CheckpointError, match="names no GGUF file"):
        find_gguf("ollama:qwen3:8b")
    assert gguf_files() == ([], [])


def test_an_import_goes_to_a_folder_of_our_own(home: Path) -> None:
    assert default_output("ollama:qwen3:8b") == mine() / "ollama" / "qwen3-8b"
    assert default_output("ollama:qwen3:latest") == mine() / "ollama" / "qwen3"
    assert default_output("ollama:me/mine:q4") == mine() / "ollama" / "me-mine-q4"
    assert default_output("/x/Qwen3-8B-Q4_K_M.gguf") == mine() / "Qwen3-8B-Q4_K_M"
    assert default_output("ollama:..").parent == mine() / "ollama"
