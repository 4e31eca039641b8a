"""What one window works with; all else is shared by the windows of the program."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from .controllers.answer_runner import AnswerRunner
from .controllers.attachment_loader import AttachmentLoader
from .controllers.chat import ChatController
from .controllers.context import ContextController
from .controllers.conversations import ConversationsController
from .controllers.models import ModelsController
from .controllers.notices import Notices
from .controllers.search import Search
from .controllers.undo import UndoStack
from .domain import Notice
from .services.endpoint import Endpoint
from .services.store import Stores


class Session(QObject):
    """An open conversation, a search, notices, and what can be undone.

    `hit_wanted(hit)`: the conversation of this hit is open here, and to be shown.
    """

    hit_wanted = Signal(object)

    def __init__(
        self,
        stores: Stores,
        endpoint: Endpoint,
        models: ModelsController,
        conversations: ConversationsController,
        *,
        answers: AnswerRunner,
        attachments: AttachmentLoader,
        last_model: Callable[[], str | None],
        claim: Callable[[Session, str], bool],
        parent: QObject | None = None,
    ) -> None:
        """`claim(session, id)` makes others leave a conversation; False if they cannot."""
        super().__init__(parent)
        self.chat = ChatController(
            stores,
            endpoint,
            models.models,
            answers=answers,
            attachments=attachments,
            last_model=last_model,
            claim=lambda conversation_id: claim(self, conversation_id),
            parent=self,
        )
        self.context = ContextController(self.chat, models, endpoint, self)
        self.search = Search(stores.kept, conversations, self)
        self.undo = UndoStack(self)
        self.notices = Notices(self)
        self._connect(conversations)

    def has(self, conversation_id: str) -> bool:
        """Whether the conversation is open here, or files for its drafts are being read."""
        shown = self.chat.conversation
        is_shown = shown is not None and shown.id == conversation_id
        return is_shown or self.chat.drafts.waits_for(conversation_id)

    def tell(self, notice: Notice) -> None:
        """Show a notice here, and keep what it offers to undo."""
        self.undo.follow(notice)
        self.notices.add(notice)

    def leave(self) -> None:
        """Save what is open: the window closes. A temporary chat is forgotten at once."""
        self.chat.new()
        self.chat.temporary.forget()

    def _connect(self, conversations: ConversationsController) -> None:
        chat, notices = self.chat, self.notices
        chat.saved.connect(conversations.upsert)
        conversations.changed.connect(chat.refresh)
        conversations.removed.connect(chat.close)
        chat.temporary.forgotten.connect(self._forget)
        for teller in (chat, self.context, self.search):
            teller.notice.connect(self.tell)
        chat.settled.connect(notices.settle)
        self.undo.undone.connect(notices.undone)
        self.undo.forgotten.connect(notices.forget)
        chat.drafts.refused.connect(notices.add_refusal)
        for signal in (chat.opened, chat.busy_changed):
            signal.connect(lambda _: notices.settle("refused"))
        chat.opened.connect(lambda _: notices.settle("context"))

    def _forget(self, conversation_id: str) -> None:
        """The conversation is gone for good, and with it what was done in it."""
        self.undo.forget(lambda one: one.conversation_id == conversation_id)
