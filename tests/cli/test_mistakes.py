"""What is said of mistakes on the command line, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkpoints import DENSE, write_checkpoint

from .in_process import invoke


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["run", "qwen3:8"], 1, "did you mean qwen3:8b?"),
        (["run", "qwen3:8b", "hi"], 1, "`qwen3mlx pull qwen3:8b`"),
        (["run", "./nowhere", "hi"], 1, "The folder nowhere does not exist."),
        (["run", "why is the sky blue?"], 2, "put `demo` before your question"),
        (["run", "demo"], 2, "There is no prompt"),
        (["run", "demo", "hi", "--temperature", "-1"], 2, "temperature is -1.0"),
        (["run", "demo", "hi", "--kv-bits", "5"], 2, "kv_bits 5"),
        (["run", "demo", "hi", "--rope-scaling", "[1]"], 2, "not a JSON object"),
        (["run", "demo", "hi", "--rope-scaling", "{"], 2, "not JSON"),
        (["run", "demo", "hi", "--quantize", "4bit"], 2, "quantize 4 is not supported; use 8"),
        (["run", "demo", "hi", "--quantize", "x"], 2, "such as 8bit"),
        (["run", "demo", "hi", "--quantize", "8bit"], 1, "for FP8 checkpoints: convert this one"),
        (["serve", "--model", "demo", "--quantize", "8"], 2, "for FP8 checkpoints"),
        (["run", "demo", "hi", "--max-tokens", "many"], 2, "--max-tokens"),
        (["run", "--nonsense"], 2, "No such option"),
        (["pull", "qwen4:1b"], 1, "is not a model"),
        (["pull", "org/model"], 1, "HF_HUB_OFFLINE"),
        (["show", "gpt-4o"], 1, "there are demo, demo-moe"),
        (["rm", "nope", "--yes"], 1, "there are demo, demo-moe"),
        (["evaluate", "nope", "--reference", "demo"], 1, "there are demo, demo-moe"),
        (["serve", "--model", "nope"], 1, "there are demo, demo-moe"),
        (["rm", "demo", "--yes"], 1, "demo comes with the program"),
        (["ps", "--url", "http://127.0.0.1:9"], 1, "`qwen3mlx serve`"),
        (["walk"], 2, "No such command"),
    ],
)
def test_mistakes_get_one_clear_line(arguments: list[str], code: int, sentence: str) -> None:
    done = invoke(*arguments)
    assert done.exit_code == code
    assert sentence in done.stderr
    assert done.stdout == ""
    assert code == 2 or done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["nosuch", "-o", "OUT"], 1, "there are demo, demo-moe"),
        (["SOURCE"], 2, "--output"),
        (["SOURCE", "-o", "SOURCE"], 1, "choose another folder"),
        (["SOURCE", "-o", "FILE/out"], 1, "is a file: choose a folder for out"),
        (["SOURCE", "-o", "SOURCE", "--method", "dwq"], 1, "choose another folder"),
        (
            ["SOURCE", "-o", "SOURCE", "--recipe", "auto", "--target-bpw", "5"],
            1,
            "choose another folder",
        ),
        (["SOURCE", "-o", "OUT", "--recipe", "7bit"], 2, "Unknown recipe '7bit'"),
        (["SOURCE", "-o", "OUT", "--method", "none"], 2, "Unknown method 'none'"),
        (["nosuch", "-o", "OUT", "--method", "none"], 2, "Unknown method 'none'"),
        (["SOURCE", "-o", "OUT", "--recipe", "mxfp4", "--method", "mse"], 2, "use --method rtn"),
        (["SOURCE", "-o", "OUT", "--recipe", "auto"], 2, "needs --target-bpw"),
        (["SOURCE", "-o", "OUT", "--calibration", "x.txt"], 2, "--calibration needs --method gptq"),
        (
            ["SOURCE", "-o", "OUT", "--method", "gptq", "--calibration", "none"],
            1,
            "There is no none",
        ),
        (["SOURCE", "-o", "OUT", "--group-size", "48"], 2, "--group-size 48"),
        (["SOURCE", "-o", "OUT", "--mode", "fp3"], 2, "Unknown mode 'fp3'"),
        (["SOURCE", "-o", "OUT", "--mode", "mxfp8", "--recipe", "4bit"], 2, "--recipe 8bit"),
        (["SOURCE", "-o", "OUT", "--mode", "nvfp4", "--group-size", "64"], 2, "--group-size 64"),
        (
            ["SOURCE", "-o", "OUT", "--mode", "mxfp4", "--recipe", "bf16"],
            2,
            "--mode does not apply to bf16",
        ),
        (["SOURCE", "-o", "OUT", "--json", "--events"], 2, "choose one"),
        (["-o", "OUT"], 2, "Name a checkpoint to convert"),
        (["SOURCE", "-o", "OUT", "--discard"], 2, "--discard takes --output alone"),
        (["-o", "OUT", "--discard", "--resume"], 2, "--discard takes --output alone"),
    ],
)
def test_mistakes_of_quantize(tmp_path: Path, words: list[str], code: int, named: str) -> None:
    source = str(write_checkpoint(tmp_path / "source", DENSE))
    places = {"SOURCE": source, "OUT": "out", "FILE/out": f"{__file__}/out"}
    done = invoke("quantize", *(places.get(word, word) for word in words))
    assert done.exit_code == code
    assert named in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()
