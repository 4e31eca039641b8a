"""Renew `suite_prompts.txt`: `python -m training.suite_prompts FOLDER ...`, folders of the suites.

Every string of two words or more in their sources counts as a prompt, and only its hash is kept:
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

LONGEST = 120  # characters; what is longer, no template of a skill can produce
QUOTED = [re.compile(rf"{quote}((?:\\.|[^\\{quote}\n]){{3,300}}){quote}") for quote in "\"'`"]


def python_strings(source: str) -> Iterator[str]:
    """The constants of a module; the fixed parts of an f-string one by one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def quoted_strings(source: str) -> Iterator[str]:
    """What stands between quotes on one line of JavaScript or JSON."""
    for pattern in QUOTED:
        for body in pattern.findall(source):
            yield _unescaped(body)


def _unescaped(body: str) -> str:
    escaped = re.sub(r'(?<!\\)"', r"\"", body)
    try:
        return str(json.loads(f'"{escaped}"'))
    except ValueError:  # an escape that only JavaScript has: the text as it stands there
        return body


READERS = {
    ".py": python_strings,
    ".js": quoted_strings,
    ".mjs": quoted_strings,
    ".json": quoted_strings,
}


def hashes(folders: list[Path]) -> set[str]:
    """Of all that could be a prompt in the files under these folders."""
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
