"""Kaggle, by its own client `kagglehub`, which is not installed unless it is asked for."""

from __future__ import annotations

from pathlib import Path

from ...config import read_json
from ...errors import DownloadError, Qwen3MLXError, UsageError
from ...library.cache import missing_files
from ..preflight import check_config
from ..progress import ProgressCallback


def fetch(handle: str, revision: str | None, progress: ProgressCallback) -> Path:
    """Download `owner/model/framework/variation` to Kaggle's cache, and return its folder.

    The client reports no progress to us. Raises UsageError, DownloadError, and CheckpointError for
    a model that cannot run, before its weights are downloaded.
    """
    try:
        import kagglehub  # type: ignore[import-not-found]
    except ImportError:
        raise UsageError(
            "Kaggle's client is not installed: run `pip install kagglehub`, then try again."
        ) from None
    if handle.count("/") != 3:
        raise UsageError(
            f"{handle} is not a model on Kaggle: write kaggle:owner/model/framework/variation."
        )
    whole = f"{handle}/{revision}" if revision else handle
    try:
        config = Path(kagglehub.model_download(whole, path="config.json"))
        check_config(handle, read_json(config))
        folder = Path(kagglehub.model_download(whole))
    except Qwen3MLXError:
        raise
    except Exception as error:  # it raises those of its libraries
        raise DownloadError(
            f"Kaggle cannot bring {handle} ({type(error).__name__}): check the name and the "
            "connection, and that KAGGLE_API_TOKEN is set."
        ) from error
    if missing := missing_files(folder):
        raise DownloadError(f"{handle} has no {missing[0]}: choose another repository.")
    return folder
