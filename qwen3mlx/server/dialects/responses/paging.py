"""Lists of items, one page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Query

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...json_text import Json
from ..shared.request_fields import Parameter
from .items import Item

Order = Annotated[Literal["asc", "desc"], Query()]
Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[Parameter | None, Query()]


def page(items: Sequence[Item], order: str, limit: int, after: str | None) -> Json:
    """Return at most `limit` items after `after`. InvalidRequestError if it is not one of them."""
    ordered = list(items if order == "asc" else reversed(items))
    ids = [item["id"] for item in ordered]
    if after is not None and after not in ids:
        raise InvalidRequestError(
            f"after is {quoted(after)}; it must be the id of an item.", param="after"
        )
    start = 0 if after is None else ids.index(after) + 1
    return item_list(ordered[start : start + limit], has_more=start + limit < len(ordered))


def item_list(items: Sequence[Item], *, has_more: bool = False) -> Json:
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }
