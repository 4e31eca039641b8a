"""The Server page."""

from .server_page import ServerPage

__all__ = ["ServerPage"]
