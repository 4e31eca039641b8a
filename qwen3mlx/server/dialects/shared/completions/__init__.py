"""Chat and text completions as OpenAI has them: bodies, requests, replies.

For `/v1` and for LM Studio's `/api/v0`, which adds to them.
"""
