"""Checks of an output's location, before any work."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from qwen3mlx.quoting import size_text

from .common import ConversionError
from .plan import Plan
from .source import FloatSource

# Bytes beyond the weights: tokenizer, model card, and file system overhead.
SLACK = 64 << 20


def check_output(source: FloatSource, output: Path) -> None:
    """Raise ConversionError if no folder of any size could be written."""
    folder, target = source.folder.resolve(), output.resolve()
    if target == folder or folder in target.parents or target in folder.parents:
        raise ConversionError(
            f"{output} overlaps the source folder {folder.name}: choose another folder."
        )
    check_absent(output)
    if not (parent := _nearest_folder(output)).is_dir():
        raise ConversionError(f"{parent} is a file: choose a folder for {output.name}.")


def check_absent(output: Path) -> None:
    """Raise ConversionError if `output` exists, or is a link to what does not."""
    if os.path.lexists(output):
        raise ConversionError(f"{output} already exists: choose another folder, or delete it.")


def check_space(plan: Plan, output: Path) -> None:
    """Raise ConversionError if the disk has no room for the result."""
    free, needed = shutil.disk_usage(_nearest_folder(output)).free, plan.nbytes + SLACK
    if free < needed:
        raise ConversionError(
            f"{output} needs {size_text(needed)}, but only {size_text(free)} are free there: free "
            "some space, or choose another disk."
        )


def _nearest_folder(output: Path) -> Path:
    """Return the nearest existing folder above it."""
    return next(folder for folder in output.resolve().parents if folder.exists())
