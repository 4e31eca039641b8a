"""FastAPI, imported without what a server never needs of it."""

from __future__ import annotations

import sys
from importlib import import_module

from pydantic import BaseModel, ConfigDict


def import_fastapi() -> None:
    """Import FastAPI in four fifths of the time.

    Its models of an OpenAPI document are built when one is written, not when they are defined:
    https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build. And it
    gets along without `pydantic.v1`, of which it would import all to refuse models that are none.
    """
    if "fastapi" in sys.modules:
        return
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # means: not there
    config = BaseModel.model_config
    BaseModel.model_config = ConfigDict(defer_build=True)
    try:
        import_module("fastapi")
    finally:
        BaseModel.model_config = config
