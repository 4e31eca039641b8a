from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.cli.fit import fit
from qwen3mlx.cli.pull import pull
from qwen3mlx.errors import InvalidRequestError, ModelNotFoundError
from qwen3mlx.library import family, machine, members

pytestmark = pytest.mark.usefixtures("cache")


def test_a_model_of_the_table_on_another_mac(capsys: pytest.CaptureFixture[str]) -> None:
    fit("qwen3:32b", memory="16GB", chip="M4")
    out = capsys.readouterr().out
    facts = dict(line.split(None, 1) for line in out.splitlines())
    assert facts["model"].strip() == "Qwen/Qwen3-32B-MLX-4bit"
    assert facts["machine"].startswith("M4, 16 GB; the GPU may keep 11.5 GB")
    assert facts["verdict"] == "too-large"
    assert facts["instead"].startswith("mlx-community/Qwen3-8B-6bit: ")


def test_a_model_that_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    fit("demo", memory="8GB", chip="M1", context=512, parallel=4, kv_bits=8, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["verdict"], told["alternative"]) == ("demo", "comfortable", None)
    assert (told["context_length"], told["parallel"]) == (512, 4)
    assert told["speed"]["source"] == "estimated"


def test_the_whole_family(capsys: pytest.CaptureFixture[str]) -> None:
    fit(memory="36GB")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == [member.name for member in members()]
    fit(memory="36GB", as_json=True)
    listed = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in listed] == [row[3] for row in rows]


def test_what_is_not_known_is_said() -> None:
    with pytest.raises(ModelNotFoundError, match="not in the table"):
        fit("org/unknown")
    with pytest.raises(InvalidRequestError, match="exceeds the 40,960"):
        fit("qwen3:8b", context=50_000)
    with pytest.raises(InvalidRequestError, match="no chip 'M0'"):
        fit("qwen3:8b", chip="M0")


def test_pull_warns_before_what_cannot_run_here_arrives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = machine.machine("16GB", "M4")
    monkeypatch.setattr(machine, "machine", lambda: small)
    monkeypatch.setattr(family, "memory_bytes", lambda: small.memory_bytes)
    monkeypatch.setattr("qwen3mlx.cli.models.fetch", lambda *_, **__: Path("there"))
    pull("qwen3:235b-a22b")
    pull("qwen3:0.6b")
    out, errors = capsys.readouterr()
    assert out == "there\nthere\n"
    assert errors.count("\n") == 1
    assert "needs 129.9 GB, too much for the 9.7 GB that models get here" in errors
    assert "Qwen3-8B-6bit fits" in errors
