"""Whether a checkpoint whose config.json says that the embedding is also the head has another."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CheckpointError
from .model_files import open_model_file
from .tensor_headers import TensorInfo

# Training changes nearly every number, so a few pieces of both matrices tell.
_PIECES, _PIECE = 16, 4096


def has_own_head(infos: Mapping[str, TensorInfo]) -> bool:
    """Return whether `lm_head` is stored, of the embedding's form, with other numbers.

    transformers 5 then uses it, whatever config.json says. Raises CheckpointError.
    """
    head, embedding = (infos.get(f"{path}.weight") for path in ("lm_head", "model.embed_tokens"))
    if head is None or embedding is None or _form(head) != _form(embedding):
        return False
    last = max(head.nbytes - _PIECE, 0)
    places = [last * piece // (_PIECES - 1) for piece in range(_PIECES)]
    return _read(head, places) != _read(embedding, places)


def _form(info: TensorInfo) -> object:
    return info.dtype, info.shape


def _read(info: TensorInfo, places: list[int]) -> list[bytes]:
    """Return the bytes of a tensor at these places."""
    try:
        with open_model_file(info.shard) as file:
            pieces = []
            for place in places:
                file.seek(info.start + place)
                pieces.append(file.read(min(_PIECE, info.nbytes - place)))
            return pieces
    except OSError as error:
        raise CheckpointError(f"{info.shard} cannot be read: {error.strerror}.") from None
