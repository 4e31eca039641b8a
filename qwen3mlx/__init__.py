"""qwen3mlx: a native runtime for the Qwen3 family on Apple Silicon.

    >>> import qwen3mlx
    >>> runtime = qwen3mlx.load("demo")
    >>> for event in runtime.generate([{"role": "user", "content": "hi"}]): ...

Nothing heavy is imported until one of the names below is used.
"""

from importlib import import_module

# Nothing else: `python -m qwen3mlx` would import it from the current folder (see `__main__`).
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .model import load_model
    from .runtime import load
    from .text import load_tokenizer

__version__ = "0.1.0"
__all__ = ["load", "load_model", "load_tokenizer"]

_HOMES = {"load": "runtime", "load_model": "model", "load_tokenizer": "text"}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
