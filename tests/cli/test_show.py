from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.cli.show import show
from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import CheckpointError, ModelNotFoundError
from qwen3mlx.library import ModelSettings


def facts(text: str) -> dict[str, str]:
    return dict(line.split("  ", 1) for line in text.splitlines())


def test_the_facts_of_a_model(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ModelSettings().save("org/model", LoadOptions(context_length=2048))
    ModelSettings().save_ttl("org/model", 60)
    show("ORG/model")
    shown = {name: value.strip() for name, value in facts(capsys.readouterr().out).items()}
    assert shown["model"] == "org/model"
    assert shown["folder"] == str(cache)
    assert shown["kind"] == "qwen3, chat"
    assert shown["weights"].startswith("affine 8-bit in groups of 64, 8.")
    assert shown["context"] == "4,096 tokens"
    assert shown["chat template"] == "chat_template.jinja"
    assert shown["license"] == "apache-2.0"
    assert shown["load settings"] == "context_length 2048, ttl 60"


def test_yarn_experts_and_files_that_are_not_there(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads((cache / "config.json").read_text())
    config |= {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}, "quantization": None}
    config |= {"model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 2}
    config |= {"moe_intermediate_size": 64, "quantization_config": None}
    (cache / "config.json").write_text(json.dumps(config))
    for name in ("README.md", "chat_template.jinja", "tokenizer_config.json"):
        (cache / name).unlink()
    (cache / "LICENSE").touch()
    show("org/model")
    shown = {name: value.strip() for name, value in facts(capsys.readouterr().out).items()}
    assert shown["context"] == "4,096 tokens, YaRN by 4"
    assert shown["layers"].endswith("8 experts (2 active per token)")
    assert shown["weights"].startswith("bfloat16, ")
    assert shown["chat template"] == "qwen3_chat_template.jinja"
    assert shown["license"] == "LICENSE"
    assert shown["load settings"] == "none saved"


def test_json_has_the_config_as_it_is(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show("org/model", as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert value["id"] == "org/model"
    assert value["config"] == json.loads((cache / "config.json").read_text())
    assert value["num_parameters"] > 1_000_000
    assert value["sampling"]["thinking"].keys() >= {"temperature", "top_p", "top_k"}
    assert value["load_settings"] == {}


def test_any_folder_may_be_shown(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").symlink_to(cache.resolve())
    show(str(tmp_path / "mine"))
    assert facts(capsys.readouterr().out)["model"].strip() == "org/model"
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"empty holds no model"):
        show(str(tmp_path / "empty"))
    with pytest.raises(ModelNotFoundError, match="there are demo, demo-moe, org/model"):
        show(str(tmp_path / "nowhere"))


def test_other_forms(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads((cache / "config.json").read_text())
    fp8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    config |= {"quantization": None, "quantization_config": fp8, "id2label": {"0": "relevant"}}
    config |= {"architectures": ["Qwen3ForSequenceClassification"]}
    config |= {"rope_scaling": {"rope_type": "linear", "factor": 2.0}}
    (cache / "config.json").write_text(json.dumps(config))
    show("org/model")
    shown = {name: value.strip() for name, value in facts(capsys.readouterr().out).items()}
    assert shown["weights"].startswith("fp8, ")
    assert shown["context"] == "4,096 tokens, linear scaling by 2"
