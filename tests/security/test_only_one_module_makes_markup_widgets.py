"""Only one module of the window makes widgets that guess whether a text is markup."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parents[2] / "app" / "qwen3mlx_app"
PLAIN = APP / "views" / "plain.py"
RICH = APP / "views" / "rich_text.py"

# Qt's classes that guess whether a text is markup, or read some in it, `&` among it.
GUESSING = {
    "QLabel",
    "QPushButton",
    "QToolButton",
    "QCheckBox",
    "QRadioButton",
    "QCommandLinkButton",
    "QGroupBox",
    "QMenu",
    "QAction",
    "QMessageBox",
    "QErrorMessage",
    "QInputDialog",
    "QProgressDialog",
    "QToolTip",
    "QWhatsThis",
    "QTextEdit",
    "QTextBrowser",
    "QTextDocument",
    "QTextDocumentFragment",
    "QStaticText",
    "QTabWidget",
    "QTabBar",
    "QToolBox",
    "QDockWidget",
    "QWizard",
    "QWizardPage",
    "QStatusBar",
    "QSplashScreen",
    "QSystemTrayIcon",
    "QGraphicsTextItem",
}
# Methods that hand a text to one of them.
HANDING = {
    "setToolTip",
    "setWhatsThis",
    "setStatusTip",
    "setTextFormat",
    "setWindowTitle",
    "setHtml",
    "insertHtml",
    "appendHtml",
    "setMarkdown",
    "setInformativeText",
    "setDetailedText",
    "showMessage",
    "addAction",
    "addMenu",
    "setIconText",
    "setTabToolTip",
    "setTabText",
    "addTab",
    "insertTab",
    "setLabelText",
    "createMimeDataFromSelection",
}
# Who may: the module of plain text all, and these for what is written there.
ALLOWED = {
    RICH: {"QLabel", "QTextDocument", "setTextFormat", "setHtml"},
    APP / "views" / "copying.py": {"setHtml"},  # for other programs, of what is shown here
    APP / "views" / "help_window.py": {"QTextBrowser", "setHtml"},  # of our own pages
    APP / "views" / "tray.py": {"QSystemTrayIcon", "QAction", "setToolTip", "addMenu"},
    APP / "views" / "menus.py": {"QAction"},
    APP / "views" / "window_menus.py": {"QAction"},
}
# Texts for those who listen, and hints in empty fields: a value is made one line first.
SPOKEN = {"setAccessibleName", "setAccessibleDescription", "setPlaceholderText"}
MAKES_PLAIN = {"one_line", "visible", "unmarked", "without_mnemonics", "window_title"}
TRANSLATES = {"tr", "translate"}


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def is_ours(text: ast.expr, filled: set[str]) -> bool:
    """A text of the program's own, or a value that was made plain; `filled` names are neither."""
    if isinstance(text, ast.Name):
        return text.id not in filled
    if isinstance(text, ast.Constant):
        return True
    return isinstance(text, ast.Call) and called(text) in MAKES_PLAIN | TRANSLATES


def is_a_name(text: ast.expr) -> bool:
    return isinstance(text, ast.Name)


def filled_in(tree: ast.AST) -> set[str]:
    """Names of texts that values were put into."""
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and (
            isinstance(node.value, ast.JoinedStr)
            or (isinstance(node.value, ast.Call) and called(node.value) == "format")
        )
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def faults(source: str, allowed: set[str]) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    for scope in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] + [tree]:
        filled = filled_in(scope)
        for node in ast.walk(scope):
            if not (isinstance(node, ast.Call) and called(node) in SPOKEN and node.args):
                continue
            if not is_ours(node.args[0], filled if scope is not tree else set()):
                yield node.lineno, f"{called(node)} of a value as it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in GUESSING - allowed:
                    yield node.lineno, f"imports {alias.name}"
        elif isinstance(node, ast.Attribute) and node.attr in GUESSING - allowed:
            yield node.lineno, f"uses {node.attr}"
        elif isinstance(node, ast.Attribute) and node.attr == "ToolTipRole":
            if "unmarked" not in source:
                yield node.lineno, "tells a tip that is not made plain"
        elif isinstance(node, ast.Call):
            name = called(node)
            if name in HANDING - allowed:
                yield node.lineno, f"calls {name}"
            elif name == "addRow" and len(node.args) == 2 and not is_a_name(node.args[0]):
                yield node.lineno, "addRow makes a label of a text"


def test_only_one_module_makes_what_guesses_markup() -> None:
    found = [
        f"{path.relative_to(APP.parent)}:{line} {what}"
        for path in sorted(APP.rglob("*.py"))
        if path != PLAIN
        for line, what in faults(path.read_text(encoding="utf-8"), ALLOWED.get(path, set()))
    ]
    assert not found, "use app/qwen3mlx_app/views/plain.py:\n" + "\n".join(found)


def test_the_lint_sees_what_it_is_for() -> None:
    for line in (
        "from PySide6.QtWidgets import QLabel",
        "QtWidgets.QMessageBox.about(self, title, text)",
        "button.setToolTip(entry.name)",
        "menu.addAction(folder.name)",
        "field.setAccessibleName(f'Remove {name}')",
        "def f():\n text = self.tr('{name}').format(name=name)\n field.setAccessibleName(text)",
        "role == Qt.ItemDataRole.ToolTipRole",
        "form.addRow(labels[name], field)",
    ):
        assert list(faults(line, set())), line
