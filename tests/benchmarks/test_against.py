"""A benchmark measures another checkout of this project in mlx-lm's place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.process import REPOSITORY, Peer, WorkerProcess, environment
from benchmarks.report import Report, Row, Target, peer_arguments

# Replies with what it was started as, and where from.
WORKER = """
import json, os, sys
for line in sys.stdin:
    found = {"side": sys.argv[1], "folder": os.getcwd(), "path": os.environ["PYTHONPATH"]}
    print(json.dumps(found), flush=True)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "before"
    (folder / "benchmarks").mkdir(parents=True)
    (folder / "benchmarks" / "__init__.py").touch()
    (folder / "benchmarks" / "worker.py").write_text(WORKER)
    yield folder
    Peer.name, Peer.checkout = "mlx-lm", None


def test_the_peer_is_the_other_checkouts_own_program(checkout: Path) -> None:
    peer_arguments(None, ["--against", str(checkout)])
    worker = WorkerProcess("peer")
    found = worker.ask("load")
    worker.close()
    assert found["side"] == "ours"
    assert found["folder"] == str(checkout)
    assert found["path"].startswith(str(checkout))
    assert environment("ours")["PYTHONPATH"].startswith(str(REPOSITORY))


def test_its_rows_name_it_and_have_no_targets(checkout: Path) -> None:
    peer_arguments(None, ["--against", str(checkout)])
    row = Row.compare("decode", "tokens/s", [3.0], [2.0], Target(">=", 9.0))
    report = Report("one", "What was run.", [row])
    assert "| figure | qwen3mlx | before | ratio | target |" in report.section()
    assert "**missed**" not in report.section()
    assert "In mlx-lm's place: the checkout before." in report.section()
    [told] = json.loads(report.as_json())["rows"]
    assert (told["ratio_of"], told["met"]) == ("ours/before", None)


def test_its_figures_do_not_replace_those_beside_mlx_lm(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        peer_arguments(None, ["--against", str(checkout), "--save"])
    assert "leave it out with --against" in capsys.readouterr().err
    assert Peer.checkout is None


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not a checkout of this project"):
        peer_arguments(None, ["--against", str(tmp_path)])
    assert Peer.checkout is None
