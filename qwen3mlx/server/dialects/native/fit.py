"""`/fit`: which models of the family fit this computer, or another one, and how fast they are."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from ....hub.sources import preferred
from ....library.family import FamilyMember
from ....library.fit import Asked, whole_family
from ....library.machine import machine
from ....library.names import Wanted
from ...bounds import MOST_WHOLE
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.json_body import Route
from ...json_text import Json
from ..shared.request_fields import Parameter

router = APIRouter(route_class=Route)


@router.get("/fit")
async def family(
    service: ServiceDep,
    context_length: Annotated[int | None, Query(ge=1, le=MOST_WHOLE)] = None,
    parallel: Annotated[int, Query(ge=1, le=256)] = 1,
    memory: Annotated[Parameter | None, Query()] = None,
    chip: Annotated[Parameter | None, Query()] = None,
) -> Json:
    """Each model of the family in the quantization that its name means here.

    `download` is the name to download it by, from the hub that the setting `source` prefers.
    Without `memory` and `chip`, the limit is this server's own.
    """
    asked = Asked(context_length, parallel)
    return await asyncio.to_thread(_described, service, asked, memory, chip)


def _described(service: Service, asked: Asked, memory: str | None, chip: str | None) -> Json:
    there = machine(memory, chip)
    if memory is None and chip is None:
        there = there._replace(limit_bytes=service.engine.budget.limit)
    models = [
        {
            "name": member.name,
            "capabilities": list(member.capabilities),
            "size_bytes": found.fit.weight_bytes,
            "download": _place(service, member, there.memory_bytes),
            **found.as_json(),
        }
        for member, found in whole_family(there, asked)
    ]
    chip_name = there.chip.name if there.chip else None
    return {"machine": {**there._asdict(), "chip": chip_name}, "models": models}


def _place(service: Service, member: FamilyMember, memory_bytes: int) -> str:
    wanted = Wanted(member.in_order(None, memory_bytes))
    return preferred(wanted, service.settings.source).place.name
