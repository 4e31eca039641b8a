"""Run each suite and read its report."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

# llm-comply skips cases by the model's name: this one runs all cases.
ALIAS = "demo-as-gpt-5-and-claude-opus"


@dataclass(frozen=True)
class Case:
    """`outcome` is passed, failed, skipped or inconclusive; `detail` is the suite's own message."""

    name: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class Outcome:
    summary: str
    cases: list[Case]


Suite = Callable[[str, Path], Outcome]


def llm_comply(api_format: str, url: str, folder: Path) -> Outcome:
    """The alias is a copy of the demo checkpoint."""
    command = [_tool("llm-comply"), "--base-url", f"{url}/v1", "--api-key", "none"]
    command += ["--model", ALIAS, "--timeout", "600", "--format", api_format, "--json"]
    report = json.loads(_run(command, folder))
    return _counted(
        Case(result["id"], result["status"], "; ".join(result.get("errors") or ()))
        for result in report["results"]
    )


def llmprobe(url: str, folder: Path) -> Outcome:
    """Run with the slow tests, without the benchmark."""
    saved = folder / "llmprobe.json"
    command = ["node", os.environ["CONFORMANCE_LLMPROBE"], url, "--model", "demo"]
    command += ["--full", "--no-bench", "--no-save", "--no-color", "--timeout", "600"]
    command += ["--save", str(saved)]
    _run(command, folder)
    report = json.loads(saved.read_text())
    tests = report["conformance"]
    reasons = {test["id"]: test["reason"] for test in tests["inconclusive"]}
    cases = [
        Case(f"coverage {tier['tier']}: {label}", "failed", "not there")
        for tier in report["coverage"]["byTier"]
        for label in tier["missing"]
    ]
    cases += [_probed(result, reasons) for result in tests["results"]]
    cases += [
        Case(f"fidelity: {part['label']}", _whole(part["score"] == 1), part["detail"])
        for part in report["fidelity"]["slices"]
    ]
    coverage = (
        f"{tier['tier']} {tier['supported']}/{tier['total']}"
        for tier in report["coverage"]["byTier"]
    )
    return Outcome(
        f"coverage {', '.join(coverage)}; conformance {tests['pct']}% "
        f"({tests['passed']}/{tests['total']}), {len(reasons)} inconclusive",
        cases,
    )


def langchain(url: str, folder: Path) -> Outcome:
    xml = folder / "langchain.xml"
    command = [os.environ["CONFORMANCE_PYTHON"], "-m", "pytest", "-q", "-c", os.devnull]
    command += ["-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "--junitxml", str(xml)]
    # The client keeps its connections from test to test.
    for kind in ("fixture", "test"):
        command += ["-o", f"asyncio_default_{kind}_loop_scope=session"]
    command += [str(Path(__file__).with_name("test_langchain.py"))]
    _run(command, folder, CONFORMANCE_URL=url)
    return _counted(_from_junit(case) for case in ElementTree.parse(xml).iter("testcase"))


def schemathesis(url: str, folder: Path) -> Outcome:
    """Run requests generated from /openapi.json; none may cause a 500."""
    xml = folder / "schemathesis.xml"
    command = [_tool("schemathesis"), "run", f"{url}/openapi.json", "--seed", "1", "--no-color"]
    command += ["--checks", "not_a_server_error", "--max-examples", "5", "--continue-on-failure"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-time", "100"]
    # It never ends, and would take all the time.
    command += ["--request-timeout", "60", "--exclude-path", "/api/qwen3mlx/models/events"]
    command += ["--report", "junit", "--report-junit-path", str(xml)]
    _run(command, folder)
    return _counted(_from_junit(case) for case in ElementTree.parse(xml).iter("testcase"))


SUITES: dict[str, Suite] = {
    "llm-comply-openai-chat": partial(llm_comply, "openai-chat"),
    "llm-comply-open-responses": partial(llm_comply, "open-responses"),
    "llm-comply-anthropic": partial(llm_comply, "anthropic"),
    "langchain-tests": langchain,
    "schemathesis": schemathesis,
    "llmprobe": llmprobe,
}


def _tool(name: str) -> str:
    return str(Path(os.environ["CONFORMANCE_PYTHON"]).absolute().with_name(name))


def _run(command: list[str], folder: Path, **variables: str) -> str:
    """Return its stdout. The exit code is ignored, because the suite's report is more precise."""
    environ = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True, check=False
    ).stdout


def _counted(cases: Any) -> Outcome:
    listed = list(cases)
    counts = Counter(case.outcome for case in listed)
    return Outcome(f"{counts['passed']}/{len(listed)} passed", listed)


def _whole(passed: bool) -> str:
    return "passed" if passed else "failed"


def _probed(result: dict[str, Any], reasons: dict[str, str]) -> Case:
    outcome = {"pass": "passed", "fail": "failed"}.get(result["outcome"], result["outcome"])
    failures = (failure["message"] for failure in result["failures"])
    return Case(result["name"], outcome, reasons.get(result["id"]) or "; ".join(failures))


def _from_junit(case: ElementTree.Element) -> Case:
    for kind, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(kind)
        if found is not None:
            # schemathesis has the status in the text, and only its own code in the message.
            status = re.findall(r"^\[\d{3}\] .+(?=:$)", found.text or "", re.MULTILINE)
            message = ", ".join(status) or found.get("message", "")
            return Case(case.get("name", ""), outcome, message)
    return Case(case.get("name", ""), "passed")
