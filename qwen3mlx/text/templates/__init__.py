"""Chat templates: which one a checkpoint has, and how it is rendered."""
