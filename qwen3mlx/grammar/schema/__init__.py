"""JSON schemas as callers send them -> schemas that can be turned into grammars."""
