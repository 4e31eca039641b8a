"""What the window tells a person, and the window's own settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

UndoKind = Literal[
    "cancel_edit",
    "change_setting",
    "delete_conversation",
    "delete_folder",
    "delete_message",
    "delete_model",
    "delete_preset",
    "discard_chat",
    "drop_messages",
    "remove_folder",
    "remove_measurement",
    "replace_preset",
    "replace_settings",
    "reset_settings",
    "restore_backup",
]


@dataclass(frozen=True, slots=True, eq=False)
class Undo:
    """How to take back what was done. `do` returns False if that cannot be saved.

    `conversation_id` is set where what was done, and so what is kept of it, is one conversation's.
    """

    kind: UndoKind
    do: Callable[[], bool]
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to the person: what happened, and what to do.

    `action` is what its button does: start or restart the server, show the page of a release, or
    undo what the notice tells of.
    A notice replaces an earlier one with the same `topic`, and leaves when that is settled.
    """

    text: str
    kind: Literal["info", "warning", "error"] = "info"
    action: Literal["start_server", "restart_server", "show_release"] | Undo | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """The window's own settings; `system` as `language` or `theme` follows the computer.

    `hub_mirror` is a URL used instead of Hugging Face's, or empty. `place` is the window's left,
    top, width and height; `folded` are keys of the sidebar's headings. `last_folder` is where the
    last dialog for files ended. `delete_after`: the days without use after which conversations are
    deleted.
    """

    theme: Literal["system", "light", "dark"] = "system"
    language: Literal["system", "en", "zh_CN"] = "system"
    font_size: int = 14
    send_with: Literal["enter", "ctrl_enter"] = "enter"
    show_tray: bool = True
    notify: bool = True
    reduce_motion: bool = False
    auto_title: bool = True
    delete_after: Literal["never", "30", "90", "365"] = "never"
    hub_mirror: str = ""
    start_server: bool = True
    check_updates: bool = False
    last_model: str | None = None
    first_run_done: bool = False
    last_conversation_id: str | None = None
    last_folder: str | None = None
    place: tuple[int, int, int, int] | None = None
    is_maximized: bool = False
    sidebar_shown: bool = True
    sidebar_width: int | None = None
    panel_shown: bool = False
    folded: tuple[str, ...] = ()
