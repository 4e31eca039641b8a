"""The list of conversations: names, folders, deletion with undo, import and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import ChatSettings, Conversation, Folder, Notice, Preset, Undo
from ..models import ListModel
from ..services.private import make_file
from ..services.server_errors import system_reason
from ..services.store import Store, StoreError
from ..services.transfer import to_json, to_markdown
from .importer import Importer
from .store_controller import StoreController

translate = QCoreApplication.translate

# Seconds for which deleted conversations can be restored.
KEPT_DELETED = 30 * 24 * 3600.0


class ConversationsController(StoreController):
    """`conversations`: the pinned first, then the last used.

    `current_wanted(id)`: that one is to be shown. `removed(id)`: it is gone from the list.
    `reloaded`: the store has other conversations than before.
    `folder_added(folder)`: it is there, and may be named. A `notice` of a deletion can undo it.
    """

    current_wanted = Signal(str)
    removed = Signal(str)
    reloaded = Signal()
    changed = Signal(object)
    folder_added = Signal(object)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.conversations = ListModel[Conversation](
            lambda conversation: conversation.id, lambda conversation: conversation.title, self
        )
        self.folders = ListModel[Folder](lambda folder: folder.id, lambda folder: folder.name, self)
        self.presets = ListModel[Preset](lambda preset: preset.id, lambda preset: preset.name, self)
        self._deleted: set[str] = set()
        self._importer = Importer(store, self)
        self._importer.notice.connect(self.notice)
        self._importer.settled.connect(self.settled)
        self._importer.imported.connect(self._on_imported)
        self._read()

    def upsert(self, conversation: Conversation) -> None:
        """Add or replace a conversation, unless it has been deleted."""
        known = self.conversations.find(conversation.id)
        if conversation.id in self._deleted or conversation == known:
            return
        if known is not None and _place(conversation) == _place(known):
            self.conversations.put(conversation)
        else:
            self._put([conversation])

    def rename(self, conversation_id: str, title: str) -> None:
        if title.strip():
            self._change([conversation_id], title=" ".join(title.split()))

    def set_pinned(self, conversation_ids: Sequence[str], pinned: bool) -> None:
        self._change(conversation_ids, pinned=pinned)

    def move(self, conversation_ids: Sequence[str], folder_id: str | None) -> None:
        """Move conversations into a folder; None takes them out of any."""
        self._change(conversation_ids, folder_id=folder_id)

    def delete(self, conversation_ids: Sequence[str]) -> None:
        """Delete conversations; undoing that restores them together."""
        deleted = self.remove(conversation_ids)
        if deleted:
            self.tell_deleted(deleted, _deleted(deleted))

    def remove(self, conversation_ids: Sequence[str]) -> list[Conversation]:
        """Delete conversations, all or none; returns them. `tell_deleted` is to follow."""
        deleted = list(filter(None, map(self.conversations.find, conversation_ids)))
        gone = {one.id for one in deleted}
        if not gone or not self._try(lambda: self._store.delete_conversations(gone)):
            return []
        self._deleted |= gone
        self.conversations.set_values(
            [one for one in self.conversations.values() if one.id not in gone]
        )
        for one in deleted:
            self.removed.emit(one.id)
        return deleted

    def tell_deleted(
        self,
        conversations: Sequence[Conversation],
        text: str,
        on_restored: Callable[[], None] = lambda: None,
    ) -> None:
        """Tell of a deletion; undoing it restores all of it, and calls `on_restored`."""
        ids = [one.id for one in conversations]
        undo = Undo("delete_conversation", partial(self._restore, ids, on_restored))
        self.notice.emit(Notice(text=text, action=undo))

    def add_folder(self, name: str, conversation_ids: Sequence[str] = ()) -> None:
        """Add a folder that holds these conversations."""
        position = max((known.position for known in self.folders.values()), default=-1) + 1
        folder = Folder(name=name.strip(), position=position)
        if folder.name and self._try(lambda: self._store.save_folder(folder)):
            self.folders.put(folder)
            self.move(conversation_ids, folder.id)
            self.folder_added.emit(folder)

    def rename_folder(self, folder_id: str, name: str) -> None:
        known = self.folders.find(folder_id)
        if known is not None and name.strip():
            renamed = replace(known, name=name.strip())
            if self._try(lambda: self._store.save_folder(renamed)):
                self.folders.put(renamed)

    def delete_folder(self, folder_id: str) -> None:
        """Delete a folder; its conversations stay, outside of any folder."""
        folder = self.folders.find(folder_id)
        inside = [one.id for one in self.conversations.values() if one.folder_id == folder_id]
        if folder is None or not self._try(lambda: self._store.delete_folder(folder_id)):
            return
        self._read()
        for one in filter(None, map(self.conversations.find, inside)):
            self.changed.emit(one)
        text = translate("conversations", "The folder “{name}” was deleted.")
        undo = Undo("delete_folder", partial(self._restore_folder, folder, inside))
        self.notice.emit(Notice(text=text.format(name=folder.name), action=undo))

    def save_preset(self, name: str, settings: ChatSettings) -> None:
        """Save a preset; it replaces one of the same name, which can be undone."""
        known = next((preset for preset in self.presets.values() if preset.name == name), None)
        preset = (
            replace(known, settings=settings) if known else Preset(name=name, settings=settings)
        )
        if self._put_preset(preset) and known is not None and known != preset:
            text = translate("conversations", "The preset “{name}” was replaced.")
            undo = Undo("replace_preset", partial(self._put_preset, known))
            self.notice.emit(Notice(text=text.format(name=name), action=undo))

    def delete_preset(self, preset_id: str) -> None:
        known = self.presets.find(preset_id)
        if known is None or not self._try(lambda: self._store.delete_preset(preset_id)):
            return
        self.presets.remove(preset_id)
        text = translate("conversations", "The preset “{name}” was deleted.")
        undo = Undo("delete_preset", partial(self._put_preset, known))
        self.notice.emit(Notice(text=text.format(name=known.name), action=undo))

    def import_files(self, paths: Sequence[Path]) -> None:
        """Import conversations, report how many, and show the last."""
        self._importer.import_files(paths)

    def export_to(self, conversation_ids: Sequence[str], path: Path) -> None:
        """Write Markdown if the name ends in .md, else JSON, which can be imported again."""
        try:
            found = [self._store.transcript(known) for known in conversation_ids]
            transcripts = [transcript for transcript in found if transcript is not None]
            if path.suffix.lower() == ".md":
                text = "\n".join(map(to_markdown, transcripts))
            else:
                text = to_json(transcripts)
            make_file(path)
            path.write_text(text, encoding="utf-8")
        except StoreError as error:
            self._notify_error(str(error))
        except OSError as error:
            text = translate("conversations", "{name} cannot be written: {reason}.").format(
                name=path.name, reason=system_reason(error)
            )
            self._notify_error(text)
        else:
            text = translate("conversations", "Exported to {name}.").format(name=path.name)
            self.notice.emit(Notice(text=text))

    def purge(self, most: int) -> bool:
        """Erase `most` of what was deleted long ago; False if nothing was."""
        try:
            return self._store.purge(KEPT_DELETED, most=most) > 0
        except StoreError as error:
            self._notify_error(str(error), "save")
            return False

    def reload(self) -> None:
        """Other conversations are in the store than before."""
        self._deleted.clear()
        self._read()
        self.reloaded.emit()

    def _restore(self, conversation_ids: Sequence[str], on_restored: Callable[[], None]) -> bool:
        """Restore deleted conversations, and show the first."""
        if not self._try(lambda: self._store.restore_conversations(conversation_ids)):
            return False
        self._deleted -= set(conversation_ids)
        self._read()
        self.current_wanted.emit(conversation_ids[0])
        on_restored()
        return True

    def _restore_folder(self, folder: Folder, conversation_ids: Sequence[str]) -> bool:
        """Restore a folder, with the conversations that are in no other meanwhile."""
        if not self._try(lambda: self._store.save_folder(folder)):
            return False
        self._read()
        known = filter(None, map(self.conversations.find, conversation_ids))
        self.move([one.id for one in known if one.folder_id is None], folder.id)
        return True

    def _put_preset(self, preset: Preset) -> bool:
        if not self._try(lambda: self._store.save_preset(preset)):
            return False
        self.presets.put(preset)
        return True

    def _read(self) -> None:
        try:
            self.conversations.set_values(_ordered(self._store.conversations()))
            self.folders.set_values(self._store.folders())
            self.presets.set_values(self._store.presets())
        except StoreError as error:
            self._notify_error(str(error))

    def _on_imported(self, last: str) -> None:
        self._read()
        self.current_wanted.emit(last)

    def _change(self, conversation_ids: Sequence[str], **fields: Any) -> None:
        """Change conversations, up to the first that cannot be saved."""
        known = filter(None, map(self.conversations.find, conversation_ids))
        wanted = [(one, replace(one, **fields)) for one in known]
        changed = list(takewhile(self._save, (new for old, new in wanted if new != old)))
        self._put(changed)
        for one in changed:
            self.changed.emit(one)

    def _put(self, conversations: Sequence[Conversation]) -> None:
        values = {one.id: one for one in self.conversations.values()}
        values.update((one.id, one) for one in conversations)
        self.conversations.set_values(_ordered(values.values()))

    def _save(self, conversation: Conversation) -> bool:
        return self._try(lambda: self._store.save_conversation(conversation))


def _deleted(conversations: Sequence[Conversation]) -> str:
    if len(conversations) == 1:
        title = conversations[0].title or translate("sections", "Untitled")
        return translate("conversations", "“{title}” was deleted.").format(title=title)
    text = translate("conversations", "{count} conversations were deleted.")
    return text.format(count=len(conversations))


def _ordered(conversations: Iterable[Conversation]) -> list[Conversation]:
    return sorted(conversations, key=_place)


def _place(conversation: Conversation) -> tuple[bool, float, str]:
    """What its place in the list depends on."""
    return not conversation.pinned, -conversation.updated_at, conversation.id
