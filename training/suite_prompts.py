"""Update `suite_prompts.txt`: `python -m training.suite_prompts FOLDER ...`, folders of the suites.

Every string of at least two words in their sources counts as a prompt, and only its hash is kept:
the texts are other people's. `scripts/conformance` installs the suites.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from training.split import SUITE_PROMPTS, prompt_hash

LONGEST = 120  # characters; no template of a skill can produce longer ones
QUOTED = [re.compile(rf"{quote}((?:\\.|[^\\{quote}\n]){{3,300}}){quote}") for quote in "\"'`"]


def python_strings(source: str) -> Iterator[str]:
    """Return the constants of a module, and each fixed part of an f-string."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def quoted_strings(source: str) -> Iterator[str]:
    """Return the text between quotes on one line of JavaScript or JSON."""
    for pattern in QUOTED:
        for body in pattern.findall(source):
            yield _unescaped(body)


def _unescaped(body: str) -> str:
    escaped = re.sub(r'(?<!\\)"', r"\"", body)
    try:
        return str(json.loads(f'"{escaped}"'))
    except ValueError:  # an escape that only JavaScript has: keep the text unchanged
        return body


READERS = {
    ".py": python_strings,
    ".js": quoted_strings,
    ".mjs": quoted_strings,
    ".json": quoted_strings,
}


def hashes(folders: list[Path]) -> set[str]:
    """Return the hashes of all possible prompts in the files of these folders."""
    files = (file for folder in folders for file in folder.rglob("*") if file.suffix in READERS)
    return {
        prompt_hash(text)
        for file in files
        for text in READERS[file.suffix](file.read_text(encoding="utf-8"))
        if _could_be_a_prompt(text)
    }


def _could_be_a_prompt(text: str) -> bool:
    begins = re.match(r"\s*[A-Za-z(]", text) is not None
    return begins and len(text) <= LONGEST and " " in text and len(re.findall(r"\w+", text)) > 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, help="the suites' sources")
    found = sorted(hashes(parser.parse_args().folders))
    SUITE_PROMPTS.write_text("\n".join(found) + "\n", encoding="utf-8")
    print(f"{len(found):,} strings")


if __name__ == "__main__":
    main()
