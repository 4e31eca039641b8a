"""The window knows what the server says: whoever writes a new sentence there finds it missing here.

Sentences are taken from the code of the modules whose errors a person sees in the window.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from qwen3mlx_app.services.language import use_language
from qwen3mlx_app.services.server_errors import _SENTENCES, told

from qwen3mlx.tools.builtin import calculator, clock, files, page, python_code

ROOT = Path(__file__).parents[3]
# Those whose sentences are all known.
MODULES = (
    *(f"tools/{name}" for name in ("connection", "host", "json_places", "mcp_json", "sign_in")),
    *(f"tools/{name}" for name in ("toolbox", "transports")),
    *(f"server/dialects/native/{name}" for name in ("tools", "folders", "downloads")),
    *("server/core/held_models", "server/http/keys", "server/http/listening"),
    *(f"hub/{name}" for name in ("errors", "bounded", "selection", "cards", "preflight")),
    *("library/removal", "library/gguf_files", "settings/state"),
    *("engine/worker", "engine/schedule", "model/footprint"),
)
QUANTIZE = (
    *("gguf/metadata", "gguf/source", "gguf/tokenizer", "names", "output", "convert"),
    *("discarding", "staging"),
)
PATHS = [
    *(ROOT / "qwen3mlx" / f"{name}.py" for name in MODULES),
    *(ROOT / "quantize" / "qwen3mlx_quantize" / f"{name}.py" for name in QUANTIZE),
]
# Codes whose errors the window never gets: those of other clients, and of the terminal.
OTHERS = {
    *("not_implemented", "job_not_found", "thread_not_found", "thread_fingerprint_mismatch"),
    *("previous_response_not_found", "conversation_not_found", "unsupported_encoding"),
    *("invalid_encoding", "invalid_value", "missing_required_parameter", "invalid_json"),
    *("upload_failed", "server_failed", "cannot_listen"),
    # Its messages are known one by one.
    "invalid_request",
}
# Sentences that the window never gets: it sends an object.
ELSEWHERE = {"The arguments are not a JSON object: write one, and call again."}


def written(node: ast.expr) -> Iterator[str]:
    """The texts of an expression, with X for what is not known before it is said."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            parts = [one.value if isinstance(one, ast.Constant) else "X" for one in values]
            yield "".join(map(str, parts))
        case ast.IfExp(body=body, orelse=orelse):
            yield from written(body)
            yield from written(orelse)
        case ast.Call(args=args):
            for each in args:
                yield from written(each)


def sentences(path: Path) -> Iterator[str]:
    """What the code raises and returns."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield from written(node.exc)
        elif isinstance(node, ast.Return) and node.value is not None:
            yield from written(node.value)


def chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", told(text)) is not None


@pytest.fixture(autouse=True)
def in_chinese(qapp: QApplication) -> Iterator[None]:
    use_language("zh_CN")
    yield
    use_language("en")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_sentence_of_the_server_is_known(path: Path) -> None:
    said = {text for text in sentences(path) if len(re.findall(r"[a-z]{2,}", text)) > 2}
    # What follows the name of what it is about is said after one.
    unknown = {text for text in said if not chinese(text) and not chinese(f"X {text}")}
    assert unknown - ELSEWHERE == set()


def test_what_the_built_in_tools_say_of_themselves_is_known() -> None:
    tools = [clock.CLOCK, calculator.CALCULATOR, page.PAGE, python_code.PYTHON]
    tools += files.file_tools([Path("/a"), Path("/b")])
    about = [one for tool in tools for one in tool.properties.values()]
    told_of = [tool.description for tool in tools] + [one.get("description", "") for one in about]
    places = ("", "https://example.com/page")
    assert [text for text in told_of if text not in places and not chinese(text)] == []


def test_every_code_has_its_sentence() -> None:
    found = {
        code
        for folder in ("qwen3mlx", "quantize")
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(r'^    code = "(\w+)"', path.read_text(), re.MULTILINE)
    }
    assert len(found) > 20
    assert found - OTHERS - _SENTENCES.keys() == set()
    assert found >= OTHERS
    assert OTHERS & _SENTENCES.keys() == set()
