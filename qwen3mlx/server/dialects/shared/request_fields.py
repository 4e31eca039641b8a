"""Request fields that several dialects share: their types, and their meaning for the engine.

Numbers and flags must have the right JSON type (`"0.5"` is not a number, `true` is not 1, but
`512.0` is a whole number, as in JSON Schema); null means "not given". The table of fields decides
which undeclared fields are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    Strict,
    WithJsonSchema,
    model_validator,
)

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....settings.table import MAX_STOP, MAX_STOPS
from ... import bounds


@dataclass(frozen=True, slots=True)
class UpTo:
    """Limits a list to `most` items, and stops validation at the first invalid one."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return {**handler(source), "max_length": self.most, "fail_fast": True}


Number = Annotated[
    float,
    Strict(),
    Field(ge=-bounds.MOST_NUMBER, le=bounds.MOST_NUMBER, allow_inf_nan=False),
]
Whole = Annotated[int, Strict(), Field(ge=bounds.LEAST_WHOLE, le=bounds.MOST_WHOLE)]
Flag = Annotated[bool, Strict()]
Name = Annotated[str, Field(max_length=bounds.MAX_NAME)]
Path = Annotated[str, Field(max_length=bounds.MAX_PATH)]
# A model may be named by a path on this computer.
ModelName = Path
# No body is larger: nothing to check.
Text = Annotated[str, WithJsonSchema({"type": "string", "maxLength": bounds.MAX_TEXT})]
# For a path or a query: no request head is larger.
Parameter = Annotated[str, WithJsonSchema({"type": "string", "maxLength": bounds.MAX_HEAD})]
Rules = Annotated[str, Field(max_length=bounds.MAX_RULES)]
Object = Annotated[dict[str, Any], Field(max_length=bounds.MAX_KEYS)]
Messages = Annotated[list[Object], UpTo(bounds.MAX_ITEMS)]
Tools = Annotated[list[Object], UpTo(bounds.MAX_TOOLS)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

# Thinking tokens that each reasoning effort allows; None: no limit.
EFFORT_BUDGETS: Mapping[Effort, int | None] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": None,
    "xhigh": None,
    "max": None,
}


def _with_flag(variables: dict[str, Any]) -> dict[str, Any]:
    """A template compares this variable with `false`: any other value would be ignored."""
    if not isinstance(variables.get("enable_thinking"), bool | None):
        raise ValueError("enable_thinking must be true or false")
    return variables


TemplateVariables = Annotated[Object, AfterValidator(_with_flag)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _given(stops: list[str] | None) -> list[str] | None:
    return [stop for stop in stops or () if stop] or None


_Stop = Annotated[str, Field(max_length=MAX_STOP)]
_Stops = Annotated[list[_Stop], UpTo(MAX_STOPS)]
Stops = Annotated[
    _Stops | None,
    AfterValidator(_given),
    BeforeValidator(_as_list, json_schema_input_type=_Stop | _Stops | None),
]


class Body(BaseModel):
    """A request body, or an object within it; `sections` are its sections of the field table."""

    model_config = ConfigDict(
        extra="ignore", json_schema_extra={"maxProperties": bounds.MAX_FIELDS}
    )
    sections: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _whole_numbers(cls, given: Any) -> Any:
        """Clients whose language has only floats, or keeps JSON in a map of them, send `512.0`."""
        if not isinstance(given, dict):
            return given
        floats = [name for name, value in given.items() if isinstance(value, float)]
        whole = {name: int(given[name]) for name in floats if given[name].is_integer()}
        return {**given, **whole} if whole else given

    @model_validator(mode="before")
    @classmethod
    def _check_undeclared(cls, given: Any) -> Any:
        if isinstance(given, dict) and len(given) > bounds.MAX_FIELDS:
            raise ValueError(f"it must have at most {bounds.MAX_FIELDS} fields")
        if cls.sections and isinstance(given, dict):
            undeclared = given.keys() - cls.model_fields.keys()
            if undeclared:
                from .field_table import refuse_unheard

                refuse_unheard(sorted(undeclared), cls.sections, given)
        return given


class SamplingFields(Body):
    """Sampling by the names of OpenAI, LM Studio and vLLM; read by `sampling_from`."""

    temperature: Number | None = None
    top_p: Number | None = None
    top_k: Whole | None = None
    min_p: Number | None = None
    repetition_penalty: Number | None = None
    repeat_penalty: Number | None = None
    presence_penalty: Number | None = None
    frequency_penalty: Number | None = None
    logit_bias: Annotated[dict[Name, Number], Field(max_length=bounds.MAX_BIASES)] | None = None
    seed: Whole | None = None
    stop: Stops = None
    stop_token_ids: Annotated[list[Whole], UpTo(bounds.MAX_STOP_IDS)] | None = None
    min_tokens: Whole | None = None


class ThinkingFields(Body):
    """All ways to set whether and how long to think; read by `thinking_from`."""

    enable_thinking: Flag | None = None
    thinking_budget: Whole | None = None
    thinking_token_budget: Annotated[Whole, Field(ge=-1)] | None = None
    reasoning_effort: Effort | None = None
    chat_template_kwargs: TemplateVariables | None = None

    def efforts(self) -> dict[str, Effort | None]:
        """The effort in each field that can have one."""
        return {"reasoning_effort": self.reasoning_effort}

    def budgets(self) -> dict[str, int | None]:
        """The thinking budget, in tokens, in each field that can have one."""
        limit = self.thinking_token_budget
        return {
            "thinking_budget": self.thinking_budget,
            "thinking_token_budget": None if limit == -1 else limit,
        }

    def switches(self) -> dict[str, bool | None]:
        """The value of each field that switches thinking on or off, except for efforts."""
        return {
            "enable_thinking": self.enable_thinking,
            "chat_template_kwargs": (self.chat_template_kwargs or {}).get("enable_thinking"),
        }


class Thinking(NamedTuple):
    """`enable` None: the model's default; `budget` is in tokens, None: unlimited."""

    enable: bool | None = None
    budget: int | None = None


def sampling_from(fields: SamplingFields) -> dict[str, Any]:
    """The given values for `GenerationRequest.sampling`, without limits on length.

    Raises InvalidRequestError if two names for one penalty disagree.
    """
    names = set(SamplingFields.model_fields) - {"repeat_penalty"}
    given = {name: getattr(fields, name) for name in sorted(names)}
    given["repetition_penalty"] = one_of(fields, "repetition_penalty", "repeat_penalty")
    if given["top_k"] == -1:  # how vLLM's clients say "off"
        given["top_k"] = 0
    return {name: value for name, value in given.items() if value is not None}


def token_limit(fields: BaseModel, *names: str) -> int | None:
    """The limit from whichever of `names` has one; -1 and null mean no limit."""
    limit: int | None = one_of(fields, *names)
    if limit is None or limit == -1:
        return None
    if limit < 0:
        name = given_name(fields, *names)
        raise InvalidRequestError(
            f"{name} is {quoted(limit)}; it must be 0 or greater, or -1 for no limit.",
            param=name,
        )
    return limit


def given_name(fields: BaseModel, *names: str) -> str:
    """Which of several names for the same thing was given, or else the first."""
    return next((name for name in names if getattr(fields, name) is not None), names[0])


def sampling_fields(fields: SamplingFields) -> dict[str, str]:
    """The sampling part of `GenerationRequest.field_names`."""
    name = given_name(fields, "repetition_penalty", "repeat_penalty")
    return {"repetition_penalty": name}


def thinking_fields(fields: ThinkingFields) -> dict[str, str]:
    """The part of `GenerationRequest.field_names` about thinking."""
    efforts = fields.efforts()
    how_long = _first_given({**fields.budgets(), **efforts})
    whether = _first_given({**fields.switches(), **efforts})
    names = {"thinking_budget": how_long, "enable_thinking": whether}
    return {name: own for name, own in names.items() if own is not None}


def _first_given(said: Mapping[str, Any]) -> str | None:
    return next((name for name, value in said.items() if value is not None), None)


def one_of(fields: BaseModel, *names: str) -> Any:
    """The value under several names for the same thing; the given ones must agree."""
    return agreed({name: getattr(fields, name) for name in names})


def agreed(said: Mapping[str, Any]) -> Any:
    """The common value of the given fields. Raises InvalidRequestError if they differ."""
    given = [(name, value) for name, value in said.items() if value is not None]
    for name, value in given[1:]:
        if value != given[0][1]:
            raise InvalidRequestError(
                f"{given[0][0]} and {name} contradict each other; send only one.", param=name
            )
    return given[0][1] if given else None


def thinking_from(fields: ThinkingFields, max_tokens: int | None = None) -> Thinking:
    """The combined meaning of all fields about thinking.

    An explicit budget overrides that of the effort, which leaves at least half of `max_tokens` to
    the answer. Raises InvalidRequestError if one field switches thinking off and another on.
    """
    effort: Effort | None = agreed(fields.efforts())
    budget: int | None = agreed(fields.budgets())
    by_effort = {
        name: said != "none" for name, said in fields.efforts().items() if said is not None
    }
    enable: bool | None = agreed({**fields.switches(), **by_effort})
    if enable is False:
        return Thinking(enable=False)
    if effort is None:
        return Thinking(enable, budget)
    return Thinking(True, _effort_budget(effort, max_tokens) if budget is None else budget)


def _effort_budget(effort: Effort, max_tokens: int | None) -> int | None:
    budget = EFFORT_BUDGETS[effort]
    return budget if budget is None or max_tokens is None else min(budget, max_tokens // 2)


def json_schema_from(
    answer_format: Mapping[str, Any] | None, *, param: str = "response_format"
) -> Mapping[str, Any] | None:
    """The JSON schema for the answer, None for text.

    Accepts the nested form of chat completions (`json_schema: {name, schema, strict}`) and the flat
    form of Responses and llama.cpp (`name`, `schema`, `strict` next to `type`).
    """
    if answer_format is None or answer_format.get("type") == "text":
        return None
    kind = answer_format.get("type")
    if kind == "json_object" and answer_format.get("schema") in (None, {}):
        return {"type": "object"}
    if kind not in ("json_object", "json_schema"):
        raise InvalidRequestError(
            f"{param}.type is {quoted(kind)}; it must be text, json_object or json_schema.",
            param=f"{param}.type",
        )
    where, holder = param, answer_format
    if "json_schema" in answer_format:
        where, holder = f"{param}.json_schema", answer_format["json_schema"]
    schema = holder.get("schema") if isinstance(holder, Mapping) else None
    if not isinstance(schema, Mapping):
        raise InvalidRequestError(
            f"{where}.schema must be a JSON schema object.", param=f"{where}.schema"
        )
    return schema


def is_strict(answer_format: Mapping[str, Any] | None) -> bool:
    """Whether its schema must be enforced exactly, or refused."""
    given = answer_format or {}
    holder = given.get("json_schema", given)
    return isinstance(holder, Mapping) and holder.get("strict") is True
