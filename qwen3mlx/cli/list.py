"""`qwen3mlx list`: the models on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .display import one_line
from .options import PrintJson
from .terminal import Terminal

if TYPE_CHECKING:
    from ..library.local_model import LocalAdapter
    from ..library.scan import Other

_COLUMNS = ("MODEL", "PARAMETERS", "WEIGHTS", "SIZE", "CONTEXT", "MODIFIED")


def list_models(as_json: PrintJson = False) -> None:
    """List the models on this computer.

    These are the demo models, the models in the Hugging Face cache and in LM Studio's folder, and
    those in the model_folders of settings.json; then GGUF files, also Ollama's and llama.cpp's,
    which `qwen3mlx import` turns into models. In a pipe, columns are separated by tabs; --json
    lists models only.
    """
    from ..library import Library
    from ..library.gguf_files import gguf_files
    from ..library.scan import Other
    from ..quoting import size_text
    from .tables import day, model_object, print_json, print_table

    terminal = Terminal.standard()
    models, skipped, others, adapters = Library().scan()
    if as_json:
        print_json([model_object(model) for model in models], terminal)
    else:
        rows = [
            (
                model.id,
                model.params,
                model.quantization or "float",
                size_text(model.size_bytes),
                f"{model.max_context_length:,}",
                day(model.modified),
            )
            for model in models
        ]
        files, other_files = gguf_files()
        rows += [
            (
                file.name,
                "",
                " ".join(filter(None, ("GGUF", file.quantization))),
                size_text(file.size_bytes),
                f"{file.context_length:,}",
                day(file.modified),
            )
            for file in files
        ]
        others += [Other(file.name, "", file.family) for file in other_files]
        print_table(_COLUMNS, rows, terminal)
        if files:
            terminal.note("GGUF: qwen3mlx import MODEL turns it into a model for MLX.")
    used = {model.adapter for model in models}
    for adapter in adapters:
        if adapter.path not in used:
            terminal.note(f"{adapter.name} is an adapter for {_base(adapter)}, which is not here.")
    for name, reason in skipped:
        terminal.note(f"Not listed: {name}: {reason}")
    if others:
        terminal.note(f"Of other families, which do not run here: {', '.join(map(_other, others))}")


def _base(adapter: LocalAdapter) -> str:
    return one_line(adapter.base or "a model that its file does not name")


def _other(other: Other) -> str:
    return f"{other.name} ({other.family})"
