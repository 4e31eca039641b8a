"""Options that several verbs share; those of settings come from the table of settings."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ..errors import InvalidRequestError
from ..quoting import quoted
from ..settings.setting import Setting
from ..settings.table import LOAD, MAX_GIGABYTES, MODEL_TTL, SAMPLING


def option(setting: Setting, *names: str, metavar: str | None = None, **more: Any) -> Any:
    """Return a setting's option, with the help, bounds and check of the table."""

    def check(value: Any) -> Any:
        if value not in (None, [], ()):
            try:
                setting.check(value)
            except InvalidRequestError as error:
                raise typer.BadParameter(str(error)) from None
        return value

    return typer.Option(
        *names,
        metavar=metavar,
        help=_help(setting),
        callback=check,
        show_default=setting.otherwise or True,
        **more,
    )


def _help(setting: Setting) -> str:
    """The setting's text, with its bounds unless no real value comes near them."""
    text = setting.text
    if setting.kind == "texts":
        return f"{text.removesuffix('.')}; repeatable."
    is_near = setting.most is not None and setting.most < MAX_GIGABYTES
    return f"{text} ({setting.range_text})" if is_near else text


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
ThinkingBudget = Annotated[int | None, option(SAMPLING["thinking_budget"], metavar="N")]
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


def tokens(value: str) -> int:
    """Read a number of tokens, as 32768 or 32K."""
    match = re.fullmatch(r"([1-9]\d{0,8})([kK]?)", value.strip(), re.ASCII)
    if match is None:
        raise typer.BadParameter(f"{quoted(value)} is not a number of tokens, such as 8192 or 32K.")
    return int(match[1]) * (1024 if match[2] else 1)


Temperature = Annotated[float | None, option(SAMPLING["temperature"], metavar="X")]
TopP = Annotated[float | None, option(SAMPLING["top_p"], metavar="X")]
TopK = Annotated[int | None, option(SAMPLING["top_k"], metavar="N")]
MinP = Annotated[float | None, option(SAMPLING["min_p"], metavar="X")]
RepetitionPenalty = Annotated[float | None, option(SAMPLING["repetition_penalty"], metavar="X")]
PresencePenalty = Annotated[float | None, option(SAMPLING["presence_penalty"], metavar="X")]
FrequencyPenalty = Annotated[float | None, option(SAMPLING["frequency_penalty"], metavar="X")]
Seed = Annotated[int | None, option(SAMPLING["seed"], metavar="N")]
MaxTokens = Annotated[int | None, option(SAMPLING["max_tokens"], metavar="N")]
Stop = Annotated[list[str] | None, option(SAMPLING["stop"], metavar="TEXT")]
ContextLength = Annotated[int | None, option(LOAD["context_length"], metavar="N")]
KvBits = Annotated[int | None, option(LOAD["kv_bits"], metavar="4|8")]
ModelTtl = Annotated[float | None, option(MODEL_TTL, metavar="SECONDS")]


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
    Any, option(LOAD["rope_scaling"], metavar="JSON", parser=parse_rope_scaling)
]


def parse_bits(given: str | int) -> int:
    """Parse `8bit`, as recipes are called, or `8`."""
    digits = str(given).removesuffix("bit")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 3:
        raise typer.BadParameter("not a number of bits such as 8bit")
    return int(digits)


Quantize = Annotated[Any, option(LOAD["quantize"], metavar="8bit", parser=parse_bits)]
Adapter = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="Use the model with the LoRA adapter in this folder."),
]
Mcp = Annotated[
    list[str] | None,
    typer.Option(
        "--mcp",
        metavar="FILE|NAME",
        help="Offer the tools of an MCP server: a name in mcp.json, builtin, or a file like it; "
        "repeatable.",
    ),
]
PrintJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Events = Annotated[
    bool, typer.Option("--events", help="Print progress, then the result, as JSON lines.")
]
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
