"""FastAPI, imported without what a server never needs of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ConfigDict


def import_fastapi() -> None:
    """Import FastAPI in much less time.

    Its models of an OpenAPI document are built when one is written, not when they are defined:
    https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build. And it
    gets along without `pydantic.v1`, of which it would import all to refuse models that are none.
    """
    if "fastapi" in sys.modules:
        return
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # means: not there
    config, rebuild = BaseModel.model_config, BaseModel.__dict__["model_rebuild"]
    BaseModel.model_config = ConfigDict(defer_build=True)
    BaseModel.model_rebuild = classmethod(_rebuild_if_needed(rebuild))  # type: ignore[method-assign, assignment]
    try:
        import_module("fastapi")
    finally:
        BaseModel.model_config, BaseModel.model_rebuild = config, rebuild  # type: ignore[method-assign]


def _rebuild_if_needed(rebuild: classmethod[BaseModel, ..., bool | None]) -> Callable[..., Any]:
    """Return `model_rebuild`, which does nothing for a call without arguments: that one only asks
    for a model to be built before it is used.
    """

    def rebuilt(cls: type[BaseModel], **options: Any) -> bool | None:
        return rebuild.__func__(cls, **options) if options else None

    return rebuilt
