"""Conversions of small checkpoints: what is written, how it is resumed, what is refused."""

from __future__ import annotations

import errno
import json
import random
import shutil
from pathlib import Path

import mlx.core as mx
import pytest
from qwen3mlx_quantize import recipe
from qwen3mlx_quantize.calibrate import Calibrated
from qwen3mlx_quantize.common import ConversionError
from qwen3mlx_quantize.convert import MANIFEST, convert
from qwen3mlx_quantize.job import Options
from qwen3mlx_quantize.partial import Partial
from qwen3mlx_quantize.plan import make
from qwen3mlx_quantize.source import Source

import qwen3mlx
from qwen3mlx.errors import CheckpointError
from tests.support.checkpoints import DENSE, DENSE_TIED, MOE, MOE_MIXED, write_checkpoint

SHAPES = {"dense": DENSE, "tied": DENSE_TIED, "moe": MOE, "moe_mixed": MOE_MIXED}


@pytest.fixture(scope="module", params=SHAPES)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source") / request.param
    write_checkpoint(folder, SHAPES[request.param], num_shards=2)
    (folder / "tokenizer.json").write_text('{"é": 1}\n', encoding="utf-8")
    (folder / "modeling_qwen3.py").write_text("import os\n")
    return folder


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("dense") / "dense", DENSE)


def options(name: str = "4bit", method: str = "rtn", **more: object) -> Options:
    return Options(recipe.load(name), method, **more)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["4bit", "3bit", "mixed-4-8", "mxfp4", "bf16"])
def test_the_result_loads_and_is_near(source, tmp_path, name):
    result = convert(Source(source), tmp_path / "out", options(name))
    ids = mx.array([[5, 17, 200, 31]])
    expected, got = (qwen3mlx.load_model(f)(ids) for f in (source, tmp_path / "out"))
    off = mx.abs(got - expected).mean() / mx.abs(expected).mean()
    assert off.item() < {"bf16": 1e-6, "3bit": 0.9}.get(name, 0.6)
    assert set(result.errors) == {s.module.path for s in result.plan.steps if s.module and s.spec}
    stored = sum(i.nbytes for i in Source(tmp_path / "out").infos.values())
    weights = Source(source).config.num_parameters
    assert result.plan.bits_per_weight == pytest.approx(8 * stored / weights)


def test_what_is_beside_the_weights(source, tmp_path):
    out = tmp_path / "out"
    convert(Source(source), out, options(command="qwen3mlx quantize x -o y"))
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


def test_a_source_in_the_hub_s_cache_is_called_what_people_call_it(dense, tmp_path):
    snapshot = tmp_path / "models--Qwen--Qwen3-8B" / "snapshots" / ("0123456789" * 4)
    shutil.copytree(dense, snapshot)
    convert(Source(snapshot), tmp_path / "out", options())
    card = (tmp_path / "out" / "README.md").read_text()
    assert "\nQwen/Qwen3-8B, quantized for MLX" in card
    assert snapshot.name not in card


def test_many_shards(dense, tmp_path, monkeypatch):
    whole = tmp_path / "whole"
    convert(Source(dense), whole, options())
    monkeypatch.setattr("qwen3mlx_quantize.plan.SHARD_BYTES", 60_000)
    out = tmp_path / "out"
    result = convert(Source(dense), out, options())
    assert len(result.plan.shards) > 3
    expected = mx.load(str(whole / "model.safetensors"))
    got: dict[str, mx.array] = {}
    for shard in result.plan.shards:
        got.update(mx.load(str(out / shard.name)))
    assert set(got) == set(expected)
    assert all((got[name] == expected[name]).all().item() for name in got)
    qwen3mlx.load_model(out)


def test_a_quantized_checkpoint_becomes_float_again(dense, tmp_path):
    convert(Source(dense), tmp_path / "8bit", options("8bit"))
    convert(Source(tmp_path / "8bit"), tmp_path / "float", options("bf16"))
    assert "quantization" not in json.loads((tmp_path / "float" / "config.json").read_text())
    ids = mx.array([[5, 17, 200]])
    a, b = (qwen3mlx.load_model(tmp_path / name)(ids) for name in ("8bit", "float"))
    assert mx.abs(a - b).max().item() < 0.05 * mx.abs(a).max().item()


class Stopped(Exception):
    pass


def stopped_at(step: int):
    """A progress callback that ends the run as it begins its step number `step`."""
    seen = []

    def on_progress(done: int, total: int, name: str) -> None:
        seen.append(name)
        if len(seen) > step:
            raise Stopped

    return on_progress


@pytest.mark.parametrize("method", ["mse", pytest.param("gptq", marks=pytest.mark.slow)])
def test_a_stopped_run_goes_on_to_the_same_bytes(source, tmp_path, method):
    documents = [list(range(i, i + 60)) for i in range(4)]

    def run(out: Path, *, resume: bool = False, on_progress=lambda *_: None) -> None:
        opened = Source(source)
        packs = Calibrated(opened, documents) if method == "gptq" else None
        convert(opened, out, options(method=method, resume=resume), packs, on_progress)

    run(tmp_path / "whole")
    num_steps = len(list(make(Source(source), recipe.load("4bit")).steps))
    out = tmp_path / "out"
    for attempt, step in enumerate(sorted(random.Random(7).sample(range(1, num_steps), 3))):
        with pytest.raises(Stopped):
            run(out, resume=attempt > 0, on_progress=stopped_at(step))
        assert not out.exists()
        half_written = tmp_path / ".out.partial" / "model.safetensors"
        with half_written.open("ab") as file:
            file.write(b"cut off in the middle of a tensor")
    run(out, resume=True)
    whole, got = files(tmp_path / "whole"), files(out)
    differing = {name for name in whole | got if whole.get(name) != got.get(name)}
    # The card has the folder's name in it, and the manifest the card.
    assert differing <= {"README.md", MANIFEST}


def test_an_interrupted_run_is_not_overwritten(dense, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Stopped):
        convert(Source(dense), out, options(), on_progress=stopped_at(3))
    with pytest.raises(ConversionError, match="--resume goes on with it"):
        convert(Source(dense), out, options())
    with pytest.raises(ConversionError, match="other options"):
        convert(Source(dense), out, options("8bit", resume=True))
    convert(Source(dense), out, options(resume=True))


def test_two_runs_into_one_folder(dense, tmp_path):
    plan = make(Source(dense), recipe.load("4bit"))
    first = Partial(tmp_path / "out", plan, {}, resume=False)
    with pytest.raises(ConversionError, match="Another run is writing"):
        convert(Source(dense), tmp_path / "out", options())
    first.close()


def test_a_full_disk_leaves_nothing(dense, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Partial, "write", full)
    with pytest.raises(ConversionError, match="is full; nothing was left"):
        convert(Source(dense), tmp_path / "out", options())
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_said_before_any_work(dense, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ConversionError, match=r"0\.0 GB are free"):
        convert(Source(dense), tmp_path / "out", options())
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_changed_on_the_disk_are_found(dense, tmp_path):
    def spoil(done: int, total: int, name: str) -> None:
        if done == total and not name:
            path = tmp_path / ".out.partial" / "model.safetensors"
            with path.open("r+b") as file:
                file.seek(-5, 2)
                file.write(b"\xff")

    with pytest.raises(ConversionError, match="is not what was written"):
        convert(Source(dense), tmp_path / "out", options(), on_progress=spoil)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["out", "source", "source/inside"])
def test_folders_that_are_in_the_way(dense, tmp_path, where):
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    (tmp_path / "out").mkdir()
    before = files(source)
    with pytest.raises(ConversionError, match="choose another folder"):
        convert(Source(source), tmp_path / where, options())
    assert files(source) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_names_its_tensor(dense, tmp_path, value):
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    tensors = dict(mx.load(str(source / "model.safetensors")))
    name = "model.layers.1.mlp.up_proj.weight"
    tensors[name] = mx.where(mx.arange(128) == 3, value, tensors[name].astype(mx.float32)).astype(
        mx.bfloat16
    )
    mx.eval(tensors)
    mx.save_safetensors(str(source / "model.safetensors"), tensors)
    with pytest.raises(CheckpointError, match=r"layers\.1\.mlp\.up_proj\.weight"):
        convert(Source(source), tmp_path / "out", options())
    assert not (tmp_path / "out").exists()


def test_a_group_size_that_does_not_divide_names_module_and_choices(dense):
    mine = recipe.parse('[[rules]]\nmodules = ["*.o_proj"]\ngroup_size = 128', "mine.toml", "mine")
    source = Source(dense)
    module = next(m for m in source.modules if m.path.endswith("o_proj"))
    assert make(source, mine)
    object.__setattr__(module, "shape", (128, 96))
    with pytest.raises(ConversionError, match=r"o_proj has 96 inputs.*--group-size 32,? "):
        make(source, mine)


def test_a_shard_that_is_cut_off(dense, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    path = source / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        Source(source)


def test_only_qwen3(dense, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    with pytest.raises(CheckpointError, match="model_type 'llama'"):
        Source(source)
