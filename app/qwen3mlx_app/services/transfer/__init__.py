"""Import and export of conversations."""

from .errors import TransferError
from .export import to_json, to_markdown
from .read import Imported, import_file

__all__ = ["Imported", "TransferError", "import_file", "to_json", "to_markdown"]
