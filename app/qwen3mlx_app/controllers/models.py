"""The models on this computer: what fits, what is in memory, how each is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import BrokenModel, ModelEntry, ModelFolder, ModelSettings, Notice, Undo
from ..models import ListModel
from ..services.endpoint import Endpoint
from ..services.http import EndpointError
from .changes import change_notice
from .limits import LimitsController
from .watching import Watching

translate = QCoreApplication.translate


class ModelsController(QObject):
    """`models` has a ModelEntry for each; `folders` is where they are looked for.

    `broken` are those that cannot be loaded; `limits` those of all settings, the server's own among
    them.
    """

    refreshed = Signal()
    folders_changed = Signal(object)
    notice = Signal(object)

    def __init__(self, endpoint: Endpoint, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._endpoint = endpoint
        self.limits = LimitsController(endpoint, self)
        self.models = ListModel[ModelEntry](lambda entry: entry.id, lambda entry: entry.name, self)
        # Settings that are being saved, by model, and what is told when they are.
        self._wanted: dict[str, ModelSettings] = {}
        self._changes: list[Notice] = []
        self.folders: list[ModelFolder] = []
        self.broken: list[BrokenModel] = []
        self._watching = Watching(
            lambda ended: endpoint.watch_models(on_models=self._on_models, ended=ended), self
        )

    def watch(self) -> None:
        """Follow what others change, such as the command line, an API client or the Finder."""
        self._watching.start()

    def refresh(self) -> None:
        self._endpoint.models(done=self._on_models, failed=self._on_lookup_failed)

    def refresh_folders(self) -> None:
        self._endpoint.folders(done=self._on_folders, failed=self._on_lookup_failed)

    def load(self, model_id: str) -> None:
        """Load a model; its row shows the progress."""
        self._edit(model_id, lambda entry: replace(entry, state="loading", load_progress=0.0))
        self._endpoint.load(
            model_id,
            on_progress=lambda progress: self.show_progress(model_id, progress),
            done=self.models.put,
            failed=partial(self._on_load_failed, model_id),
        )

    def unload(self, model_id: str) -> None:
        """Unload a model, or cancel its loading."""
        self._endpoint.unload(model_id, done=self.models.put, failed=self._on_failed)

    def delete(self, entry: ModelEntry) -> None:
        """Delete a model's files, which can be undone for a while."""

        def deleted(deleted_id: str) -> None:
            self.models.remove(entry.id)
            self.refresh()
            text = translate("models", "{name} was deleted.").format(name=entry.name)
            undo = Undo("delete_model", partial(self._put_back, deleted_id))
            self.notice.emit(Notice(text=text, action=undo))

        self._endpoint.delete(entry.id, done=deleted, failed=self._notify)

    def _put_back(self, deleted_id: str) -> bool:
        def restored(entry: ModelEntry) -> None:
            self.models.put(entry)
            self.refresh()

        self._endpoint.restore(deleted_id, done=restored, failed=self._notify)
        return True

    def reload(self, model_id: str) -> None:
        """Load a model with its settings as they are now, also where it is loaded."""
        entry = self.models.find(model_id)
        if entry is None or entry.loaded is None:
            self.load(model_id)
            return

        def again(unloaded: ModelEntry) -> None:
            self.models.put(unloaded)
            self.load(model_id)

        self._endpoint.unload(model_id, done=again, failed=self._on_failed)

    def server_gone(self) -> None:
        """Mark every model as unloaded."""
        self._watching.stop()
        self.models.set_values([entry.not_loaded() for entry in self.models.values()])

    def show_progress(self, model_id: str, progress: float) -> None:
        """Show the progress of a load, whoever asked for it."""
        self._edit(model_id, lambda entry: replace(entry, state="loading", load_progress=progress))

    def change_settings(self, title: str, entry: ModelEntry, settings: ModelSettings) -> None:
        """Save what a person changed in a model's setting with this title; it can be undone."""
        known = self.models.find(entry.id) or entry
        before = self._wanted.get(entry.id, known.settings)
        if settings != before:
            undo = partial(self._restore, entry.id, before)
            self._changes.append(change_notice(f"{entry.name}: {title}", undo))
            self._save_soon(entry.id, settings)

    def _restore(self, model_id: str, settings: ModelSettings) -> bool:
        self._save_soon(model_id, settings)
        return True

    def _save_soon(self, model_id: str, settings: ModelSettings) -> None:
        """Save one after the other: what was wanted last is what stays."""
        is_saving = model_id in self._wanted
        self._wanted[model_id] = settings
        if not is_saving:
            self._save(model_id)

    def _save(self, model_id: str) -> None:
        sent = self._wanted[model_id]

        def saved(now: ModelEntry) -> None:
            if self._wanted[model_id] != sent:
                self._save(model_id)
                return
            del self._wanted[model_id]
            self.models.put(now)
            changes, self._changes = self._changes, []
            for notice in changes:
                self.notice.emit(notice)

        def failed(error: EndpointError) -> None:
            del self._wanted[model_id]
            self._changes.clear()
            self._on_failed(error)

        self._endpoint.save_model_settings(model_id, sent, done=saved, failed=failed)

    def load_with(self, model_id: str, settings: ModelSettings) -> None:
        """Save a model's settings, and load it with them."""

        def saved(entry: ModelEntry) -> None:
            self.models.put(entry)
            self.reload(model_id)

        self._endpoint.save_model_settings(model_id, settings, done=saved, failed=self._notify)

    def yarn(self, entry: ModelEntry, factor: float) -> dict[str, Any]:
        """`rope_scaling` for a context `factor` times as long as the one it was trained with.

        Qwen3's config.json leaves room for an answer: 40,960 positions, of which 32,768 count
        (the models' cards).
        """
        trained = entry.max_context_length
        return {
            "rope_type": "yarn",
            "factor": float(factor),
            "original_max_position_embeddings": 32768 if trained == 40960 else trained,
        }

    def add_folder(self, path: str) -> None:
        self._endpoint.add_folder(path, done=self._on_folders_changed, failed=self._notify)

    def remove_folder(self, path: str) -> None:
        """Take a folder off the list, which can be undone."""

        def removed(folders: list[ModelFolder]) -> None:
            self._on_folders_changed(folders)
            text = translate("models", "{path} is no longer searched for models.")
            undo = Undo("remove_folder", partial(self._add_again, path))
            self.notice.emit(Notice(text=text.format(path=path), action=undo))

        self._endpoint.remove_folder(path, done=removed, failed=self._notify)

    def _add_again(self, path: str) -> bool:
        self.add_folder(path)
        return True

    def _on_models(self, entries: list[ModelEntry], broken: list[BrokenModel]) -> None:
        self.broken = broken
        before = {entry.path for entry in self.models.values()}
        self.models.set_values(entries)
        self.refreshed.emit()
        if self.folders and before != {entry.path for entry in entries}:
            self.refresh_folders()  # each tells how many models it has

    def _on_folders(self, folders: list[ModelFolder]) -> None:
        self.folders = folders
        self.folders_changed.emit(folders)

    def _on_folders_changed(self, folders: list[ModelFolder]) -> None:
        self._on_folders(folders)
        self.refresh()

    def _edit(self, model_id: str, change: Callable[[ModelEntry], ModelEntry]) -> None:
        entry = self.models.find(model_id)
        if entry is not None:
            self.models.put(change(entry))

    def _on_load_failed(self, model_id: str, error: EndpointError) -> None:
        self._edit(model_id, ModelEntry.not_loaded)
        self._on_failed(error)

    def _on_failed(self, error: EndpointError) -> None:
        self._notify(error)
        self.refresh()

    def _on_lookup_failed(self, error: EndpointError) -> None:
        """Report the error of a background request, unless the server is just off."""
        if error.code != "unreachable":
            self._notify(error)

    def _notify(self, error: EndpointError) -> None:
        self.notice.emit(error.notice)
