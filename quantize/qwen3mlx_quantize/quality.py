"""Quality loss: a model against its reference, token by token, on the same text.

Only one model is in memory at a time; the reference's likeliest tokens are kept on disk.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from qwen3mlx.config import KINDS, ModelConfig, read_checkpoint
from qwen3mlx.errors import UsageError
from qwen3mlx.model import Qwen3, load_model
from qwen3mlx.model.device import release_staging_memory

from .common import TextError, number
from .distributions import Distributions, following
from .events import OnEvent, Progress, ignore
from .names import name_of, names_of
from .texts import Tokens

# Tokens over which decode speed is measured, after the same number to warm up.
SPEED_TOKENS = 32
QUANTILES = (0.5, 0.9, 0.99)
BINS = 40


@dataclass(frozen=True, slots=True)
class Quality:
    """One model's figures, measured on `text`.

    KL divergence is in nats per token, from the reference to the model; `agreement` is the share of
    tokens with the same top prediction. `histogram` counts tokens by log10 of their KL divergence:
    edges, and the counts between them.
    """

    name: str
    size_bytes: int
    bits_per_weight: float
    num_tokens: int
    kl_mean: float
    kl_quantiles: dict[str, float]
    agreement: float
    perplexity: float
    reference_perplexity: float
    decode_tps: float
    histogram: tuple[list[float], list[int]]
    text: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    candidates: Sequence[Path], reference: Path, tokens: Tokens, on_event: OnEvent = ignore
) -> list[Quality]:
    """Compare each candidate with `reference`.

    Raises CheckpointError, MemoryBudgetError, TextError, UsageError if the vocabularies differ.
    """
    tokens = Tokens(tokens.name, [ids for ids in tokens.documents if len(ids) > 1])
    if not tokens.documents:
        raise TextError("The text is too short: use one of at least a few sentences.")
    _check_comparable(candidates, reference)
    documents = tokens.documents
    with tempfile.TemporaryDirectory(prefix="qwen3mlx-logits-") as folder:
        cache = Path(folder)
        name = f"reference {name_of(reference)}"
        model = _load(reference, name, on_event)
        for index, ids in enumerate(documents):
            on_event(Progress("evaluating", index, len(documents), name))
            found = Distributions.of(_logprobs(model, ids), ids)
            found.save(cache / f"{index}.safetensors")
        del model
        release_staging_memory()
        return [
            _quality(path, name, tokens, cache, on_event)
            for path, name in zip(candidates, names_of(candidates), strict=True)
        ]


def _quality(path: Path, name: str, tokens: Tokens, cache: Path, on_event: OnEvent) -> Quality:
    model, documents = _load(path, name, on_event), tokens.documents
    kls: list[float] = []
    agreed, loss, reference_loss = 0, 0.0, 0.0
    for index, ids in enumerate(documents):
        on_event(Progress("evaluating", index, len(documents), name))
        expected = Distributions.load(cache / f"{index}.safetensors")
        kl, same, losses = _compared(expected, _logprobs(model, ids), ids)
        kls += kl
        agreed += same
        reference_loss, loss = reference_loss + losses[0], loss + losses[1]
    ordered, count = sorted(kls), len(kls)
    size, bits = stored_size(path)
    return Quality(
        name=name,
        size_bytes=size,
        bits_per_weight=bits,
        num_tokens=count,
        kl_mean=sum(kls) / count,
        kl_quantiles={f"{q:g}": ordered[min(count - 1, int(q * count))] for q in QUANTILES},
        agreement=agreed / count,
        perplexity=math.exp(loss / count),
        reference_perplexity=math.exp(reference_loss / count),
        decode_tps=_decode_speed(model, documents[0]),
        histogram=_histogram(kls),
        text=tokens.name,
    )


def _load(path: Path, name: str, on_event: OnEvent) -> Qwen3:
    return load_model(
        path, on_progress=lambda done, total: on_event(Progress("loading", done, total, name))
    )


def _logprobs(model: Qwen3, ids: Sequence[int]) -> mx.array:
    """Return float32 [len(ids) - 1, vocab]: the log probabilities after each token but the last."""
    logits = model(mx.array([list(ids[:-1])]))[0].astype(mx.float32)
    result = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    mx.eval(result)
    return result


def _compared(
    expected: Distributions, got: mx.array, ids: Sequence[int]
) -> tuple[list[float], int, tuple[float, float]]:
    """Return the KL of each token, how many top tokens agree, and the losses of both."""
    kl = expected.divergence(got)
    same = (expected.top == got.argmax(-1)).sum()
    losses = [-one.sum() for one in (expected.follows, following(got, ids))]
    mx.eval(kl, same, losses)
    values: list[float] = kl.tolist()  # type: ignore[assignment]
    return values, int(number(same)), (number(losses[0]), number(losses[1]))


def _decode_speed(model: Qwen3, ids: Sequence[int]) -> float:
    """Return the tokens per second of greedy decoding."""
    cache = model.make_cache()
    token = model(mx.array([list(ids[:32])]), cache)[:, -1:].argmax(-1)
    start = 0.0
    for step in range(2 * SPEED_TOKENS):
        if step == SPEED_TOKENS:
            start = time.perf_counter()
        token = model(token, cache)[:, -1:].argmax(-1)
        mx.eval(token)
    return SPEED_TOKENS / (time.perf_counter() - start)


def _histogram(values: Sequence[float], least: float = -8, most: float = 2) -> Any:
    width = (most - least) / BINS
    counts = [0] * BINS
    for value in values:
        place = int((math.log10(max(value, 10**least)) - least) / width)
        counts[min(max(place, 0), BINS - 1)] += 1
    return [least + width * i for i in range(BINS + 1)], counts


def stored_size(path: Path) -> tuple[int, float]:
    """Return the tensors' bytes, and the bits per weight that they represent."""
    config, infos = read_checkpoint(path)
    size = sum(info.nbytes for info in infos.values())
    return size, 8 * size / config.num_parameters


def check_writes_text(folder: Path, config: ModelConfig) -> None:
    """Raise UsageError for a model without a language model's head, whose text is measured."""
    if config.kind != "causal":
        raise UsageError(
            f"{folder} is {KINDS[config.kind]}, which predicts no tokens to compare: leave out "
            "--evaluate, --recipe auto, and the methods awq and dwq."
        )


def _check_comparable(candidates: Sequence[Path], reference: Path) -> None:
    size = _language_model(reference).vocab_size
    for path in candidates:
        other = _language_model(path).vocab_size
        if other != size:
            raise UsageError(
                f"{path} has a vocabulary of {other:,} tokens and {reference} of {size:,}: compare "
                "models with the same vocabulary."
            )


def _language_model(folder: Path) -> ModelConfig:
    config, _ = read_checkpoint(folder)
    check_writes_text(folder, config)
    return config


def bounded(documents: Sequence[Sequence[int]], most: int) -> Iterator[Sequence[int]]:
    """Return the first documents, up to `most` tokens in total."""
    for ids in documents:
        if len(ids) > 1 and most > 1:
            yield ids[:most]
            most -= len(ids)
