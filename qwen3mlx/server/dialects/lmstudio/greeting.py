"""`/lmstudio-greeting`, by which LM Studio's SDKs find a server if they are given no address.

Next, they open a websocket, which `http/websocket.py` refuses with a reason.
"""

from __future__ import annotations

from fastapi import APIRouter

from ...http.json_body import Route

router = APIRouter(include_in_schema=False, route_class=Route)


@router.get("/lmstudio-greeting")
async def greeting() -> dict[str, bool]:
    return {"lmstudio": True}
