"""The language of the program's texts, which can change while it runs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

TRANSLATIONS = Path(__file__).parents[1] / "i18n"
# Those that the application uses; they work as long as they are kept.
_installed: list[QTranslator] = []


def use_language(language: str, folder: Path = TRANSLATIONS) -> None:
    """Take all texts from now on in this language; `system` is the computer's."""
    while _installed:
        QCoreApplication.removeTranslator(_installed.pop())
    locale = QLocale.system() if language == "system" else QLocale(language)
    QLocale.setDefault(locale)
    qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for name, where in (("qtbase", qt), ("qwen3mlx", str(folder))):
        translator = QTranslator(QCoreApplication.instance())
        if translator.load(locale, name, "_", where):
            QCoreApplication.installTranslator(translator)
            _installed.append(translator)
