"""The demos' own evaluation text: held-out conversations, in both folders."""

from __future__ import annotations

import pytest

from training import evaluation_text
from training.paths import DEMO


@pytest.mark.parametrize("model", ["dense", "moe"])
def test_the_demos_have_the_text_that_the_recipe_makes(model: str) -> None:
    assert (DEMO / model / evaluation_text.NAME).read_text() == evaluation_text.text()


def test_it_has_every_kind_of_answer() -> None:
    documents = evaluation_text.text().split(evaluation_text.SEPARATOR)
    assert len(documents) == evaluation_text.COUNT
    for mark in ("<think>", "<tool_call>", "<tool_response>", "/no_think", "<|im_start|>system"):
        assert any(mark in document for document in documents), mark
