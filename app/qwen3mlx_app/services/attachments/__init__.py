"""Read files as text for the conversation, or say why that is not possible."""

from .read import in_context, read_attachment
from .refused import AttachmentRefused

__all__ = ["AttachmentRefused", "in_context", "read_attachment"]
