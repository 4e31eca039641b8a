"""Conversions of small checkpoints: their output, resuming, and refusals."""

from __future__ import annotations

import errno
import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from qwen3mlx_quantize import ConversionError, Event, JobWarning, Progress, recipe
from qwen3mlx_quantize.blockwise import LEAST_ROWS
from qwen3mlx_quantize.calibrate import Calibrated
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.events import ignore
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.quantizer import DataFree
from qwen3mlx_quantize.source import Source
from qwen3mlx_quantize.staging import MANIFEST, Staging

import qwen3mlx
from qwen3mlx.errors import CheckpointError
from tests.model.support import read_tensors
from tests.support.checkpoints import DENSE, DENSE_TIED, MOE, MOE_MIXED, write_checkpoint

from .support import Stopped, conversion, quantize, stopped_at

SHAPES = {"dense": DENSE, "tied": DENSE_TIED, "moe": MOE, "moe_mixed": MOE_MIXED}


@pytest.fixture(scope="module", params=SHAPES)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source") / request.param
    write_checkpoint(folder, SHAPES[request.param], num_shards=2)
    (folder / "tokenizer.json").write_text('{"é": 1}\n', encoding="utf-8")
    (folder / "modeling_qwen3.py").write_text("import os\n")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["4bit", "3bit", "mixed-4-8", "mxfp4", "bf16"])
def test_a_converted_model_loads_and_answers_like_its_source(
    source: Path, tmp_path: Path, name: str
) -> None:
    result = quantize(source, tmp_path / "out", name)
    ids = mx.array([[5, 17, 200, 31]])
    expected, got = (qwen3mlx.load_model(f)(ids) for f in (source, tmp_path / "out"))
    off = mx.abs(got - expected).mean() / mx.abs(expected).mean()
    assert off < {"bf16": 1e-6, "3bit": 0.9}.get(name, 0.6)
    assert set(result.errors) == {s.module.path for s in result.plan.steps if s.module and s.spec}
    stored = sum(i.nbytes for i in Source(tmp_path / "out").infos.values())
    weights = Source(source).config.num_parameters
    assert result.plan.bits_per_weight == pytest.approx(8 * stored / weights)


def test_companion_files_config_index_and_manifest(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    quantize(source, out, command="qwen3mlx quantize x -o y")
    assert (out / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    assert not (out / "modeling_qwen3.py").exists()
    config = json.loads((out / "config.json").read_text())
    assert config["quantization"] == config["quantization_config"]
    assert config["quantization"]["bits"] == 4
    index = json.loads((out / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(mx.load(str(out / "model.safetensors")))
    manifest = json.loads((out / MANIFEST).read_text())
    assert set(manifest["files"]) == set(files(out)) - {MANIFEST}
    assert "qwen3mlx quantize x -o y" in (out / "README.md").read_text()
    assert not list(tmp_path.glob(".*"))


def test_the_card_names_a_cached_source_by_its_repository(dense: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--Qwen--Qwen3-8B" / "snapshots" / ("0123456789" * 4)
    shutil.copytree(dense, snapshot)
    quantize(snapshot, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "\nQwen/Qwen3-8B, quantized for MLX" in card
    assert snapshot.name not in card


def test_a_large_result_is_split_into_shards(
    dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    quantize(dense, whole)
    monkeypatch.setattr("qwen3mlx_quantize.plan.SHARD_BYTES", 60_000)
    out = tmp_path / "out"
    result = quantize(dense, out)
    assert len(result.plan.shards) > 3
    expected = read_tensors(whole)
    got = read_tensors(out)
    assert set(got) == set(expected)
    assert all(mx.array_equal(got[name], expected[name]) for name in got)
    qwen3mlx.load_model(out)


def test_bf16_converts_a_quantized_checkpoint_to_float(dense: Path, tmp_path: Path) -> None:
    quantize(dense, tmp_path / "8bit", "8bit")
    quantize(tmp_path / "8bit", tmp_path / "float", "bf16")
    assert "quantization" not in json.loads((tmp_path / "float" / "config.json").read_text())
    ids = mx.array([[5, 17, 200]])
    a, b = (qwen3mlx.load_model(tmp_path / name)(ids) for name in ("8bit", "float"))
    assert mx.abs(a - b).max() < 0.05 * mx.abs(a).max()


SLOW = [pytest.param(method, marks=pytest.mark.slow) for method in ("mse", "gptq")]


@pytest.mark.parametrize("method", ["rtn", *SLOW])
def test_an_interrupted_run_resumes_to_the_same_bytes(
    source: Path, tmp_path: Path, method: Any
) -> None:
    documents = [list(range(i, i + 60)) for i in range(4)]

    def run(out: Path, *, resume: bool = False, on_event: Any = ignore) -> None:
        made = conversion(source, out, "4bit", method, resume=resume)
        quantizer = Calibrated(made.source, documents) if method == "gptq" else DataFree(method)
        convert(made, quantizer, on_event)

    run(tmp_path / "whole")
    num_steps = len(list(build_plan(Source(source), recipe.load("4bit")).steps))
    out = tmp_path / "out"
    for attempt, step in enumerate(sorted(random.Random(7).sample(range(1, num_steps), 3))):
        with pytest.raises(Stopped):
            run(out, resume=attempt > 0, on_event=stopped_at(step))
        assert not out.exists()
        half_written = tmp_path / ".out.partial" / "model.safetensors"
        with half_written.open("ab") as file:
            file.write(b"cut off in the middle of a tensor")
    run(out, resume=True)
    whole, got = files(tmp_path / "whole"), files(out)
    differing = {name for name in whole | got if whole.get(name) != got.get(name)}
    # The card has the folder's name in it, and the manifest the card.
    assert differing <= {"README.md", MANIFEST}


def test_the_tokens_of_each_experts_are_told_and_few_are_named(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "moe", MOE)
    only = '[[rules]]\nmodules = ["model.layers.1.mlp.switch_mlp.down_proj"]\nbits = 4'
    made = conversion(
        source, tmp_path / "out", recipe.parse(f"bits = 16\n{only}", "x", "x"), "gptq"
    )
    events: list[Event] = []
    documents = [list(range(i, i + 60)) for i in range(3)]
    convert(made, Calibrated(made.source, documents, events.append))
    (told,) = [event.message for event in events if isinstance(event, JobWarning)]
    numbers = [int(n) for n in re.findall(r"\d+", told)]
    assert told.startswith("The experts of layer 1 received ")
    assert numbers[1] <= 3 * 60 * MOE.num_experts_per_tok / MOE.num_experts <= numbers[2]
    few = dict(re.findall(r"(\d+) \((\d+)\)", told))
    assert few
    assert all(int(n) < LEAST_ROWS for n in few.values())


def test_an_interrupted_run_is_not_overwritten(dense: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(Stopped):
        quantize(dense, out, on_event=stopped_at(3))
    with pytest.raises(ConversionError, match="use --resume to continue it, or --discard"):
        quantize(dense, out)
    with pytest.raises(ConversionError, match="other options"):
        quantize(dense, out, "8bit", resume=True)
    quantize(dense, out, resume=True)


def test_a_second_run_into_one_folder_is_refused(dense: Path, tmp_path: Path) -> None:
    plan = build_plan(Source(dense), recipe.load("4bit"))
    first = Staging(tmp_path / "out", plan, {}, resume=False)
    with pytest.raises(ConversionError, match="Another run is writing"):
        quantize(dense, tmp_path / "out")
    first.close()


def test_a_full_disk_leaves_nothing_behind(
    dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Staging, "write", full)
    with pytest.raises(ConversionError, match="is full; nothing was left"):
        quantize(dense, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_too_little_disk_space_is_refused_before_any_work(
    dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ConversionError, match=r"only 1\.0 KB are free"):
        quantize(dense, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "named"),
    [((-5, 2), "differs from"), ((0, 0), "differs from"), ((0, 2), "is longer than")],
)
def test_verification_finds_bytes_that_changed_on_disk(
    dense: Path, tmp_path: Path, where: str, named: str
) -> None:
    def spoil(event: Event) -> None:
        if isinstance(event, Progress) and event.phase == "converting" and not event.item:
            path = tmp_path / ".out.partial" / "model.safetensors"
            with path.open("r+b") as file:
                file.seek(*where)
                file.write(b"\xff")

    with pytest.raises(ConversionError, match=named):
        quantize(dense, tmp_path / "out", on_event=spoil)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["out", "link", "source", "source/inside"])
def test_an_output_that_exists_or_overlaps_the_source_is_refused(
    dense: Path, tmp_path: Path, where: str
) -> None:
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "unmounted")
    before = files(source)
    with pytest.raises(ConversionError, match="choose another folder"):
        quantize(source, tmp_path / where)
    assert files(source) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_names_its_tensor(
    dense: Path, tmp_path: Path, value: float
) -> None:
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    tensors = read_tensors(source)
    name = "model.layers.1.mlp.up_proj.weight"
    tensors[name] = mx.where(mx.arange(128) == 3, value, tensors[name].astype(mx.float32)).astype(
        mx.bfloat16
    )
    mx.eval(tensors)
    mx.save_safetensors(str(source / "model.safetensors"), tensors)
    with pytest.raises(CheckpointError, match=r"layers\.1\.mlp\.up_proj\.weight"):
        quantize(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_group_size_that_does_not_fit_names_the_module_and_choices(dense: Path) -> None:
    mine = recipe.parse('[[rules]]\nmodules = ["*.o_proj"]\ngroup_size = 128', "mine.toml", "mine")
    source = Source(dense)
    index = next(i for i, m in enumerate(source.modules) if m.path.endswith("o_proj"))
    assert build_plan(source, mine)
    source.modules[index] = source.modules[index]._replace(shape=(128, 96))
    with pytest.raises(ConversionError, match=r"o_proj has 96 inputs.*--group-size 32,? "):
        build_plan(source, mine)


def test_a_truncated_shard_is_refused(dense: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    path = source / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        Source(source)


def test_other_architectures_are_refused(dense: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    with pytest.raises(CheckpointError, match="model_type 'llama'"):
        Source(source)
