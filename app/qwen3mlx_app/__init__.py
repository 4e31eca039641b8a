"""The window: a chat for Qwen3, a client of its own server process."""
