"""`qwen3mlx run`: one answer, or a chat."""

from __future__ import annotations

from . import options
from .terminal import Terminal


def run(
    model: options.Model = "demo",
    prompt: options.Prompt = None,
    think: options.Think = None,
    thinking_budget: options.ThinkingBudget = None,
    hide_thinking: options.HideThinking = False,
    system: options.System = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    top_k: options.TopK = None,
    min_p: options.MinP = None,
    repetition_penalty: options.RepetitionPenalty = None,
    presence_penalty: options.PresencePenalty = None,
    frequency_penalty: options.FrequencyPenalty = None,
    seed: options.Seed = None,
    max_tokens: options.MaxTokens = None,
    stop: options.Stop = None,
    raw: options.Raw = None,
    context_length: options.ContextLength = None,
    rope_scaling: options.RopeScaling = None,
    kv_bits: options.KvBits = None,
    quantize: options.Quantize = None,
    adapter: options.Adapter = None,
    mcp: options.Mcp = None,
    json_output: options.Json = False,
    stats: options.Stats = False,
) -> None:
    """Answer PROMPT or piped text; without either, chat.

    The answer goes to stdout; thinking, progress and notes go to stderr.
    """
    from . import models
    from .request import Request, answer_or_chat

    loading = {
        "context_length": context_length,
        "rope_scaling": rope_scaling,
        "kv_bits": kv_bits,
        "quantize": quantize,
    }
    sampling = {
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "min_p": min_p,
        "repetition_penalty": repetition_penalty,
        "presence_penalty": presence_penalty,
        "frequency_penalty": frequency_penalty,
        "seed": seed,
        "max_tokens": max_tokens,
        "stop": tuple(stop) if stop else None,
    }
    request = Request.from_options(
        model=model,
        prompt=prompt,
        system=system,
        think=think,
        thinking_budget=thinking_budget,
        sampling=sampling,
        loading=loading,
        adapter=adapter,
        raw=raw,
        mcp=tuple(mcp or ()),
        json=json_output,
        stats=stats,
        hide_thinking=hide_thinking,
    )
    answer_or_chat(request, Terminal.standard(), models.load)
