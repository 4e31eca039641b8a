"""The title of the menu item that undoes what was done last."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ..domain import Undo

translate = QCoreApplication.translate


def undo_title(undo: Undo | None) -> str:
    if undo is None:
        return translate("menu", "Undo Last Action")
    return {
        "cancel_edit": translate("menu", "Undo Cancel Edit"),
        "change_setting": translate("menu", "Undo Change Setting"),
        "delete_conversation": translate("menu", "Undo Delete Conversation"),
        "delete_folder": translate("menu", "Undo Delete Folder"),
        "delete_message": translate("menu", "Undo Delete Message"),
        "delete_model": translate("menu", "Undo Delete Model"),
        "delete_preset": translate("menu", "Undo Delete Preset"),
        "discard_chat": translate("menu", "Undo Discard Temporary Chat"),
        "drop_messages": translate("menu", "Undo Drop Oldest Messages"),
        "remove_folder": translate("menu", "Undo Remove Model Folder"),
        "remove_measurement": translate("menu", "Undo Remove Measurement"),
        "replace_preset": translate("menu", "Undo Replace Preset"),
        "replace_settings": translate("menu", "Undo Replace Settings"),
        "reset_settings": translate("menu", "Undo Reset Settings"),
        "restore_backup": translate("menu", "Undo Restore From Backup"),
    }[undo.kind]
