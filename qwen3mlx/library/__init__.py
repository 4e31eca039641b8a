"""The models on this computer: their names, folders, and saved settings."""

from .family import FamilyMember, Repository, members
from .local_model import LocalModel
from .model_settings import ModelSettings
from .names import DEMOS, Folder, Wanted, is_base, nearest, plain
from .resolve import (
    NotDownloadedError,
    adapter_folder,
    parse_name,
    resolve,
    with_adapter,
    without_adapter,
)
from .scan import AmbiguousNameError, Library, Skipped
from .uses import Kind, Use, check_use, kind_of

__all__ = [
    "DEMOS",
    "AmbiguousNameError",
    "FamilyMember",
    "Folder",
    "Kind",
    "Library",
    "LocalModel",
    "ModelSettings",
    "NotDownloadedError",
    "Repository",
    "Skipped",
    "Use",
    "Wanted",
    "adapter_folder",
    "check_use",
    "is_base",
    "kind_of",
    "members",
    "nearest",
    "parse_name",
    "plain",
    "resolve",
    "with_adapter",
    "without_adapter",
]
