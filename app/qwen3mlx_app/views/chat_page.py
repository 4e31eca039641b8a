"""The chat page: conversation, composer, and settings panel."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ..controllers.chat import ChatController
from ..controllers.context import ContextController
from ..controllers.conversations import ConversationsController
from ..controllers.drafts import OpenDraft
from ..controllers.find import Find
from ..controllers.models import ModelsController
from ..controllers.settings import SettingsController
from ..controllers.tools import ToolsController
from ..domain import ChatSettings, ModelEntry
from .chat_header import ChatHeader
from .chat_panel import ChatPanel
from .compare_view import CompareView
from .composer import Composer
from .context_bar import ContextBar
from .copying import copy_markdown_rich
from .edit_field import Edits
from .find_bar import FindBar
from .following import follow
from .message_footer import Intents
from .message_list import MessageList
from .model_picker import ModelPicker
from .theme import COLUMN, GAP, GAP_L, Theme
from .tool_choice import ToolChoice
from .welcome import FirstRun, Greeting, TemporaryGreeting

# The narrowest conversation beside its settings, and the lowest one, in pixels.
LEAST, LOWEST = 360, 40


class ChatPage(QWidget):
    """Connects the views of a conversation with its controller.

    Emits `panel_toggled(is_shown)`, `sidebar_wanted` to show or hide the sidebar, and
    `models_wanted` and `tools_wanted` for the Models page and the Tools page.
    """

    panel_toggled = Signal(bool)
    sidebar_wanted = Signal()
    models_wanted = Signal()
    tools_wanted = Signal()

    def __init__(
        self,
        chat: ChatController,
        conversations: ConversationsController,
        models: ModelsController,
        tools: ToolsController,
        settings: SettingsController,
        context: ContextController,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._chat = chat
        self._models = models
        self._app_settings = settings
        self._theme = theme
        self.intents = Intents(self)
        self.intents.call_replied.connect(tools.reply)
        self._header = ChatHeader(self)  # all in the order in which they are seen, as Tab goes
        self._column = QWidget(self)
        self._stack = QStackedWidget(self._column)
        self._stack.setMinimumHeight(LOWEST)  # what is written needs its room first
        self.first_run = FirstRun(self._stack)
        edits = Edits(chat.drafts.edit_of, self._send_with)
        self.messages = MessageList(chat.messages, theme, self.intents, edits, self._stack)
        self._compared = self._make_compare(theme)
        for widget in (
            Greeting(self._stack),
            self.first_run,
            self.messages,
            TemporaryGreeting(self._stack),
            self._compared,
        ):
            self._stack.addWidget(widget)
        self.context_bar = ContextBar(context, self._draft, self._column)
        self.composer = Composer(self._send_with, theme, self._column)
        ToolChoice(chat, tools, self.composer)
        follow(self, self._estimate, tools.tools_changed)
        context.moved.connect(self.composer.text.set_text)
        finder = Find(chat.messages, self)
        self.find_bar = FindBar(finder, self.messages, theme, self._stack, self)
        self.panel = ChatPanel(conversations.presets, models.limits, self)
        self.panel.hide()
        self._fill_column()
        self.row = QHBoxLayout()  # below the header
        self.row.setSpacing(0)
        self.row.addWidget(self._column, 1)
        self.row.addWidget(self.panel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._header)
        layout.addLayout(self.row, 1)
        self._connect(conversations)
        self._show_stack()

    @cached_property
    def picker(self) -> ModelPicker:
        """Made when it is first wanted, for it has a form of many fields."""
        chat, anchor = self._chat, self.composer.model
        picker = ModelPicker(self._models, lambda: chat.model_id, anchor, self._theme, self)
        picker.chosen.connect(self.use_model)
        picker.models_wanted.connect(self.models_wanted)
        return picker

    def show_panel(self, is_shown: bool) -> None:
        self._header.show_panel(is_shown)

    def toggle_panel(self) -> None:
        self._header.show_panel(not self._header.shows_panel)

    def regenerate_with(self, message_id: str) -> None:
        """Ask which model is to answer once more."""
        self.picker.ask(lambda model_id: self._chat.regenerate(message_id, model_id))

    def escape(self) -> bool:
        """Close the find bar, else stop the answer; False if there is neither."""
        if self.find_bar.isVisible():
            self.find_bar.close_bar()
        elif self._chat.is_busy:
            self._chat.stop()
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The message field leaves those to the conversation that mean nothing in it."""
        shown = self._stack.currentWidget()
        if event.key() == Qt.Key.Key_Up and self.composer.text.hasFocus():
            self.messages.edit_last_question()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and shown is not None:
            shown.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        """In a narrow window, the settings take the place of the conversation."""
        is_shown = self._header.shows_panel
        has_column = not is_shown or self.width() >= LEAST + self.panel.width()
        self.panel.setVisible(is_shown)  # first, so that the focus of the column can go there
        self._column.setVisible(has_column)

    def compare_with(self) -> None:
        """Ask which model is to answer as well, from the next question on."""
        self.picker.ask(self._chat.comparison.set_other)

    def _make_compare(self, theme: Theme) -> CompareView:
        """What is done to one of two compared answers goes on with it."""
        intents = Intents(self)
        for asked in ("edit", "regenerate", "regenerate_with", "branch", "delete"):
            getattr(intents, asked).connect(partial(self._pick_for, getattr(self.intents, asked)))
        intents.copy.connect(self._copy)
        intents.copy_rich.connect(self._copy_rich)
        intents.continue_answer.connect(self._chat.continue_answer)
        view = CompareView(self._chat.comparison, theme, intents, self._stack)
        view.picked.connect(self._chat.comparison.pick)
        return view

    def _pick_for(self, intent: SignalInstance, message_id: str) -> None:
        self._chat.comparison.pick(message_id)
        self._chat.comparison.end()
        intent.emit(message_id)

    def _show_comparison(self) -> None:
        other = self._chat.comparison.other
        entry = self._models.models.find(other) if other else None
        self.composer.show_other(entry.name if entry else other)
        self._show_stack()

    def _fill_column(self) -> None:
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, GAP_L)
        column.setSpacing(GAP)
        column.addWidget(self._stack, 1)
        column.addLayout(self._centred(self.context_bar))
        column.addLayout(self._centred(self.composer))

    def _centred(self, widget: QWidget) -> QHBoxLayout:
        centre = QHBoxLayout()
        centre.setContentsMargins(GAP_L, 0, GAP_L, 0)
        widget.setMaximumWidth(COLUMN + 2 * GAP_L)
        centre.addWidget(widget)  # in the middle, where there is more room
        return centre

    def _connect(self, conversations: ConversationsController) -> None:
        chat, composer, intents = self._chat, self.composer, self.intents
        self._connect_header()
        composer.tools.page_wanted.connect(self.tools_wanted)
        composer.sent.connect(self._send)
        composer.stopped.connect(chat.stop)
        composer.text_changed.connect(self._on_text_changed)
        composer.files_given.connect(chat.attach)
        composer.thinking_changed.connect(self._set_thinking)
        composer.models_wanted.connect(lambda *_: self.picker.open())
        composer.entered.connect(self._estimate)
        composer.file_removed.connect(chat.drafts.remove)
        chat.drafts.shown.connect(composer.show_draft)
        chat.drafts.files_changed.connect(self._show_files)
        self.find_bar.left.connect(composer.text.setFocus)
        chat.opened.connect(self._on_opened)
        chat.changed.connect(self._show_settings)
        chat.busy_changed.connect(self._show_busy)
        chat.estimator.estimated.connect(composer.set_cost)
        for signal in (chat.messages.rowsInserted, chat.messages.modelReset, self.messages.emptied):
            signal.connect(self._show_stack)
        chat.comparison.changed.connect(self._show_comparison)
        composer.other_removed.connect(partial(chat.comparison.set_other, None))
        self.first_run.models_wanted.connect(self.models_wanted)
        self.first_run.asked.connect(self._ask)
        self.first_run.finished.connect(self._end_first_run)
        self._app_settings.changed.connect(self._show_stack)
        self._models.refreshed.connect(self._show_settings)
        follow(self, self._show_settings, self._models.models.dataChanged)
        self.panel.changed.connect(chat.settings.set)
        self.panel.replaced.connect(chat.settings.replace)
        self.panel.preset_saved.connect(
            lambda name: conversations.save_preset(name, self._settings())
        )
        self.panel.preset_deleted.connect(conversations.delete_preset)
        intents.copy.connect(self._copy)
        intents.copy_rich.connect(self._copy_rich)
        self._connect_edits()
        intents.regenerate.connect(chat.regenerate)
        intents.regenerate_with.connect(self.regenerate_with)
        intents.step_version.connect(chat.open_messages.step_version)
        intents.branch.connect(chat.branch)
        intents.continue_answer.connect(chat.continue_answer)
        intents.delete.connect(chat.deletion.delete)

    def _connect_header(self) -> None:
        header = self._header
        header.sidebar_wanted.connect(self.sidebar_wanted)
        header.panel_toggled.connect(self._show_panel)
        header.panel_toggled.connect(self.panel_toggled)
        header.temporary.begun.connect(self._chat.new_temporary)
        header.temporary.kept.connect(self._chat.keep)

    def _connect_edits(self) -> None:
        drafts, intents = self._chat.drafts, self.intents
        intents.edit.connect(drafts.edit)
        drafts.edits_changed.connect(self.messages.show_edits)
        drafts.edit_wanted.connect(self.messages.show_edit)
        intents.edit_changed.connect(drafts.set_edit)
        for signal in (intents.edit_changed, intents.edit_entered, drafts.edits_changed):
            signal.connect(self._estimate)
        intents.edit_sent.connect(self._send_edit)
        intents.edit_cancelled.connect(drafts.cancel_edit)
        intents.edit_cancelled.connect(lambda _: self.composer.text.setFocus())
        intents.files_given.connect(lambda edited, paths: self._chat.attach(paths, edited))
        intents.file_removed.connect(drafts.remove)

    def _draft(self) -> str:
        draft = self._chat.drafts.current
        return draft.text if draft is not None else ""

    def _send_with(self) -> str:
        return self._app_settings.settings.send_with

    def _settings(self) -> ChatSettings:
        """Those that the panel and presets have."""
        conversation = self._chat.conversation
        return replace(conversation.settings, first_sent=None) if conversation else ChatSettings()

    def _model(self) -> ModelEntry | None:
        return self._models.models.find(self._chat.model_id)

    def _show_stack(self, *_: object) -> None:
        is_empty, is_temporary = not self._chat.messages.rowCount(), self._chat.is_temporary
        self._header.temporary.show_state(is_temporary=is_temporary, is_empty=is_empty)
        self.composer.set_temporary(is_temporary)
        comparison = self._chat.comparison
        if comparison.is_shown:
            self._show_page(4)
            self.find_bar.look_in(comparison.rows, self._compared)
            return
        self.find_bar.look_in(self._chat.messages, self.messages)
        if not is_empty:
            self._show_page(2)
        elif is_temporary:
            self._show_page(3)
        else:
            self._show_page(0 if self._app_settings.settings.first_run_done else 1)

    def _show_page(self, index: int) -> None:
        """The focus does not stay on a page that goes: Qt would give it to the first message."""
        focused, going = self.window().focusWidget(), self._stack.currentWidget()
        if index == self._stack.currentIndex():
            return
        if going is not None and focused is not None and going.isAncestorOf(focused):
            self.composer.text.setFocus()
        self._stack.setCurrentIndex(index)

    def _end_first_run(self) -> None:
        self._app_settings.update(first_run_done=True)
        self.composer.text.setFocus()

    def _send(self) -> None:
        if self._chat.send_draft():
            self._end_first_run()
            self.messages.scroll_to_end()
            self._compared.scroll_to_end()

    def _send_edit(self, message_id: str) -> None:
        if self._chat.send_edit(message_id):
            self.composer.text.setFocus()
            self.messages.scroll_to_end()

    def _estimate(self, *_: object) -> None:
        """Ask how much would be sent from the field that is being written in."""
        edit = self._chat.drafts.edit_of(self.messages.edited or "")
        if edit is not None:
            self._chat.estimate(edit.text, edit.attachments, edit.id)
        else:
            self._chat.estimate(self.composer.text.toPlainText(), self.composer.attachments)

    def _ask(self, question: str) -> None:
        """Send a suggested question; what has been typed meanwhile stays as the draft."""
        if self._chat.send(question):
            self._end_first_run()

    def _on_text_changed(self, text: str) -> None:
        self._chat.drafts.set_text(text)
        self.composer.set_thinking(self._chat.thinking_mode(text))
        self._estimate()

    def _show_files(self, draft: OpenDraft) -> None:
        self.composer.show_files(draft.files)
        self._estimate()

    def _on_opened(self) -> None:
        self.find_bar.dismiss()
        self._show_settings()
        self._show_stack()
        self.composer.text.setFocus()

    def _show_settings(self, *_: object) -> None:
        conversation = self._chat.conversation
        title = conversation.title if conversation else ""
        self._header.title.setText(self.tr("Temporary Chat") if self._chat.is_temporary else title)
        self.composer.model.show_model(self._chat.model_id, self._model())
        text, entry = self.composer.text.toPlainText(), self._model()
        self.composer.set_thinking(self._chat.thinking_mode(text))
        thinks = self._chat.thinking_mode("").is_on
        self.panel.show_settings(self._settings(), entry, thinks=thinks)
        self._estimate()

    def _show_panel(self, is_shown: bool) -> None:
        focused = self.window().focusWidget()
        self._share_room()
        if focused is not None and self.panel.isAncestorOf(focused):
            self.composer.text.setFocus()

    def _set_thinking(self, thinking: bool) -> None:
        self._chat.settings.set(replace(self._settings(), thinking=thinking))

    def use_model(self, model_id: str) -> None:
        if self._chat.conversation is None:
            self._chat.new()
        self._chat.settings.set_model(model_id)
        self._show_settings()
        self.composer.text.setFocus()

    def _show_busy(self, busy: bool) -> None:
        self.composer.set_busy(busy)
        if not busy:  # for the context use after this answer
            self._estimate()

    def _copy(self, message_id: str) -> None:
        message = self._chat.open_messages.find(message_id)
        if message is not None:
            QGuiApplication.clipboard().setText(message.content)

    def _copy_rich(self, message_id: str) -> None:
        message = self._chat.open_messages.find(message_id)
        if message is not None:
            copy_markdown_rich(message.content)
