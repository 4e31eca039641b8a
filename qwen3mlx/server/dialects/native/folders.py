"""`/folders`: the folders in which the server looks for models."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from fastapi import APIRouter

from ....errors import InvalidRequestError
from ....library.cache import hub_cache
from ....library.folders import known_folders, lm_studio_folders
from ....quoting import quoted
from ....settings.user import UserSettings
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.json_body import Route
from ...json_text import Json
from ..shared.request_fields import Parameter
from .schemas import FolderBody

router = APIRouter(prefix="/folders", route_class=Route)


@router.get("")
async def list_folders(service: ServiceDep) -> Json:
    return await asyncio.to_thread(_listed, service)


@router.post("")
async def add(body: FolderBody, service: ServiceDep) -> Json:
    """Make the models in a folder available; nothing is copied."""
    return await asyncio.to_thread(_add, service, body.path)


@router.delete("")
async def remove(path: Parameter, service: ServiceDep) -> Json:
    """Remove a folder from the list; its files stay."""
    return await asyncio.to_thread(_remove, service, path)


def _add(service: Service, given: str) -> Json:
    folder = _absolute(given)
    if not folder.is_dir():
        raise InvalidRequestError(f"{folder} is not a folder.", param="path")
    UserSettings().add_model_folder(folder)
    return _listed(service)


def _remove(service: Service, given: str) -> Json:
    folder = _absolute(given)
    if not UserSettings().remove_model_folder(folder):
        raise InvalidRequestError(f"{folder} is not one of the added folders.", param="path")
    return _listed(service)


def _listed(service: Service) -> Json:
    models = [model.path for model in service.library.installed()]
    user = set(UserSettings().model_folders().folders)
    folders = [hub_cache(), *known_folders()]
    return {
        "folders": [
            {
                "path": str(folder),
                "source": _source(folder, user),
                "exists": os.path.isdir(folder),
                "num_models": sum(path.is_relative_to(folder) for path in models),
            }
            for folder in folders
        ]
    }


def _source(folder: Path, user: set[Path]) -> str:
    if folder in user:
        return "user"
    return "lmstudio" if folder in lm_studio_folders() else "cache"


def _absolute(given: str) -> Path:
    try:
        folder = Path(given).expanduser()
    except RuntimeError:  # `~nobody`
        folder = Path(given)
    if not folder.is_absolute() or "\0" in given:
        raise InvalidRequestError(f"path is {quoted(given)}; it must be absolute.", param="path")
    return Path(os.path.normpath(folder))
