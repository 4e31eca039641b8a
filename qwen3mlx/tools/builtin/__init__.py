"""The tools that come with the program, as the server `builtin`.

Those that only compute are allowed from the start. Whatever reaches further is off until a person
turns it on in `tools.json`, and then asks like all others.
"""

from __future__ import annotations

from ..toolbox import Tool
from . import calculator, clock
from .made import made


def built_in_tools() -> list[Tool]:
    """The tools that are turned on."""
    return [made(clock.CLOCK), made(calculator.CALCULATOR)]
