"""`scripts/conformance`: run all suites against one server, and write the page of results."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from ..process import REPOSITORY, environment
from .page import write_page
from .suites import ALIAS, SUITES, Outcome

RAW = Path(__file__).parent / "results"
LOG_SHOWN = 4000


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/conformance", description=__doc__)
    parser.add_argument("--save", action="store_true", help="write docs/conformance.md")
    parser.add_argument("--only", choices=list(SUITES), action="append", help="repeatable")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as url:
        for name in args.only or SUITES:
            outcome = SUITES[name](url, Path(folder))
            _show(name, outcome)
            if args.save:
                RAW.mkdir(exist_ok=True)
                text = json.dumps(asdict(outcome), indent=1, ensure_ascii=False)
                (RAW / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if args.save:
        write_page(RAW, REPOSITORY / "docs" / "conformance.md")


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Yield its URL; it serves the demo checkpoint under its own name and under ALIAS.

    Its state is in `folder`, so that a suite that deletes models or changes settings does no harm.
    """
    alias = folder / ALIAS
    shutil.copytree(REPOSITORY / "qwen3mlx" / "demo" / "dense", alias)
    command = [sys.executable, "-m", "qwen3mlx", "serve", "--model", str(alias), "--port", "0"]
    command += ["--exit-with-parent"]
    state = {"QWEN3MLX_HOME": str(folder / "home"), "HF_HOME": str(folder / "hub")}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command,
            env=environment() | state,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            sys.exit("The server did not start:\n" + (folder / "server.log").read_text())
        yield json.loads(line)["url"]
        if server.poll() is not None:
            log_end = (folder / "server.log").read_text()[-LOG_SHOWN:]
            sys.exit(f"The server ended with {server.returncode} while a suite ran:\n{log_end}")
    finally:
        server.terminate()
        server.wait()


def _show(name: str, outcome: Outcome) -> None:
    print(f"{name}: {outcome.summary}")
    for case in outcome.cases:
        if case.outcome != "passed":
            print(f"  {case.outcome:12} {case.name}: {case.detail}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
