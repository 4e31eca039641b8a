"""Constraints other than JSON schemas, as grammars for the demo's vocabulary."""

from __future__ import annotations

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.source import answer_grammar
from qwen3mlx.text import TextForm
from tests.support.grammars import demo_words

JSON_GBNF = r"""
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws (
    string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ws
ws ::= | " " | "\n" [ \t]{0,20}
"""


def admits(form: TextForm, text: str) -> bool:
    words = demo_words()
    matcher = words.grammar(answer_grammar(form=form)).matcher()
    return all(map(matcher.consume_token, words.tokenizer.encode(text))) and matcher.is_accepting()


@pytest.mark.parametrize(
    ("kind", "source", "good", "bad"),
    [
        (
            "choice",
            ("a", "ab", 'say "q"\n', "中文"),
            ["a", "ab", 'say "q"\n', "中文"],
            ["b", "aba"],
        ),
        ("regex", r"^a/b\d{2}\/$", ["a/b12/"], ["a/b1/", "xa/b12/"]),
        ("regex", "(?i)yes\nno", ["YES\nno"], ["yes no"]),
        ("grammar", "start: WORD\nWORD: /[a-c]+/\n", ["abc"], ["d", ""]),
        ("grammar", 'start: call\ncall: "f(" call ")" | "x"', ["f(f(x))"], ["f(f(x)"]),
        ("grammar", JSON_GBNF, ['{"a": [1, 2.5, "x\\n"]}', "{}"], ["[]", "{a}", '{"a": "\n"}']),
        ("grammar", r'root ::= "a" [0-9]+ b?' + "\n" + r'b ::= "\x41\n" | "\""', ["a1A\n"], ["a"]),
        ("grammar", r'root ::= [^"\\] .', ["a\n"], ['"a', "\\a"]),
        ("grammar", r"root ::= [a-c\u4e00-\u9fff&&~-]{2,3}", ["a&-", "中文"], ["a", "d-", "a&&~"]),
        ("grammar", 'root ::= x\nx ::= "(" x ")" | "b" |', ["((b))", "()", ""], ["(b"]),
        ("grammar", 'root ::= [a-z]+ "end"', ["xend", "endend"], ["en"]),
    ],
)
def test_what_is_admitted(kind: str, source: object, good: list[str], bad: list[str]) -> None:
    form = TextForm(kind, source, "grammar")  # type: ignore[arg-type]
    assert [text for text in good if not admits(form, text)] == []
    assert [text for text in bad if admits(form, text)] == []


@pytest.mark.parametrize(
    ("kind", "source", "words"),
    [
        ("choice", (), "at least one text"),
        ("choice", ("\ud800",), "half of a character"),
        ("regex", "", "non-empty"),
        ("regex", "(?=a)b", "look-around"),
        ("regex", "(" * 5000 + ")" * 5000, "cannot be enforced"),
        ("regex", "(?x) a # b\nc", "flag x"),
        ("grammar", 'start: "a" b', 'unknown name: "b"'),
        ("grammar", 'start: "a" }', "cannot be enforced"),
        ("grammar", 'begin: "a"', "no start rule"),
        ("grammar", "start: " + "(" * 5000, "too deeply nested"),
        ("grammar", "start: T0\n" + "".join(f"T{i}: T{i + 1}\n" for i in range(20_000)), "lines"),
        ("grammar", 'a ::= "b"', "no rule 'root'"),
        ("grammar", "root ::= b", "no rule 'b'"),
        ("grammar", "root ::= <b>", "line 1"),
        ("grammar", r"root ::= [\U00110000]", "not valid GBNF"),
        ("grammar", r'root ::= "\ud800"', "half of a character"),
        ("grammar", "root ::= root", "no answer satisfies it"),
    ],
)
def test_invalid_constraints_are_refused_by_name(kind: str, source: object, words: str) -> None:
    form = TextForm(kind, source, "structured_outputs")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match=words) as error:
        admits(form, "")
    assert error.value.param == "structured_outputs"
    assert "structured_outputs" in str(error.value)


def test_tools_combine_with_a_constraint() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    words = demo_words()
    source = words.tools([tool], form=TextForm("choice", ("yes", "no"), "guided_choice"))
    for text in ("yes", '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'):
        matcher = words.grammar(source).matcher()
        assert all(map(matcher.consume_token, words.tokenizer.encode(text))), text
        assert matcher.is_accepting()


def test_a_fault_with_tools_names_the_constraint() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    words = demo_words()
    source = words.tools([tool], form=TextForm("grammar", 'start: "a"\n  | b', "grammar"))
    with pytest.raises(InvalidRequestError) as error:
        words.grammar(source)
    assert error.value.param == "grammar"
