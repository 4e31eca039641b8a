"""Format sizes, counts and times for people."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

translate = QCoreApplication.translate


def size_text(num_bytes: int) -> str:
    """A size in decimal units, as macOS writes them: 5.3 MB."""
    style = QLocale.DataSizeFormat.DataSizeSIFormat
    digits = 0 if num_bytes < 1_000_000 else 1
    return QLocale().formattedDataSize(num_bytes, digits, style)


def count_text(number: int) -> str:
    return QLocale().toString(number)


def duration_text(seconds: float) -> str:
    """A time that something will take, as exact as it can be known."""
    if seconds < 60:
        return translate("sizes", "{n} s").format(n=count_text(max(1, round(seconds))))
    if seconds < 3600:
        return translate("sizes", "{n} min").format(n=count_text(round(seconds / 60)))
    return translate("sizes", "{n} h").format(n=QLocale().toString(seconds / 3600, "f", 1))


def day_text(moment: float) -> str:
    """A point in time in brief: a time today, a weekday this week, else a date."""
    locale, now = QLocale(), QDateTime.currentDateTime()
    then = QDateTime.fromSecsSinceEpoch(int(moment))
    days = then.date().daysTo(now.date())
    if days <= 0:
        return locale.toString(then.time(), QLocale.FormatType.ShortFormat)
    if days < 7:
        return locale.dayName(then.date().dayOfWeek(), QLocale.FormatType.ShortFormat)
    if then.date().year() == now.date().year():
        return locale.toString(then.date(), translate("sizes", "MMM d"))
    return locale.toString(then.date(), QLocale.FormatType.ShortFormat)
