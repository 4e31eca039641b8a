"""The store of API keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.errors import ConfigurationError, UsageError
from qwen3mlx.server.http.keys import ApiKey, Keys, KeyStore


def test_a_key_is_kept_as_a_salted_hash_only(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    secrets = [store.create("a"), store.create("b")]
    file = tmp_path / "api-keys.json"
    assert file.stat().st_mode & 0o077 == 0
    for secret in secrets:
        assert secret.startswith("sk-")
        assert secret.removeprefix("sk-qwen3mlx-") not in file.read_text()
    kept = store.keys()
    assert [key.name for key in kept] == ["a", "b"]
    assert [[key.matches(secret) for secret in secrets] for key in kept] == [
        [True, False],
        [False, True],
    ]


def test_the_same_key_has_another_hash_each_time() -> None:
    first, second = ApiKey.of("a", "same"), ApiKey.of("a", "same")
    assert first.hash != second.hash
    assert first.matches("same")
    assert second.matches("same")


def test_names_are_unique_and_revoked_by_name(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    store.create("a")
    with pytest.raises(UsageError, match="named 'a' already"):
        store.create("a")
    with pytest.raises(UsageError, match=r"named 'b'; existing keys: a\."):
        store.revoke("b")
    store.revoke("a")
    assert store.keys() == []


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_a_name_can_be_read_in_a_list(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is not a valid key name"):
        KeyStore(tmp_path).create(name)
    assert KeyStore(tmp_path).keys() == []


@pytest.mark.parametrize("content", ["[]", "{", '{"a": {}}', '{"a": 1}', '{"a": {"salt": "x"}}'])
def test_a_broken_file_never_opens_the_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "api-keys.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"api-keys\.json"):
        Keys((), KeyStore(tmp_path))


def test_any_text_can_be_tried(tmp_path: Path) -> None:
    keys = Keys(("right",), KeyStore(tmp_path))
    assert keys.find("right") is not None
    for secret in ("", "wrong", "right ", "\ud800", "é", "a" * 10_000):
        assert keys.find(secret) is None


def test_a_file_that_cannot_be_read_any_more_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = KeyStore(tmp_path)
    secret = store.create("one")
    keys = Keys((), store)
    (tmp_path / "api-keys.json").write_text("{")
    assert keys.required
    assert keys.find(secret) is not None
    assert keys.find("another") is None
    assert "the known ones stay valid" in caplog.text


@pytest.mark.parametrize("part", ["created", "salt", "hash"])
@pytest.mark.parametrize("value", [None, 7, True, [], {}, "\u00e9" * 64])
def test_a_damaged_part_of_a_key_is_named_before_a_request_meets_it(
    tmp_path: Path, part: str, value: object
) -> None:
    store = KeyStore(tmp_path)
    store.create("laptop")
    path = tmp_path / "api-keys.json"
    keys = json.loads(path.read_text())
    keys["laptop"][part] = value
    path.write_text(json.dumps(keys))
    if isinstance(value, str) and part != "hash":
        assert not store.keys()[0].matches("wrong")
        return
    with pytest.raises(ConfigurationError, match=r"api-keys\.json: the entry of key 'laptop' is"):
        store.keys()
