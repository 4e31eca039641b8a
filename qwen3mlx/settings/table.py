"""Every setting, declared once: name, type, bounds, default, unit, description, and places.

Command-line options, the schema that the server publishes, its checks, and docs/settings.md are
generated from this table. It is plain data, and quick to import.
"""

from __future__ import annotations

from .setting import Setting

MAX_WHOLE = 2**31 - 1
MAX_GIGABYTES = 1_000_000
# All of them are searched after each token, which takes a millisecond for this many characters.
MAX_STOPS, MAX_STOP = 64, 256
# The hubs, as prefixes of names.
HUBS = ("hf", "modelscope", "kaggle")
# What `command_buffer` is for MLX, which reads it when it is imported.
COMMAND_BUFFER_VARIABLES = ("MLX_MAX_OPS_PER_BUFFER", "MLX_MAX_MB_PER_BUFFER")


def _by_name(*settings: Setting) -> dict[str, Setting]:
    return {setting.name: setting for setting in settings}


# Server settings.
SERVER = _by_name(
    Setting(
        name="model",
        kind="text",
        otherwise="none",
        text="Load this model at startup; requests that name no model use it.",
        where=("serve",),
    ),
    Setting(
        name="hosts",
        kind="text",
        otherwise="this computer alone",
        text="Share the model among the computers that this file names.",
        where=("serve",),
    ),
    Setting(
        name="alias",
        kind="texts",
        default=(),
        most=100,
        text="Another name for a model, as in gpt-4o=qwen3:8b.",
        where=("serve", "http"),
    ),
    Setting(
        name="source",
        kind="text",
        default=HUBS[0],
        choices=HUBS,
        text="Download models from this hub first, if it is known to have them.",
        where=("serve", "http"),
    ),
    Setting(
        name="adapter",
        kind="texts",
        default=(),
        most=100,
        text="Also serve the model with the LoRA adapter in this folder, as MODEL+ADAPTER.",
        where=("serve",),
    ),
    Setting(
        name="host",
        kind="text",
        default="127.0.0.1",
        text="Address to listen on; 0.0.0.0 accepts other computers.",
        where=("serve",),
    ),
    Setting(
        name="port",
        kind="whole",
        default=1234,
        least=0,
        most=65535,
        text="Port to listen on; 0 picks a free one.",
        where=("serve", "http"),
    ),
    Setting(
        name="api_key",
        kind="texts",
        default=(),
        most=100,
        text="Require this key, in addition to those of `qwen3mlx keys`.",
        where=("serve",),
    ),
    Setting(
        name="allow_origin",
        kind="texts",
        default=(),
        most=100,
        text="Accept requests from this web page or app (CORS), as in http://localhost:* or app://*.",
        where=("serve", "http"),
    ),
    Setting(
        name="allow_host",
        kind="texts",
        default=(),
        most=100,
        text="Additional host name that clients may use for this server.",
        where=("serve",),
    ),
    Setting(
        name="ttl",
        kind="number",
        default=3600,
        least=0,
        most=MAX_WHOLE,
        unit="seconds",
        text="Unload idle models after this long; 0 = never.",
        where=("serve", "http"),
    ),
    Setting(
        name="memory_limit",
        kind="number",
        otherwise="what the computer allows",
        least=0,
        most=MAX_GIGABYTES,
        above=True,
        unit="GB",
        text="Memory for weights, KV cache and prompt cache together.",
        where=("serve", "http"),
    ),
    Setting(
        name="prefix_cache",
        kind="number",
        otherwise="what the computer allows",
        least=0,
        most=MAX_GIGABYTES,
        unit="GB",
        text="Memory for the prompt cache, which saves computing shared prefixes again.",
        where=("serve", "http"),
    ),
    Setting(
        name="share_prefixes",
        kind="flag",
        default=False,
        text="Share the prompt cache among API keys; each can then tell what others have asked.",
        where=("serve",),
    ),
    Setting(
        name="max_running",
        kind="whole",
        default=16,
        least=1,
        most=1024,
        text="Maximum number of concurrent requests per model.",
        where=("serve", "http"),
    ),
    Setting(
        name="max_waiting",
        kind="whole",
        default=256,
        least=0,
        most=MAX_WHOLE,
        text="Maximum number of queued requests; more get status 429.",
        where=("serve", "http"),
    ),
    Setting(
        name="command_buffer",
        kind="whole",
        otherwise="MLX's",
        least=1,
        most=10_000,
        unit="operations",
        text="Send this many operations, or this many MB that they use, to the GPU at once.",
        where=("serve",),
    ),
    Setting(
        name="tools",
        kind="flag",
        default=False,
        text="Let requests run the tools of mcp.json and built-in ones that may always run.",
        where=("serve",),
    ),
    Setting(
        name="remote_tools",
        kind="flag",
        default=False,
        text="Let requests run the tools of MCP servers that they name by their address.",
        where=("serve",),
    ),
    Setting(
        name="log_prompts",
        kind="flag",
        default=False,
        text="Write prompts and answers to the log.",
        where=("serve",),
    ),
)

# Load options, saved for each model.
LOAD = _by_name(
    Setting(
        name="context_length",
        kind="whole",
        otherwise="the model's",
        least=1,
        most=MAX_WHOLE,
        unit="tokens",
        text="Maximum tokens of prompt and answer together.",
        where=("serve", "run", "load", "model"),
    ),
    Setting(
        name="rope_scaling",
        kind="object",
        otherwise="the model's",
        text='YaRN: {"rope_type":"yarn","factor":2.0,"original_max_position_embeddings":32768}',
        where=("serve", "run", "load", "model"),
    ),
    Setting(
        name="kv_bits",
        kind="whole",
        otherwise="not quantized",
        choices=(4, 8),
        unit="bits",
        text="Quantize the KV cache to use less memory per token.",
        where=("serve", "run", "load", "model"),
    ),
    Setting(
        name="quantize",
        kind="whole",
        otherwise="16-bit floats",
        choices=(8,),
        unit="bits",
        text="What an FP8 checkpoint's weights become in memory.",
        where=("serve", "run"),
    ),
)

# A model's own idle time, which overrides the server's `ttl`.
MODEL_TTL = Setting(
    name="ttl",
    kind="number",
    otherwise="the server's",
    least=0,
    most=MAX_WHOLE,
    above=True,
    unit="seconds",
    text="Unload the model after this long without a request.",
    where=("load", "model"),
)

# Sampling settings, and limits of an answer.
SAMPLING = _by_name(
    Setting(
        name="temperature",
        kind="number",
        otherwise="the model's",
        least=0,
        most=100,
        text="Sampling temperature; 0 always picks the most likely token.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="top_p",
        kind="number",
        otherwise="the model's",
        least=0,
        most=1,
        text="Sample from the most likely tokens up to this total probability.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="top_k",
        kind="whole",
        otherwise="the model's",
        least=0,
        most=MAX_WHOLE,
        text="Sample from this many of the most likely tokens; 0 = all.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="min_p",
        kind="number",
        otherwise="the model's",
        least=0,
        most=1,
        text="Drop tokens less likely than this fraction of the top token.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="repetition_penalty",
        kind="number",
        otherwise="the model's",
        least=0,
        most=100,
        above=True,
        text="Values above 1 discourage repetition.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="presence_penalty",
        kind="number",
        default=0.0,
        least=-2,
        most=2,
        text="Values above 0 discourage any token already generated.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="frequency_penalty",
        kind="number",
        default=0.0,
        least=-2,
        most=2,
        text="Values above 0 discourage frequent tokens.",
        where=("run", "request", "model"),
    ),
    Setting(
        name="seed",
        kind="whole",
        otherwise="random",
        least=-(2**63),
        most=2**64 - 1,
        text="The same seed produces the same text.",
        where=("run", "request"),
    ),
    Setting(
        name="max_tokens",
        kind="whole",
        otherwise="what the context leaves",
        least=0,
        most=MAX_WHOLE,
        unit="tokens",
        text="Limit the answer to this many tokens.",
        where=("run", "request"),
    ),
    Setting(
        name="min_tokens",
        kind="whole",
        default=0,
        least=0,
        most=MAX_WHOLE,
        unit="tokens",
        text="Make the answer at least this many tokens long.",
        where=("request",),
    ),
    Setting(
        name="thinking_budget",
        kind="whole",
        otherwise="no limit",
        least=0,
        most=MAX_WHOLE,
        unit="tokens",
        text="Stop thinking after this many tokens.",
        where=("run", "request"),
    ),
    Setting(
        name="stop",
        kind="texts",
        default=(),
        most=MAX_STOPS,
        max_characters=MAX_STOP,
        text="Stop before this text.",
        where=("run", "request"),
    ),
    Setting(
        name="top_logprobs",
        kind="whole",
        default=0,
        least=0,
        most=20,
        text="Number of alternatives to report with each token's log probability.",
        where=("request",),
    ),
)

# By their names in the published schema and in docs/settings.md.
GROUPS: dict[str, tuple[Setting, ...]] = {
    "server": tuple(SERVER.values()),
    "load": (*LOAD.values(), MODEL_TTL),
    "sampling": tuple(SAMPLING.values()),
}
