"""Every setting, declared once: name, type, bounds, default, unit, text, and where it applies.

The options of the command line, the schema that the server serves, its own checks and
docs/settings.md are made from it. It is plain data, light to import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InvalidRequestError
from ..quoting import quoted

Kind = Literal["whole", "number", "flag", "text", "texts", "object"]
# serve, run, load: an option of that command, and for serve a key of "server" in settings.json.
# http: `PATCH /api/qwen3mlx/settings`. request: a field of requests. model: saved for a model.
Where = Literal["serve", "run", "load", "http", "request", "model"]

MAX_WHOLE = 2**31 - 1
MAX_GIGABYTES = 1_000_000
# Characters of a text.
MAX_CHARACTERS = 1024
# All are looked for after each token: as many characters cost a millisecond.
MAX_STOPS, MAX_STOP = 64, 256
_JSON_TYPES: dict[Kind, str] = {
    "whole": "integer",
    "number": "number",
    "flag": "boolean",
    "text": "string",
    "texts": "array",
    "object": "object",
}
_NOUNS: dict[Kind, str] = {
    "whole": "an integer",
    "number": "a number",
    "flag": "true or false",
    "text": "a non-empty string",
    "texts": "a list of non-empty strings",
    "object": "an object",
}
_TYPES: dict[Kind, tuple[type, ...]] = {
    "whole": (int,),
    "number": (int, float),
    "flag": (bool,),
    "text": (str,),
    "texts": (list, tuple),
    "object": (Mapping,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`least` and `most` bound a number, and are allowed themselves; `least` is not where `above`.

    A list has up to `most` texts, a text up to `max_characters`. `default` None: `otherwise` says
    what is used then. Of `choices`, if any, it must be one.
    """

    name: str
    kind: Kind
    text: str
    where: tuple[Where, ...]
    default: Any = None
    otherwise: str = ""
    least: float | None = None
    most: float | None = None
    above: bool = False
    choices: tuple[int, ...] = ()
    max_characters: int = MAX_CHARACTERS
    unit: str = ""

    def check(self, value: Any) -> None:
        """Raises InvalidRequestError, which names the setting and what it may be."""
        if self._allows(value):
            return
        if self.choices:
            raise InvalidRequestError(
                f"{self.name} {quoted(value)} is not supported; use {self.range_text}.",
                param=self.name,
            )
        must = " ".join(filter(None, (_NOUNS[self.kind], self.range_text)))
        raise InvalidRequestError(
            f"{self.name} is {quoted(value)}; it must be {must}.", param=self.name
        )

    def _allows(self, value: Any) -> bool:
        is_of_kind = isinstance(value, _TYPES[self.kind])
        if not is_of_kind:
            return False
        if self.kind in ("flag", "object"):
            return True
        if self.kind == "text":
            return self._is_text(value)
        if self.kind == "texts":
            return len(value) <= (self.most or 0) and all(map(self._is_text, value))
        return not isinstance(value, bool) and self._is_in_range(value)

    def _is_text(self, value: Any) -> bool:
        return isinstance(value, str) and 0 < len(value) <= self.max_characters

    def _is_in_range(self, value: float) -> bool:
        """False for NaN, too."""
        if self.choices:
            return value in self.choices
        assert self.least is not None
        assert self.most is not None
        return value <= self.most and (value > self.least if self.above else value >= self.least)

    @property
    def range_text(self) -> str:
        """`from 0 to 100`, `4 or 8`; empty where there are no bounds."""
        if self.choices:
            return " or ".join(map(str, self.choices))
        if self.kind == "texts":
            return f"(up to {self.most}, of up to {self.max_characters} characters each)"
        if self.least is None:
            return ""
        if self.above:
            return f"above {self.least} and at most {self.most}"
        return f"from {self.least} to {self.most}"

    def json_schema(self) -> dict[str, Any]:
        """As a JSON Schema, with the unit and where it applies beside its keywords."""
        schema: dict[str, Any] = {"type": _JSON_TYPES[self.kind], "description": self.text}
        text = {"minLength": 1, "maxLength": self.max_characters}
        if self.kind == "text":
            schema.update(text)
        elif self.kind == "texts":
            schema.update(items={"type": "string", **text}, maxItems=self.most)
        elif self.choices:
            schema["enum"] = list(self.choices)
        elif self.least is not None:
            schema["exclusiveMinimum" if self.above else "minimum"] = self.least
            schema["maximum"] = self.most
        default = list(self.default) if self.kind == "texts" else self.default
        return {**schema, "default": default, "unit": self.unit or None, "where": list(self.where)}


def _by_name(*settings: Setting) -> dict[str, Setting]:
    return {setting.name: setting for setting in settings}


def at(place: Where, settings: Mapping[str, Setting]) -> list[Setting]:
    """Those that apply at `place`."""
    return [setting for setting in settings.values() if place in setting.where]


def object_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """The JSON Schema of an object whose properties are these settings."""
    return {
        "type": "object",
        "properties": {setting.name: setting.json_schema() for setting in settings},
        "additionalProperties": False,
    }


def nullable_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """The same, of an object in which null takes a setting back."""
    schema = object_schema(settings)
    named = schema["properties"].items()
    nullable = {name: {"anyOf": [each, {"type": "null"}]} for name, each in named}
    return {**schema, "properties": nullable, "maxProperties": len(nullable)}


# What the server is started with.
SERVER = _by_name(
    Setting(
        name="model",
        kind="text",
        otherwise="none",
        text="Load this model at startup; requests that name no model use it.",
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
        name="log_prompts",
        kind="flag",
        default=False,
        text="Write prompts and answers to the log.",
        where=("serve",),
    ),
)

# How a model is loaded; saved for the model.
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
)

# How long a loaded model stays in memory, where it differs from the server's `ttl`.
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

# How tokens are chosen, and when an answer ends.
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

# By the names that the served schema and docs/settings.md have for them.
GROUPS: dict[str, tuple[Setting, ...]] = {
    "server": tuple(SERVER.values()),
    "load": (*LOAD.values(), MODEL_TTL),
    "sampling": tuple(SAMPLING.values()),
}
