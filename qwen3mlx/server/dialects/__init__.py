"""The dialects, each imported on the first request for one of its paths.

A server that only needs one of them starts faster and stays smaller without the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from ..http.error_responses import RenderError
from ..http.errors import ApiError, openai_body


class Dialect(NamedTuple):
    """A package in this folder with a `router`; all its paths start with one of `paths`."""

    package: str
    paths: tuple[str, ...]

    def load(self) -> Any:
        return import_module(f".{self.package}", __package__)

    def claims(self, path: str) -> bool:
        return path.startswith(self.paths)


OPENAI = Dialect(
    "openai",
    (
        "/v1/chat/",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/rerank",
        "/v2/rerank",
        "/v1/score",
        "/v1/models",
        "/tokenize",
        "/detokenize",
        "/tokenizer_info",
        "/props",
    ),
)
LAZY = (
    OPENAI,
    Dialect("anthropic", ("/v1/messages", "/v1/models")),
    Dialect("responses", ("/v1/responses", "/v1/conversations")),
    Dialect("lmstudio", ("/api/v0", "/api/v1", "/lmstudio-greeting")),
    Dialect("ollama", ("/api/",)),
    Dialect("native", ("/api/qwen3mlx/",)),
)


def _errors_of(package: str) -> RenderError:
    def render(error: ApiError) -> Mapping[str, Any]:
        body: Mapping[str, Any] = import_module(f".{package}", __package__).render_error(error)
        return body

    return render


# Path prefix -> the format of its errors; all other paths use OpenAI's.
ERROR_BODIES: Mapping[str, RenderError] = {
    "/v1/messages": _errors_of("anthropic"),
    "/api/": _errors_of("ollama"),
    "/api/v0": openai_body,
    "/api/v1": _errors_of("lmstudio"),
    "/api/qwen3mlx/": openai_body,
}
# Header -> the format of errors, for paths such as /v1/models that belong to two dialects.
CLIENT_ERROR_BODIES: Mapping[str, RenderError] = {"anthropic-version": _errors_of("anthropic")}
