"""What is imported, to be compared."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from qwen3mlx_app.domain import (
    Transcript,
)
from qwen3mlx_app.services.transfer import (
    import_file,
)
from qwen3mlx_app.services.transfer.export import path


def imported(folder: Path, document: Any) -> list[Transcript]:
    file = folder / "export.json"
    file.write_text(json.dumps(document))
    return list(import_file(file).transcripts)


def shown(transcript: Transcript) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in path(transcript)]


def normal(transcript: Transcript) -> Transcript:
    """With ids that are the places of the messages."""
    places = {message.id: str(index) for index, message in enumerate(transcript.messages)}
    conversation = transcript.conversation
    messages = [
        dataclasses.replace(
            message,
            id=places[message.id],
            conversation_id="c",
            parent_id=places.get(message.parent_id or ""),
        )
        for message in transcript.messages
    ]
    leaf_id = places.get(conversation.leaf_id or "")
    return Transcript(
        conversation=dataclasses.replace(conversation, id="c", leaf_id=leaf_id, folder_id=None),
        messages=tuple(messages),
    )
