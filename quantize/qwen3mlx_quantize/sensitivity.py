"""`auto`: bits for each module by how much its error costs, within a size.

The cost is measured: one module is quantized to 4 bits, and the text runs through the model with
everything else in float. The KL divergence from the float model falls fourfold with each further
bit, so one measurement predicts it for every width. Bits then go where they save most per byte.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import replace

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.errors import UsageError
from qwen3mlx.model import Qwen3, load_model
from qwen3mlx.model.cache import NoCache
from qwen3mlx.model.loading import load_block
from qwen3mlx.model.qwen3 import Block
from qwen3mlx.model.rope import Rope
from qwen3mlx.model.weights import Weights

from .common import number
from .events import OnEvent, Progress, ignore
from .in_memory import InMemoryCheckpoint
from .methods import mse
from .plan import module_tensors
from .quality import bounded
from .recipe import ROUTER, ROUTER_SPEC, Recipe, Rule
from .source import Source

MEASURED = QuantizationSpec(64, 4)
WIDTHS = (3, 4, 5, 6, 8)
FEWEST = QuantizationSpec(64, WIDTHS[0])
# Tokens: enough to rank modules.
MOST_TOKENS = 4096


def recipe(source: Source, costs: dict[str, float], target_bpw: float) -> Recipe:
    """Choose bits for each module so that the whole has at most `target_bpw` bits per weight.

    Raises UsageError if even the fewest bits exceed that.
    """
    modules = {m.path: m for m in source.modules if not ROUTER.fullmatch(m.path)}
    chosen = dict.fromkeys(modules, WIDTHS[0])
    left = bytes_left(source, target_bpw)
    offers = [_offer(source, modules[path], costs[path], 0) for path in modules]
    heapq.heapify(offers)
    while offers:
        _, step, path, extra = heapq.heappop(offers)
        if extra <= left:
            left -= extra
            chosen[path] = WIDTHS[step + 1]
            if step + 2 < len(WIDTHS):
                heapq.heappush(offers, _offer(source, modules[path], costs[path], step + 1))
    rules = tuple(Rule((path,), QuantizationSpec(64, bits)) for path, bits in chosen.items())
    about = f"bits by measured sensitivity, at most {target_bpw:.4g} per weight"
    return Recipe("auto", about, MEASURED, rules)


def widest(source: Source, target_bpw: float) -> Recipe | None:
    """Return the recipe with the most bits for every module, which needs no measurement, or None
    if that is more than `target_bpw`. Raises UsageError as `recipe` does.
    """
    equal = dict.fromkeys((module.path for module in source.modules), 0.0)
    made = recipe(source, equal, target_bpw)
    if any(rule.spec is None or rule.spec.bits < WIDTHS[-1] for rule in made.rules):
        return None
    about = f"{WIDTHS[-1]} bits for every module, as {target_bpw:.4g} per weight allow"
    return replace(made, about=about)


def bytes_left(source: Source, target_bpw: float) -> float:
    """Return the bytes that `target_bpw` leaves to spend once every module has the fewest bits.

    Raises UsageError if even these exceed it.
    """
    vectors = [source.infos[name] for name in source.vectors]
    total = source.num_weights
    left = target_bpw * total / 8 - sum(info.nbytes for info in vectors)
    for module in source.modules:
        is_router = ROUTER.fullmatch(module.path)
        left -= _nbytes(source, module, ROUTER_SPEC if is_router else FEWEST)
    if left < 0:
        least = target_bpw - 8 * left / total
        raise UsageError(
            f"{target_bpw:.2f} bits per weight are too few for --recipe auto; the minimum is "
            f"{least:.2f}: use a higher --target-bpw, more memory or a smaller --context."
        )
    return left


def _offer(source: Source, module: Module, cost: float, step: int) -> tuple[float, int, str, int]:
    """Return the saving per byte of the next width, negative so that the best sorts first."""
    now, more = (QuantizationSpec(64, bits) for bits in WIDTHS[step : step + 2])
    extra = _nbytes(source, module, more) - _nbytes(source, module, now)
    saved = cost * (4.0 ** (4 - now.bits) - 4.0 ** (4 - more.bits))
    return -saved / extra, step, module.path, extra


def _nbytes(source: Source, module: Module, spec: QuantizationSpec) -> int:
    return sum(tensor.nbytes for tensor in module_tensors(module, spec, source.dtype))


def measure(
    source: Source, documents: Sequence[Sequence[int]], on_event: OnEvent = ignore
) -> dict[str, float]:
    """Return the KL divergence, in nats per token, of quantizing each module alone to 4 bits.

    Holds the float model in memory, and its hidden states before each block.
    """
    ids = [mx.array([list(document)]) for document in bounded(documents, MOST_TOKENS)]
    model = _FloatModel(source, ids, on_event)
    modules = [m for m in source.modules if not ROUTER.fullmatch(m.path)]
    costs = {}
    for index, module in enumerate(modules):
        on_event(Progress("measuring sensitivity", index, len(modules), module.path))
        costs[module.path] = model.cost(module)
    return costs


class _FloatModel:
    """The source's model, and its results for `ids`, for comparison."""

    def __init__(self, source: Source, ids: Sequence[mx.array], on_event: OnEvent) -> None:
        self._source = source
        self._config = source.config._replace(quantization=None)
        self._model: Qwen3 = load_model(
            source.folder,
            on_progress=lambda done, total: on_event(Progress("loading", done, total, "the model")),
        )
        self._rope = Rope.from_config(source.config.rope, source.config.head_dim)
        self._ids = ids
        self._states = [[self._model.embed_tokens(one) for one in ids]]
        for block in self._model.blocks:
            self._states.append([block(x, NoCache()) for x in self._states[-1]])
            mx.eval(self._states[-1])
        self._expected = [self._logprobs(x, self._model.lm_head) for x in self._states[-1]]
        self._floats: dict[str, mx.array] = {}
        self._layer = -1

    def cost(self, module: Module) -> float:
        weight = self._perturbed(module)
        if module.path in ("model.embed_tokens", "lm_head"):
            return self._cost_of_ends(module.path, weight)
        layer = int(module.path.split(".")[2])
        self._load(layer)
        tensors = self._floats | {f"{module.path}.weight": weight}
        checkpoint = InMemoryCheckpoint(self._source.folder, tensors)
        block = load_block(Weights(checkpoint, self._config, self._model.dtype), layer, self._rope)
        return self._divergence([block(x, NoCache()) for x in self._states[layer]], layer + 1)

    def _cost_of_ends(self, path: str, weight: mx.array) -> float:
        tied = self._config.tie_word_embeddings
        states, start = self._states[-1], len(self._model.blocks)
        if path == "model.embed_tokens":
            states, start = [weight[one] for one in self._ids], 0
        head = weight if path == "lm_head" or tied else None
        return self._divergence(states, start, head)

    def _divergence(
        self, states: list[mx.array], layer: int, head: mx.array | None = None
    ) -> float:
        blocks: Sequence[Block] = self._model.blocks[layer:]
        total, count = 0.0, 0
        for x, expected in zip(states, self._expected, strict=True):
            for block in blocks:
                x = block(x, NoCache())
            got = self._logprobs(x, self._model.lm_head if head is None else _head(head))
            total += number((mx.exp(expected) * (expected - got)).sum())
            count += expected.shape[0]
        return max(total / count, 0.0)

    def _logprobs(self, x: mx.array, head: Callable[[mx.array], mx.array]) -> mx.array:
        normed = mx.fast.rms_norm(x, self._model.norm, self._config.rms_norm_eps)
        logits = head(normed)[0].astype(mx.float32)
        result = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        mx.eval(result)
        return result

    def _perturbed(self, module: Module) -> mx.array:
        matrices = (self._source.matrix(module, e) for e in range(module.num_matrices))
        dtype = self._model.dtype
        made = [mse.quantized(m, MEASURED).unpacked(MEASURED, dtype) for m in matrices]
        return made[0] if len(module.shape) == 2 else mx.stack(made)

    def _load(self, layer: int) -> None:
        """Read the block's tensors in float."""
        if layer == self._layer:
            return
        prefix = f"model.layers.{layer}."
        self._floats = {
            name: self._source.vector(name)
            for name in self._source.vectors
            if name.startswith(prefix)
        }
        for module in self._source.modules:
            if module.path.startswith(prefix):
                matrices = [self._source.matrix(module, e) for e in range(module.num_matrices)]
                whole = matrices[0] if len(module.shape) == 2 else mx.stack(matrices)
                self._floats[f"{module.path}.weight"] = whole
        self._layer = layer


def _head(weight: mx.array) -> Callable[[mx.array], mx.array]:
    return lambda x: x @ weight.T
