"""Texts -> the token ids that embedding models and rerankers are trained to read, and what their
rows mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import CheckpointError, ContextLengthError, InvalidRequestError
from ..quoting import quoted
from .loaded import LoadedModel

# From the card of Qwen3-Embedding, without a blank after "Query:".
QUERY = "Instruct: {instruction}\nQuery:{text}"
# From the card of Qwen3-Reranker.
INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
_JUDGE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and "
    'the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
_PAIR = "<Instruct>: {instruction}\n<Query>: {query}\n<Document>: "
_ANSWER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"


class Cut(NamedTuple):
    """What becomes of a text that is too long: it keeps `num_tokens` tokens, or what the context
    holds if that is less. `of_document`: of a reranker's document, not of the whole input.
    """

    num_tokens: float = math.inf
    of_document: bool = False


def embedding_ids(
    loaded: LoadedModel,
    texts: Sequence[str | Sequence[int]],
    *,
    is_embedding: bool,
    instruction: str | None = None,
    cut: Cut | None = None,
    param: str = "input",
) -> list[list[int]]:
    """Return the ids of each text, with the end token of embedding models.

    Texts are queries if there is an `instruction`. Raises ContextLengthError for one that is too
    long, unless it is `cut`; InvalidRequestError for an empty one.
    """
    end = _end_ids(loaded) if is_embedding else []
    context = loaded.config.max_position_embeddings
    most = context if cut is None else int(min(context, cut.num_tokens))
    result = []
    for i, text in enumerate(texts):
        where = f"{param}[{i}]"
        if isinstance(text, str):
            whole = QUERY.format(instruction=instruction, text=text) if instruction else text
            ids = _encoded(loaded, whole, most, cut, where)
        elif instruction:
            raise InvalidRequestError(
                f"{where} is a list of tokens, to which no instruction can be added: send text.",
                param="instruction",
            )
        else:
            ids = list(text)
        if end and ids[-len(end) :] != end:
            ids = [*(ids if cut is None else ids[: max(0, most - len(end))]), *end]
        ids = ids if cut is None else ids[:most]
        loaded.check_ids(ids, param=where)
        if not ids:
            raise InvalidRequestError(f"{where} must not be empty.", param=where)
        if len(ids) > context:
            raise ContextLengthError(len(ids), context, param=where)
        result.append(ids)
    return result


def _encoded(loaded: LoadedModel, text: str, most: int, cut: Cut | None, where: str) -> list[int]:
    if cut is None:
        return loaded.fitting_ids(text, param=where)
    return loaded.tokenizer.encode(text, at_most=most)


def _end_ids(loaded: LoadedModel) -> list[int]:
    """Return what the tokenizer adds; converters drop that, so the usual token is the default."""
    usual = loaded.tokenizer.token_id("<|endoftext|>")
    return loaded.tokenizer.end_ids or ([] if usual is None else [usual])


def rerank_ids(
    loaded: LoadedModel,
    pairs: Sequence[tuple[str, str]],
    *,
    instruction: str | None = None,
    cut: Cut | None = None,
    param: str = "documents",
) -> list[list[int]]:
    """Return the prompt of each (query, document) for a Qwen3-Reranker.

    Both are data: control tokens in them are plain text. Raises ContextLengthError for a pair that
    is too long, unless its document is `cut`.
    """
    tokenizer, context = loaded.tokenizer, loaded.config.max_position_embeddings
    before, after = tokenizer.encode(_JUDGE), tokenizer.encode(_ANSWER)
    around = len(before) + len(after)
    result = []
    for i, (query, document) in enumerate(pairs):
        head = _PAIR.format(instruction=instruction or INSTRUCTION, query=query)
        if (least := tokenizer.least_tokens(head + document)) > context and cut is None:
            raise ContextLengthError(least, context, param=f"{param}[{i}]", at_least=True)
        ids = tokenizer.encode_data(head + document, at_most=context)
        if cut is not None:
            fixed = len(tokenizer.encode_data(head)) if cut.of_document else -around
            ids = ids[: max(0, int(min(context - around, fixed + cut.num_tokens)))]
        if len(ids) + around > context:
            raise ContextLengthError(len(ids) + around, context, param=f"{param}[{i}]")
        result.append([*before, *ids, *after])
    return result


def answer_ids(loaded: LoadedModel) -> tuple[int, ...]:
    """Return the outputs that mean `no` and `yes`; a classifier may have one that means both.

    Raises CheckpointError if there are none.
    """
    labels = loaded.config.labels
    if loaded.config.kind == "classifier" and len(labels) <= 2:
        return tuple(range(len(labels)))
    no, yes = (loaded.tokenizer.token_id(word) for word in ("no", "yes"))
    if loaded.config.kind != "causal" or no is None or yes is None:
        raise CheckpointError(
            f"{loaded.path.name} is no reranker: it has no answers `yes` and `no`."
        )
    return no, yes


def relevance(logits: Sequence[float]) -> float:
    """Return the probability of `yes`, given the logits of `answer_ids`."""
    no, yes = logits if len(logits) == 2 else (0.0, *logits)
    return 1 / (1 + math.exp(min(no - yes, 700)))


def shorten(vector: Sequence[float], dimensions: int | None) -> Sequence[float]:
    """The first `dimensions` numbers as a unit vector (Matryoshka, arXiv:2205.13147).

    None and 0 mean all of them. Raises InvalidRequestError if the vector has fewer.
    """
    if not dimensions or dimensions == len(vector):
        return vector
    if dimensions > len(vector):
        raise InvalidRequestError(
            f"dimensions is {quoted(dimensions)}; this model's embeddings have {len(vector)}.",
            param="dimensions",
        )
    kept = vector[:dimensions]
    length = math.hypot(*kept)
    return [value / length for value in kept] if length else kept
