"""The caller's stored responses, as a dependency of routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from ...core.caller import caller
from .store import MAX_BYTES, AllStored, ResponseStore


async def get_store(request: Request) -> ResponseStore:
    """The caller's part of the application's one store."""
    state = request.app.state
    if not hasattr(state, "responses"):
        state.responses = AllStored(MAX_BYTES)
    stored: AllStored = state.responses
    return ResponseStore(stored.of(caller().owner))


StoreOf = Annotated[ResponseStore, Depends(get_store)]
