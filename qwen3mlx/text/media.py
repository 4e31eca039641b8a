"""Pictures and sound in a conversation, which Qwen3 cannot read: words take their place.

Only a new message that holds nothing else is refused: it would have no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request_warnings import warn

# How dialects call a part -> what it is.
_MEDIA: Mapping[str, str] = {
    **dict.fromkeys(("image", "image_url", "input_image"), "image"),
    **dict.fromkeys(("audio", "audio_url", "input_audio"), "audio"),
    **dict.fromkeys(("video", "video_url", "input_video"), "video"),
    **dict.fromkeys(("file", "input_file", "document"), "file"),
}


def is_media(kind: object) -> bool:
    """`kind` is the type of a part that is no text."""
    return isinstance(kind, str) and kind in _MEDIA


def left_out(kind: str, field: str) -> str:
    """The words in place of a part of that type; `field` is where it is, for the warning."""
    noun = _MEDIA[kind]
    warn(f"{field}: the {noun} is left out, because Qwen3 reads text only.")
    return f"[{noun} left out: only text can be read]"


def check_new_message(parts: Iterable[tuple[object, object, str]]) -> None:
    """InvalidRequestError where `parts` are media and nothing else.

    Each has a type, its text, and its path, which the error names.
    """
    telling = [part for part in parts if is_media(part[0]) or _says_something(part[1])]
    if not telling or not all(is_media(kind) for kind, _, _ in telling):
        return
    kind, _, where = telling[0]
    noun = _MEDIA[str(kind)]
    article = "an" if noun[0] in "aeiou" else "a"
    raise InvalidRequestError(
        f"{where} is {article} {noun}, and the message says nothing else; Qwen3 reads text only: "
        "send text with it.",
        param=where,
    )


def part_path(part: object, where: str) -> str:
    """The member of `part` that holds what it is, if there is one of its type's name."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    return f"{where}.{kind}" if isinstance(part, Mapping) and kind in part else where


def _says_something(text: object) -> bool:
    """Other parts than text, such as a tool's result, do."""
    return not isinstance(text, str) or bool(text.strip())
