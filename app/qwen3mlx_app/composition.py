"""Makes every part of the program once, and connects them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QObject, Signal

from .controllers.answer_runner import AnswerRunner
from .controllers.attachment_loader import AttachmentLoader
from .controllers.autostart import AutostartController
from .controllers.backups import BackupsController
from .controllers.chat import ChatController
from .controllers.command_link import CommandLinkController
from .controllers.context import ContextController
from .controllers.conversations import ConversationsController
from .controllers.downloads import DownloadsController
from .controllers.gguf_import import GgufImport
from .controllers.models import ModelsController
from .controllers.notices import Notices
from .controllers.quantize import QuantizeController
from .controllers.retention import Retention
from .controllers.search import Search
from .controllers.sections import Sections
from .controllers.server import ServerController
from .controllers.settings import SettingsController
from .controllers.titles import Titles
from .controllers.tools import ToolsController
from .controllers.undo import UndoStack
from .controllers.updates import UpdatesController
from .domain import Message, Notice, ServerState, Undo
from .services.command_link import bundled_command
from .services.download_api import DownloadApi
from .services.endpoint import Endpoint
from .services.files import read_file
from .services.http import Http
from .services.quantize_file import QuantizeFile
from .services.report import problem_report
from .services.server_process import ServerProcess
from .services.settings import SettingsFile
from .services.store import NewerStoreError, Recovery, Store, Stores, keep_last
from .services.tools_api import ToolsApi
from .services.updates import Updates
from .session import Session

translate = QCoreApplication.translate

LONG = QLocale.FormatType.LongFormat
# What can be undone whatever conversations there are.
NOT_STORED = frozenset(
    {"change_setting", "delete_model", "remove_folder", "remove_measurement", "reset_settings"}
)


class Program(QObject):
    """Services and controllers over one profile folder, without a window.

    `sessions` has one for each window; `front` is that of the window in front, where notices of all
    the others are shown. `front_wanted(session)`: its window is to come to the front.
    `greeting` is a notice to show at the start, or None.
    """

    front_wanted = Signal(object)

    def __init__(self, profile: Path, program: Sequence[str]) -> None:
        """`program` is the command that starts `qwen3mlx`; arguments follow it."""
        self.command = program
        super().__init__()
        self.profile = profile
        self._newer: str | None = None
        self.settings = SettingsController(SettingsFile(profile / "window.json"), self)
        self.store = self._opened(profile)
        self.stores = Stores(self.store)
        self.process = ServerProcess(
            (*program, "serve"),
            self,
            crash_log=profile / "server-crash.log",
            environment=self._environment,
        )
        http = Http(self.process.key, self)
        endpoint = self._endpoint = Endpoint(http)
        self.models = ModelsController(endpoint, self)
        self.downloads = DownloadsController(DownloadApi(http), self)
        self.tools = ToolsController(ToolsApi(http), self)
        self.conversations = ConversationsController(self.store, self)
        self.server = ServerController(self.process, http, endpoint, self)
        self.answers = AnswerRunner(self.stores, endpoint, self.models.models, self)
        self.attachments = AttachmentLoader(endpoint, program, self)
        self.titles = Titles(
            self.store,
            endpoint,
            self.models.models,
            is_wanted=lambda: self.settings.settings.auto_title,
            parent=self,
        )
        self.sections = Sections(self.conversations.conversations, self.conversations.folders, self)
        self.quantize = QuantizeController(
            QuantizeFile(profile / "quantize.json"), profile / "models", program, self
        )
        self.imports = GgufImport(program, self)
        self.autostart = AutostartController(program, self)
        self.command_link = CommandLinkController(bundled_command(), self)
        self.updates = UpdatesController(self.settings, Updates(parent=self), self)
        self.backups = BackupsController(self.store, self)
        self.retention = Retention(
            self.conversations, self.settings, is_in_use=self._is_in_use, parent=self
        )
        self.sessions: list[Session] = []
        self.front = self.add_session()
        self._connect()
        self.greeting = self._greeting()

    @property
    def chat(self) -> ChatController:
        """That of the window in front; so are the others of a session."""
        return self.front.chat

    @property
    def context(self) -> ContextController:
        return self.front.context

    @property
    def search(self) -> Search:
        return self.front.search

    @property
    def undo(self) -> UndoStack:
        return self.front.undo

    @property
    def notices(self) -> Notices:
        return self.front.notices

    def add_session(self) -> Session:
        """For one more window, which is in front."""
        session = Session(
            self.stores,
            self._endpoint,
            self.models,
            self.conversations,
            answers=self.answers,
            attachments=self.attachments,
            last_model=lambda: self.settings.settings.last_model,
            claim=self._claim,
            parent=self,
        )
        self.titles.written.connect(session.chat.refresh)
        self.sessions.append(session)
        self.front = session
        return session

    def end_session(self, session: Session) -> None:
        """Its window was closed, and others are open: what was done to all can be undone there."""
        session.leave()
        self.sessions.remove(session)
        if self.front is session:
            self.front = self.sessions[-1]
        for undo in session.undo.of_all:
            self.front.undo.add(undo)
        session.deleteLater()

    def owner(self, conversation_id: str) -> Session | None:
        """The session that has the conversation: it is open in one window at most."""
        return next((one for one in self.sessions if one.has(conversation_id)), None)

    def show(self, conversation_id: str) -> None:
        """Show a conversation in the window that has it, else in the one in front."""
        session = self.owner(conversation_id) or self.front
        session.chat.open(conversation_id)
        if session is not self.front:
            self.front_wanted.emit(session)

    def _greeting(self) -> Notice | None:
        told = [self._newer, self._rescued(), self._missing(), self.store.aside.news()]
        text = " ".join(filter(None, told))
        return Notice(text=text, kind="warning") if text else None

    def start(self) -> None:
        self.retention.start()
        self.backups.start()
        self.updates.start()
        if self.settings.settings.start_server:
            self.server.start()

    def close(self) -> None:
        """Save everything and end the server's process."""
        for session in self.sessions:
            session.chat.save()
            session.chat.temporary.forget()
        self.answers.stop_all()
        self.quantize.stop()
        self.imports.stop()
        self.backups.wait()
        self.process.wait_until_stopped()
        self.stores.close()

    def report(self) -> str:
        """A report of a problem, as text."""
        try:
            crash = read_file(self.profile / "server-crash.log").decode("utf-8", "replace")
        except OSError:
            crash = ""
        process = self.process
        return problem_report(
            self.settings.settings, process.state, process.log_lines(), crash, process.key
        )

    def _opened(self, profile: Path) -> Store:
        """Raises StoreError."""
        try:
            return Store(profile / "conversations.sqlite")
        except NewerStoreError as error:
            other = profile / "conversations-older.sqlite"
            self._newer = translate(
                "program", "{error} Until then, your conversations are saved in {name}."
            ).format(error=error, name=other.name)
            return Store(other)

    def _rescued(self) -> str | None:
        recovery = self.store.recovery
        if recovery is None:
            return None
        recovered = translate(
            "program",
            "Your conversation database was damaged. {messages} messages in {conversations}"
            " conversations were recovered. The damaged file was kept as {name}.",
        ).format(
            messages=recovery.num_messages,
            conversations=recovery.num_conversations,
            name=recovery.backup.name,
        )
        return " ".join(filter(None, (recovered, _lost(recovery), self._backup_before())))

    def _missing(self) -> str | None:
        """The file is gone, and its backups are not: say that they are there."""
        found = self.backups.listed() if self.store.is_new else []
        latest = next((one for one in found if one.num_conversations), None)
        if latest is None:
            return None
        text = translate(
            "program",
            "Your conversation database is missing. You can restore the backup of {date} in"
            " Settings.",
        )
        return text.format(date=_date(latest.made_at))

    def _backup_before(self) -> str | None:
        """Keep the last backup from before the damage, and say which that is."""
        assert self.store.path is not None
        try:
            made_at = keep_last(self.store.path)
        except OSError:
            return None
        if made_at is None:
            return None
        text = translate("program", "You can also restore the backup of {date} in Settings.")
        return text.format(date=_date(made_at))

    def _connect(self) -> None:
        self.server.state_changed.connect(self._on_server_changed)
        self.server.settings_changed.connect(
            lambda saved, _: self.downloads.search.prefer(saved.source)
        )
        self.models.refreshed.connect(self._on_models_refreshed)
        self.answers.server_wanted.connect(self._start_server)
        self.answers.load_progress.connect(self.models.show_progress)
        self.answers.added.connect(self._advance)
        self.answers.ended.connect(self._remember_model)
        self.answers.ended.connect(self.titles.after)
        self.answers.changed.connect(self.sections.set_busy)
        self.quantize.made.connect(lambda _: self.models.add_folder(str(self.profile / "models")))
        self.titles.written.connect(self.conversations.upsert)
        self.conversations.current_wanted.connect(self.show)
        self.imports.made.connect(self.models.refresh)
        self.backups.about_to_restore.connect(self._leave_all)
        self.backups.restored.connect(self._on_restored)
        for controller in (
            self.conversations,
            self.models,
            self.downloads,
            self.server,
            self.settings,
            self.tools,
            self.quantize,
            self.imports,
            self.autostart,
            self.command_link,
            self.updates,
            self.backups,
            self.retention,
        ):
            controller.notice.connect(self._tell)
        for settling in (self.conversations, self.settings, self.server, self.backups):
            settling.settled.connect(self._settle)

    def _tell(self, notice: Notice) -> None:
        self.front.tell(notice)

    def _settle(self, topic: str) -> None:
        for session in self.sessions:
            session.notices.settle(topic)

    def _claim(self, session: Session, conversation_id: str) -> bool:
        """Let the session have the conversation; False while another reads files for it."""
        owner = self.owner(conversation_id)
        if owner is None or owner is session:
            return True
        if owner.chat.drafts.waits_for(conversation_id):
            self.front_wanted.emit(owner)
            return False
        owner.chat.new()
        return True

    def _advance(self, messages: Sequence[Message]) -> None:
        """Let the conversation go on with what a running answer adds."""
        session = self.owner(messages[-1].conversation_id) or self.front
        session.chat.open_messages.advance(messages)

    def _is_in_use(self, conversation_id: str) -> bool:
        """Whether the conversation is open, or has a running answer."""
        return self.owner(conversation_id) is not None or conversation_id in self.answers

    def _leave_all(self) -> None:
        """Save and leave what is open: other conversations will be there."""
        self.answers.stop_all()
        for session in self.sessions:
            session.chat.save()
            if not session.chat.is_temporary:
                session.chat.new()

    def _on_restored(self) -> None:
        """Nothing that was done to the conversations before can be undone in these."""

        def is_gone(undo: Undo) -> bool:
            is_kept = not self.stores.is_temporary(undo.conversation_id or "")
            return is_kept and undo.kind not in NOT_STORED

        for session in self.sessions:
            session.undo.forget(is_gone)
        self.conversations.reload()

    def _environment(self) -> dict[str, str]:
        """Variables for the server, where huggingface_hub reads them."""
        mirror = self.settings.settings.hub_mirror
        return {"HF_ENDPOINT": mirror} if mirror else {}

    def _on_server_changed(self, state: ServerState) -> None:
        if state.phase == "ready":
            self._settle("server")
            self.models.refresh()
            self.models.watch()
            self.models.limits.refresh()
            self.downloads.watch()
            self.tools.refresh()
        else:
            self.models.server_gone()
            self.downloads.server_gone()
            self.tools.server_gone()
            self.answers.set_server_ready(False, state.reason)

    def _on_models_refreshed(self) -> None:
        """Start the waiting answers, unless the server has gone meanwhile."""
        if self.server.state.phase == "ready":
            self.answers.set_server_ready(True)

    def _start_server(self) -> None:
        """An answer waits for it, though it was turned off or has failed."""
        if self.server.state.phase not in ("starting", "ready"):
            self.server.restart()

    def _remember_model(self, message: Message) -> None:
        """Unless another than the conversation's answered once, or was compared with it."""
        kept = self.conversations.conversations.find(message.conversation_id)
        if kept is not None and message.model == kept.model and message.status == "done":
            self.settings.update(last_model=message.model)


def _date(moment: datetime) -> str:
    return QLocale().toString(QDate(moment.year, moment.month, moment.day), LONG)


def _lost(recovery: Recovery) -> str:
    """A sentence about what could not be recovered, as far as that is known."""
    names = {
        "messages": translate("program", "{count} messages"),
        "conversations": translate("program", "{count} conversations"),
        "folders": translate("program", "{count} folders"),
        "presets": translate("program", "{count} presets"),
        "drafts": translate("program", "{count} drafts"),
    }
    lost = [
        names[table].format(count=recovery.lost[table]) for table in names if table in recovery.lost
    ]
    told = [translate("program", "Lost: {what}.").format(what=", ".join(lost))] if lost else []
    if recovery.may_lack_more:
        more = translate("program", "More may be lost: the list of what was there is damaged, too.")
        told.append(more)
    return " ".join(told) or translate("program", "Nothing was lost.")
