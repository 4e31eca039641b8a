"""The tools that come with the program, as the server `builtin`.

Those that only compute are allowed from the start. Whatever reaches further is off until a person
turns it on in `tools.json`, and then asks like all others.
"""

from __future__ import annotations

from ..toolbox import Tool
from . import calculator, clock
from .made import BuiltIn, made
from .turned_on import turned_on


def built_in_tools() -> list[Tool]:
    """The tools that are turned on. Raises ConfigurationError."""
    return [made(tool) for tool in _tools()]


def _tools() -> list[BuiltIn]:
    chosen, tools = turned_on(), [clock.CLOCK, calculator.CALCULATOR]
    if chosen.fetch_page:
        from .page import PAGE

        tools.append(PAGE)
    if chosen.folders:
        from .files import file_tools

        tools += file_tools(chosen.folders)
    if chosen.run_python:
        from .python_code import PYTHON

        tools.append(PYTHON)
    return tools
