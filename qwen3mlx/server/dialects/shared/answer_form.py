"""The fields of vLLM and llama.cpp for structured output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from ....errors import InvalidRequestError
from ....text import TextForm
from ... import bounds
from .request_fields import Body, Flag, Object, Rules, Text, UpTo, is_strict, json_schema_from

_Choices = Annotated[list[Text], UpTo(bounds.MAX_CHOICES)]


class StructuredOutputs(Body):
    """vLLM's object, of which at most one member is given."""

    sections: ClassVar[tuple[str, ...]] = ("structured_outputs",)

    json_schema: Rules | Object | None = Field(None, alias="json")
    regex: Rules | None = None
    choice: _Choices | None = None
    grammar: Rules | None = None
    json_object: Flag | None = None


class FormFields(Body):
    """`guided_...` are vLLM's former names; `grammar` and `json_schema` are llama.cpp's."""

    response_format: Object | None = None
    structured_outputs: StructuredOutputs | None = None
    guided_json: Rules | Object | None = None
    guided_regex: Rules | None = None
    guided_choice: _Choices | None = None
    guided_grammar: Rules | None = None
    grammar: Rules | None = None
    json_schema: Object | None = None


def answer_form(fields: FormFields) -> dict[str, Any]:
    """The fields of a GenerationRequest that constrain the answer, if any.

    Raises InvalidRequestError if there is more than one constraint.
    """
    schema = json_schema_from(fields.response_format)
    forms = list(_forms(fields))
    names = [*(["response_format"] if schema is not None else []), *(form.param for form in forms)]
    if len(names) > 1:
        raise InvalidRequestError(
            f"{names[0]} cannot be combined with {names[1]}; send only one.", param=names[1]
        )
    if forms:
        return {"form": forms[0]}
    return {"json_schema": schema, "json_schema_strict": is_strict(fields.response_format)}


def _forms(fields: FormFields) -> Iterator[TextForm]:
    outputs = fields.structured_outputs or StructuredOutputs.model_validate({})
    schemas = {
        "structured_outputs.json": outputs.json_schema,
        "structured_outputs.json_object": {"type": "object"} if outputs.json_object else None,
        "guided_json": fields.guided_json,
        "json_schema": fields.json_schema,
    }
    for param, schema in schemas.items():
        if schema is not None:
            yield TextForm("json", _schema(schema, param), param)
    choices = {
        "structured_outputs.choice": outputs.choice,
        "guided_choice": fields.guided_choice,
    }
    for param, choice in choices.items():
        if choice is not None:
            yield TextForm("choice", tuple(choice), param)
    patterns = {
        "structured_outputs.regex": outputs.regex,
        "guided_regex": fields.guided_regex,
    }
    for param, pattern in patterns.items():
        if pattern:
            yield TextForm("regex", pattern, param)
    grammars = {
        "structured_outputs.grammar": outputs.grammar,
        "guided_grammar": fields.guided_grammar,
        "grammar": fields.grammar,
    }
    for param, grammar in grammars.items():
        if grammar:
            yield TextForm("grammar", grammar, param)


def _schema(given: str | Mapping[str, Any], param: str) -> Mapping[str, Any]:
    """A schema may be given as JSON text."""
    try:
        schema = json.loads(given) if isinstance(given, str) else given
    except ValueError as error:
        raise InvalidRequestError(f"{param} is not valid JSON: {error}.", param=param) from None
    if not isinstance(schema, Mapping):
        raise InvalidRequestError(f"{param} must be a JSON schema object.", param=param)
    return schema
