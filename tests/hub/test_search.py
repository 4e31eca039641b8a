"""Search on hubs, which say what they like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from huggingface_hub import constants
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen3mlx.cli.search import search as search_command
from qwen3mlx.errors import DownloadError, ModelNotFoundError, UnreachableError, UsageError
from qwen3mlx.hub import bounded
from qwen3mlx.hub.cards import card
from qwen3mlx.hub.search import Found, search
from tests.support.examples import examples

from .conftest import REPO
from .fake_hub import FakeHub
from .fake_modelscope import FakeModelScope

WORDS = {"BF16": 1000, "U32": 500}


def row(**changes: Any) -> dict[str, Any]:
    """A model as Hugging Face lists it with `expand`."""
    return {
        "id": "org/Qwen3-8B-4bit",
        "tags": ["mlx", "qwen3"],
        "downloads": 7,
        "lastModified": "2026-01-31T10:00:00.000Z",
        "safetensors": {"parameters": WORDS, "total": 1500},
        **changes,
    }


def entry(**changes: Any) -> dict[str, Any]:
    """A model as ModelScope's OpenAPI lists it."""
    return {
        "id": "mlx-community/Qwen3-8B-4bit",
        "display_name": "Qwen3-8B-4bit",
        "description": "",
        "downloads": 7,
        "likes": 1,
        "license": "apache-2.0",
        "tasks": ["text-generation"],
        "created_at": "2026-01-01T03:17:31Z",
        "last_modified": "2026-01-31T17:40:28Z",
        "file_size": 4_600_000_000,
        "params": 8_000_000_000,
        "tags": ["library:mlx"],
        "private": False,
        "gated": False,
        **changes,
    }


def found(source: str = "hf", words: str = "x", limit: int = 20) -> list[str]:
    return [each.repo_id for each in search(words, source=source, limit=limit)]


def test_what_can_run_here_is_found(fake_hub: FakeHub) -> None:
    fake_hub.models = [
        row(),
        row(id="org/llama", tags=["llama"]),
        row(id="org/moe", tags=["qwen3_moe"], downloads=None, lastModified=None, safetensors=None),
    ]
    assert search("8b 4bit", source="hf", limit=20) == [
        Found("hf", "org/Qwen3-8B-4bit", 7, "2026-01-31", 4000),
        Found("hf", "org/moe", 0, "", None),
    ]
    assert len(found(limit=1)) == 1


def test_modelscope_is_asked_for_qwen3_by_its_openapi(modelscope: FakeModelScope) -> None:
    others = ("Qwen3-VL-8B", "Qwen3.5-9B", "Qwen3-8B-GGUF", "Llama-3", "Qwen3-Omni-30B", "Qwen2.5")
    modelscope.models = [
        entry(),
        *(entry(id=f"org/{name}") for name in others),
        entry(id="deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", file_size=0, last_modified=None),
    ]
    assert search("8b", source="modelscope", limit=20) == [
        Found("modelscope", "mlx-community/Qwen3-8B-4bit", 7, "2026-01-31", 4_600_000_000),
        Found("modelscope", "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", 7, "", None),
    ]
    assert modelscope.asked == [
        {"search": ["Qwen3 8b"], "sort": ["downloads"], "page_number": ["1"], "page_size": ["50"]}
    ]
    assert modelscope.requests[-1][1] == "Bearer ms-secret"


HOSTILE = ["../x", "a/../b", "", 7, None, [], "a\nb/qwen3", "a/" + "qwen3" * 400, "a/qwen3\x1b[31m"]


def test_rows_of_another_form_are_left_out(fake_hub: FakeHub, modelscope: FakeModelScope) -> None:
    names = [*HOSTILE, "<b>a</b>/Qwen3", "a/Qwen3-\u202e8B"]
    fake_hub.models = [1, {}, [], *(row(id=each) for each in names), row(tags=[[], {}, "qwen3"])]
    modelscope.models = [1, {}, [], *(entry(id=each) for each in names), entry(file_size="lots")]
    assert found() == ["org/Qwen3-8B-4bit"]
    assert found("modelscope") == ["mlx-community/Qwen3-8B-4bit"]


def test_texts_are_printable(fake_hub: FakeHub, modelscope: FakeModelScope) -> None:
    fake_hub.models = [row(lastModified="\x1b]0;x\x07", safetensors={"parameters": {"\x1b": 1}})]
    modelscope.models = [entry(last_modified="\x1b[31mred")]
    for source in ("hf", "modelscope"):
        (only,) = search("x", source=source, limit=9)
        assert only.updated.isprintable()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
_fields = st.sampled_from(
    ["id", "tags", "downloads", "lastModified", "safetensors", "last_modified", "file_size"]
)


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.dictionaries(_fields, _json, max_size=4))
def test_no_field_can_break_a_search(
    fake_hub: FakeHub, modelscope: FakeModelScope, changes: dict[str, Any]
) -> None:
    fake_hub.models, modelscope.models = [row(**changes)], [entry(**changes)]
    for source in ("hf", "modelscope"):
        for each in search("x", source=source, limit=9):
            assert each.updated.isprintable()
            assert each.repo_id.isascii()
            assert each.size_bytes is None or each.size_bytes > 0


@pytest.mark.parametrize("source", ["hf", "modelscope"])
@pytest.mark.parametrize("told", [b"<html>Log in</html>", {}, b"[" * 50_000, b" " * (5 << 20), []])
def test_what_is_no_list_is_one_clear_line(
    fake_hub: FakeHub, modelscope: FakeModelScope, source: str, told: object
) -> None:
    fake_hub.models = told
    modelscope.models = {"data": told} if told == [] else told
    if told == [] and source == "hf":
        assert found(source) == []
        return
    with pytest.raises(DownloadError, match=r"^http://127\.0\.0\.1:\d+ (returned|sent) .*\.$"):
        found(source)


@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503])
def test_a_hub_that_fails_is_named(modelscope: FakeModelScope, status: int) -> None:
    modelscope.status = status
    with pytest.raises(UnreachableError, match=f"failed with status {status}: try again later"):
        found("modelscope")


def test_a_hub_that_trickles_is_given_up(
    modelscope: FakeModelScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "PATIENCE", 0.1)
    modelscope.models, modelscope.delay = [entry()], 0.02
    with pytest.raises(UnreachableError, match="answers too slowly"):
        found("modelscope")


def test_no_connection_and_offline(
    fake_hub: FakeHub, modelscope: FakeModelScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")
    for source in ("hf", "modelscope"):
        with pytest.raises(UnreachableError, match="cannot be reached"):
            found(source)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
        found()


@pytest.mark.parametrize("source", ["kaggle", "elsewhere", "\x1b[0m"])
def test_other_hubs_cannot_be_searched(source: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be searched: use hf or modelscope\."):
        found(source)


def test_the_command(
    fake_hub: FakeHub,
    modelscope: FakeModelScope,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake_hub.models, modelscope.models = [row()], [entry()]
    search_command(["8b", "4bit"])
    assert capsys.readouterr().out == "org/Qwen3-8B-4bit\t4.0 KB\t7\t2026-01-31\n"
    search_command(["8b"], source="modelscope")
    name = "modelscope:mlx-community/Qwen3-8B-4bit"
    assert capsys.readouterr().out == f"{name}\t4.6 GB\t7\t2026-01-31\n"
    search_command(["8b"], as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["repo_id"] == "org/Qwen3-8B-4bit"
    fake_hub.models = []
    search_command(["nothing"])
    assert "Nothing was found" in capsys.readouterr().err


CARD = b"---\nlicense: apache-2.0\ntags:\n- mlx\n---\n# Tiny\n\n<script>alert(1)</script>\n"


def test_a_card_is_the_readme_without_its_front_matter(
    fake_hub: FakeHub, modelscope: FakeModelScope
) -> None:
    fake_hub.repos[REPO]["README.md"] = CARD
    modelscope.repos = {REPO: {"README.md": CARD}}
    for source in ("hf", "modelscope"):
        assert card(source, REPO) == "# Tiny\n\n<script>alert(1)</script>"
        with pytest.raises(ModelNotFoundError, match=r"not the name of a repository"):
            card(source, "../x")
    assert modelscope.requests[-1][1] is None  # it leads elsewhere, and the token does not
    del modelscope.repos[REPO]
    with pytest.raises(ModelNotFoundError, match="has no model card"):
        card("modelscope", REPO)
    with pytest.raises(UsageError, match="Kaggle"):
        card("kaggle", REPO)


def test_a_card_that_is_too_long_or_no_text(fake_hub: FakeHub) -> None:
    fake_hub.repos[REPO]["README.md"] = b"\xff\xfe" + b"a" * 100_000
    assert len(card("hf", REPO)) == 60_000
    fake_hub.repos[REPO]["README.md"] = b"a" * (2 << 20)
    with pytest.raises(DownloadError, match="without end"):
        card("hf", REPO)
