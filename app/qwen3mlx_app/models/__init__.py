"""What views show, as Qt's models."""

from .list_model import ListModel

__all__ = ["ListModel"]
