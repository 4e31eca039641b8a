"""Results of the suites -> docs/conformance.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REASONS = Path(__file__).with_name("reasons.json")
MAX_DETAIL = 160
HEAD = """# Conformance

Results of third-party conformance suites with the demo checkpoint. `scripts/conformance --save`
runs them all against a server that it starts, and writes this page; `--only SUITE` updates one
section. The reasons are in `benchmarks/conformance/reasons.json`, each for one case and the
suite's message; a case that did not pass and has no reason shows the suite's message.

llm-comply skips cases by the model's name, so it gets a copy of the demo checkpoint named
`demo-as-gpt-5-and-claude-opus`. Reasons about the demo model are limits of its three million
parameters. `tests/server/test_scripted_answers.py` runs the same requests in every dialect against
a checkpoint with hand-set weights that can fulfill them, and passes.

Cases with an image pass because the suites only require a reply: a picture beside text is replaced
by a placeholder, a response header says so, and the model does not see it.

The demo's skills were written after reviewing its failures in these suites. It has been retrained
since; of the suites' strings of at least two words, only a few phrases of small talk ("How are
you?", "This is a test") were in its training questions, but many others differ from one by a
number, a name or a word ("Hi! My name is ...", "What is the value of ...? Use the tool."). So a
passed case shows that the server supports it; it says little about unseen prompts.
"""


def write_page(results: Path, page: Path) -> None:
    """Write the results of every suite that has a file in `results`, ordered by name."""
    reasons = json.loads(REASONS.read_text(encoding="utf-8"))
    sections = [_section(path, reasons) for path in sorted(results.glob("*.json"))]
    page.write_text("\n".join([HEAD, *sections]), encoding="utf-8")


def _section(path: Path, reasons: dict[str, str]) -> str:
    outcome = json.loads(path.read_text(encoding="utf-8"))
    rows = [_row(case, reasons) for case in outcome["cases"]]
    head = "| case | outcome | reason |\n|---|---|---|"
    return "\n".join([f"## {path.stem}\n", outcome["summary"] + ".\n", head, *rows, ""])


def _row(case: dict[str, Any], reasons: dict[str, str]) -> str:
    detail = ""
    if case["outcome"] != "passed":
        said = " ".join(case["detail"].split())
        line = f"{case['name']}: {said}"
        known = (text for pattern, text in reasons.items() if re.search(pattern, line))
        detail = next(known, f"The suite says: {said[:MAX_DETAIL]}").replace("|", "\\|")
    return f"| {case['name']} | {case['outcome']} | {detail} |"
