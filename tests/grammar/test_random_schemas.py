"""Grammars of random schemas, and of those from pydantic and zod, compared with `jsonschema`."""

from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import random
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import jsonschema
import pydantic
import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.answer_check import AnswerCheck
from qwen3mlx.grammar.schema.formats import FORMATS
from qwen3mlx.grammar.source import json_grammar
from tests.support.schemas import Maker, admits, byte_matcher, sample, text_of, wandered

DATA = pathlib.Path(__file__).parents[1] / "data"


def with_formats(schema: Any) -> Any:
    """Return a validator that checks formats, which `jsonschema` ignores by default."""
    if isinstance(schema, list):
        return [with_formats(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: with_formats(value) for key, value in schema.items()}
    if isinstance(made.get("format"), str) and made["format"] in FORMATS:
        made["allOf"] = [*made.get("allOf", []), {"pattern": FORMATS[made["format"]]}]
    return made


def is_exact(value: Any) -> bool:
    """Return whether every number in it is exact as a double."""
    if isinstance(value, float):
        return abs(value) < 1e12
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(is_exact, inner))


class Beside:
    """A schema's grammar and check, and `jsonschema`."""

    def __init__(self, schema: dict[str, Any]) -> None:
        source = json_grammar(schema)
        assert not source.warnings, source.warnings
        self.schema = schema
        self.matcher = byte_matcher(source.lark)
        self.check = None if source.answer is None else AnswerCheck(source.answer)
        self.validator = jsonschema.validators.validator_for(schema)(with_formats(schema))

    def passes(self, text: str) -> bool:
        return self.check is None or self.check.fault(text, is_call=False) is None

    def try_texts_of_the_grammar(self, rng: random.Random, count: int) -> int:
        done = 0
        for _ in range(count):
            text = wandered(self.matcher, rng)
            if text is None or not is_exact(value := json.loads(text)):
                continue
            assert self.passes(text) == self.validator.is_valid(value), (self.schema, text)
            done += 1
        return done

    def try_samples(self, rng: random.Random, count: int) -> int:
        done = 0
        for _ in range(count):
            value = sample(self.schema, rng)
            text = text_of(value)
            # Other spellings of the same value are admitted; $ is before a last newline to Python.
            if "e-" in text or "\\u" in text or '\\n"' in text:
                continue
            valid = self.validator.is_valid(value)
            assert (admits(self.matcher, text) and self.passes(text)) == valid, (self.schema, text)
            done += valid
        return done


def try_schemas(seeds: Iterator[int]) -> tuple[int, int, int]:
    schemas = texts = samples = 0
    for seed in seeds:
        rng = random.Random(seed)
        schema = Maker(rng).root()
        try:
            beside = Beside(schema)
        except InvalidRequestError as error:
            if "no value satisfies it" not in str(error):
                raise
            continue
        schemas += 1
        texts += beside.try_texts_of_the_grammar(rng, 4)
        samples += beside.try_samples(rng, 6)
    return schemas, texts, samples


def test_grammars_of_random_schemas_admit_what_is_valid_and_nothing_else() -> None:
    schemas, texts, samples = try_schemas(iter(range(150)))
    assert schemas > 130
    assert texts > 300
    assert samples > 300


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("start", range(10_000, 20_000, 1000))
def test_ten_thousand_of_them(start: int) -> None:
    schemas, texts, samples = try_schemas(iter(range(start, start + 1000)))
    assert schemas > 850
    assert texts > 2500
    assert samples > 2000


ZOD = json.loads((DATA / "zod_schemas.json").read_text(encoding="utf-8"))


def test_all_that_zod_writes_is_followed() -> None:
    assert len(ZOD) > 200
    for schema in ZOD.values():
        byte_matcher(json_grammar(schema).lark)


# Python's patterns, which jsonschema reads a schema's with, have no \p{...}.
COMPARED = [n for n in ZOD if "openapi" not in n and "p{" not in json.dumps(ZOD[n])]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARED)
def test_answers_in_zods_schemas_are_valid(name: str) -> None:
    Beside(ZOD[name]).try_texts_of_the_grammar(random.Random(1), 5)


class Colour(str, enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    name: str


class Node(pydantic.BaseModel):
    value: int
    children: list[Node] = []


class Pair(NamedTuple):
    a: int
    b: str


class Loose(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")

    a: int
    cat: Cat | None = None
    colour: Colour = Colour.RED
    share: Annotated[float, pydantic.Field(ge=0, le=1)] | None = None


class Tight(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    a: int


TYPES: list[Any] = [
    *(int, float, str, bool, bytes, None, Any, object, complex, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, pathlib.Path),
    *(ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network),
    *(ipaddress.IPv6Interface, Colour, Size, Cat, Node, Pair, Loose, Tight),
    *(int | None, int | str, list, list[int], set[int], frozenset[str], tuple[int, str]),
    *(tuple[int, ...], tuple[()], dict, dict[str, int], dict[int, str], dict[Colour, int]),
    *(dict[uuid.UUID, int], Literal["a", 1, None, True], Literal[5]),
    Annotated[Cat | Dog, pydantic.Field(discriminator="kind")],
    *(pydantic.AnyUrl, pydantic.HttpUrl, pydantic.PostgresDsn, pydantic.UUID4, pydantic.SecretStr),
    *(pydantic.Json, pydantic.Json[int], pydantic.ByteSize, pydantic.PastDate),
    *(pydantic.AwareDatetime, pydantic.Base64Str, pydantic.PositiveInt, pydantic.NegativeFloat),
    *(pydantic.NonPositiveFloat, pydantic.FiniteFloat, pydantic.StrictStr, pydantic.JsonValue),
    *(
        pydantic.conint(gt=0, le=10),
        pydantic.confloat(gt=0, le=0.5),
        pydantic.conint(multiple_of=3),
    ),
    *(
        pydantic.constr(min_length=1, max_length=3, pattern="^a"),
        pydantic.confloat(multiple_of=0.5),
    ),
    *(pydantic.conlist(int, min_length=1, max_length=2), pydantic.conset(int, min_length=1)),
    *(
        pydantic.condecimal(max_digits=5, decimal_places=2),
        pydantic.conint(le=2**63 - 1, ge=-(2**63)),
    ),
]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_all_that_pydantic_writes_is_followed_and_answers_are_valid(
    mode: Literal["validation", "serialization"],
) -> None:
    for each in TYPES:
        schema = pydantic.TypeAdapter(each).json_schema(mode=mode)
        Beside(schema).try_texts_of_the_grammar(random.Random(1), 2)
