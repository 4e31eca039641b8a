"""One setting: its allowed values, its check, and its description for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from ..errors import InvalidRequestError
from ..quoting import quoted

Kind = Literal["whole", "number", "flag", "text", "texts", "object"]
# serve, run, load: an option of that command; for serve also a key of "server" in settings.json.
# http: `PATCH /api/qwen3mlx/settings`. request: a field of requests. model: saved for a model.
Where = Literal["serve", "run", "load", "http", "request", "model"]

# Maximum characters of a text.
MAX_CHARACTERS = 1024
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


class Setting(NamedTuple):
    """`least` and `most` bound a number, inclusively unless `above` excludes `least`.

    A list has up to `most` texts, and a text up to `max_characters`. With `default` None,
    `otherwise` describes the default. If there are `choices`, the value must be one of them.
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
    choices: tuple[int | str, ...] = ()
    max_characters: int = MAX_CHARACTERS
    unit: str = ""

    def check(self, value: Any) -> None:
        """Raise InvalidRequestError, which names the setting and its allowed values."""
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
            return value in self.choices if self.choices else self._is_text(value)
        if self.kind == "texts":
            return len(value) <= (self.most or 0) and all(map(self._is_text, value))
        return not isinstance(value, bool) and self._is_in_range(value)

    def _is_text(self, value: Any) -> bool:
        return isinstance(value, str) and 0 < len(value) <= self.max_characters

    def _is_in_range(self, value: float) -> bool:
        """Return whether the number is within its bounds; False for NaN."""
        if self.choices:
            return value in self.choices
        assert self.least is not None
        assert self.most is not None
        return value <= self.most and (value > self.least if self.above else value >= self.least)

    @property
    def range_text(self) -> str:
        """Describe the bounds: `from 0 to 100`, `4 or 8`; empty if there are none."""
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
        """Return a JSON Schema; the unit and the places are additional keywords."""
        schema: dict[str, Any] = {"type": _JSON_TYPES[self.kind], "description": self.text}
        text = {"minLength": 1, "maxLength": self.max_characters}
        if self.choices:
            schema["enum"] = list(self.choices)
        elif self.kind == "text":
            schema.update(text)
        elif self.kind == "texts":
            schema.update(items={"type": "string", **text}, maxItems=self.most)
        elif self.least is not None:
            schema["exclusiveMinimum" if self.above else "minimum"] = self.least
            schema["maximum"] = self.most
        default = list(self.default) if self.kind == "texts" else self.default
        return {**schema, "default": default, "unit": self.unit or None, "where": list(self.where)}


def at(place: Where, settings: Mapping[str, Setting]) -> list[Setting]:
    """Return the settings that apply at `place`."""
    return [setting for setting in settings.values() if place in setting.where]


def object_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """Return the JSON Schema of an object whose properties are these settings."""
    return {
        "type": "object",
        "properties": {setting.name: setting.json_schema() for setting in settings},
        "additionalProperties": False,
    }


def nullable_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """Return the same schema, in which null resets a setting."""
    schema = object_schema(settings)
    named = schema["properties"].items()
    nullable = {name: {"anyOf": [each, {"type": "null"}]} for name, each in named}
    return {**schema, "properties": nullable, "maxProperties": len(nullable)}
