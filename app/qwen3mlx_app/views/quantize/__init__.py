"""The Quantize page."""

from .quantize_page import QuantizePage

__all__ = ["QuantizePage"]
