"""A command imports its own verb alone, and a template is compiled once: both cost start-up."""

from __future__ import annotations

import subprocess
import sys

from qwen3mlx.text.templates.jinja import JinjaTemplate

ONE = """
import sys
from qwen3mlx.cli import main
sys.argv = ["qwen3mlx", *{arguments}]
try:
    main()
except SystemExit:
    pass
print([name for name in ("run", "serve", "quantize") if "qwen3mlx.cli." + name in sys.modules])
"""


def imported(*arguments: str) -> str:
    code = ONE.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.rstrip().rpartition("\n")[2]


def test_a_verb_comes_alone() -> None:
    assert imported("run", "--help") == "['run']"


def test_help_and_mistakes_know_them_all() -> None:
    assert imported("--help") == imported("rum") == "['run', 'serve', 'quantize']"


def test_a_template_that_was_checked_is_not_compiled_again() -> None:
    text = "{{ messages[0] }} of this test"
    assert JinjaTemplate(text)._template is JinjaTemplate(text)._template
