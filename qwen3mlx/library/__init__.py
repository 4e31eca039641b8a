"""The models on this computer: their names, folders, and saved settings."""

from .local_model import LocalModel
from .model_settings import ModelSettings
from .names import DEMOS, Folder, Repository, aliases, is_base, nearest, parse_name, plain
from .resolve import NotDownloadedError, resolve
from .scan import AmbiguousNameError, Library, Skipped

__all__ = [
    "DEMOS",
    "AmbiguousNameError",
    "Folder",
    "Library",
    "LocalModel",
    "ModelSettings",
    "NotDownloadedError",
    "Repository",
    "Skipped",
    "aliases",
    "is_base",
    "nearest",
    "parse_name",
    "plain",
    "resolve",
]
