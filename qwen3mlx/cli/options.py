"""The options of `qwen3mlx run`, declared once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

import typer

MOST = 2**31 - 1  # upper bound for whole numbers and seconds; no real quantity comes near it

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="demo, demo-moe, a folder, an alias (qwen3:8b) or a hub id (org/repo).",
    ),
]
Prompt = Annotated[
    str | None,
    typer.Argument(
        metavar="PROMPT", help="The message, followed by any piped text. Without either: a chat."
    ),
]
Think = Annotated[bool | None, typer.Option("--think/--no-think", help="Turn thinking on or off.")]
ThinkingBudget = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, max=MOST, help="Stop thinking after N tokens."),
]
System = Annotated[str | None, typer.Option(metavar="TEXT", help="The system message.")]
HideThinking = Annotated[bool, typer.Option("--hide-thinking", help="Hide the thinking.")]
Raw = Annotated[
    bool | None,
    typer.Option(
        "--raw/--chat",
        help="Complete PROMPT as is, without the chat template (default for -Base models).",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object: content, reasoning_content, finish_reason, usage, timings.",
    ),
]
Stats = Annotated[bool, typer.Option("--stats", help="Print speeds and token counts to stderr.")]


def finite(value: float | None) -> float | None:
    """An option callback that rejects NaN, which passes every bounds check."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number.")
    return value


def _number(description: str) -> Any:
    return typer.Option(metavar="X", help=description)


Temperature = Annotated[
    float | None, _number("Sampling temperature; 0 always picks the most likely token.")
]
TopP = Annotated[
    float | None, _number("Sample from the most likely tokens up to this total probability.")
]
TopK = Annotated[
    int | None, typer.Option(metavar="N", help="Sample from the N most likely tokens; 0 = all.")
]
MinP = Annotated[
    float | None, _number("Drop tokens less likely than this fraction of the top token.")
]
RepetitionPenalty = Annotated[float | None, _number("Values above 1 discourage repetition.")]
PresencePenalty = Annotated[
    float | None, _number("-2 to 2; above 0 discourages any token already generated.")
]
FrequencyPenalty = Annotated[float | None, _number("-2 to 2; above 0 discourages frequent tokens.")]
Seed = Annotated[
    int | None, typer.Option(metavar="N", help="The same seed produces the same text.")
]
MaxTokens = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=MOST, help="Limit the answer to N tokens.")
]
Stop = Annotated[
    list[str] | None, typer.Option(metavar="TEXT", help="Stop before TEXT; repeatable.")
]
ContextLength = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, max=MOST, help="Maximum tokens of prompt and answer together."
    ),
]
KvBits = Annotated[
    int | None,
    typer.Option(metavar="4|8", help="Quantize the KV cache to use less memory per token."),
]


def parse_rope_scaling(given: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Parse the JSON of --rope-scaling, in the format of `rope_scaling` in config.json."""
    try:
        value = json.loads(given) if isinstance(given, str) else given
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise typer.BadParameter('not a JSON object such as {"rope_type": "yarn", "factor": 2.0}')
    return value


RopeScaling = Annotated[
    Any,
    typer.Option(
        metavar="JSON",
        parser=parse_rope_scaling,
        help='YaRN: {"rope_type":"yarn","factor":2.0,"original_max_position_embeddings":32768}',
    ),
]
PrintJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="QWEN3MLX_URL",
        help="The server's address; default: the one on this computer.",
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY", envvar="QWEN3MLX_API_KEY", help="API key, if the server requires one."
    ),
]
InstalledModel = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A name shown by `qwen3mlx list`, or its alias."),
]
