"""The generated answers are correct, checked independently of how they were made."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import pytest

from training.documents import completion
from training.exchange import Exchange
from training.skills import copying, dialogues, letters, objects, requests, sums, tools
from training.skills.asking import SAYINGS
from training.skills.phrases import ENGLISH, OTHER_LANGUAGES
from training.split import Split

SEEDS = range(300)


def schemas_by_name(exchange: Exchange) -> dict[str, dict[str, Any]]:
    functions = [tool.get("function", tool) for tool in exchange.tools]
    return {function["name"]: function for function in functions}


def json_type(value: object) -> str:
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    return names[type(value)]


@pytest.mark.parametrize("split", ["train", "test"])
def test_letter_counts_are_right(split: Split) -> None:
    for seed in SEEDS:
        step = letters.exchange(Random(seed), split).steps[0]
        found = re.fullmatch(r'There (?:is|are) (no|\d+) (\w)(?:\'s)? in "(\w+)"\.', step.content)
        assert found
        said, letter, word = found.groups()
        expected = sum(char == letter for char in word.lower())
        assert (0 if said == "no" else int(said)) == expected
        spelled = re.findall(r"^\d+ (\w) \d+$", step.thought, re.MULTILINE)
        assert "".join(spelled) == word.lower()
        assert step.direct
        assert step.direct.lower().endswith(step.content.lower())


@pytest.mark.parametrize("split", ["train", "test"])
def test_sums_are_right(split: Split) -> None:
    for seed in SEEDS:
        step = sums.exchange(Random(seed), split).steps[0]
        problem, result = step.content.removesuffix(".").split(" = ")
        assert eval(problem, {"__builtins__": {}}) == int(result)
        assert step.thought.splitlines()[-1].lstrip("=") == result


@pytest.mark.parametrize(
    ("a", "sign", "b"), [(47, "+", 138), (5, "-", 12), (100, "-", 1), (99, "*", 99), (0, "*", 7)]
)
def test_every_line_of_a_sum_is_true(a: int, sign: str, b: int) -> None:
    for line in sums.LINES[sign](a, b).splitlines():
        if found := re.match(r"(\d)([-+*])(\d)[-+](\d)=(\d)(\d)", line):
            x, y, carried, first, second = map(int, found.group(1, 3, 4, 5, 6))
            if found[2] == "-":
                assert x - y - carried == second - 10 * first
            else:
                total = x + y if found[2] == "+" else x * y
                assert total + carried == 10 * first + second


@pytest.mark.parametrize("split", ["train", "test"])
def test_calls_fit_the_offered_schema(split: Split) -> None:
    for seed in SEEDS:
        exchange = tools.calling(Random(seed), split)
        offered = schemas_by_name(exchange)
        for step in exchange.steps:
            assert len(step.calls) == len(step.results)
            for call in step.calls:
                parameters = offered[call.name].get("parameters", {"properties": {}})
                assert set(parameters.get("required", ())) <= set(call.arguments)
                for key, value in call.arguments.items():
                    expected = parameters["properties"][key]
                    assert json_type(value) in (
                        expected["type"],
                        *(["integer"] if expected["type"] == "number" else []),
                    )
                    assert value in expected.get("enum", [value])


def test_argument_values_are_in_the_question() -> None:
    for seed in SEEDS:
        exchange = tools.single(Random(seed), "test")
        for value in exchange.steps[0].calls[0].arguments.values():
            assert str(value).split()[0].strip("(") in exchange.user


def test_offered_names_are_unique_and_last_step_answers() -> None:
    for seed in SEEDS:
        exchange = tools.exchange(Random(seed), "train")
        assert len(schemas_by_name(exchange)) == len(exchange.tools)
        assert exchange.steps[-1].content
        assert not exchange.steps[-1].calls


def test_copies_are_exact() -> None:
    for seed in SEEDS:
        exchange = copying.exchange(Random(seed), "train")
        if exchange.steps[0].thought == copying.THOUGHT:
            assert exchange.steps[0].content in exchange.user
        if exchange.steps[0].thought == "A JSON object.":
            assert isinstance(json.loads(exchange.steps[0].content), dict)


def test_identity_is_honest() -> None:
    answers = [topic.answer for topic in (*ENGLISH, *OTHER_LANGUAGES) if topic.name == "identity"]
    assert answers
    assert all("qwen3mlx" in answer for answer in answers)


def test_sayings_have_as_many_words_as_asked_for() -> None:
    for answers in SAYINGS.values():
        assert [len(answer.split()) for answer in answers] == [1, 2, 3, 4, 5, 6]


def test_counting_leaves_nothing_out() -> None:
    for seed in SEEDS:
        step = requests.count(Random(seed), "train").steps[0]
        first, last = map(int, re.findall(r"\d+", step.thought))
        numbers = [int(number) for number in step.content.split(", ")]
        direction = 1 if last >= first else -1
        assert numbers == list(range(first, last + direction, direction))


def test_only_the_number_is_the_result_of_the_thought() -> None:
    for seed in SEEDS:
        exchange = requests.result(Random(seed), "train")
        step = exchange.steps[0]
        if "=" not in step.content:
            assert step.thought.splitlines()[-1].lstrip("=") == step.content


def test_echoes_are_in_the_request() -> None:
    for seed in SEEDS:
        exchange = requests.echo(Random(seed), "train")
        assert exchange.steps[0].content in exchange.user


def test_dialogues_answer_from_what_was_said_before() -> None:
    for seed in SEEDS:
        *past, last = dialogues.exchanges(Random(seed), "train")
        step = last.steps[0]
        if "You said " in step.thought:
            value = step.thought.removeprefix("You said ").removesuffix(".")
            assert value in past[0].user
            assert value in step.content


def test_of_an_object_in_a_given_form_only_values_and_ends_are_learned() -> None:
    given = 0
    for seed in SEEDS:
        step = objects.exchange(Random(seed), "train").steps[0]
        pairs = json.loads(step.content)
        assert pairs
        pieces = completion(Random(seed), step, "hard")
        assert "".join(piece.text for piece in pieces) == f"{step.content}<|im_end|>"
        if step.given is None:
            continue
        given += 1
        assert pieces[-1].target
        learned = "".join(piece.text for piece in pieces if piece.target)
        assert not any(f'"{key}": ' in learned for key in pairs)
        for value in pairs.values():
            if isinstance(value, str):
                assert f'{value}"' in learned
    assert given > len(SEEDS) / 2


def test_two_different_tools_are_called_for_two_questions() -> None:
    for seed in SEEDS:
        exchange = tools.both(Random(seed), "train")
        first, second = exchange.steps[0].calls
        assert first.name != second.name
        assert {first.name, second.name} <= set(schemas_by_name(exchange))
        thought = exchange.steps[0].thought
        assert thought.index(f"{first.name} (") <= thought.rindex(f"{second.name} (")


def test_an_answer_that_is_begun_goes_on_where_it_stopped() -> None:
    begun = 0
    for seed in SEEDS:
        step = copying.exchange(Random(seed), "train").steps[0]
        pieces = completion(Random(seed), step, "hard")
        assert "".join(piece.text for piece in pieces) == f"{step.answer(False)}<|im_end|>"
        begun += not pieces[0].target
    assert 0 < begun < len(SEEDS) / 3
