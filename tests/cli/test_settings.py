from __future__ import annotations

import inspect

import pytest

from qwen3mlx.cli.run import run
from qwen3mlx.cli.settings import NAMES, Settings
from qwen3mlx.errors import InvalidRequestError, UsageError


def test_what_was_not_set_is_left_to_the_model() -> None:
    assert Settings().generate_options() == {"enable_thinking": None, "thinking_budget": None}


def test_set_and_take_back() -> None:
    settings = Settings(think=False).with_sampling("temperature", "0.5").with_sampling("top_k", "7")
    assert settings.generate_options() == {
        "enable_thinking": False,
        "thinking_budget": None,
        "temperature": 0.5,
        "top_k": 7,
    }
    assert settings.with_sampling("top_k", "default").sampling == {"temperature": 0.5}
    assert settings.with_sampling("stop", "END").sampling["stop"] == ("END",)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("temprature", "1", "Unknown setting temprature. Did you mean temperature?"),
        ("zzz", "1", "Valid settings: temperature, top_p"),
        ("top_k", "1.5", "top_k must be an integer, not '1.5'"),
        ("top_p", "much", "top_p must be a number, not 'much'"),
    ],
)
def test_wrong_settings(name: str, value: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings().with_sampling(name, value)
    assert sentence in str(caught.value)


def test_a_value_out_of_range_is_refused_at_once() -> None:
    with pytest.raises(InvalidRequestError, match="temperature is -1"):
        Settings().with_sampling("temperature", "-1")
    with pytest.raises(InvalidRequestError, match="thinking_budget"):
        Settings(thinking_budget=-1)


def test_every_setting_is_an_option_of_run_too() -> None:
    assert set(NAMES) <= set(inspect.signature(run).parameters)
