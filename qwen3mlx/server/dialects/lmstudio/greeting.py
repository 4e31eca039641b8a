"""`/lmstudio-greeting`, by which LM Studio's SDKs find a server where they are given no address.

What they ask for next is a websocket; `http/websocket.py` tells them that there is none.
"""

from __future__ import annotations

from fastapi import APIRouter

from ...http.json_body import Route

router = APIRouter(include_in_schema=False, route_class=Route)


@router.get("/lmstudio-greeting")
async def greeting() -> dict[str, bool]:
    return {"lmstudio": True}
