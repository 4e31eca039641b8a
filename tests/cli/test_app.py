"""A command imports its own verb alone, and a template is compiled once: both cost start-up."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qwen3mlx.text.templates.jinja import JinjaTemplate

ONE = """
import sys
from qwen3mlx.cli import main
sys.argv = ["qwen3mlx", *{arguments}]
try:
    main()
except SystemExit:
    pass
print(*(name for name in sys.modules if name.startswith("qwen3mlx")))
"""
VERBS = ("run", "serve", "quantize")


def imported(*arguments: str) -> set[str]:
    """The modules of ours that the command with these arguments imports."""
    code = ONE.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rstrip().rpartition("\n")[2].split(" "))


def verbs(modules: set[str]) -> list[str]:
    return [verb for verb in VERBS if f"qwen3mlx.cli.{verb}" in modules]


def test_a_verb_comes_alone() -> None:
    assert verbs(imported("run", "--help")) == ["run"]


def test_help_and_mistakes_know_them_all() -> None:
    assert verbs(imported("--help")) == verbs(imported("rum")) == list(VERBS)


def test_help_imports_nothing_that_it_does_not_need() -> None:
    packages = {name.split(".")[1] for name in imported("--help") if "." in name}
    assert packages == {"cli", "errors", "quoting", "settings"}


PRESSED = """
import sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, CtrlC())
from qwen3mlx.cli import main
sys.argv = ["qwen3mlx", "run", "demo", "Hello"]
main()
"""


@pytest.mark.parametrize("module", ["typer", "qwen3mlx.cli.run"])
def test_ctrl_c_while_modules_are_imported(module: str) -> None:
    code = PRESSED.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_template_that_was_checked_is_not_compiled_again() -> None:
    text = "{{ messages[0] }} of this test"
    assert JinjaTemplate(text)._template is JinjaTemplate(text)._template
