"""What a route asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

if TYPE_CHECKING:
    from .service import Service


async def get_service(request: Request) -> Service:  # async: no thread is needed for it
    """The one service of this application: `Annotated[Service, Depends(get_service)]`."""
    service: Service = request.app.state.service
    return service
