from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.config.hub_layout import folder_name, is_unverified, repo_id_of, repository_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("repo_id", ["Qwen/Qwen3-8B-MLX-4bit", "gpt2", "a/b.c_d-e"])
def test_a_repository_is_known_by_its_folder(repo_id: str) -> None:
    repository = Path("/hub", folder_name(repo_id))
    assert repo_id_of(repository.name) == repo_id
    assert repository_of(repository / "snapshots" / COMMIT) == repository


@pytest.mark.parametrize(
    "folder", ["/models/org/name", "/hub/snapshots/x", "/hub/models--a--b/blobs/x", "/"]
)
def test_other_folders_are_no_snapshots(folder: str) -> None:
    assert repository_of(Path(folder)) is None


def test_a_marked_blob_is_unverified_and_a_copy_of_the_file_is_not(tmp_path: Path) -> None:
    repository = tmp_path / folder_name("org/name")
    snapshot = repository / "snapshots" / COMMIT
    for folder in (snapshot, repository / "blobs", repository / "unverified"):
        folder.mkdir(parents=True)
    (repository / "blobs" / "ab").write_bytes(b"weights")
    (snapshot / "link").symlink_to("../../blobs/ab")
    (snapshot / "copy").write_bytes(b"weights")
    assert not is_unverified(snapshot / "link")
    (repository / "unverified" / "ab").touch()
    assert is_unverified(snapshot / "link")
    assert not is_unverified(snapshot / "copy")
