"""What a number may be, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from ..limits import Limits
from ..services.plain import one_line

translate = QCoreApplication.translate

# From here on a limit says nothing to a person.
HUGE = 1_000_000


def range_text(limits: Limits, most: float | None = None) -> str:
    """Such as `0 to 1.` or `At least 1 token.`; `most` is a lower limit that counts here."""
    largest = limits.most if most is None else min(most, limits.most)
    least, unit = _number(limits.least), unit_text(limits.unit)
    if largest >= HUGE:
        if limits.least <= -HUGE:
            return translate("ranges", "Any whole number.")
        text = (
            translate("ranges", "More than {least}{unit}.")
            if limits.above
            else translate("ranges", "At least {least}{unit}.")
        )
    elif limits.above:
        text = translate("ranges", "More than {least}, at most {most}{unit}.")
    else:
        text = translate("ranges", "{least} to {most}{unit}.")
    return text.format(least=least, most=_number(largest), unit=f" {unit}" if unit else "")


def help_text(what: str, limits: Limits, most: float | None = None) -> str:
    """A line of help, and what the number may be."""
    text = translate("ranges", "{help} {range}")
    return text.format(help=what, range=range_text(limits, most))


def refusal_text(text: str, limits: Limits) -> str:
    """Why what was entered does not count."""
    told = (
        translate("ranges", "“{text}” is not used. A whole number is needed. {range}")
        if limits.is_whole
        else translate("ranges", "“{text}” is not used. A number is needed. {range}")
    )
    return told.format(text=one_line(text), range=range_text(limits))


def unit_text(unit: str | None) -> str:
    """A unit of the settings' table, as people read it."""
    return {
        "tokens": translate("ranges", "tokens"),
        "seconds": translate("ranges", "seconds"),
        "minutes": translate("ranges", "minutes"),
        "pixels": translate("ranges", "pixels"),
    }.get(unit or "", unit or "")


def _number(value: float) -> str:
    locale = QLocale()
    return locale.toString(int(value)) if value == int(value) else locale.toString(value)
