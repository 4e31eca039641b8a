"""The window's work that needs no widgets."""
