"""Chat templates: finding a checkpoint's template, and rendering it."""
