"""Random JSON schemas, values for them, and byte-level grammars to check the values."""

from __future__ import annotations

import json
import random
from typing import Any

from llguidance import LLMatcher, LLParserLimits

from qwen3mlx.grammar.schema.probe import byte_tokenizer
from qwen3mlx.grammar.source import json_grammar

Schema = dict[str, Any]

_END = 256  # the token that ends an answer


def byte_matcher(lark: str) -> LLMatcher:
    limits = LLParserLimits(max_lexer_states=50_000, verbose_errors=False)
    matcher = LLMatcher(byte_tokenizer(), lark, log_level=0, limits=limits)
    assert not matcher.is_error(), matcher.get_error()
    return matcher


def schema_matcher(schema: Schema) -> LLMatcher:
    return byte_matcher(json_grammar(schema).lark)


def admits(matcher: LLMatcher, text: str) -> bool:
    """Leaves `matcher` at its start."""
    data = list(text.encode())
    taken = matcher.try_consume_tokens(data)
    whole = taken == len(data) and matcher.is_accepting()
    matcher.reset()
    return whole


def wandered(matcher: LLMatcher, rng: random.Random, *, patience: int = 60) -> str | None:
    """A text that the grammar admits, found byte by byte; None if none ends soon."""
    text = bytearray()
    while len(text) < patience * 20:
        mask = matcher.compute_bitmask()
        bits = int.from_bytes(mask, "little")
        choices = [i for i in range(_END + 1) if bits >> i & 1]
        if not choices:
            break
        if _END in choices and (len(text) > patience or rng.random() < 0.3 or len(choices) == 1):
            matcher.reset()
            return text.decode()
        choices = [i for i in choices if i != _END]
        byte = _closing(choices) if len(text) > patience else _likely(choices, rng)
        assert matcher.consume_token(byte)
        text.append(byte)
    matcher.reset()
    return None


def _likely(choices: list[int], rng: random.Random) -> int:
    plain = [i for i in choices if 33 <= i < 127]
    return rng.choice(plain if plain and rng.random() < 0.97 else choices)


def _closing(choices: list[int]) -> int:
    inside = len(choices) > 90  # a string
    order = b'"' if inside else b"}]\"',1a0"
    return min(choices, key=lambda i: order.index(i) if i in order else 100 + (i < 33) * 50 + i)


NUMBERS = [0, 1, -1, 0.5, 0.75, -0.25, 2.5, 3, 3.5, 10, 99.99, 1e-7, 100, 1000, -40, 0.1, 0.125, 7]
STRINGS = ["", "a", "ab", "é", "🙂", 'q"', "x\ny", "hello", "A1", "2024-02-29", "a@b.co", "\x01"]
PATTERNS = ["^[a-z]+$", "^\\d{2,3}$", "a|b", "^(?:x|yz)*$", "[A-Z]\\d", "^[a-z]{1,3}$", "[xyz]{2}"]
FORMATS = ["date", "time", "date-time", "uuid", "ipv4", "ipv6", "email", "hostname", "uri"]
NAMES = ["a", "b", "name", "x-y", "é"]


class Maker:
    """Schemas as pydantic, zod and OpenAPI's generators write them, and others."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def schema(self, depth: int = 3) -> Schema:
        rng = self.rng
        kinds = [self.number, self.integer, self.string, self.literal, self.simple]
        if depth > 0:
            kinds += [self.object, self.object, self.array, self.union, self.all_of]
        return rng.choice(kinds)(depth - 1)

    def root(self) -> Schema:
        rng = self.rng
        if rng.random() < 0.2:
            name = rng.choice(["Node", "a/b"])
            pointer = name.replace("/", "~1")
            inner = self.schema(2)
            schema = self.object(1)
            schema["properties"]["ref"] = {"$ref": f"#/$defs/{pointer}"}
            return {**schema, "$defs": {name: inner}}
        return self.schema()

    def number(self, depth: int) -> Schema:
        return self._bounded({"type": "number"}, NUMBERS)

    def integer(self, depth: int) -> Schema:
        return self._bounded({"type": "integer"}, NUMBERS)

    def _bounded(self, schema: Schema, bounds: list[float]) -> Schema:
        rng = self.rng
        low, high = sorted(rng.sample(bounds, 2))
        if rng.random() < 0.3:
            near = rng.choice([0.01, 0.5, 0.001, 0.3])
            high = round(low + near, 6)
        if rng.random() < 0.6:
            schema[rng.choice(["minimum", "exclusiveMinimum"])] = low
        if rng.random() < 0.6:
            schema[rng.choice(["maximum", "exclusiveMaximum"])] = high
        if rng.random() < 0.15:
            schema["multipleOf"] = rng.choice([1, 2, 5, 0.5, 0.25])
        return schema

    def string(self, depth: int) -> Schema:
        rng = self.rng
        schema: Schema = {"type": "string"}
        kind = rng.random()
        if kind < 0.25:
            schema["pattern"] = rng.choice(PATTERNS)
        elif kind < 0.5:
            schema["format"] = rng.choice(FORMATS)
        elif kind < 0.75:
            schema["minLength"] = rng.randint(0, 3)
            if rng.random() < 0.6:
                schema["maxLength"] = schema["minLength"] + rng.randint(0, 3)
        return schema

    def literal(self, depth: int) -> Schema:
        rng = self.rng
        pool: list[Any] = [*STRINGS, *NUMBERS, True, None, [1, "a"], {"a": 1}]
        values = rng.sample(pool, rng.randint(1, 4))
        return {"const": values[0]} if rng.random() < 0.4 else {"enum": values}

    def simple(self, depth: int) -> Schema:
        rng = self.rng
        if rng.random() < 0.3:
            return {}
        if rng.random() < 0.3:
            return {"type": rng.sample(["string", "null", "integer", "boolean", "number"], 2)}
        return {"type": rng.choice(["null", "boolean", "string", "number", "integer"])}

    def object(self, depth: int) -> Schema:
        rng = self.rng
        names = rng.sample(NAMES, rng.randint(0, 3))
        schema: Schema = {"type": "object"}
        schema["properties"] = {name: self.schema(depth) for name in names}
        if names and rng.random() < 0.7:
            schema["required"] = rng.sample(names, rng.randint(1, len(names)))
        # Said always: where it is left out, only what is listed is admitted.
        open_ = rng.choice([True, self.schema(0)])
        schema["additionalProperties"] = False if rng.random() < 0.5 else open_
        if rng.random() < 0.1:
            schema["minProperties"] = rng.randint(0, 2)
        if rng.random() < 0.1:
            schema["maxProperties"] = rng.randint(1, 3)
        if rng.random() < 0.1:
            schema["patternProperties"] = {"^x": self.schema(0)}
        if rng.random() < 0.1:
            schema["propertyNames"] = rng.choice(
                [{"pattern": "^[a-z]"}, {"enum": NAMES}, {"maxLength": 3}]
            )
        return schema

    def array(self, depth: int) -> Schema:
        rng = self.rng
        schema: Schema = {"type": "array", "items": self.schema(depth)}
        if rng.random() < 0.2:
            schema["prefixItems"] = [self.schema(0) for _ in range(rng.randint(1, 2))]
            schema["items"] = rng.choice([False, schema["items"]])
        if rng.random() < 0.3:
            schema["minItems"] = rng.randint(0, 2)
        if rng.random() < 0.3:
            schema["maxItems"] = rng.randint(2, 3)
        if rng.random() < 0.2:
            schema["uniqueItems"] = True
        if rng.random() < 0.05:
            schema["contains"] = self.schema(0)
        return schema

    def union(self, depth: int) -> Schema:
        key = self.rng.choice(["anyOf", "anyOf", "oneOf"])
        return {key: [self.schema(depth) for _ in range(self.rng.randint(1, 3))]}

    def all_of(self, depth: int) -> Schema:
        rng = self.rng
        kind = rng.choice([self.number, self.string, self.object, self.integer])
        if rng.random() < 0.3:
            return {**kind(depth), "not": self.schema(0)}
        return {"allOf": [kind(depth), kind(depth)]}


def sample(schema: Any, rng: random.Random, depth: int = 4, root: Schema | None = None) -> Any:
    """A value that is likely to be valid: a check must decide."""
    root = schema if root is None else root
    if not isinstance(schema, dict) or depth < 0:
        return rng.choice([*NUMBERS, *STRINGS, True, None, [], {}])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2].replace("~1", "/")
        return sample(root["$defs"][name], rng, depth - 1, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if "allOf" in schema:  # whose properties come first, as in the answer
        return sample(schema["allOf"][0], rng, depth, root)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return sample(rng.choice(schema[key]), rng, depth, root)
    kind = schema.get("type", rng.choice(["string", "number", "object", "array", "null"]))
    kind = rng.choice(kind) if isinstance(kind, list) else kind
    return _sample_of(kind, schema, rng, depth, root)


def _sample_of(kind: str, schema: Schema, rng: random.Random, depth: int, root: Schema) -> Any:
    if kind in ("number", "integer"):
        return _sample_number(kind, schema, rng)
    if kind == "string":
        return _sample_string(schema, rng)
    if kind == "array":
        prefix = schema.get("prefixItems", [])
        count = rng.randint(schema.get("minItems", 0), schema.get("maxItems", 3))
        items = [*prefix, *[schema.get("items", {})] * count][:count]
        return [sample(each, rng, depth - 1, root) for each in items]
    if kind == "object":
        required = schema.get("required", [])
        value = {
            name: sample(each, rng, depth - 1, root)
            for name, each in schema.get("properties", {}).items()
            if name in required or rng.random() < 0.5
        }
        if schema.get("additionalProperties") and rng.random() < 0.4:
            extra = rng.choice(["k", "x1", "zz"])
            value.setdefault(extra, sample(schema.get("additionalProperties", {}), rng, 1, root))
        return value
    return {"boolean": rng.random() < 0.5, "null": None}[kind]


def _sample_number(kind: str, schema: Schema, rng: random.Random) -> float:
    bounds = [schema[k] for k in schema if "imum" in k] or [0]
    near = rng.choice(bounds)
    offsets = [0, 0, 1, -1, 0.01, -0.01, 0.1, -0.1, 0.25, 5, -5, rng.uniform(-1, 1), 0.0001]
    value = round(near + rng.choice(offsets), rng.choice([0, 1, 2, 6]))
    return int(value) if kind == "integer" or value == int(value) else value


def _sample_string(schema: Schema, rng: random.Random) -> str:
    if "pattern" in schema:
        return rng.choice([*STRINGS, "12", "abc", "b", "xyzx", "A1", "Q7z"])
    if "format" in schema:
        return rng.choice(FORMAT_VALUES[schema["format"]])
    low = schema.get("minLength", 0)
    length = rng.randint(low, schema.get("maxLength", low + 3))
    return "".join(rng.choice('aé🙂\n"\\z\x1b ') for _ in range(length))


FORMAT_VALUES = {
    "date": ["2024-02-29", "1999-12-31", "2000-02-29", "0004-02-29"],
    "time": ["10:00:00Z", "23:59:59.123+05:30"],
    "date-time": ["2024-02-29T10:00:00Z", "1985-04-12T23:20:50.52-08:00"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "ipv4": ["0.0.0.0", "255.255.255.255", "127.0.0.1"],
    "ipv6": ["::", "::1", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"],
    "email": ["a@b.co", "first.last+tag@example.com"],
    "hostname": ["localhost", "a-b.example.com"],
    "uri": ["http://example.com/a?b=c#d", "mailto:a@b.co", "urn:x:y", "https://u@[::1]:80/"],
}


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
