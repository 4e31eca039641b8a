"""The dependencies that routes declare as parameters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from .service import Service


async def get_service(request: Request) -> Service:  # async: a plain function would need a thread
    """The application's one service."""
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(get_service)]
