"""The text of a model card: the README of a repository."""

from __future__ import annotations

import re

from ..errors import DownloadError, ModelNotFoundError, UsageError
from ..library.names import is_repository
from ..quoting import quoted
from .bounded import ask, hub_of
from .offline import is_offline
from .sources import HUGGING_FACE, KAGGLE

# Bytes of a README that are read; the longest of the family has 40 kB.
MOST = 1 << 20
# Characters that are returned.
LONGEST = 60_000
_FRONT_MATTER = re.compile(r"\A\ufeff?---\s*\n.*?\n---\s*(?:\n|\Z)", re.DOTALL)


def card(source: str, repo_id: str) -> str:
    """Return the card as Markdown, without its front matter. It is a stranger's text.

    Raises ModelNotFoundError if there is none, DownloadError, UsageError.
    """
    if source == KAGGLE:
        raise UsageError("Kaggle's model cards cannot be read here: see its page.")
    if not is_repository(repo_id):
        raise ModelNotFoundError(f"{quoted(repo_id)} is not the name of a repository: org/repo is.")
    path, options = f"/{repo_id}/resolve/main/README.md", {}
    if source != HUGGING_FACE:
        path = f"/api/v1/models/{repo_id}/repo"
        options = {"Revision": "master", "FilePath": "README.md"}
    elif is_offline():
        raise DownloadError("HF_HUB_OFFLINE forbids to ask the hub: unset it.")
    try:
        body = ask(hub_of(source), path, options, MOST)
    except ModelNotFoundError:
        raise ModelNotFoundError(f"{repo_id} has no model card.") from None
    return _FRONT_MATTER.sub("", body.decode("utf-8", "replace"), count=1).strip()[:LONGEST]
