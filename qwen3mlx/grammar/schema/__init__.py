"""JSON schemas as callers send them -> schemas that a grammar can be made of."""
