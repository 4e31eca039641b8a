"""Pictures and sound in a conversation, which Qwen3 cannot read: a placeholder replaces them.

A new message that holds nothing else is refused, because it would leave nothing to answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request_warnings import warn

# Part types of the dialects -> noun for messages.
_MEDIA: Mapping[str, str] = {
    **dict.fromkeys(("image", "image_url", "input_image"), "image"),
    **dict.fromkeys(("audio", "audio_url", "input_audio"), "audio"),
    **dict.fromkeys(("video", "video_url", "input_video"), "video"),
    **dict.fromkeys(("file", "input_file", "document"), "file"),
}


def is_media(kind: object) -> bool:
    """Return whether `kind` is a media type."""
    return isinstance(kind, str) and kind in _MEDIA


def left_out(kind: str, field: str) -> str:
    """Return the placeholder for a part; `field` is its path, for the warning."""
    noun = _MEDIA[kind]
    warn(f"{field}: the {noun} is ignored, because Qwen3 reads text only.")
    return f"[{noun} omitted: only text can be read]"


def check_new_message(parts: Iterable[tuple[object, object, str]]) -> None:
    """Raise InvalidRequestError if `parts` hold only media.

    Each part has a type, a text, and a path that the error names.
    """
    telling = [part for part in parts if is_media(part[0]) or _says_something(part[1])]
    if not telling or not all(is_media(kind) for kind, _, _ in telling):
        return
    kind, _, where = telling[0]
    noun = _MEDIA[str(kind)]
    article = "an" if noun[0] in "aeiou" else "a"
    raise InvalidRequestError(
        f"{where} is {article} {noun} in a message without text, and Qwen3 reads text only: "
        "add some text.",
        param=where,
    )


def part_path(part: object, where: str) -> str:
    """Return the path of the member named like the type, if `part` has one."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    return f"{where}.{kind}" if isinstance(part, Mapping) and kind in part else where


def _says_something(text: object) -> bool:
    """Return whether other parts than text, such as a tool's result, hold something."""
    return not isinstance(text, str) or bool(text.strip())
