"""The page of the server, a module for each part of it."""

from .server_page import ServerPage

__all__ = ["ServerPage"]
