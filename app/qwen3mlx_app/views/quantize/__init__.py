"""The page that quantizes, a module for each part of it."""

from .quantize_page import QuantizePage

__all__ = ["QuantizePage"]
