from __future__ import annotations

from tests.support.models import decoder, model

__all__ = ["decoder", "model"]
