"""The page of the models, a module for each part of it."""

from .models_page import ModelsPage

__all__ = ["ModelsPage"]
