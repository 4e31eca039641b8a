"""The scope that each route requires. A route that is not in this table is not served."""

from __future__ import annotations

from typing import Literal

from starlette.routing import compile_path

from ..core.caller import Scope

# Open to everyone, even without a key: they reveal nothing about models or other callers.
OPEN = """
GET /
GET /health
GET /ping
POST /ping
GET /version
GET /docs
GET /openapi.json
GET /lmstudio-greeting
"""
# For answers and lists of models.
INFERENCE = """
GET /v1/models
GET /v1/models/{model_id:path}
POST /v1/chat/completions
POST /v1/completions
POST /v1/embeddings
POST /v1/rerank
POST /v2/rerank
POST /v1/score
POST /tokenize
POST /detokenize
GET /tokenizer_info
GET /props
POST /v1/messages
POST /v1/messages/count_tokens
POST /v1/responses
POST /v1/responses/input_tokens
POST /v1/responses/compact
GET /v1/responses/{response_id}
DELETE /v1/responses/{response_id}
GET /v1/responses/{response_id}/input_items
POST /v1/responses/{response_id}/cancel
POST /v1/conversations
GET /v1/conversations/{conversation_id}
POST /v1/conversations/{conversation_id}
DELETE /v1/conversations/{conversation_id}
GET /v1/conversations/{conversation_id}/items
POST /v1/conversations/{conversation_id}/items
GET /v1/conversations/{conversation_id}/items/{item_id}
DELETE /v1/conversations/{conversation_id}/items/{item_id}
POST /api/v0/embeddings
GET /api/v0/models
GET /api/v0/models/{model_id:path}
POST /api/v0/chat/completions
POST /api/v0/completions
POST /api/v1/chat
GET /api/v1/models
POST /api/chat
POST /api/generate
POST /api/embed
POST /api/embeddings
GET /api/version
GET /api/tags
GET /api/ps
POST /api/show
GET /api/qwen3mlx/models
GET /api/qwen3mlx/models/events
GET /api/qwen3mlx/fit
GET /api/qwen3mlx/settings/schema
POST /api/qwen3mlx/tokens
"""
# For downloading, loading and configuring models, and for watching memory and requests.
MODELS = """
POST /api/v1/models/load
POST /api/v1/models/unload
POST /api/v1/models/download
GET /api/v1/models/download/status/{job_id}
POST /api/pull
POST /api/create
POST /api/copy
POST /api/push
DELETE /api/delete
POST /api/blobs/{digest}
PUT /api/qwen3mlx/models/settings
POST /api/qwen3mlx/models/load
POST /api/qwen3mlx/models/unload
POST /api/qwen3mlx/models/delete
POST /api/qwen3mlx/models/restore
GET /api/qwen3mlx/search
GET /api/qwen3mlx/search/card
GET /api/qwen3mlx/downloads
GET /api/qwen3mlx/downloads/events
POST /api/qwen3mlx/downloads
POST /api/qwen3mlx/downloads/pause
POST /api/qwen3mlx/downloads/resume
POST /api/qwen3mlx/downloads/move
DELETE /api/qwen3mlx/downloads
GET /api/qwen3mlx/status
GET /api/qwen3mlx/log
GET /metrics
"""
# For managing keys, folders and the server's settings.
ADMIN = """
GET /api/qwen3mlx/folders
POST /api/qwen3mlx/folders
DELETE /api/qwen3mlx/folders
GET /api/qwen3mlx/keys
POST /api/qwen3mlx/keys
DELETE /api/qwen3mlx/keys
GET /api/qwen3mlx/settings
PATCH /api/qwen3mlx/settings
"""
# For what runs programs on this computer: no key, only the owner's own window and command line.
OWN = """
GET /api/qwen3mlx/tools
GET /api/qwen3mlx/tools/servers
POST /api/qwen3mlx/tools/servers
PATCH /api/qwen3mlx/tools/servers
DELETE /api/qwen3mlx/tools/servers
POST /api/qwen3mlx/tools/servers/import
POST /api/qwen3mlx/tools/servers/restart
POST /api/qwen3mlx/tools/servers/login
POST /api/qwen3mlx/tools/servers/logout
GET /api/qwen3mlx/tools/builtin
PUT /api/qwen3mlx/tools/builtin
GET /api/qwen3mlx/tools/log
PUT /api/qwen3mlx/tools/consent
POST /api/qwen3mlx/tools/calls
POST /api/qwen3mlx/tools/chat
POST /api/qwen3mlx/tools/replies
"""

Needed = Literal["open", "own"] | Scope


def _rows(needed: Needed, text: str) -> dict[tuple[str, str], Needed]:
    rows = (line.partition(" ") for line in text.strip().split("\n"))
    return {(method, path): needed for method, _, path in rows}


TABLE: dict[tuple[str, str], Needed] = {
    **_rows("open", OPEN),
    **_rows("inference", INFERENCE),
    **_rows("models", MODELS),
    **_rows("admin", ADMIN),
    **_rows("own", OWN),
}
_PATTERNS = [
    (method, compile_path(path)[0], needed)
    for (method, path), needed in TABLE.items()
    if "{" in path
]


def needed_for(method: str, path: str) -> Needed | None:
    """The scope that a request requires; None if the table has no such route."""
    if (exact := TABLE.get((method, path))) is not None:
        return exact
    for known, pattern, needed in _PATTERNS:
        if known == method and pattern.match(path):
            return needed
    return None
