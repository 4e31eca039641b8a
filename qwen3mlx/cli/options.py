"""The options of `qwen3mlx run`, declared once for the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

import typer

MOST = 2**31 - 1  # of whole numbers, and of seconds: no quantity here comes near

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
        metavar="PROMPT", help="The message; text piped in follows it. Without any: a chat."
    ),
]
Think = Annotated[
    bool | None, typer.Option("--think/--no-think", help="Think before answering, or not.")
]
ThinkingBudget = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, max=MOST, help="Begin the answer after N tokens of thought."),
]
System = Annotated[str | None, typer.Option(metavar="TEXT", help="The system message.")]
HideThinking = Annotated[bool, typer.Option("--hide-thinking", help="Do not show the thinking.")]
Raw = Annotated[
    bool | None,
    typer.Option(
        "--raw/--chat",
        help="Complete PROMPT as it is, without the chat template (default for -Base models).",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object: content, reasoning_content, finish_reason, usage, timings.",
    ),
]
Stats = Annotated[bool, typer.Option("--stats", help="Speeds and counts on stderr.")]


def finite(value: float | None) -> float | None:
    """A callback of options: bounds let NaN through, which is neither below nor above any."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number that can be used.")
    return value


def _number(description: str) -> Any:
    return typer.Option(metavar="X", help=description)


Temperature = Annotated[float | None, _number("Randomness; 0 takes the likeliest token.")]
TopP = Annotated[float | None, _number("Keep the likeliest tokens up to this probability.")]
TopK = Annotated[int | None, typer.Option(metavar="N", help="Keep the N likeliest tokens; 0: all.")]
MinP = Annotated[float | None, _number("Drop tokens below this share of the likeliest one.")]
RepetitionPenalty = Annotated[float | None, _number("Above 1: fewer repetitions.")]
PresencePenalty = Annotated[float | None, _number("-2 to 2: against any token seen before.")]
FrequencyPenalty = Annotated[float | None, _number("-2 to 2: against tokens seen often.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="The same seed gives the same text.")]
MaxTokens = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=MOST, help="End the answer after N tokens.")
]
Stop = Annotated[
    list[str] | None, typer.Option(metavar="TEXT", help="End the answer before TEXT; repeatable.")
]
ContextLength = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=MOST, help="Tokens of prompt and answer together."),
]
KvBits = Annotated[
    int | None, typer.Option(metavar="4|8", help="Quantize the KV cache: less memory per token.")
]


def parse_rope_scaling(given: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """The value of --rope-scaling, or of settings.json: the object of that name in config.json."""
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
        help="The server; default: the one on this computer.",
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", envvar="QWEN3MLX_API_KEY", help="If the server asks for one."),
]
InstalledModel = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A name that `qwen3mlx list` shows, or its alias."),
]
