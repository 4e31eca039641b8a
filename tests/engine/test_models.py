"""Which models are in memory, and when they go."""

from __future__ import annotations

import itertools
import math

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.models import TURN
from qwen3mlx.engine.slot import GRACE, HANDOVER
from qwen3mlx.errors import (
    CheckpointError,
    InvalidRequestError,
    MemoryBudgetError,
    ModelGoneError,
    UnavailableError,
)
from tests.engine.support import PATIENCE, loaded, send, wait_for, wait_until
from tests.model.support import copy_checkpoint

FOR_EVER = 4000
# The weights of one copy of the demo and two rows beside them, or one more model.
ONE_MODEL = 6_700_000


def age(slot, seconds):
    """Make a model idle for this long; the engine notices with the next command."""
    slot.last_used -= seconds


def test_a_model_is_loaded_once_and_then_there(engine, folders):
    first = loaded(engine, folders)
    assert engine.load("a", folders["a"]).result(PATIENCE) is first
    assert loaded(engine, folders) is first
    assert engine.loads == {}


def test_options_are_those_of_the_one_who_asks_for_some(engine, folders):
    first = loaded(engine, folders, context_length=500)
    assert first.loaded.config.max_position_embeddings == 500
    assert engine.load("a", folders["a"]).result(PATIENCE) is first
    second = loaded(engine, folders, kv_bits=8)
    assert second is not first
    assert second.loaded.model.kv_bits == 8
    assert engine.slots == {"a": second}


def test_two_who_want_other_options_get_them_one_after_the_other(engine, folders):
    options = [LoadOptions(context_length=length) for length in (500, 600)]
    first, second = (engine.load("a", folders["a"], option) for option in options)
    slot = first.result(PATIENCE)
    wait_for(send(engine, slot))
    assert second.result(PATIENCE).loaded.config.max_position_embeddings == 600


def test_streams_get_tokens_while_a_model_is_loaded(engine, folders):
    slots = [loaded(engine, folders, name) for name in "ab"]
    streams = [send(engine, slot, max_tokens=FOR_EVER) for slot in slots]
    seen = []
    third = engine.load(
        "c",
        folders["c"],
        on_progress=lambda done: seen.append((done, *(len(stream.ids) for stream in streams))),
    )
    third.result(PATIENCE)
    assert seen[-1][0] == 1
    for before, after in itertools.pairwise(seen):
        assert all(new > old for old, new in zip(before, after, strict=True))
    assert len(seen) == slots[0].loaded.config.num_hidden_layers


def test_an_idle_model_goes_when_its_time_is_over(make_engine, folders):
    engine = make_engine(ttl_s=100)
    slot = loaded(engine, folders)
    wait_for(send(engine, slot))
    age(slot, 90)
    engine.unload("b").result(PATIENCE)
    assert "a" in engine.slots
    age(slot, 20)
    engine.unload("b").result(PATIENCE)
    wait_until(lambda: not engine.slots)
    assert engine.stats().weight_bytes == 0


def test_a_model_loaded_for_a_request_waits_for_it(make_engine, folders):
    engine = make_engine(ttl_s=0)
    slot = loaded(engine, folders)
    assert slot.expires_at - slot.last_used == GRACE
    wait_for(send(engine, slot))
    wait_until(lambda: not engine.slots)


def test_a_model_in_use_does_not_expire(make_engine, folders):
    engine = make_engine(ttl_s=0)
    slot = loaded(engine, folders)
    stream = send(engine, slot, max_tokens=100)
    assert slot.expires_at == math.inf or stream.is_done
    wait_for(stream)
    assert stream.reason == "length"


def test_a_request_without_a_time_falls_back_to_the_models_own(make_engine, folders):
    slot = loaded(make_engine(ttl_s=100), folders)
    assert slot.ttl_s == 100
    slot.use(7)
    assert slot.ttl_s == 7
    slot.use(None)
    assert slot.ttl_s == 100
    slot.keep(50)
    slot.use(0)
    slot.use(None)
    assert slot.ttl_s == 50


def test_a_shorter_time_wakes_the_engine(make_engine, folders):
    engine = make_engine(ttl_s=math.inf)
    slot = loaded(engine, folders)
    wait_for(send(engine, slot))
    engine.keep(slot, 0).result(PATIENCE)
    wait_until(lambda: not engine.slots)


def test_the_least_recently_used_idle_model_makes_room(make_engine, folders):
    engine = make_engine(memory_limit=10_200_000)
    slots = [loaded(engine, folders, name) for name in "ab"]
    for slot in (slots[1], slots[0]):
        wait_for(send(engine, slot, max_tokens=2))
    loaded(engine, folders, "c")
    assert set(engine.slots) == {"a", "c"}


def test_a_busy_model_is_waited_for(make_engine, folders):
    engine = make_engine(memory_limit=ONE_MODEL)
    slot = loaded(engine, folders)
    stream = send(engine, slot, max_tokens=200)
    other = engine.load("b", folders["b"])
    wait_for(stream)
    assert len(stream.ids) == 200
    assert set(engine.slots) <= {"a", "b"}
    other.result(PATIENCE)
    assert set(engine.slots) == {"b"}


def test_a_busy_model_takes_no_more_once_another_has_waited_long(make_engine, folders):
    engine = make_engine(memory_limit=ONE_MODEL)
    slot = loaded(engine, folders)
    stream = send(engine, slot, max_tokens=FOR_EVER)
    other = engine.load("b", folders["b"])
    wait_until(lambda: "b" in engine.loads)
    wait_for(send(engine, slot, max_tokens=2))
    for clock, name in ((slot, "loaded_at"), (engine.loads["b"], "waits_since")):
        setattr(clock, name, getattr(clock, name) - TURN)
    with pytest.raises(ModelGoneError, match="a makes way"):
        send(engine, slot)
    again = engine.load("a", folders["a"])
    assert not stream.is_done
    engine.cancel(slot, stream.sequence)
    wait_for(send(engine, other.result(PATIENCE), max_tokens=2))
    wait_for(send(engine, again.result(PATIENCE), max_tokens=2))
    assert set(engine.slots) == {"a"}


def test_who_made_way_in_vain_is_there_again(make_engine, folders):
    engine = make_engine(memory_limit=10_200_000)
    slots = [loaded(engine, folders, name) for name in "ab"]
    streams = [send(engine, slot, max_tokens=FOR_EVER) for slot in slots]
    third = engine.load("c", folders["c"])
    wait_until(lambda: "c" in engine.loads)
    for clock, name in ((slots[0], "loaded_at"), (engine.loads["c"], "waits_since")):
        setattr(clock, name, getattr(clock, name) - TURN)
    again = engine.load("a", folders["a"])
    engine.cancel(slots[1], streams[1].sequence)
    third.result(PATIENCE)
    assert again.result(PATIENCE) is slots[0]
    assert not streams[0].is_done
    engine.cancel(slots[0], streams[0].sequence)


def test_a_request_has_the_memory_of_idle_models(make_engine, folders):
    engine = make_engine(memory_limit=10_200_000)
    slots = [loaded(engine, folders, name) for name in "ab"]
    wait_for(*[send(engine, slot, max_tokens=2) for slot in slots])
    beside = engine.budget.largest_request
    needed = slots[0].scheduler.bytes_needed
    length = next(n for n in range(50, 4000, 50) if needed(n) > beside)
    wait_for(send(engine, slots[0], prompt_ids=[5] * length, max_tokens=2))
    assert set(engine.slots) == {"a"}
    with pytest.raises(MemoryBudgetError, match="shorten it"):
        send(engine, slots[0], prompt_ids=[5] * 4000)


def test_two_models_in_the_room_of_one_are_both_used(make_engine, folders):
    """The second does not take the first's place before the request came that it was loaded for."""
    engine = make_engine(memory_limit=ONE_MODEL)
    loads = [engine.load(name, folders[name]) for name in "ab"]
    for loading in loads:
        slot = loading.result(PATIENCE)
        engine.stats()
        wait_for(send(engine, slot, max_tokens=2))


def test_a_model_nobody_came_for_makes_room_after_a_moment(make_engine, folders):
    engine = make_engine(memory_limit=ONE_MODEL)
    first = loaded(engine, folders)
    second = engine.load("b", folders["b"])
    assert not first.may_go
    age(first, HANDOVER)
    second.result(PATIENCE)
    assert set(engine.slots) == {"b"}


def test_a_model_that_fits_nowhere_is_refused_in_a_sentence(make_engine, folders):
    engine = make_engine(memory_limit=1_000_000)
    with pytest.raises(MemoryBudgetError) as caught:
        loaded(engine, folders)
    assert str(caught.value) == (
        "a needs 3.4 MB for its weights and 1.0 MB can be used here: take a smaller model or "
        "fewer bits."
    )
    assert engine.loads == {}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (LoadOptions(context_length=10**6), InvalidRequestError),
        (LoadOptions(rope_scaling={"rope_type": "linear"}), InvalidRequestError),
        (None, CheckpointError),
    ],
)
def test_what_cannot_be_loaded_pushes_nothing_out(make_engine, folders, tmp_path, options, error):
    engine = make_engine(memory_limit=ONE_MODEL)
    slot = loaded(engine, folders)
    wait_for(send(engine, slot, max_tokens=2))
    changes = {"hidden_act": "gelu"} if options is None else {}
    folder = copy_checkpoint(folders["b"], tmp_path / "bad", changes)
    with pytest.raises(error):
        engine.load("bad", folder, options).result(PATIENCE)
    with pytest.raises(error):
        engine.load("a", folder, options or LoadOptions(kv_bits=8)).result(PATIENCE)
    assert engine.slots == {"a": slot}


def test_a_load_that_fails_leaves_the_engine_whole(engine, folders, tmp_path):
    folder = copy_checkpoint(folders["a"], tmp_path / "broken")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError):
        engine.load("broken", folder).result(PATIENCE)
    assert engine.loads == {}
    wait_for(send(engine, loaded(engine, folders)))


def test_unloading_ends_a_load_under_way(engine, folders):
    calls = []

    def unload_once(progress):
        if not calls:
            calls.append(engine.unload("a"))

    loading = engine.load("a", folders["a"], on_progress=unload_once)
    with pytest.raises(UnavailableError, match="unloaded"):
        loading.result(PATIENCE)
    assert calls[0].result(PATIENCE) is True
    wait_until(lambda: not engine.loads and not engine.slots)
    assert engine.stats().weight_bytes == 0
    assert loaded(engine, folders).id == "a"
