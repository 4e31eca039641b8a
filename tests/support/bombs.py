"""Small schemas, patterns and grammars that cost far more than they look."""

from __future__ import annotations

from typing import Any

from qwen3mlx.text import TextForm

Schema = dict[str, Any]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _letter(index: int) -> str:
    return _LETTERS[index % len(_LETTERS)]


def patterns(count: int, offset: int = 0) -> Schema:
    """A string that matches all of them: their states multiply."""
    each = [f"{_letter(i + offset)}.*{_letter(i + 1)}.*{_letter(i + 2)}" for i in range(count)]
    return {"type": "string", "allOf": [{"pattern": pattern} for pattern in each]}


def _doubling(depth: int, keyword: str) -> Schema:
    links: Schema = {
        f"a{i}": {keyword: [{"$ref": f"#/$defs/a{i + 1}"}, {"$ref": f"#/$defs/a{i + 1}"}]}
        for i in range(depth)
    }
    end = {"type": "object", "properties": {"x": {"type": "string"}}}
    return {"$ref": "#/$defs/a0", "$defs": {**links, f"a{depth}": end}}


def _product(count: int) -> Schema:
    def ways(i: int) -> list[Schema]:
        return [{"properties": {f"p{i}": {"const": j}}} for j in range(count)]

    return {"type": "object", "allOf": [{"anyOf": ways(i)} for i in range(count)]}


def _nested(depth: int) -> Schema:
    schema: Schema = {"type": "string"}
    for _ in range(depth):
        schema = {"anyOf": [{"type": "array", "items": schema}, {"type": "array", "maxItems": 3}]}
    return schema


def _text(pattern: str, **more: Any) -> Schema:
    return {"type": "string", "pattern": pattern, **more}


SCHEMAS: dict[str, Schema] = {
    "patterns under allOf": patterns(30),
    "patterns under nested allOf": {"allOf": [patterns(10), {"allOf": [patterns(10, 10)]}]},
    "patterns through $defs": {
        "allOf": [{"$ref": f"#/$defs/p{i}"} for i in range(3)],
        "$defs": {f"p{i}": patterns(8, 8 * i) for i in range(3)},
    },
    "patterns in items of items": {"items": {"prefixItems": [patterns(30)]}},
    "patterns in every property": {
        "type": "object",
        "properties": {f"p{i}": patterns(10, i) for i in range(20)},
    },
    "patterns of keys": {
        "type": "object",
        "patternProperties": {f"{_letter(i)}.*{_letter(i + 3)}": {} for i in range(40)},
    },
    "keys that a pattern must not be": {
        "type": "object",
        "properties": {f"a{'b' * i}": {} for i in range(40)},
        "patternProperties": {f"^x{_letter(i)}.*y": {} for i in range(20)},
        "additionalProperties": {"type": "integer"},
    },
    "a choice times a choice": _product(9),
    "doubled by allOf": _doubling(40, "allOf"),
    "doubled by anyOf": _doubling(40, "anyOf"),
    "doubled by oneOf": _doubling(40, "oneOf"),
    "choices within choices": _nested(40),
    "a million letters": _text("^a{1000000}$"),
    "a thousand thousands": _text("^(a{1000}){1000}$"),
    "up to a thousand, thrice": _text("^((a{0,1000}){0,1000}){0,1000}$"),
    "words by the million": _text("^(\\w+ ){1000000}$"),
    "a wait of many letters": _text("^(.*a.{40}|.*b.{40}|.*c.{40}|.*[d-z].{50})*$"),
    "classes of Unicode": _text("^(?:\\p{L}|\\p{N}|\\p{Lu}\\p{Ll}){5000}$"),
    "a pattern and a length": _text("^(a|b)*c(d|e)*$", minLength=100_000, maxLength=1_000_000),
    "a long text": {"type": "string", "minLength": 10**9},
    "many items": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 10**6},
    "many items of many": {
        "type": "array",
        "minItems": 3000,
        "items": {"type": "array", "minItems": 3000, "items": {"type": "array", "minItems": 3000}},
    },
    "many properties": {"type": "object", "minProperties": 10**6},
    "a long list": {"enum": [f"{i:x}" for i in range(25_000)]},
    "a long constant": {"const": "ab" * 100_000},
    "a large constant": {"const": {f"k{i}": [i, {"a": "b"}] for i in range(5_000)}},
    "bounds of large numbers": {"allOf": [{"type": "integer", "minimum": -(10**300)}] * 50},
    "steps of numbers": {"allOf": [{"type": "number", "multipleOf": n} for n in range(7, 97)]},
    "formats by the dozen": {
        "allOf": [{"type": "string", "format": f} for f in ("uri", "email", "ipv6", "hostname")]
    },
    "names of many letters": {
        "properties": {"n" * 1000 + f"{i}": {"type": "string"} for i in range(200)},
        "additionalProperties": True,
    },
    "a thousand names": {
        "type": "object",
        "properties": {f"{_letter(i)}{i}": patterns(2, i) for i in range(900)},
        "additionalProperties": True,
    },
}

# Schemas that only a check of the finished value can enforce, and that make this check slow.
CHECKS: dict[str, Schema] = {
    "a value that fails late, in many ways": {
        "$defs": {
            "a": {"anyOf": [{"items": {"$ref": "#/$defs/a"}}, {"items": {"$ref": "#/$defs/a"}}]},
        },
        "allOf": [
            {"not": {"const": 0}},
            {"const": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
        ],
    },
    "a pattern that goes back": {
        "const": "a" * 60 + "!",
        "pattern": "^(?=(a+)+$)",
    },
    "a pattern that goes back, twice": {"const": "a" * 200, "pattern": "^(a|a)*\\1b$"},
    "many items that differ": {
        "type": "array",
        "uniqueItems": True,
        "const": [{"k": i} for i in range(4000)],
    },
}

FORMS: dict[str, TextForm] = {
    name: TextForm(kind, source, f"guided_{kind}")  # type: ignore[arg-type]
    for name, (kind, source) in {
        "regex of a million": ("regex", "a{1000000}"),
        "regex of thousands": ("regex", "((a{0,1000}){0,1000}){0,1000}"),
        "regex that waits": ("regex", "(.*a.{40}|.*b.{40}|.*c.{40}|.*[d-z].{50})*"),
        "choices": ("choice", tuple(f"choice {i}" for i in range(20_000))),
        "terminals that double": (
            "grammar",
            "start: T40\nT0: /[ab]+/\n"
            + "\n".join(f"T{i}: T{i - 1} T{i - 1}" for i in range(1, 41)),
        ),
        "rules that double": (
            "grammar",
            'start: r40\nr0: "a"\n' + "\n".join(f"r{i}: r{i - 1} r{i - 1}" for i in range(1, 41)),
        ),
        "terminals that join": (
            "grammar",
            "start: T\nT: "
            + " & ".join(f"/.*{_letter(i)}.*{_letter(i + 1)}.*/" for i in range(30)),
        ),
        "terminals that deny": (
            "grammar",
            "start: T\nT: "
            + " & ".join(f"~/.*{_letter(i)}.*{_letter(i + 1)}.*/" for i in range(30)),
        ),
        "many ways to read": ("grammar", 'start: e\ne: e e | "a" | "b" | e "c" e'),
        "many empty ways": ("grammar", 'start: e\ne: e e e | "a"? | ""'),
        "repeats of repeats": ("grammar", 'start: (("a"~0..5000)~0..5000)~0..5000'),
        "a schema within": (
            "grammar",
            "start: %json "
            + '{"type": "string", "allOf": ['
            + ", ".join(
                f'{{"pattern": "{_letter(i)}.*{_letter(i + 1)}.*{_letter(i + 2)}"}}'
                for i in range(30)
            )
            + "]}",
        ),
        "GBNF that doubles": (
            "grammar",
            "root ::= r40\nr0 ::= [ab]+\n"
            + "\n".join(f"r{i} ::= r{i - 1} r{i - 1}" for i in range(1, 41)),
        ),
        "a chain of terminals": (
            "grammar",
            'start: T1900\nT0: "a"\n' + "\n".join(f'T{i}: T{i - 1} "b"' for i in range(1, 1901)),
        ),
        "deep brackets": ("regex", "(" * 5000 + "a" + ")" * 5000),
        "deep brackets of Lark": ("grammar", "start: " + "(" * 5000 + '"a"' + ")" * 5000),
    }.items()
}
