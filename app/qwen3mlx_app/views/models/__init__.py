"""The Models page."""

from .models_page import ModelsPage

__all__ = ["ModelsPage"]
