"""OpenAI's chat and text completions: bodies, requests and replies.

For `/v1`, and for LM Studio's `/api/v0`, which extends them.
"""
