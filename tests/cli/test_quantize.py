"""`qwen3mlx quantize` and `evaluate` as processes: their output, and their state after a kill."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.checkpoints import DENSE, MOE, write_checkpoint
from tests.support.places import ROOT

from .conftest import COMMAND

DEMO_WEIGHTS = ROOT / "training" / "weights" / "dense"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo checkpoint in float, with its tokenizer."""
    folder = tmp_path_factory.mktemp("source") / "demo-float"
    shutil.copytree(DEMO_WEIGHTS, folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copy(ROOT / "qwen3mlx" / "demo" / "dense" / name, folder / name)
    return folder


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_quantize_then_evaluate_then_run(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    planned = run("quantize", source, "-o", out, "--dry-run", "--json")
    assert json.loads(planned.stdout)["recipe"] == "4bit"
    assert not out.exists()
    done = run("quantize", source, "-o", out, "--method", "rtn", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["size_bytes"] == json.loads(planned.stdout)["size_bytes"]
    (tmp_path / "text.txt").write_text("How many letters are in a word? " * 30)
    words = ("evaluate", out, "--reference", source, "--text", tmp_path / "text.txt")
    page = tmp_path / "cost.html"
    table, as_json = run(*words, "--report", page), run(*words, "--json")
    assert "The report is in" in table.stderr
    assert page.read_text().count("<svg") == 4
    assert table.stdout.splitlines()[1].startswith("out ")
    (quality,) = json.loads(as_json.stdout)
    assert 0 < quality["kl_mean"] < 1
    answer = run("run", out, "How many r's are in strawberries?", "--no-think", "--max-tokens", 5)
    assert answer.stdout


def test_a_mistake_is_one_line(source: Path, tmp_path: Path) -> None:
    done = run("quantize", source, "-o", source)
    assert done.returncode == 1
    assert "choose another folder" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_report_that_cannot_be_written_is_refused_before_any_work(
    source: Path, tmp_path: Path
) -> None:
    words = ("evaluate", source, "--reference", source, "--report", tmp_path)
    done = run(*words)
    assert done.returncode == 2
    assert "is a folder: name a file" in done.stderr
    assert "texts" not in done.stderr


def test_an_interrupted_conversion_is_reported_before_any_measuring(
    source: Path, tmp_path: Path
) -> None:
    journal = tmp_path / ".out.partial" / "journal.jsonl"
    journal.parent.mkdir()
    journal.write_text("{}\n")
    words = ("quantize", source, "-o", tmp_path / "out")
    done = run(*words, "--recipe", "auto", "--target-bpw", 5, "--events")
    (told,) = map(json.loads, done.stdout.splitlines())  # no progress of a measurement
    assert (done.returncode, told["error"]["code"]) == (1, "conversion_failed")
    assert "use --resume to continue it" in done.stderr
    assert journal.read_text() == "{}\n"
    assert run(*words, "--dry-run").returncode == 0


def test_an_interrupted_conversion_is_discarded(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".out.partial"
    killed(source, tmp_path / "out", when=folder / "model.safetensors")
    assert folder.exists()
    words = ("quantize", "--discard", "-o", tmp_path / "out")
    first, second = run(*words, "--events"), run(*words)
    assert (first.returncode, first.stdout) == (0, "")
    assert "Deleted the interrupted conversion to" in first.stderr
    assert (second.returncode, list(tmp_path.iterdir())) == (0, [])
    (folder / "inside").mkdir(parents=True)
    refused = run(*words)
    assert refused.returncode == 1
    assert "is not an ordinary file" in refused.stderr
    assert (folder / "inside").exists()


@pytest.mark.slow  # the window's test of a conversion runs the same command
def test_the_quality_loss_is_in_the_card(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("quantize", source, "-o", out, "--mode", "mxfp8", "--evaluate", "--events")
    assert done.returncode == 0, done.stderr
    *events, result = map(json.loads, done.stdout.splitlines())
    phases = list(dict.fromkeys(event["phase"] for event in events))
    assert phases == ["converting", "loading", "evaluating", "verifying"]
    for phase in ("converting", "verifying"):
        shares = [event["done"] for event in events if event["phase"] == phase]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
    assert any(event["doing"].startswith("model.") for event in events)
    quality = result["quality"]
    assert quality["name"] == "out"
    assert 0 < quality["kl_mean"] < 1
    assert f"| {quality['kl_mean']:.5f} |" in (out / "README.md").read_text()
    config = json.loads((out / "config.json").read_text())
    assert config["quantization"]["mode"] == "mxfp8"


def killed(source: Path, out: Path, *, after: float = 0, when: Path | None = None) -> None:
    """A run that resumes what is there, killed after so many seconds, or when a file is there."""
    command = [*COMMAND, "quantize", str(source), "-o", str(out), "--method", "mse", "--resume"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after)
    while when is not None and not when.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_ten_kills_still_give_the_same_bytes(source: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole" / "out", tmp_path / "killed" / "out"
    for folder in (whole.parent, out.parent):
        folder.mkdir()
    start = time.monotonic()
    assert run("quantize", source, "-o", whole, "--method", "mse").returncode == 0
    took = time.monotonic() - start
    chooser, progress = random.Random(3), []
    for _ in range(10):
        killed(source, out, after=chooser.uniform(0.1, 0.3) * took)
        if out.exists():
            break
        written = out.parent / ".out.partial" / "model.safetensors"
        progress.append(written.stat().st_size if written.exists() else 0)
    assert progress == sorted(progress)
    assert len(set(progress)) > 2
    if not out.exists():
        assert run("quantize", source, "-o", out, "--method", "mse", "--resume").returncode == 0
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}
    for path in whole.iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small disk")
def test_a_disk_that_fills_up_is_left_clean(tmp_path: Path) -> None:
    """Another program takes the room that was there when the run began."""
    disk = tmp_path / "disk"
    disk.mkdir()
    source = write_checkpoint(tmp_path / "moe", MOE)
    small = write_checkpoint(tmp_path / "dense", DENSE)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        refused = run("quantize", source, "-o", disk / "out")
        assert refused.returncode == 1
        assert "are free there" in refused.stderr
        code = (
            "import sys, qwen3mlx_quantize.output as c; c.SLACK = -(1 << 40); "
            "from qwen3mlx.cli import main; main()"
        )
        (disk / "other").write_bytes(b"x" * 500_000)
        words = ["quantize", str(small), "-o", str(disk / "out"), "--method", "rtn"]
        full = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert full.returncode == 1, full.stderr
        assert "is full; nothing was left there" in full.stderr
        assert [path.name for path in disk.iterdir()] == ["other"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
