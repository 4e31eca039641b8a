"""The Tools page."""

from .tools_page import ToolsPage

__all__ = ["ToolsPage"]
