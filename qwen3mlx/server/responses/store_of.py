"""The store of the application, as a route asks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from .store import ResponseStore


async def get_store(request: Request) -> ResponseStore:
    """The one store of this application."""
    state = request.app.state
    if not hasattr(state, "responses"):
        state.responses = ResponseStore()
    store: ResponseStore = state.responses
    return store


StoreOf = Annotated[ResponseStore, Depends(get_store)]
