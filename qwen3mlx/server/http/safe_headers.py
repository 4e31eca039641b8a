"""Headers of every reply, including streams, errors and refusals on the wire.

Browsers may not guess another content type, show a reply in a frame, or cache it: replies are
private to the caller.
"""

SAFE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
