"""Files -> text that goes into the conversation, or a sentence that says why not."""

from .read import in_context, read_attachment
from .refused import AttachmentRefused

__all__ = ["AttachmentRefused", "in_context", "read_attachment"]
