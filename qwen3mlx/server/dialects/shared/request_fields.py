"""Request fields that several dialects share: their types, and what the engine makes of them.

Numbers and flags are taken as JSON has them (`"0.5"` is no number, `true` is no 1), null means
"not given". Keys that are not declared are refused where the table of fields says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

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
from ... import bounds


@dataclass(frozen=True, slots=True)
class UpTo:
    """Of a list: at most so many, and the first that is not valid is enough to be told."""

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
# A path on this computer names a model, too.
ModelName = Path
# No body holds a longer one: there is nothing to check.
Text = Annotated[str, WithJsonSchema({"type": "string", "maxLength": bounds.MAX_TEXT})]
# In a path or a query: nor does a head.
Parameter = Annotated[str, WithJsonSchema({"type": "string", "maxLength": bounds.MAX_HEAD})]
Rules = Annotated[str, Field(max_length=bounds.MAX_RULES)]
Object = Annotated[dict[str, Any], Field(max_length=bounds.MAX_KEYS)]
Messages = Annotated[list[Object], UpTo(bounds.MAX_ITEMS)]
Tools = Annotated[list[Object], UpTo(bounds.MAX_TOOLS)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

# Tokens of thought that each reasoning effort allows; None: as many as the model wants.
EFFORT_BUDGETS: Mapping[Effort, int | None] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": None,
    "xhigh": None,
    "max": None,
}


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _given(stops: list[str] | None) -> list[str] | None:
    return [stop for stop in stops or () if stop] or None


_Stop = Annotated[str, Field(max_length=bounds.MAX_STOP)]
_Stops = Annotated[list[_Stop], UpTo(bounds.MAX_STOPS)]
Stops = Annotated[
    _Stops | None,
    AfterValidator(_given),
    BeforeValidator(_as_list, json_schema_input_type=_Stop | _Stops | None),
]


class Body(BaseModel):
    """A request's JSON object, or one within it; `sections` are its parts of the field table."""

    model_config = ConfigDict(
        extra="ignore", json_schema_extra={"maxProperties": bounds.MAX_FIELDS}
    )
    sections: ClassVar[tuple[str, ...]] = ()

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
    """Names as OpenAI, LM Studio and vLLM have them; `sampling_from` reads them."""

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
    """The ways to say whether and how long to think; `thinking_from` reads them."""

    enable_thinking: Flag | None = None
    thinking_budget: Whole | None = None
    thinking_token_budget: Annotated[Whole, Field(ge=-1)] | None = None
    reasoning_effort: Effort | None = None
    chat_template_kwargs: Object | None = None

    def efforts(self) -> dict[str, Effort | None]:
        """What each field that can name an effort says."""
        return {"reasoning_effort": self.reasoning_effort}

    def budgets(self) -> dict[str, int | None]:
        """Tokens of thought; -1 is no limit."""
        limit = self.thinking_token_budget
        return {
            "thinking_budget": self.thinking_budget,
            "thinking_token_budget": None if limit == -1 else limit,
        }

    def switches(self) -> dict[str, bool | None]:
        """What each field that switches thinking says, those that name an effort left out."""
        in_template = (self.chat_template_kwargs or {}).get("enable_thinking")
        return {
            "enable_thinking": self.enable_thinking,
            "chat_template_kwargs": in_template if isinstance(in_template, bool) else None,
        }


@dataclass(frozen=True, slots=True)
class Thinking:
    """`enable` None: as the model does by default; `budget` in tokens, None: without end."""

    enable: bool | None = None
    budget: int | None = None


def sampling_from(fields: SamplingFields) -> dict[str, Any]:
    """`GenerationRequest.sampling` without the limits of length; only what was given.

    Two names of one penalty must agree, else InvalidRequestError.
    """
    names = set(SamplingFields.model_fields) - {"repeat_penalty"}
    given = {name: getattr(fields, name) for name in sorted(names)}
    given["repetition_penalty"] = one_of(fields, "repetition_penalty", "repeat_penalty")
    if given["top_k"] == -1:  # how vLLM's clients say "off"
        given["top_k"] = 0
    return {name: value for name, value in given.items() if value is not None}


def token_limit(fields: BaseModel, *names: str) -> int | None:
    """The limit under whichever of `names` it came; -1 and null are no limit."""
    limit: int | None = one_of(fields, *names)
    if limit is None or limit == -1:
        return None
    if limit < 0:
        name = given_name(fields, *names)
        raise InvalidRequestError(
            f"{name} is {quoted(limit)}; it must be a whole number from 0, or -1 for no limit.",
            param=name,
        )
    return limit


def given_name(fields: BaseModel, *names: str) -> str:
    """The one of several names for one thing under which it came; else the first."""
    return next((name for name in names if getattr(fields, name) is not None), names[0])


def sampling_fields(fields: SamplingFields) -> dict[str, str]:
    """For `GenerationRequest.field_names`."""
    name = given_name(fields, "repetition_penalty", "repeat_penalty")
    return {"repetition_penalty": name}


def thinking_fields(fields: ThinkingFields) -> dict[str, str]:
    """For `GenerationRequest.field_names`: what says whether and how long to think."""
    efforts = fields.efforts()
    how_long = _first_given({**fields.budgets(), **efforts})
    whether = _first_given({**fields.switches(), **efforts})
    names = {"thinking_budget": how_long, "enable_thinking": whether}
    return {name: own for name, own in names.items() if own is not None}


def _first_given(said: Mapping[str, Any]) -> str | None:
    return next((name for name, value in said.items() if value is not None), None)


def one_of(fields: BaseModel, *names: str) -> Any:
    """The value of several names for one thing; those that are given must agree."""
    return agreed({name: getattr(fields, name) for name in names})


def agreed(said: Mapping[str, Any]) -> Any:
    """What those of these fields say that are given; InvalidRequestError where they differ."""
    given = [(name, value) for name, value in said.items() if value is not None]
    for name, value in given[1:]:
        if value != given[0][1]:
            raise InvalidRequestError(
                f"{given[0][0]} and {name} contradict each other: send one of them.", param=name
            )
    return given[0][1] if given else None


def thinking_from(fields: ThinkingFields, max_tokens: int | None = None) -> Thinking:
    """What all the fields about thinking say together.

    A budget that is given wins over the one of the effort, which leaves at least half of
    `max_tokens` to the answer. InvalidRequestError when one field switches thinking off and the
    other on.
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
    """The JSON schema that binds the answer, None for text.

    Takes the nested form of chat completions (`json_schema: {name, schema, strict}`) and the flat
    one of Responses (`name`, `schema`, `strict` beside `type`), which is llama.cpp's, too.
    """
    if answer_format is None or answer_format.get("type") == "text":
        return None
    kind = answer_format.get("type")
    if kind == "json_object" and answer_format.get("schema") is None:
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
            f"{where}.schema must be a JSON schema (an object).", param=f"{where}.schema"
        )
    return schema


def is_strict(answer_format: Mapping[str, Any] | None) -> bool:
    """The schema in it must be enforced to the letter, or refused."""
    given = answer_format or {}
    holder = given.get("json_schema", given)
    return isinstance(holder, Mapping) and holder.get("strict") is True
