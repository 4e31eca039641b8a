"""Headers of every answer, streams, errors and refusals on the wire among them.

Nothing here is guessed to be of another type than it says, shown in a frame, or kept by a cache: an
answer is its asker's alone.
"""

SAFE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
