"""The models on this computer: their names, folders, and saved settings."""

from .family import FamilyMember, Repository, members
from .local_model import LocalModel
from .model_settings import ModelSettings
from .names import DEMOS, Folder, Wanted, is_base, nearest, plain
from .resolve import NotDownloadedError, parse_name, resolve
from .scan import AmbiguousNameError, Library, Skipped

__all__ = [
    "DEMOS",
    "AmbiguousNameError",
    "FamilyMember",
    "Folder",
    "Library",
    "LocalModel",
    "ModelSettings",
    "NotDownloadedError",
    "Repository",
    "Skipped",
    "Wanted",
    "is_base",
    "members",
    "nearest",
    "parse_name",
    "plain",
    "resolve",
]
