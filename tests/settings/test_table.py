"""The table of settings: its checks, its schemas, and that all others say what it says."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qwen3mlx_app.limits import OWN_LIMITS, limits_from

from qwen3mlx.cli.run import run
from qwen3mlx.cli.serve import serve
from qwen3mlx.config import EngineConfig, LoadOptions, SamplingParams
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.settings import ServerSettings
from qwen3mlx.settings.setting import Setting, at, object_schema
from qwen3mlx.settings.table import GROUPS, LOAD, MODEL_TTL, SAMPLING, SERVER
from tests.support.examples import examples
from tests.support.places import ROOT

ALL = [(group, setting) for group, settings in GROUPS.items() for setting in settings]
BY_NAME = pytest.mark.parametrize(
    "setting", [pytest.param(s, id=f"{group}-{s.name}") for group, s in ALL]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 4, 8, 100, 2**31 - 1, 2**64 - 1])
VALUES = (
    NUMBERS
    | st.booleans()
    | st.none()
    | st.text(max_size=3)
    | st.lists(st.text(max_size=2), max_size=3)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)


def allows(setting: Setting, value: Any) -> bool:
    try:
        setting.check(value)
    except InvalidRequestError:
        return False
    return True


@settings(max_examples=examples(300), deadline=None)
@given(setting=st.sampled_from([setting for _, setting in ALL]), value=VALUES)
def test_the_check_and_the_schema_allow_the_same(setting: Setting, value: Any) -> None:
    """JSON Schema's whole numbers may come as 1.0, which no field here takes; NaN is no JSON."""
    if isinstance(value, float) and (value != value or value.is_integer()):
        return
    schema = setting.json_schema()
    is_valid = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert allows(setting, value) == is_valid


@BY_NAME
def test_bounds_are_where_they_are_said_to_be(setting: Setting) -> None:
    if setting.least is None or setting.most is None:
        return
    step = 1 if setting.kind == "whole" else 1e-9
    assert allows(setting, setting.least) is not setting.above
    assert allows(setting, setting.most)
    assert not allows(setting, setting.least - step)
    assert not allows(setting, setting.most + max(step, abs(setting.most) * 1e-9))
    with pytest.raises(InvalidRequestError, match=f"^{setting.name} ") as caught:
        setting.check(float("nan"))
    assert caught.value.param == setting.name


@BY_NAME
def test_a_default_is_allowed_or_said_in_words(setting: Setting) -> None:
    if setting.default is None:
        assert setting.otherwise
    else:
        assert allows(setting, setting.default)
        assert not setting.otherwise


def test_names_and_texts() -> None:
    for group in GROUPS.values():
        names = [setting.name for setting in group]
        assert len(names) == len(set(names))
    assert all(setting.text and setting.where for _, setting in ALL)


def options(verb: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(verb, eval_str=True).parameters


def test_serve_has_an_option_for_each_setting_with_its_default() -> None:
    taken = options(serve)
    own = {"parent_key", "port_fallback", "exit_with_parent"}
    assert taken.keys() == own | SERVER.keys() | LOAD.keys()
    fields = {field.name: field.default for field in dataclasses.fields(ServerSettings)}
    for name, setting in SERVER.items():
        assert (taken[name].default or setting.default) == setting.default
        assert fields[name] == setting.default


def test_run_has_an_option_for_each_setting() -> None:
    known = LOAD.keys() | SAMPLING.keys()
    wanted = {s.name for settings in (LOAD, SAMPLING) for s in at("run", settings)}
    assert options(run).keys() & known == wanted


def test_loading_and_sampling_have_a_field_for_each_setting() -> None:
    assert {field.name for field in dataclasses.fields(LoadOptions)} == LOAD.keys()
    assert {field.name for field in dataclasses.fields(SamplingParams)} >= SAMPLING.keys()
    config = EngineConfig()
    for name, value in (("max_running", config.max_running), ("ttl", config.ttl_s)):
        assert SERVER[name].default == value


@pytest.mark.parametrize("setting", [s for s in SAMPLING.values() if s.least is not None])
def test_requests_are_checked_by_the_table(setting: Setting) -> None:
    assert setting.most is not None
    for value in (setting.most + 1, setting.least, True, "1"):
        given: dict[str, Any] = {"logprobs": True, setting.name: value}
        if allows(setting, value):
            assert getattr(SamplingParams(**given), setting.name) == value
        else:
            with pytest.raises(InvalidRequestError, match=setting.name):
                SamplingParams(**given)


def test_the_windows_own_numbers_are_the_tables() -> None:
    schemas = {group: object_schema(settings) for group, settings in GROUPS.items()}
    assert limits_from(schemas) == OWN_LIMITS
    in_window = OWN_LIMITS["sampling"].keys()
    assert in_window == {s.name for s in at("run", SAMPLING) if s.kind != "texts"}
    assert OWN_LIMITS["load"]["ttl"].most == MODEL_TTL.most


def test_the_page_is_made_of_the_table() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "settings"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
