from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qwen3mlx_app.domain import Conversation, Message
from qwen3mlx_app.services.store import Store

_clock = itertools.count(1.0)


@contextmanager
def opened() -> Iterator[Store]:
    """A new store, for one example of a property."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "conversations.sqlite"))
        yield store
        store.close()


def conversation(**fields: Any) -> Conversation:
    """Each later than the ones before."""
    now = next(_clock)
    return Conversation(**{"created_at": now, "updated_at": now, **fields})


def message(of: Conversation, content: str = "", **fields: Any) -> Message:
    known = {"role": "user", "created_at": next(_clock), **fields}
    return Message(conversation_id=of.id, content=content, **known)
