"""A Qwen3 checkpoint with hand-set weights that writes given answers, token by token.

It has the real tokenizer, so agents can work with it as with a real model: it thinks, calls a tool,
reads the result, calls again and ends. Nothing is trained and nothing is left to chance: the gaps
between logits are far larger than what any sampling setting can bridge.

How it works. `answers[n]` is written when the prompt holds n tool results, the last one also after
more. The next token follows from two things, both found by the attention of the only layer:

- The last seven tokens. Each token of the script has a code of +1 and -1, all others share one.
  A head looks a fixed distance back: its query is the one constant direction of all keys, turned by
  as many positions as RoPE turns in that distance, so the score has its peak there.
- The number n of `</tool_response>` in the prompt. Their keys point in a direction of their own
  that RoPE does not turn. A head finds them and the token it looks from with the same score, so
  they get the share n / (n + 1) of its attention.

A neuron of the feed-forward part opens when the seven codes are those of one context in the script,
and writes the code of the token that follows. Where that depends on n, neurons with thresholds on
the share make the output a piecewise linear function of it that has the right code at each n. The
head is tied to the embedding: the token with the written code wins. Outside of the script the
answer ends.

One layer means that prefill computes attention for no token but the last of a chunk, so a prompt
of 30,000 tokens takes seconds on any computer.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import mlx.core as mx
import numpy as np

from qwen3mlx.text import Tokenizer, load_tokenizer

from .checkpoints import Shape, copy_qwen3_tokenizer, hf_config

VOCABULARY = 151_936
# Bits of a token's code, and the tokens of a context: the last one and those before it.
BITS = 8
CONTEXT = 7
HEAD_DIM = 32
# Of the hidden state: CONTEXT codes, then what is 1 for every token but `</tool_response>`, what
# is 1 for that one alone, and the share of tool results.
CONSTANT, RESULT, SHARE = range(CONTEXT * BITS, CONTEXT * BITS + 3)
HIDDEN = 64

# A base so high that the last of RoPE's frequencies does not turn within MAX_POSITIONS.
ROPE_THETA = 1e9
MAX_POSITIONS = 131_072
# Pairs of dimensions that turn are for distances, the last one is for content.
DISTANCE_PAIRS = HEAD_DIM // 2 - 1
CONTENT = HEAD_DIM // 2 - 1
SHARPNESS = 16.0
STEEPNESS = 1000.0
LOGIT_SCALE = 40.0

GENERATION_PROMPT = "<|im_start|>assistant\n"
NO_THOUGHTS = "<think>\n\n</think>\n\n"
END = "<|im_end|>"


def answer(text: str = "", *, thoughts: str = "", calls: Sequence[tuple[str, object]] = ()) -> str:
    """The text that Qwen3 writes for it: thoughts, text, and calls of (name, arguments)."""
    blocks = [
        f'<tool_call>\n{{"name": "{name}", "arguments": {written}}}\n</tool_call>'
        for name, arguments in calls
        for written in [json.dumps(arguments, ensure_ascii=False)]
    ]
    thought = f"<think>\n{thoughts}\n</think>\n\n" if thoughts else ""
    return thought + "\n".join([text, *blocks] if text else blocks)


def write_scripted_checkpoint(folder: Path, answers: Sequence[str]) -> Path:
    """Writes a checkpoint that answers with `answers[n]` after n tool results; returns `folder`.

    An answer begins with `<think>` or without; where the prompt has an empty thought already
    (`enable_thinking` false), its thoughts are left out. ValueError for a script in which the same
    seven tokens are followed by two different ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copy_qwen3_tokenizer(folder)
    tokenizer = _qwen3_tokenizer()
    end = tokenizer.encode(END)[0]
    result = tokenizer.encode("</tool_response>")[0]
    rules = _rules(tokenizer, answers)
    codes = _Codes({*(token for context in rules for token in context), *_nexts(rules), end})

    shape = Shape(
        hidden_size=HIDDEN,
        intermediate_size=0,
        num_hidden_layers=1,
        num_attention_heads=CONTEXT,
        num_key_value_heads=1,
        head_dim=HEAD_DIM,
        vocab_size=VOCABULARY,
        tie_word_embeddings=True,
        max_position_embeddings=MAX_POSITIONS,
    )
    neurons = _neurons(rules, codes, end, len(answers))
    weights = {
        "model.embed_tokens": _embedding(codes, result),
        "model.norm": np.full(HIDDEN, LOGIT_SCALE),
        **_attention(),
        **neurons,
    }
    size = len(neurons["model.layers.0.mlp.gate_proj"])
    config = hf_config(shape, "float32") | {
        "intermediate_size": size,
        "rope_theta": ROPE_THETA,
        "bos_token_id": None,
        "eos_token_id": end,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {
        f"{name}.weight": mx.array(weight.astype(np.float32)) for name, weight in weights.items()
    }
    mx.save_safetensors(str(folder / "model.safetensors"), tensors, metadata={"format": "pt"})
    return folder


@cache
def _qwen3_tokenizer() -> Tokenizer:
    """Loaded once for all scripts: it takes most of a second."""
    with tempfile.TemporaryDirectory() as folder:
        copy_qwen3_tokenizer(Path(folder))
        return load_tokenizer(Path(folder))


@dataclass
class _Codes:
    """A number for each token that the script knows; 0 stands for all others."""

    tokens: set[int]
    numbers: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {token: i for i, token in enumerate(sorted(self.tokens), start=1)}
        if len(self.numbers) >= 2**BITS:
            raise ValueError(f"the script has {len(self.numbers)} different tokens; 255 fit.")

    def __getitem__(self, token: int) -> np.ndarray:
        """[BITS] of +1 and -1."""
        return _bits(self.numbers.get(token, 0))


def _bits(number: int) -> np.ndarray:
    return np.where(number >> np.arange(BITS) & 1, 1.0, -1.0)


# Shorter than CONTEXT where the turn before would be reached.
Context = tuple[int, ...]
# The token that follows a context (last token first), in the answers that contain it.
Rules = dict[Context, dict[int, int]]


def _rules(tokenizer: Tokenizer, answers: Sequence[str]) -> Rules:
    rules: Rules = {}
    for n, text in enumerate(answers):
        for start, rest in _beginnings(text):
            lead = tokenizer.encode(f"{END}\n{start}")
            ids = tokenizer.encode(f"{END}\n{start}{rest}{END}")
            for i in range(len(lead), len(ids)):
                context = tuple(reversed(ids[max(0, i - CONTEXT) : i]))
                known = rules.setdefault(context, {}).setdefault(n, ids[i])
                if known != ids[i]:
                    raise ValueError(
                        f"{tokenizer.decode(context[::-1])!r} is followed by "
                        f"{tokenizer.decode([known])!r} and {tokenizer.decode([ids[i]])!r} in "
                        f"answer {n}."
                    )
    return rules


def _beginnings(text: str) -> Iterator[tuple[str, str]]:
    """The ends that a prompt can have, and what is then left to write."""
    yield GENERATION_PROMPT, text
    yield GENERATION_PROMPT + NO_THOUGHTS, text.rpartition("</think>\n\n")[2]


def _nexts(rules: Rules) -> Iterator[int]:
    for nexts in rules.values():
        yield from nexts.values()


def _embedding(codes: _Codes, result: int) -> np.ndarray:
    table = np.zeros((VOCABULARY, HIDDEN), np.float32)
    table[:, :BITS] = _bits(0)
    for token in codes.numbers:
        table[token, :BITS] = codes[token]
    table[:, CONSTANT] = 1
    table[result, [CONSTANT, RESULT]] = 0, 1
    return table


def _attention() -> dict[str, np.ndarray]:
    """CONTEXT - 1 heads that look 1, 2, ... tokens back, and one that counts tool results."""
    # RoPE turns pairs of dimensions (i, i + HEAD_DIM / 2).
    turning = np.arange(DISTANCE_PAIRS)
    frequencies = ROPE_THETA ** (-2 * turning / HEAD_DIM)
    half = HEAD_DIM // 2

    keys = np.zeros((HEAD_DIM, HIDDEN))
    keys[turning, CONSTANT] = 1
    keys[CONTENT, RESULT] = 1
    values = np.zeros((HEAD_DIM, HIDDEN))
    values[np.arange(BITS), np.arange(BITS)] = 1
    values[BITS, RESULT] = 1

    queries = np.zeros((CONTEXT, HEAD_DIM, HIDDEN))
    output = np.zeros((HIDDEN, CONTEXT, HEAD_DIM))
    for distance in range(1, CONTEXT):
        head = distance - 1
        queries[head, turning, CONSTANT] = np.cos(distance * frequencies)
        queries[head, turning + half, CONSTANT] = -np.sin(distance * frequencies)
        output[distance * BITS + np.arange(BITS), head, np.arange(BITS)] = 1
    # Normalized, a key has the length 1 in DISTANCE_PAIRS dimensions or in one: the same score.
    queries[-1, turning, CONSTANT] = 1
    queries[-1, CONTENT, CONSTANT] = np.sqrt(DISTANCE_PAIRS)
    output[SHARE, -1, BITS] = 1
    layer = "model.layers.0"
    return {
        # Every token has BITS + 1 numbers of size 1, which the norm then leaves as they are.
        f"{layer}.input_layernorm": np.full(HIDDEN, np.sqrt((BITS + 1) / HIDDEN)),
        f"{layer}.self_attn.q_proj": queries.reshape(-1, HIDDEN),
        f"{layer}.self_attn.k_proj": keys,
        f"{layer}.self_attn.v_proj": values,
        f"{layer}.self_attn.o_proj": output.reshape(HIDDEN, -1),
        f"{layer}.self_attn.q_norm": np.full(HEAD_DIM, SHARPNESS),
        f"{layer}.self_attn.k_norm": np.full(HEAD_DIM, SHARPNESS),
    }


def _neurons(rules: Rules, codes: _Codes, end: int, num_answers: int) -> dict[str, np.ndarray]:
    shares = [n / (n + 1) for n in range(num_answers)]
    gates = [np.zeros(HIDDEN)]
    downs = [codes[end] * 1e-3]  # outside of the script, quieter than anything in it
    gates[0][CONSTANT] = 1
    for context, nexts in rules.items():
        gate = np.zeros(HIDDEN)
        whole = len(context) * BITS
        gate[:whole] = np.concatenate([codes[token] for token in context])
        wanted = _fill(nexts, num_answers)
        # The sum of the codes is `whole` where the context matches, 2 less where it nearly
        # does. Open for all n, this neuron writes what follows at n = 0 ...
        gate[CONSTANT] = 1 - whole
        gates.append(gate)
        downs.append(codes[wanted[0]])
        # ... and from the share of each n on, one bends the line towards what follows at n + 1.
        slope = np.zeros(BITS)
        for n in range(num_answers):
            bend = -slope
            if n + 1 < num_answers:
                rise = codes[wanted[n + 1]] - codes[wanted[n]]
                bend = rise / (shares[n + 1] - shares[n]) - slope
            if bend.any():
                threshold = gate.copy()
                threshold[SHARE] = 1
                threshold[CONSTANT] = -whole - shares[n]
                gates.append(threshold)
                downs.append(bend)
            slope = slope + bend
    up = np.zeros((len(gates), HIDDEN))
    up[:, CONSTANT] = 1
    down = np.zeros((HIDDEN, len(gates)))
    down[:BITS] = np.transpose(downs)
    layer = "model.layers.0"
    return {
        f"{layer}.post_attention_layernorm": np.ones(HIDDEN),
        f"{layer}.mlp.gate_proj": np.array(gates) * STEEPNESS,
        f"{layer}.mlp.up_proj": up,
        f"{layer}.mlp.down_proj": down,
    }


def _fill(nexts: dict[int, int], num_answers: int) -> list[int]:
    """For each n: if an answer lacks the context, anything that needs no neuron."""
    known = nexts[min(nexts)]
    return [known := nexts.get(n, known) for n in range(num_answers)]
