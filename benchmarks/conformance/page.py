"""Results of the suites -> docs/conformance.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REASONS = Path(__file__).with_name("reasons.json")
MAX_DETAIL = 160
HEAD = """# Conformance

How the conformance suites of others end with the demo checkpoint. `scripts/conformance --save` runs
them all against a server it starts and writes this page; `--only SUITE` renews one section. The
reasons are kept in `benchmarks/conformance/reasons.json`, each for a case and what the suite said;
a case that is not passed and has none shows what the suite said.

llm-comply leaves cases out by the model's name, so it is given a copy of the demo checkpoint under
the name `demo-as-gpt-5-and-claude-opus`. A reason that speaks of the demo model is about what its
three million parameters can follow. `tests/server/test_scripted_answers.py` asks the same of a
checkpoint with hand-set weights that can do it, in every dialect, and gets it.

Cases with an image pass because the suites ask for a reply only: a picture beside text becomes
words that say it was left out, a header of the reply says so, too, and the model sees none.

The demo's skills were written after its failures in these suites had been read. Since then it was
trained anew; of the suites' strings of two words or more only a few of small talk ("How are you?",
"This is a test") were among its questions, but many others differ from one by a number, a name or
a word ("Hi! My name is ...", "What is the value of ...? Use the tool."). So a case that passes
shows that the server carries it; it says little about unseen prompts.
"""


def write_page(results: Path, page: Path) -> None:
    """Of all suites that have a file in `results`, in order of their names."""
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
