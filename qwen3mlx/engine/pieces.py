"""Turns sequences into parts of a plan: rows of a batch, and chunks of a prompt."""

from __future__ import annotations

from ..model.kv_layout import Row
from .plan import DecodeBatch, DecodeRow, LateDraw, PrefillChunk
from .sequence import Sequence


def decode_batch(group: list[Sequence]) -> DecodeBatch:
    """Plan the next step of sequences that have room for it, and mark it as in flight."""
    return DecodeBatch(tuple(_decode_row(s) for s in group))


def late_draws(running: list[Sequence]) -> tuple[LateDraw, ...]:
    """Plan the draws that the previous step left open: the masks are known by now."""
    return tuple(LateDraw(s.row_number, s.late_draw()) for s in running if s.awaits_draw)


def _decode_row(sequence: Sequence) -> DecodeRow:
    row = sequence.row
    assert row is not None
    position = row.offset
    tokens = None if sequence.num_in_flight else tuple(sequence.ids[position:])
    draw = sequence.next_draw()
    decode = DecodeRow(sequence.row_number, position, tokens, draw)
    sequence.num_in_flight += 1
    row.offset = position + 1
    return decode


def prefill_chunk(sequence: Sequence, row: Row, size: int) -> PrefillChunk:
    """Plan up to `size` of the prompt's next tokens, and mark them as computed."""
    position, is_scored = row.offset, sequence.num_scored < sequence.num_prompt
    end = position + size
    scored: tuple[int, ...] = ()
    if is_scored:  # the last token has no successor to score: a later chunk feeds it
        end = min(end, sequence.num_prompt - 1)
        lost = sequence.num_scored - 1 - position
        if lost > 0:  # the sequence started over: these were reported before
            end = min(end, position + lost)
        else:
            scored = tuple(sequence.ids[position + 1 : end + 1])
    tokens = tuple(sequence.ids[position:end])
    row.advance(len(tokens))
    is_last = not is_scored and not sequence.num_remaining and sequence.max_tokens > 0
    draw = sequence.draw() if is_last else None
    return PrefillChunk(sequence.row_number, position, tokens, scored, draw)
